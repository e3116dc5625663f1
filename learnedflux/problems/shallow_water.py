"""Problems for shallow water: dam breaks, lakes over a bottom, waves in a basin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.averages import cell_averages
from learnedflux.equations import ShallowWater
from learnedflux.exact.shallow_water import riemann_solution
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, register, summary

__all__ = [
    "circular_dam_break",
    "dam_break_ritter",
    "dam_break_stoker",
    "drop",
    "island",
    "lake_at_rest",
    "parabolic_bowl",
    "small_perturbation",
    "small_perturbation_2d",
]

Cells = int | tuple[int, ...]


# --- dam breaks ----------------------------------------------------------------------------------


def _dam_break(
    factory: Callable[..., Problem], cells: int, right: float, t_end: float, reference: str
) -> Problem:
    equation = ShallowWater()
    solution = riemann_solution((1.0, 0.0), (right, 0.0), equation.gravity)
    return Problem(
        equation=equation,
        grid=Grid(x=(-5.0, 5.0, cells)),
        initial=lambda x: solution(x, 0.0),
        boundary="outflow",
        t_end=t_end,
        exact=solution,
        name=factory.__name__,
        description=summary(factory),
        reference=reference,
    )


@register("dam_break_stoker", aliases=("stoker",))
def dam_break_stoker(cells: int = 200) -> Problem:
    """Dam that breaks over shallow water.

    Depth 1 | 0.1, at rest, at x = 0 on [-5, 5], gravity 9.81, to t = 1.

    Notes
    -----
    Expected behaviour: a rarefaction from -3.13 to 0.35, then water 0.396 deep that runs at 2.32,
    and ahead of it a bore at 3.10.

    References
    ----------
    .. [1] Stoker, *Water Waves*, 1957, section 10.8.
    .. [2] Delestre et al., Int. J. Numer. Methods Fluids 72, 269-300 (2013), section 4.1.1.
    """
    return _dam_break(dam_break_stoker, cells, 0.1, 1.0, "Stoker, Water Waves, 1957, section 10.8")


@register("dam_break_ritter", aliases=("ritter",))
def dam_break_ritter(cells: int = 200) -> Problem:
    """Dam that breaks over dry land.

    Depth 1 | 0, at rest, at x = 0 on [-5, 5], gravity 9.81, to t = 0.7.

    Notes
    -----
    Expected behaviour: the surface is one parabola from x = -2.19, where the water still stands,
    to 4.38, where it touches the ground at its front; depth 4/9 at the dam all the time. Numerical
    fronts lag behind by a few percent, as the last of the water is very thin.

    References
    ----------
    .. [1] Ritter, Z. Ver. Dtsch. Ing. 36, 947-954 (1892).
    .. [2] Delestre et al., Int. J. Numer. Methods Fluids 72, 269-300 (2013), section 4.1.2.
    """
    reference = "Ritter, Z. Ver. Dtsch. Ing. 36, 947-954 (1892)"
    return _dam_break(dam_break_ritter, cells, 0.0, 0.7, reference)


@register("circular_dam_break")
def circular_dam_break(cells: Cells = 100) -> Problem:
    """Round dam that breaks in the middle of shallow water.

    Depth 2 within r = 0.5 and 1 outside, at rest, on [-2.5, 2.5] x [-2.5, 2.5], gravity 1, to
    t = 1.5; outflow.

    Notes
    -----
    Expected behaviour: a round bore runs outwards, a rarefaction inwards; that meets itself in the
    middle at about t = 0.5, overshoots into a trough, and a second bore follows. As round along
    the diagonals as along the axes.

    References
    ----------
    .. [1] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, section 21.7.1.
    """
    return Problem(
        equation=ShallowWater(gravity=1.0),
        grid=box(cells, x=(-2.5, 2.5), y=(-2.5, 2.5)),
        initial=lambda x, y: {
            "depth": np.where(x * x + y * y < 0.25, 2.0, 1.0),
            "velocity_x": 0.0,
            "velocity_y": 0.0,
        },
        boundary="outflow",
        t_end=1.5,
        name="circular_dam_break",
        description=summary(circular_dam_break),
        reference="LeVeque, Finite Volume Methods for Hyperbolic Problems, 2002, section 21.7.1",
    )


# --- lakes ---------------------------------------------------------------------------------------


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


# --- basins -------------------------------------------------------------------------------------


@register("drop")
def drop(cells: Cells = 100) -> Problem:
    r"""Drop of water that falls into a basin.

    Depth :math:`1 + \exp(-100 r^2) / 2` around the middle of the unit square, at rest, gravity 1,
    to t = 1; walls.

    Notes
    -----
    Expected behaviour: rings run outwards and are thrown back by the walls; the pattern keeps all
    symmetries of the square, and the volume of water to round-off.

    References
    ----------
    .. [1] Moler, *Experiments with MATLAB*, 2011, chapter "Shallow water equations" (the picture;
       the numbers are ours).
    """

    def initial(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        r2 = (x - 0.5) ** 2 + (y - 0.5) ** 2
        return {"depth": 1.0 + 0.5 * np.exp(-100.0 * r2), "velocity_x": 0.0, "velocity_y": 0.0}

    return Problem(
        equation=ShallowWater(gravity=1.0),
        grid=box(cells, x=(0.0, 1.0), y=(0.0, 1.0)),
        initial=initial,
        boundary="wall",
        t_end=1.0,
        name="drop",
        description=summary(drop),
        reference="Moler, Experiments with MATLAB, 2011",
    )


@register("parabolic_bowl", aliases=("thacker",))
def parabolic_bowl(cells: int = 200) -> Problem:
    r"""Water that swings to and fro in a bowl, its shores moving.

    Bottom :math:`h_0 ((x - 2)^2 / a^2 - 1)` on [0, 4] with :math:`h_0 = 1/2` and a = 1, a plane
    surface that is tilted at the beginning, gravity 9.81, for one period and a quarter,
    :math:`T = 2 \pi a / \sqrt{2 g h_0} = 2.006`; walls, which the water never reaches.

    Notes
    -----
    Expected behaviour: the surface stays a straight line, the water moves as one; the shores run
    up and down between 0.5 and 1.5, and 2.5 and 3.5. Schemes that are not positive or not well
    balanced fail at the shores, or crawl, as thin water there becomes absurdly fast.

    References
    ----------
    .. [1] Thacker, J. Fluid Mech. 107, 499-508 (1981), doi:10.1017/S0022112081001882.
    .. [2] Delestre et al., Int. J. Numer. Methods Fluids 72, 269-300 (2013), section 4.2.1.
    """
    equation, h0 = ShallowWater(), 0.5
    omega = np.sqrt(2.0 * equation.gravity * h0)

    def exact(x: np.ndarray, t: float) -> dict[str, Any]:
        shifted = (x - 2.0) + 0.5 * np.cos(omega * t)
        depth = h0 * np.maximum(1.0 - shifted * shifted, 0.0)
        velocity = np.where(depth > 0.0, 0.5 * omega * np.sin(omega * t), 0.0)
        return {"depth": depth, "velocity_x": velocity, "bottom": h0 * ((x - 2.0) ** 2 - 1.0)}

    return Problem(
        equation=equation,
        grid=Grid(x=(0.0, 4.0, cells)),
        initial=lambda x: exact(x, 0.0),
        boundary="wall",
        t_end=float(2.5 * np.pi / omega),
        exact=exact,
        name="parabolic_bowl",
        description=summary(parabolic_bowl),
        reference="Thacker, J. Fluid Mech. 107, 499-508 (1981)",
    )
