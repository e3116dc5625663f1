"""Reconstruction of face values from cell averages: the part of a scheme that is learned."""

from learnedflux.reconstruction.base import Reconstruction, reconstructions, register
from learnedflux.reconstruction.linear import linear5_scheme
from learnedflux.reconstruction.low_order import (
    constant,
    muscl_mc,
    muscl_minmod,
    muscl_superbee,
    muscl_van_leer,
)
from learnedflux.reconstruction.mp import mp5
from learnedflux.reconstruction.teno import teno5
from learnedflux.reconstruction.variables import Variables, variables
from learnedflux.reconstruction.weno import weno3_z, weno5_js, weno5_z
from learnedflux.reconstruction.weno7 import weno7_z

__all__ = [
    "Reconstruction",
    "Variables",
    "constant",
    "linear5_scheme",
    "mp5",
    "muscl_mc",
    "muscl_minmod",
    "muscl_superbee",
    "muscl_van_leer",
    "reconstructions",
    "register",
    "teno5",
    "variables",
    "weno3_z",
    "weno5_js",
    "weno5_z",
    "weno7_z",
]
