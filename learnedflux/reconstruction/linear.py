"""The linear fifth-order scheme: a yardstick in smooth flow, and no scheme for anything else."""

from __future__ import annotations

from learnedflux.ops import pointwise
from learnedflux.reconstruction.base import Reconstruction
from learnedflux.reconstruction.stencil import differences, linear5

__all__ = ["linear5_scheme"]


@pointwise
def _value(a, b, c, d, e):
    d0, d1, d2, d3 = differences(a, b, c, d, e)
    return c + linear5(d0, d1, d2, d3)


# Not in the registry: nobody shall find it in a list of schemes and meet a shock with it.
linear5_scheme = Reconstruction(
    "linear5",
    _value,
    cells=5,
    order=5,
    judgement="the upwind-biased linear scheme; oscillates at every jump",
    reference="Shu, ICASE report 97-65 (1997), the weights of table 2.1",
)
