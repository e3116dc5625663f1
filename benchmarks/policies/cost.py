"""What policies cost: time per step beside MP5's, and the error reached in equal time."""

from __future__ import annotations

import statistics

import xarray as xr

import learnedflux as lf
from benchmarks.policies.exam import Exam
from benchmarks.tables import head, row
from benchmarks.throughput import pace

YARDSTICK = "mp5"
PROBLEMS = (("sod", 200), ("sod", 4096), ("tophat", 4096), ("riemann_2d_3", 128))
QUICK = (("sod", 200), ("riemann_2d_3", 64))
TURNS, FEW_TURNS = 3, 1
ALL = 10**9  # steps: runs go on to their end, for there are more rough faces the later it is
BASELINES = ("teno5", "mp5")
FACTORS, REPEATS = (0.5, 1, 2), 3


def section(exam: Exam) -> None:
    """Print times per step and errors at equal time."""
    _steps(exam)
    _equal_time(exam)


def _steps(exam: Exam) -> None:
    turns = FEW_TURNS if exam.quick else TURNS
    head(
        f"Processor time per step over {YARDSTICK}'s, one core: median over whole runs and {turns} "
        "turns (ns per cell-step)",
        "problem, cells",
        *exam.schemes,
    )
    for name, cells in QUICK if exam.quick else PROBLEMS:
        problem = lf.problems.get(name)(cells=cells)
        seconds: dict[str, list[float]] = {scheme: [] for scheme in exam.schemes}
        for _ in range(turns):
            for scheme, how in exam.schemes.items():
                seconds[scheme] += pace(problem, how, ALL)
        texts = []
        for times in seconds.values():
            pairs = zip(times, seconds[YARDSTICK], strict=True)
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            each = 1e9 * statistics.median(times) / problem.grid.size
            texts.append(f"{ratio:.2f} ({each:.0f})")
        row(f"{name}, {' x '.join(map(str, problem.grid.shape))}", *texts)


def _equal_time(exam: Exam) -> None:
    suite = ["sod", "lax", "shu_osher"] if exam.quick else "euler-1d"
    ds = lf.evaluate(
        exam.schemes, suite, refine=FACTORS, repeats=1 if exam.quick else REPEATS, progress=False
    )
    # On the problem's own grid only: coarser and finer ones are there to read off between.
    errors_at_equal_time(exam, ds, ds.default)


def errors_at_equal_time(exam: Exam, ds: xr.Dataset, counted: xr.DataArray) -> None:
    """Print the errors reached in each baseline's time, over its own, on the grids that count."""
    for base in BASELINES:
        equal = lf.evaluation.equal_time(ds, baseline=base, clock="processor_time")
        ratio = equal.ratio.where(counted)
        head(
            f"Error in the processor time that {base} takes, over {base}'s",
            "problem",
            *exam.schemes,
        )
        for name in map(str, ds.problem.values):
            row(name, *(float(ratio.sel(problem=name, scheme=s).max()) for s in exam.schemes))
        mean = lf.evaluation.geometric_mean(ratio)
        read = (ratio > 0).sum(("problem", "cells"))
        row(
            "geometric mean (of so many)",
            *(f"{float(mean.sel(scheme=s)):.3f} ({int(read.sel(scheme=s))})" for s in exam.schemes),
        )
