"""Riemann problems for the Euler equations in the plane: four constant states, one per quadrant.

Numbered as by Lax and Liu. Each pair of neighbouring states is joined by one wave: a shock, or a
contact across which the gas slides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.equations import Euler
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, register, summary

__all__ = [
    "riemann_2d_3",
    "riemann_2d_4",
    "riemann_2d_6",
    "riemann_2d_12",
    "riemann_2d_13",
]

SOURCE = "Lax & Liu, SIAM J. Sci. Comput. 19, 319-340 (1998)"

Cells = int | tuple[int, ...]
State = tuple[float, float, float, float]  # density, velocity_x, velocity_y, pressure


def quadrants(
    name: str,
    cells: Cells,
    upper_right: State,
    upper_left: State,
    lower_left: State,
    lower_right: State,
    t_end: float,
    **about: Any,
) -> Problem:
    """Return the problem of four constant states that meet in the middle of the unit square."""
    names = ("density", "velocity_x", "velocity_y", "pressure")

    def initial(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        upper, right = y > 0.5, x > 0.5
        above = (np.where(right, a, b) for a, b in zip(upper_right, upper_left, strict=True))
        below = (np.where(right, a, b) for a, b in zip(lower_right, lower_left, strict=True))
        fields = (np.where(upper, a, b) for a, b in zip(above, below, strict=True))
        return dict(zip(names, fields, strict=True))

    return Problem(
        equation=Euler(gamma=1.4),
        grid=box(cells, x=(0.0, 1.0), y=(0.0, 1.0)),
        initial=initial,
        boundary="outflow",
        t_end=t_end,
        name=name,
        reference=SOURCE,
        **about,
    )


def _quadrants(factory: Callable[..., Problem], *given: Any, **more: Any) -> Problem:
    return quadrants(factory.__name__, *given, description=summary(factory), **more)


@register("riemann_2d_3")
def riemann_2d_3(cells: Cells = 200) -> Problem:
    """Four shocks that meet (configuration 3 of Lax and Liu).

    (density, u, v, pressure), counter-clockwise from the upper right: (1.5, 0, 0, 1.5), (0.5323,
    1.206, 0, 0.3), (0.138, 1.206, 1.206, 0.029), (0.5323, 0, 1.206, 0.3); jumps at 1/2 in the unit
    square, to t = 0.3. No exact solution.

    Notes
    -----
    Expected behaviour: symmetric about the diagonal. Two Mach reflections; a jet along the diagonal
    that curls up into a mushroom, and slip lines that roll up where dissipation is low, from about
    400 cells on.

    References
    ----------
    .. [1] Lax & Liu, SIAM J. Sci. Comput. 19, 319-340 (1998).
    .. [2] Kurganov & Tadmor, Numer. Methods Partial Differ. Equ. 18, 584-608 (2002).
    """
    return _quadrants(
        riemann_2d_3,
        cells,
        (1.5, 0.0, 0.0, 1.5),
        (0.5323, 1.206, 0.0, 0.3),
        (0.138, 1.206, 1.206, 0.029),
        (0.5323, 0.0, 1.206, 0.3),
        t_end=0.3,
    )


@register("riemann_2d_4")
def riemann_2d_4(cells: Cells = 200) -> Problem:
    """Four shocks around a lens of dense gas (configuration 4 of Lax and Liu).

    (1.1, 0, 0, 1.1), (0.5065, 0.8939, 0, 0.35), (1.1, 0.8939, 0.8939, 1.1), (0.5065, 0, 0.8939,
    0.35), counter-clockwise from the upper right, to t = 0.25. No exact solution.

    Notes
    -----
    Expected behaviour: symmetric about the diagonal, and smooth but for its shocks: two of them
    bend into a lens in which the density reaches about 1.9.

    References
    ----------
    .. [1] Lax & Liu, SIAM J. Sci. Comput. 19, 319-340 (1998).
    """
    return _quadrants(
        riemann_2d_4,
        cells,
        (1.1, 0.0, 0.0, 1.1),
        (0.5065, 0.8939, 0.0, 0.35),
        (1.1, 0.8939, 0.8939, 1.1),
        (0.5065, 0.0, 0.8939, 0.35),
        t_end=0.25,
    )


@register("riemann_2d_6")
def riemann_2d_6(cells: Cells = 200) -> Problem:
    """Four slip lines that turn into a vortex (configuration 6 of Lax and Liu).

    (1, 0.75, -0.5, 1), (2, 0.75, 0.5, 1), (1, -0.75, 0.5, 1), (3, -0.75, -0.5, 1),
    counter-clockwise from the upper right, to t = 0.3. No exact solution.

    Notes
    -----
    Expected behaviour: a clockwise vortex with a density of 0.3 or less in its eye, and spiral arms
    whose edges roll up where dissipation is low.

    References
    ----------
    .. [1] Lax & Liu, SIAM J. Sci. Comput. 19, 319-340 (1998).
    """
    return _quadrants(
        riemann_2d_6,
        cells,
        (1.0, 0.75, -0.5, 1.0),
        (2.0, 0.75, 0.5, 1.0),
        (1.0, -0.75, 0.5, 1.0),
        (3.0, -0.75, -0.5, 1.0),
        t_end=0.3,
    )


@register("riemann_2d_12")
def riemann_2d_12(cells: Cells = 200) -> Problem:
    """Two shocks and two slip lines at rest (configuration 12 of Lax and Liu).

    (0.5313, 0, 0, 0.4), (1, 0.7276, 0, 1), (0.8, 0, 0, 1), (1, 0, 0.7276, 1), counter-clockwise
    from the upper right, to t = 0.25. No exact solution.

    Notes
    -----
    Expected behaviour: symmetric about the diagonal. Shocks run to the upper right and meet in a
    Mach reflection; the slip lines around the lower left quadrant stand still, which only Riemann
    solvers with a contact wave keep sharp, and end in a pair of vortices.

    References
    ----------
    .. [1] Lax & Liu, SIAM J. Sci. Comput. 19, 319-340 (1998).
    """
    return _quadrants(
        riemann_2d_12,
        cells,
        (0.5313, 0.0, 0.0, 0.4),
        (1.0, 0.7276, 0.0, 1.0),
        (0.8, 0.0, 0.0, 1.0),
        (1.0, 0.0, 0.7276, 1.0),
        t_end=0.25,
    )


@register("riemann_2d_13")
def riemann_2d_13(cells: Cells = 200) -> Problem:
    """Two slip lines between two shocks (configuration 13 of Lax and Liu).

    (1, 0, -0.3, 1), (2, 0, 0.3, 1), (1.0625, 0, 0.8145, 0.4), (0.5313, 0, 0.4276, 0.4),
    counter-clockwise from the upper right, to t = 0.3. No exact solution.

    Notes
    -----
    Expected behaviour: the upper slip line curls into a vortex; below it the flow bends round a
    ripple of density that dissipative schemes smear.

    References
    ----------
    .. [1] Lax & Liu, SIAM J. Sci. Comput. 19, 319-340 (1998).
    """
    return _quadrants(
        riemann_2d_13,
        cells,
        (1.0, 0.0, -0.3, 1.0),
        (2.0, 0.0, 0.3, 1.0),
        (1.0625, 0.0, 0.8145, 0.4),
        (0.5313, 0.0, 0.4276, 0.4),
        t_end=0.3,
    )
