"""The named problems in one dimension, and those on which learned schemes were published."""

from __future__ import annotations

import dataclasses

import numpy as np
import xarray as xr

import learnedflux as lf
from benchmarks.policies.exam import Exam, each_run
from benchmarks.tables import errors, head, row
from learnedflux.evaluation import Case

SUITE = "euler-1d"
OWN_CELLS = 200  # of most problems of the suite; other grids scale all of them
BESIDE = ("slow_moving_shock", "shock_formation", "tophat")  # shown, in no mean
MEANS = {"teno5": 0.50, "mp5": 0.60}
SINGLE = 1.05
SLOW = ("slow_shock", "toro5")  # where MUSCL beats every scheme of high order
# What others reached: L1 error as a mean over cells. The library's Lax problem is theirs on
# [-5, 5] to t = 1.3, scaled to [0, 1]: the same cells, steps and mean errors.
PUBLISHED = (
    (Case("composite_wave", cells=(200,), t_end=10.0, label="GSTE to t = 10"), 0.6, 3.65e-2),
    (Case("sod", cells=(100,)), 0.8, 3.81e-3),
    (Case("lax", cells=(200,)), 0.8, 4.86e-3),
    (Case("titarev_toro", cells=(1001,), finer=4), 0.8, 1.68e-2),
)


def section(exam: Exam) -> None:
    """Print errors and ratios on every grid and CFL number, and judge those of the suite's own."""
    for cells in exam.cells:
        for cfl in exam.cfl:
            _suite(exam, cells, cfl)


def _suite(exam: Exam, cells: int, cfl: float) -> None:
    suite = lf.evaluation.suites[SUITE]
    cases = [_scaled(case, suite.grids(case), cells) for case in suite.cases()]
    cases += [Case(name, cells=(cells,)) for name in BESIDE]
    ds = lf.evaluate(exam.schemes, cases, cfl=cfl, repeats=1, progress=False)
    head(f"Named problems: mean L1 error, CFL {cfl:g}", "problem, cells", *exam.schemes)
    for name, grid, part in each_run(ds):
        beside = " (not in the means)" if name in BESIDE else ""
        errors(
            f"{name}, {grid}{beside}", {s: float(part.error.sel(scheme=s)) for s in exam.schemes}
        )
    ds = ds.drop_sel(problem=list(BESIDE))
    for policy in exam.policies:
        _ratios(exam, ds, policy, cells, cfl)


def _scaled(case: Case, grids: tuple[int, ...], cells: int) -> Case:
    return dataclasses.replace(case, cells=tuple(n * cells // OWN_CELLS for n in grids))


def _ratios(exam: Exam, ds: xr.Dataset, policy: str, cells: int, cfl: float) -> None:
    """Print a policy's error over that of each baseline; judge them."""
    judged = cells == OWN_CELLS and cfl == 0.4
    head(
        f"{policy}: error over that of the baselines, {cells} cells (other grids of the "
        f"suite scale alike), CFL {cfl:g}",
        "problem",
        *(f"/ {base}" for base in exam.baselines),
        "/ better of teno5, mp5",
    )
    for name, _, part in each_run(ds):
        error = {s: float(part.error.sel(scheme=s)) for s in exam.schemes}
        over = {base: error[policy] / error[base] for base in exam.baselines}
        better = error[policy] / float(np.nanmin([error[base] for base in MEANS]))
        row(name, *over.values(), better)
        if judged and name in SLOW:
            exam.judge(f"{name}, error over teno5's", policy, over["teno5"], SINGLE)
        elif judged:
            exam.judge(f"{name}, error over the better's", policy, better, SINGLE)
    means = {}
    for base in exam.baselines:
        compared = lf.evaluation.ratios(ds, baseline=base).sel(scheme=policy)
        means[base] = float(compared.geometric_mean)
        if int(compared.compared) < ds.sizes["problem"]:
            means[base] = float("nan")  # a run that failed is in no mean
    row("geometric mean", *means.values(), None)
    if judged:
        for base, limit in MEANS.items():
            exam.judge(f"geometric mean over {base}, named problems", policy, means[base], limit)


def published(exam: Exam) -> None:
    """Print errors beside those that others published of learned schemes."""
    head(
        "Beside published learned schemes: mean L1 error",
        "problem, cells, CFL",
        *exam.schemes,
        "published",
    )
    for case, cfl, theirs in PUBLISHED[:3] if exam.quick else PUBLISHED:
        ds = lf.evaluate(exam.schemes, [case], cfl=cfl, repeats=1, progress=False)
        for name, grid, part in each_run(ds):
            found = {s: float(part.error.sel(scheme=s)) for s in exam.schemes}
            errors(f"{name}, {grid}, {cfl:g}", {**found, "published": theirs})
            for policy in exam.policies:
                exam.judge(f"{name}, error at CFL {cfl:g}", policy, found[policy], theirs)
