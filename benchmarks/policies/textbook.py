"""Gas problems as in textbooks that are not among the named ones: to choose between runs.

Nothing trains on them. Policies that validate alike on problems drawn at random differ by several
percent here; of the runs for gas the one with the least mean is shipped, so that this mean, too, is
of problems it was chosen by. Toro 1 and 4 are his, the peak is that of Liska and Wendroff (2003),
the others were made for this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import xarray as xr

import learnedflux as lf
from benchmarks.policies.cost import errors_at_equal_time
from benchmarks.policies.exam import NECESSARY, Exam, each_run
from benchmarks.tables import head, row
from learnedflux.evaluation import Case
from learnedflux.exact.euler import riemann_solution
from learnedflux.problems.euler_riemann_2d import quadrants

State = tuple[float, float, float]  # density, velocity, pressure
GRIDS = (100, 200, 400)
REST = (1.0, 0.0, 1.0)
MACH2 = (2.6666667, 1.47902, 4.5)  # behind a shock that runs into gas at rest
# Left and right states on [0, 1], where they meet, end time, gamma.
TUBES: dict[str, tuple[State, State, float, float, float]] = {
    "Toro 1": ((1, 0.75, 1), (0.125, 0, 0.1), 0.3, 0.2, 1.4),
    "Toro 4": ((5.99924, 19.5975, 460.894), (5.99242, -6.19633, 46.095), 0.4, 0.035, 1.4),
    "peak": (
        (0.1261192, 8.9047029, 782.92899),
        (6.591493, 2.2654207, 3.1544874),
        0.5,
        0.0039,
        1.4,
    ),
    "pressures 100 to 1": ((10, 0, 100), (1, 0, 1), 0.4, 0.06, 1.4),
    "pressures 2500 to 1": ((1, 0, 500), (1, 0, 0.2), 0.5, 0.01, 1.4),
    "two shocks": ((1, 1, 0.1), (1, -1, 0.1), 0.5, 0.4, 1.4),
    "two shocks, unequal": ((1, 2, 1), (0.3, -1, 0.5), 0.5, 0.15, 1.4),
    "two fans": ((1, -1, 0.4), (1, 1, 0.4), 0.5, 0.18, 1.4),
    "two weaker fans": ((1, -0.5, 1), (1, 0.5, 1), 0.5, 0.2, 1.4),
    "two fans, unequal": ((1, -1.2, 0.8), (0.4, 0.8, 0.3), 0.5, 0.15, 1.4),
    "contact": ((1, 0.5, 1), (0.3, 0.5, 1), 0.3, 0.6, 1.4),
    "weak tube": ((1, 0, 1), (0.5, 0, 0.5), 0.5, 0.2, 1.4),
    "monatomic tube": ((1, 0, 1), (0.125, 0, 0.1), 0.5, 0.2, 5 / 3),
    "shock of Mach 2": (MACH2, REST, 0.2, 0.2, 1.4),
    "tube to the left": ((0.2, -0.3, 0.1), (1.4, 0.4, 1.5), 0.6, 0.2, 1.4),
}

PLANE = (64, 96, 128)  # cells along each side; all divide 768, where references are run
# Counter-clockwise from the upper right: density, velocities, pressure; and end time. Numbered as
# by Lax and Liu (1998).
QUADRANTS: dict[str, tuple[tuple[tuple[float, float, float, float], ...], float]] = {
    "configuration 5": (
        ((1, -0.75, -0.5, 1), (2, -0.75, 0.5, 1), (1, 0.75, 0.5, 1), (3, 0.75, -0.5, 1)),
        0.23,
    ),
    "configuration 8": (
        ((0.5197, 0.1, 0.1, 0.4), (1, -0.6259, 0.1, 1), (0.8, 0.1, 0.1, 1), (1, 0.1, -0.6259, 1)),
        0.25,
    ),
    "configuration 11": (
        ((1, 0.1, 0, 1), (0.5313, 0.8276, 0, 0.4), (0.8, 0.1, 0, 0.4), (0.5313, 0.1, 0.7276, 0.4)),
        0.3,
    ),
    "configuration 16": (
        (
            (0.5313, 0.1, 0.1, 0.4),
            (1.0222, -0.6179, 0.1, 1),
            (0.8, 0.1, 0.1, 1),
            (1, 0.1, 0.8276, 1),
        ),
        0.2,
    ),
    "configuration 17": (
        ((1, 0, -0.4, 1), (2, 0, -0.3, 1), (1.0625, 0, 0.2145, 0.4), (0.5197, 0, -1.1259, 0.4)),
        0.3,
    ),
}


def section(exam: Exam) -> None:
    """Print each policy's error over the better of TENO5 and MP5, and their mean."""
    grids = GRIDS[:1] if exam.quick else GRIDS
    cases = [
        Case(problem, cells=grids, label=problem.name, finer=8)
        for problem in (*_tubes(), *_others())
    ]
    _compare(exam, "Problems of textbooks", cases)


def plane(exam: Exam) -> None:
    """As in one dimension, against runs on 768 cells a side; and at equal time.

    On 384 cells fans of the reference are still as wrong as those of a good scheme on 96.
    """
    chosen = list(QUADRANTS)[:1] if exam.quick else QUADRANTS
    cases = [Case(_configuration(name), cells=PLANE, label=name, finer=6) for name in chosen]
    ds = _compare(exam, "Riemann problems in the plane", cases)
    errors_at_equal_time(exam, ds, ds.cells == PLANE[1])


def _compare(exam: Exam, title: str, cases: list[Case]) -> xr.Dataset:
    ds = lf.evaluate(exam.schemes, cases, repeats=1, progress=False)
    head(
        f"{title}: error over that of the better of TENO5 and MP5",
        "problem, cells",
        *exam.policies,
    )
    found: dict[str, list[float]] = {policy: [] for policy in exam.policies}
    for name, cells, part in each_run(ds):
        best = float(np.nanmin([float(part.error.sel(scheme=s)) for s in NECESSARY]))
        ratios = [float(part.error.sel(scheme=policy)) / best for policy in exam.policies]
        row(f"{name}, {cells}", *ratios)
        for policy, ratio in zip(exam.policies, ratios, strict=True):
            found[policy].append(ratio)
    row("geometric mean", *(float(np.exp(np.log(r).mean())) for r in found.values()))
    row("largest", *(float(np.max(r)) for r in found.values()))  # NaN where a run failed
    return ds


def _configuration(name: str) -> lf.Problem:
    states, t_end = QUADRANTS[name]
    return quadrants(name, PLANE[0], *states, t_end=t_end)


def _problem(name: str, initial: Callable[[Any], Any], t_end: float, **more: Any) -> lf.Problem:
    grid = lf.Grid(x=(*more.pop("domain", (0.0, 1.0)), GRIDS[0]))
    more = {"equation": lf.Euler(), "boundary": "outflow"} | more
    return lf.Problem(grid=grid, initial=initial, t_end=t_end, name=name, **more)


def _tubes() -> Iterator[lf.Problem]:
    for name, (left, right, jump, t_end, gamma) in TUBES.items():
        exact = riemann_solution(left, right, gamma, jump)

        def initial(x: Any, exact: Any = exact) -> Any:
            return exact(x, 0.0)

        yield _problem(name, initial, t_end, equation=lf.Euler(gamma=gamma), exact=exact)


def _behind(x: Any, jump: float, left: State, density: Any) -> dict[str, Any]:
    """State of a shock that runs into gas at rest whose density varies."""
    right = (density, *REST[1:])
    names = ("density", "velocity_x", "pressure")
    return {n: np.where(x < jump, a, b) for n, a, b in zip(names, left, right, strict=True)}


def _others() -> Iterator[lf.Problem]:
    """Shocks that meet waves and a heavy layer, and blasts that meet."""
    yield _problem(
        "shock and short waves",
        lambda x: _behind(x, -4.0, MACH2, 1 + 0.1 * np.sin(8 * x)),
        2.5,
        domain=(-5.0, 5.0),
    )
    yield _problem(
        "shock and a heavy layer",
        lambda x: _behind(x, 0.1, MACH2, np.where((x > 0.35) & (x < 0.55), 3.0, 1.0)),
        0.25,
    )
    yield _problem(
        "two milder blasts",
        lambda x: {
            "density": 1.0,
            "velocity_x": 0.0,
            "pressure": np.where(x < 0.15, 100.0, np.where(x > 0.8, 20.0, 0.1)),
        },
        0.09,
        boundary="wall",
    )
