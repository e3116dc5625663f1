"""Problems for linear advection."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.equations import Advection
from learnedflux.exact.advection import moved
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import register, summary

__all__ = ["composite_wave", "critical_sine", "fourth_power_sine", "sine_advection"]

HENRICK = "Henrick, Aslam & Powers, J. Comput. Phys. 207, 542-567 (2005)"
JIANG_SHU = "Jiang & Shu, J. Comput. Phys. 126, 202-228 (1996)"
ROGERSON = "Rogerson & Meiburg, J. Sci. Comput. 5, 151-167 (1990)"


def _carried(
    factory: Callable[..., Problem], cells: int, initial: Any, t_end: float, reference: str
) -> Problem:
    """Problem of a profile on [-1, 1] carried along at velocity 1."""
    grid = Grid(x=(-1.0, 1.0, cells))
    return Problem(
        equation=Advection(velocity=(1.0,)),
        grid=grid,
        initial=initial,
        boundary="periodic",
        t_end=t_end,
        exact=moved(initial, 1.0, periodic=grid),
        name=factory.__name__,
        description=summary(factory),
        reference=reference,
    )


@register("sine_advection")
def sine_advection(cells: int = 200, t_end: float = 2.0) -> Problem:
    r"""Sine wave carried once around a periodic domain.

    :math:`u_0 = \sin \pi x` on [-1, 1], velocity 1, to t = 2: one period.

    Notes
    -----
    Expected behaviour: the formal order of a scheme, if dt is refined with it (dt ~ h^(5/3) for a
    fifth-order scheme and a third-order integrator). WENO5-JS with dt = h^(5/3) gives a mean L1
    error of 1.45e-6 at 80 cells.

    References
    ----------
    .. [1] Jiang & Shu, J. Comput. Phys. 126, 202-228 (1996).
    """
    return _carried(sine_advection, cells, lambda x: np.sin(np.pi * x), t_end, JIANG_SHU)


@register("critical_sine")
def critical_sine(cells: int = 200, t_end: float = 2.0) -> Problem:
    r"""Skewed sine wave, with a third derivative at its extrema, carried once around.

    :math:`u_0 = \sin(\pi x - \sin(\pi x) / \pi)` on [-1, 1], periodic, velocity 1, to t = 2.

    Notes
    -----
    Expected behaviour: at both extrema the third derivative does not vanish with the first, as a
    plain sine's does; WENO5-JS falls to third order there.

    References
    ----------
    .. [1] Henrick, Aslam & Powers, J. Comput. Phys. 207, 542-567 (2005), section 4.1.
    """

    def initial(x: np.ndarray) -> np.ndarray:
        return np.sin(np.pi * x - np.sin(np.pi * x) / np.pi)

    return _carried(critical_sine, cells, initial, t_end, HENRICK)


@register("fourth_power_sine")
def fourth_power_sine(cells: int = 200, t_end: float = 2.0) -> Problem:
    r"""Wave with flat valleys, carried once around a periodic domain.

    :math:`u_0 = \sin^4 \pi x` on [-1, 1], velocity 1, to t = 2.

    Notes
    -----
    Expected behaviour: three derivatives vanish in the valleys, where smoothness indicators are
    ratios of tiny numbers. Schemes whose stencil follows them without restraint lose orders on fine
    grids (Rogerson and Meiburg).

    References
    ----------
    .. [1] Rogerson & Meiburg, J. Sci. Comput. 5, 151-167 (1990).
    .. [2] Shu, J. Sci. Comput. 5, 127-149 (1990).
    """
    return _carried(fourth_power_sine, cells, lambda x: np.sin(np.pi * x) ** 4, t_end, ROGERSON)


def _composite(x: np.ndarray) -> np.ndarray:
    """Gaussian, square, triangle and half ellipse."""
    a, z, delta, alpha = 0.5, -0.7, 0.005, 10.0
    beta = math.log(2.0) / (36.0 * delta**2)

    def gaussian(center: float) -> np.ndarray:
        return np.exp(-beta * (x - center) ** 2)

    def ellipse(center: float) -> np.ndarray:
        return np.sqrt(np.maximum(1.0 - (alpha * (x - center)) ** 2, 0.0))

    bell = (gaussian(z - delta) + gaussian(z + delta) + 4.0 * gaussian(z)) / 6.0
    dome = (ellipse(a - delta) + ellipse(a + delta) + 4.0 * ellipse(a)) / 6.0
    return np.select(
        [
            (x >= -0.8) & (x <= -0.6),
            (x >= -0.4) & (x <= -0.2),
            (x >= 0.0) & (x <= 0.2),
            (x >= 0.4) & (x <= 0.6),
        ],
        [bell, np.ones_like(x), 1.0 - np.abs(10.0 * (x - 0.1)), dome],
        0.0,
    )


@register("composite_wave", aliases=("gste",))
def composite_wave(cells: int = 200, t_end: float = 8.0) -> Problem:
    r"""Gaussian, square, triangle and half ellipse (GSTE) carried around a periodic domain.

    On [-1, 1], velocity 1, to t = 8 (four periods) as Jiang and Shu have it; ``t_end=10.0`` and
    ``t_end=40.0`` are other common choices.

    Notes
    -----
    Expected behaviour: dissipation lowers the triangle's tip and smears the square; schemes that
    sharpen turn the ellipse and the Gaussian into steps. Good values at 200 cells and t = 10:
    mean L1 error below 4e-2.

    References
    ----------
    .. [1] Jiang & Shu, J. Comput. Phys. 126, 202-228 (1996).
    """
    return _carried(composite_wave, cells, _composite, t_end, JIANG_SHU)
