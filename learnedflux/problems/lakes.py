"""Lakes: shallow water at rest, or nearly, over a bottom."""

from __future__ import annotations

from typing import Any

import numpy as np

from learnedflux.averages import cell_averages
from learnedflux.equations import ShallowWater
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, register, summary

__all__ = ["island", "lake_at_rest", "small_perturbation", "small_perturbation_2d"]

Cells = int | tuple[int, ...]


def _at_rest(surface: Any, bottom: Any, axes: tuple[str, ...]) -> dict[str, Any]:
    still = {f"velocity_{axis}": 0.0 for axis in axes}
    return {"depth": np.maximum(surface - bottom, 0.0), **still, "bottom": bottom}


def _bump(*x: np.ndarray) -> Any:
    """Bottom of Xing and Shu's lake, in one dimension or two."""
    r2 = sum((c - 0.5) ** 2 for c in x)
    return 0.8 * np.exp(-50.0 * r2)


def _unit_box(cells: Cells) -> Grid:
    two = isinstance(cells, (tuple, list)) and len(cells) == 2
    axes = {"x": (0.0, 1.0), "y": (0.0, 1.0)} if two else {"x": (0.0, 1.0)}
    return box(cells, **axes)


@register("lake_at_rest")
def lake_at_rest(cells: Cells = 200) -> Problem:
    r"""Lake over a bump, with nothing to move it.

    Bottom :math:`0.8 \exp(-50 r^2)` around the middle of the unit interval (one number of cells)
    or the unit square (two numbers), surface at 1, gravity 9.81, to t = 0.5; walls.

    Notes
    -----
    Expected behaviour: nothing. A scheme that balances the slope of the bottom only up to its
    order makes waves of the size of that error; here velocities are round-off (1e-14).

    References
    ----------
    .. [1] Xing & Shu, J. Comput. Phys. 208, 206-227 (2005), doi:10.1016/j.jcp.2005.02.006.
    """
    grid = _unit_box(cells)

    def initial(*x: np.ndarray) -> dict[str, Any]:
        return _at_rest(1.0, _bump(*x), grid.axes)

    return Problem(
        equation=ShallowWater(),
        grid=grid,
        initial=initial,
        boundary="wall",
        t_end=0.5,
        exact=lambda *points: initial(*points[:-1]),
        name="lake_at_rest",
        description=summary(lake_at_rest),
        reference="Xing & Shu, J. Comput. Phys. 208, 206-227 (2005)",
    )


@register("island")
def island(cells: Cells = 200, surface: float = 0.3) -> Problem:
    r"""Lake at rest around an island, which stays dry.

    The lake of ``lake_at_rest``, its surface below the top of the bump.

    Parameters
    ----------
    cells : int or tuple of int
        One number for one dimension, two for two.
    surface : float
        Height of the surface.

    Notes
    -----
    Expected behaviour: nothing, as for ``lake_at_rest``. A cell in which the shore lies holds the
    depth between the surface and its mean bottom (or none), as there is no other state of it that
    is at rest.

    References
    ----------
    .. [1] Audusse et al., SIAM J. Sci. Comput. 25, 2050-2065 (2004),
       doi:10.1137/S1064827503431090.
    .. [2] Delestre et al., Int. J. Numer. Methods Fluids 72, 269-300 (2013), section 3.1.2.
    """
    grid = _unit_box(cells)
    state = _at_rest(surface, cell_averages(_bump, grid), grid.axes)
    return Problem(
        equation=ShallowWater(),
        grid=grid,
        initial={name: np.broadcast_to(value, grid.shape) for name, value in state.items()},
        boundary="wall",
        t_end=0.5,
        name="island",
        description=summary(island),
        reference="Audusse et al., SIAM J. Sci. Comput. 25, 2050-2065 (2004)",
    )


@register("small_perturbation")
def small_perturbation(cells: int = 200, size: float = 1e-3) -> Problem:
    r"""Small wave on a lake that passes over a bump.

    Bottom :math:`(1 + \cos 10 \pi (x - 1.5)) / 4` between 1.4 and 1.6 on [0, 2], surface at 1,
    raised by ``size`` between 1.1 and 1.2; gravity 1, to t = 0.7; outflow.

    Parameters
    ----------
    cells : int
        Number of cells.
    size : float
        Height of the wave; 0.001 and 0.2 are common.

    Notes
    -----
    Expected behaviour: one half of the wave leaves on the left, the other passes over the bump,
    sending a weaker one back, and stands at about x = 1.75 at the end. A scheme that is not well
    balanced drowns it in waves made by the bump.

    References
    ----------
    .. [1] LeVeque, J. Comput. Phys. 146, 346-365 (1998), doi:10.1006/jcph.1998.6058.
    """

    def initial(x: np.ndarray) -> dict[str, Any]:
        hill = 0.25 * (1.0 + np.cos(10.0 * np.pi * (x - 1.5)))
        bottom = np.where(np.abs(x - 1.5) < 0.1, hill, 0.0)
        raised = size * ((x > 1.1) & (x < 1.2))
        return {"depth": (1.0 - bottom) + raised, "velocity_x": 0.0, "bottom": bottom}

    return Problem(
        equation=ShallowWater(gravity=1.0),
        grid=Grid(x=(0.0, 2.0, cells)),
        initial=initial,
        boundary="outflow",
        t_end=0.7,
        name="small_perturbation",
        description=summary(small_perturbation),
        reference="LeVeque, J. Comput. Phys. 146, 346-365 (1998)",
    )


@register("small_perturbation_2d")
def small_perturbation_2d(cells: Cells = 200, size: float = 0.01) -> Problem:
    r"""Small plane wave on a lake that passes over a round bump.

    Bottom :math:`0.8 \exp(-5 (x - 0.9)^2 - 50 (y - 0.5)^2)` on [0, 2] x [0, 1], surface at 1,
    raised by ``size`` for x between 0.05 and 0.15; gravity 9.81, to t = 0.48; outflow.

    Parameters
    ----------
    cells : int or tuple of int
        Number of cells along x, half as many along y; or one number for each.
    size : float
        Height of the wave.

    Notes
    -----
    Expected behaviour: one half of the wave leaves on the left at once; the other is slowed down
    over the bump, bends around it and leaves a focused, intricate pattern behind.

    References
    ----------
    .. [1] LeVeque, J. Comput. Phys. 146, 346-365 (1998), doi:10.1006/jcph.1998.6058.
    """

    def initial(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        bottom = 0.8 * np.exp(-5.0 * (x - 0.9) ** 2 - 50.0 * (y - 0.5) ** 2)
        raised = size * ((x > 0.05) & (x < 0.15))
        return {
            "depth": (1.0 - bottom) + raised,
            "velocity_x": 0.0,
            "velocity_y": 0.0,
            "bottom": bottom,
        }

    return Problem(
        equation=ShallowWater(),
        grid=box(cells, x=(0.0, 2.0), y=(0.0, 1.0)),
        initial=initial,
        boundary="outflow",
        t_end=0.48,
        name="small_perturbation_2d",
        description=summary(small_perturbation_2d),
        reference="LeVeque, J. Comput. Phys. 146, 346-365 (1998)",
    )
