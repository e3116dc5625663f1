"""Sedov's point explosion, in a quarter of the plane and an eighth of space."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.equations import Euler
from learnedflux.exact.sedov import Sedov
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, register, summary

__all__ = ["sedov_2d", "sedov_3d"]

SOURCE = "Kamm & Timmes, LA-UR-07-2849, Los Alamos National Laboratory, 2007"
GAMMA, AHEAD = 1.4, 1e-5  # pressure of the gas ahead: next to nothing

Cells = int | tuple[int, ...]


def _problem(
    factory: Callable[..., Problem], cells: Cells, size: float, energy: float, width: float
) -> Problem:
    dimension = int(factory.__name__[-2])
    axes = "xyz"[:dimension]
    # Around the origin, in all of space, the energy integrates to what it should.
    peak = (GAMMA - 1.0) * energy / (math.sqrt(math.pi) * width) ** dimension
    solution = Sedov(dimension, GAMMA, energy, pressure=AHEAD)

    def exact(*point_and_time: Any) -> dict[str, Any]:
        *point, t = point_and_time
        # In one order whatever the axes are called: the same bits under exchanges of axes.
        square = np.sort([x * x for x in point], axis=0).sum(axis=0)
        if not t > 0.0:
            pressure = AHEAD + peak * np.exp(-square / width**2)
            return _fields(1.0 + 0.0 * pressure, [0.0 * x for x in point], pressure)
        r = np.sqrt(square)
        density, velocity, pressure = solution(r, t)
        outward = velocity / np.maximum(r, 1e-300)
        return _fields(density, [outward * x for x in point], pressure)

    def _fields(density: Any, velocity: Any, pressure: Any) -> dict[str, Any]:
        named = {f"velocity_{axis}": v for axis, v in zip(axes, velocity, strict=True)}
        return {"density": density, **named, "pressure": pressure}

    return Problem(
        equation=Euler(gamma=GAMMA),
        grid=box(cells, **dict.fromkeys(axes, (0.0, size))),
        initial=lambda *point: exact(*point, 0.0),
        boundary=("wall", "outflow"),
        t_end=1.0,
        exact=exact,
        name=factory.__name__,
        description=summary(factory),
        reference=SOURCE,
    )


@register("sedov_2d")
def sedov_2d(cells: Cells = 128, energy: float = 0.311357, width: float = 0.05) -> Problem:
    """Cylindrical point explosion.

    Energy 0.311357 is released at the origin into gas of density 1, gamma 1.4; a quarter of it
    happens in the domain [0, 1]^2, with walls along the axes; to t = 1, when the shock has come to
    0.75.

    Parameters
    ----------
    cells : int or tuple of int
        Number of cells.
    energy : float
        Released in the whole plane.
    width : float
        The energy is put down as a Gauss bell exp(-(r / width)^2), not into single cells: so the
        initial state does not depend on the grid, and the gas in it (0.4 %) is little against that
        which the shock has swept. Not below the width of a cell: schemes of high order empty a
        cell that explodes on its own, and steps become minute.

    Notes
    -----
    Expected behaviour: a circular shock, behind it a peak of density 6 that coarse grids do not
    reach, and near vacuum inside, where the pressure is flat. Departures from a circle are those of
    the scheme.

    References
    ----------
    .. [1] Sedov, *Similarity and Dimensional Methods in Mechanics*, Academic Press, 1959.
    .. [2] Kamm & Timmes, LA-UR-07-2849, Los Alamos National Laboratory, 2007.
    """
    return _problem(sedov_2d, cells, 1.0, energy, width)


@register("sedov_3d")
def sedov_3d(cells: Cells = 32, energy: float = 0.851072, width: float = 0.1) -> Problem:
    """Spherical point explosion.

    Energy 0.851072 is released at the origin into gas of density 1, gamma 1.4; an eighth of it
    happens in the domain [0, 1.2]^3, with walls through the origin; to t = 1, when the shock has
    come to 1.

    Parameters
    ----------
    cells : int or tuple of int
        Number of cells.
    energy : float
        Released in all of space.
    width : float
        Of the Gauss bell the energy is put down as; see :func:`sedov_2d`. It holds 0.13 % of the
        gas that is swept.

    Notes
    -----
    Expected behaviour: a spherical shock with a peak of density 6 that coarse grids do not reach.
    Good values: 64 cells and more.

    References
    ----------
    .. [1] Sedov, *Similarity and Dimensional Methods in Mechanics*, Academic Press, 1959.
    .. [2] Kamm & Timmes, LA-UR-07-2849, Los Alamos National Laboratory, 2007.
    """
    return _problem(sedov_3d, cells, 1.2, energy, width)
