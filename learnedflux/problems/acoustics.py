"""Problems for linear acoustics, with exact solutions."""

from __future__ import annotations

import numpy as np

from learnedflux.equations import Acoustics
from learnedflux.exact.acoustics import dalembert, round_pulse
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, register, summary

__all__ = ["acoustic_pulse", "acoustic_pulse_2d"]


@register("acoustic_pulse")
def acoustic_pulse(cells: int = 200) -> Problem:
    r"""Pulse of pressure that splits in two.

    :math:`p_0 = \exp(-80 x^2) / 2` at rest on [-1, 1], density 1, bulk modulus 1/4 (sound at
    speed 1/2), to t = 1; outflow.

    Notes
    -----
    Expected behaviour: two pulses of half the height at x = -1/2 and 1/2, velocities of opposite
    sign, no change of shape. The formal order of a scheme, if dt is refined with it.

    References
    ----------
    .. [1] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, section 3.9.1 (there
       with a square pulse besides).
    """
    equation = Acoustics(density=1.0, bulk_modulus=0.25)
    solution = dalembert(
        lambda x: 0.5 * np.exp(-80.0 * x * x), np.zeros_like, equation.density, 0.25
    )
    return Problem(
        equation=equation,
        grid=Grid(x=(-1.0, 1.0, cells)),
        initial=lambda x: solution(x, 0.0),
        boundary="outflow",
        t_end=1.0,
        exact=solution,
        name="acoustic_pulse",
        description=summary(acoustic_pulse),
        reference="LeVeque, Finite Volume Methods for Hyperbolic Problems, 2002, section 3.9.1",
    )


@register("acoustic_pulse_2d")
def acoustic_pulse_2d(cells: int | tuple[int, int] = 100) -> Problem:
    r"""Round pulse of pressure that spreads in a ring.

    :math:`p_0 = \exp(-r^2 / 2 w^2)` with w = 0.1 at rest on [-1, 1] x [-1, 1], density and bulk
    modulus 1, to t = 0.6; outflow.

    Notes
    -----
    Expected behaviour: a ring at r = 0.65 of a seventh of the height, with a long trough of
    negative pressure behind it, as round waves have; as round along the diagonals as along the
    axes.

    References
    ----------
    .. [1] Tam & Webb, J. Comput. Phys. 107, 262-281 (1993), doi:10.1006/jcph.1993.1142.
    """
    solution = round_pulse(0.1)
    return Problem(
        equation=Acoustics(),
        grid=box(cells, x=(-1.0, 1.0), y=(-1.0, 1.0)),
        initial=lambda x, y: solution(x, y, 0.0),
        boundary="outflow",
        t_end=0.6,
        exact=solution,
        name="acoustic_pulse_2d",
        description=summary(acoustic_pulse_2d),
        reference="Tam & Webb, J. Comput. Phys. 107, 262-281 (1993)",
    )
