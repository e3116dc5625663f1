"""Problems for shallow water: dam breaks, and waves in basins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

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
    "parabolic_bowl",
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


# --- basins -------------------------------------------------------------------------------------


@register("drop")
def drop(cells: Cells = 100) -> Problem:
    r"""Drop of water that falls into a basin.

    Depth :math:`1 + \exp(-100 r^2) / 2` on [-1/2, 1/2] x [-1/2, 1/2], at rest, gravity 1, to t = 1;
    walls.

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
        crown = 0.5 * np.exp(-100.0 * (x * x + y * y))
        return {"depth": 1.0 + crown, "velocity_x": 0.0, "velocity_y": 0.0}

    return Problem(
        equation=ShallowWater(gravity=1.0),
        grid=box(cells, x=(-0.5, 0.5), y=(-0.5, 0.5)),
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
