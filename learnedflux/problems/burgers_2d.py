"""Problems for the Burgers equation in the plane, all with exact solutions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf

from learnedflux.equations import Burgers
from learnedflux.errors import InputError
from learnedflux.exact.burgers import EntropySolution
from learnedflux.exact.burgers_2d import DiagonalSolution
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, get, register, summary

__all__ = ["burgers_gaussian_bump", "burgers_product", "burgers_sine_2d", "burgers_sum"]

SINE = "Jiang & Tadmor, SIAM J. Sci. Comput. 19, 1892-1917 (1998), example 4"
PAPER = "Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022)"

Cells = int | tuple[int, ...]


def _problem(
    factory: Callable[..., Problem],
    cells: Cells,
    length: float,
    solution: Callable[..., Any],
    boundary: Any,
    t_end: float,
    reference: str,
) -> Problem:
    return Problem(
        equation=Burgers(),
        grid=box(cells, x=(0.0, length), y=(0.0, length)),
        initial=lambda x, y: solution(x, y, 0.0),
        boundary=boundary,
        t_end=t_end,
        exact=solution,
        name=factory.__name__,
        description=summary(factory),
        reference=reference,
    )


@register("burgers_sine_2d")
def burgers_sine_2d(cells: Cells = 80) -> Problem:
    r"""Oblique sine wave that steepens into shocks.

    :math:`u_0 = 1/2 + \sin \pi (x + y)/2` on [0, 4]^2, periodic, to t = 0.5.

    Notes
    -----
    Expected behaviour: breaks at t = 1 / pi = 0.318; at t = 0.5 two oblique shocks. Constant along
    lines x + y, hence exact by Lax-Hopf.

    References
    ----------
    .. [1] Jiang & Tadmor, SIAM J. Sci. Comput. 19, 1892-1917 (1998), example 4.
    """
    solution = DiagonalSolution(
        lambda x, y: 0.5 + np.sin(0.5 * math.pi * (x + y)),
        lambda s, d: 0.5 * s - np.cos(math.pi * s) / math.pi,
        (-0.5, 1.5),
    )
    return _problem(burgers_sine_2d, cells, 4.0, solution, "periodic", 0.5, SINE)


@register("burgers_gaussian_bump")
def burgers_gaussian_bump(cells: Cells = 80) -> Problem:
    r"""Round bump that runs off along the diagonal and steepens.

    :math:`u_0 = \exp(-100 ((x - 0.4)^2 + (y - 0.4)^2))` on the unit square, outflow, to t = 0.3.

    Notes
    -----
    Expected behaviour: breaks at t = 0.082; then a crescent of a shock ahead of a rarefaction, with
    the diagonal as its axis.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022), whose test set in two dimensions is of
       this kind; the numbers are this library's.
    """
    root = math.sqrt(200.0)
    solution = DiagonalSolution(
        lambda x, y: np.exp(-100.0 * ((x - 0.4) ** 2 + (y - 0.4) ** 2)),
        lambda s, d: (
            0.5 * math.sqrt(math.pi) / root * np.exp(-50.0 * d * d) * erf(root * (s - 0.4))
        ),
        (0.0, 1.0),
    )
    return _problem(burgers_gaussian_bump, cells, 1.0, solution, "outflow", 0.3, PAPER)


@register("burgers_product")
def burgers_product(cells: Cells = 80) -> Problem:
    r"""Product of a sine wave along x and one along y, on a mean flow.

    :math:`u_0 = 1/2 + \sin 2 \pi x \, \sin 2 \pi y`, periodic unit square, to t = 0.25.

    Notes
    -----
    Expected behaviour: breaks at t = 1 / 2 pi = 0.159; then curved shocks, longest where the
    diagonal crosses extrema.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022), whose test set in two dimensions is of
       this kind; the numbers are this library's.
    """
    solution = DiagonalSolution(
        lambda x, y: 0.5 + np.sin(2.0 * math.pi * x) * np.sin(2.0 * math.pi * y),
        lambda s, d: (
            0.5 * s * (1.0 + np.cos(2.0 * math.pi * d))
            - np.sin(4.0 * math.pi * s) / (8.0 * math.pi)
        ),
        (-0.5, 1.5),
    )
    return _problem(burgers_product, cells, 1.0, solution, "periodic", 0.25, PAPER)


@register("burgers_sum")
def burgers_sum(cells: Cells = 80, x: str = "smooth_sine", y: str = "other_sine") -> Problem:
    """Mean of a state along x and one along y, each from a problem in one dimension.

    Parameters
    ----------
    cells : int or tuple of int
        Number of cells.
    x, y : str
        Names of Burgers problems on [0, 1] that are periodic or have outflow at both ends.

    Notes
    -----
    Expected behaviour: by default breaks at t = 0.123; at t = 0.2 a net of oblique shocks. Where
    the states chosen are not periodic the exact solution is that of the whole plane, which outflow
    matches as long as they are flat towards the sides.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022), whose test set in two dimensions is of
       this kind.
    """
    lines, sides = [], {}
    for axis, name in (("x", x), ("y", y)):
        line = get(name)()
        solution = line.exact.function if line.exact else None
        names = {side.name for side in line.boundaries[0]}
        if (
            not isinstance(solution, EntropySolution)
            or line.grid.dimension != 1
            or names not in ({"periodic"}, {"outflow"})
        ):
            raise InputError(
                f"{axis}={name!r} is not a Burgers problem in one dimension that is periodic or "
                "has outflow at both ends; give 'smooth_sine', 'tophat' or 'shock', say."
            )
        lines.append(solution)
        sides[axis] = names.pop()
    f, g = lines
    total = DiagonalSolution(
        lambda x, y: 0.5 * (f.profile(x) + g.profile(y)),
        lambda s, d: 0.5 * (f.integral(s + 0.5 * d) + g.integral(s - 0.5 * d)),
        (0.5 * (f.bounds[0] + g.bounds[0]), 0.5 * (f.bounds[1] + g.bounds[1])),
    )
    return _problem(burgers_sum, cells, 1.0, total, sides, 0.2, PAPER)
