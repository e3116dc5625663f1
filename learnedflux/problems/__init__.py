"""Named problems, each a function of the number of cells that returns a complete Problem.

``names()`` lists them, ``table()`` describes them, ``get(name)`` looks one up, and ``register``
adds one's own.
"""

from learnedflux.problems.advection import composite_wave, sine_advection
from learnedflux.problems.burgers import (
    accelshock,
    gaussian,
    other_sine,
    random_sine,
    rarefaction,
    sawtooth,
    shock,
    shock_formation,
    smooth_rare,
    smooth_sine,
    tophat,
)
from learnedflux.problems.catalogue import get, names, register, table
from learnedflux.problems.euler import blast, density_wave, shu_osher, titarev_toro
from learnedflux.problems.euler_riemann import (
    double_rarefaction,
    einfeldt_123,
    lax,
    leblanc,
    paper_sod,
    shock_tube,
    slow_moving_shock,
    slow_shock,
    sod,
    sod2,
    sonic_rarefaction,
    toro3,
    toro5,
)

__all__ = [
    "accelshock",
    "blast",
    "composite_wave",
    "density_wave",
    "double_rarefaction",
    "einfeldt_123",
    "gaussian",
    "get",
    "lax",
    "leblanc",
    "names",
    "other_sine",
    "paper_sod",
    "random_sine",
    "rarefaction",
    "register",
    "sawtooth",
    "shock",
    "shock_formation",
    "shock_tube",
    "shu_osher",
    "sine_advection",
    "slow_moving_shock",
    "slow_shock",
    "smooth_rare",
    "smooth_sine",
    "sod",
    "sod2",
    "sonic_rarefaction",
    "table",
    "titarev_toro",
    "tophat",
    "toro3",
    "toro5",
]
