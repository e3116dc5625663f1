"""Problems for the Euler equations that are more than one Riemann problem."""

from __future__ import annotations

from typing import Any

import numpy as np

from learnedflux.equations import Euler
from learnedflux.exact.advection import moved
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import register, summary

__all__ = ["blast", "density_wave", "shu_osher", "titarev_toro"]


def _state(density: Any, velocity: Any, pressure: Any) -> dict[str, Any]:
    return {"density": density, "velocity_x": velocity, "pressure": pressure}


@register("density_wave")
def density_wave(
    cells: int = 200, amplitude: float = 0.2, velocity: float = 1.0, t_end: float = 2.0
) -> Problem:
    r"""Smooth density wave carried once around a periodic domain.

    :math:`\rho = 1 + 0.2 \sin \pi x`, u = 1, p = 1 on [0, 2], to t = 2: one period.

    Notes
    -----
    Expected behaviour: the formal order of a scheme. Velocity and pressure stay constant in
    characteristic or primitive variables, up to small errors of the scheme.

    References
    ----------
    .. [1] Qiu & Shu, J. Comput. Phys. 183, 187-209 (2002).
    """
    grid = Grid(x=(0.0, 2.0, cells))

    def initial(x: np.ndarray) -> dict[str, Any]:
        return _state(1.0 + amplitude * np.sin(np.pi * x), velocity, 1.0)

    return Problem(
        equation=Euler(gamma=1.4),
        grid=grid,
        initial=initial,
        boundary="periodic",
        t_end=t_end,
        exact=moved(initial, velocity, periodic=grid),
        name="density_wave",
        description=summary(density_wave),
        reference="Qiu & Shu, J. Comput. Phys. 183, 187-209 (2002)",
    )


def _shock_into_sine(
    behind: tuple[float, float, float], jump: float, amplitude: float, wave: float
) -> Any:
    def initial(x: np.ndarray) -> dict[str, Any]:
        rho, u, p = behind
        ahead = 1.0 + amplitude * np.sin(wave * x)
        hit = x < jump
        return _state(np.where(hit, rho, ahead), np.where(hit, u, 0.0), np.where(hit, p, 1.0))

    return initial


@register("shu_osher")
def shu_osher(cells: int = 200) -> Problem:
    """Mach 3 shock running into a density wave.

    (3.857143, 2.629369, 10.33333) left of x = -4, (1 + 0.2 sin 5x, 0, 1) right of it, on [-5, 5],
    to t = 1.8. No exact solution: compare with a fine grid.

    Notes
    -----
    Expected behaviour: short entropy waves of high amplitude behind the shock, then longer sound
    waves that have steepened into small shocks. Dissipative schemes lose the entropy waves.

    References
    ----------
    .. [1] Shu & Osher, J. Comput. Phys. 83, 32-78 (1989).
    """
    return Problem(
        equation=Euler(gamma=1.4),
        grid=Grid(x=(-5.0, 5.0, cells)),
        initial=_shock_into_sine((3.857143, 2.629369, 10.33333), -4.0, 0.2, 5.0),
        boundary="outflow",
        t_end=1.8,
        name="shu_osher",
        description=summary(shu_osher),
        reference="Shu & Osher, J. Comput. Phys. 83, 32-78 (1989)",
    )


@register("titarev_toro")
def titarev_toro(cells: int = 1000) -> Problem:
    """Mach 1.1 shock running into a density wave of high frequency.

    (1.515695, 0.523346, 1.805) left of x = -4.5, (1 + 0.1 sin 20 pi x, 0, 1) right of it, on
    [-5, 5], to t = 5. No exact solution: compare with a fine grid.

    Notes
    -----
    Expected behaviour: the shock leaves a compressed density wave behind it, of about 7 cells per
    wave at 1000 cells, which separates schemes of low and high dissipation.

    References
    ----------
    .. [1] Titarev & Toro, J. Comput. Phys. 201, 238-260 (2004).
    """
    return Problem(
        equation=Euler(gamma=1.4),
        grid=Grid(x=(-5.0, 5.0, cells)),
        initial=_shock_into_sine((1.515695, 0.523346, 1.805), -4.5, 0.1, 20.0 * np.pi),
        boundary="outflow",
        t_end=5.0,
        name="titarev_toro",
        description=summary(titarev_toro),
        reference="Titarev & Toro, J. Comput. Phys. 201, 238-260 (2004)",
    )


@register("blast", aliases=("woodward_colella",))
def blast(cells: int = 400) -> Problem:
    """Two blast waves that meet between walls.

    Gas at rest of density 1; pressure 1000 | 0.01 | 100 with jumps at x = 0.1 and 0.9; walls at
    both ends of [0, 1]; to t = 0.038. No exact solution: compare with a fine grid.

    Notes
    -----
    Expected behaviour: pressure ratios of 1e5 test robustness; after the collision a narrow
    density peak of 6.4 stands near x = 0.78, and a contact near x = 0.6 that most schemes smear.

    References
    ----------
    .. [1] Woodward & Colella, J. Comput. Phys. 54, 115-173 (1984).
    """

    def initial(x: np.ndarray) -> dict[str, Any]:
        return _state(1.0, 0.0, np.where(x < 0.1, 1000.0, np.where(x < 0.9, 0.01, 100.0)))

    return Problem(
        equation=Euler(gamma=1.4),
        grid=Grid(x=(0.0, 1.0, cells)),
        initial=initial,
        boundary="wall",
        t_end=0.038,
        name="blast",
        description=summary(blast),
        reference="Woodward & Colella, J. Comput. Phys. 54, 115-173 (1984)",
    )
