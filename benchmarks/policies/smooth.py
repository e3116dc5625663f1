"""Smooth profiles: the order, and the error beside that of the linear fifth-order scheme."""

from __future__ import annotations

import math

import learnedflux as lf
from benchmarks.policies.exam import Exam
from benchmarks.tables import head, row

SUITE = "smooth"
FROM = 80  # cells, on which the order has set in
ORDER, ERROR = 4.8, 1.10


def section(exam: Exam) -> None:
    """Print orders and errors on four grids, and judge those from 80 cells on."""
    suite = lf.evaluation.suites[SUITE]
    grids = suite.cells[:2] if exam.quick else suite.cells
    ds = lf.evaluate(exam.schemes, SUITE, cells=grids, repeats=1, progress=False)
    linear = suite.baseline
    over = lf.evaluation.ratios(ds, baseline=linear).ratio
    head(
        f"Smooth profiles, {ds.attrs['integrator']}: error of {linear}; of the others the error "
        "over that one, and in brackets the order from half the cells",
        "problem",
        "cells",
        linear,
        *exam.schemes,
    )
    for name in map(str, ds.problem.values):
        for n in grids:
            part = ds.sel(problem=name, cells=n)
            ratio, order = over.sel(problem=name, cells=n), part.order
            base = part.sel(scheme=linear)
            row(
                name,
                n,
                _with_order(float(base.error), float(base.order)),
                *(
                    _with_order(float(ratio.sel(scheme=s)), float(order.sel(scheme=s)))
                    for s in exam.schemes
                ),
            )
        late = {"problem": name, "cells": [n for n in grids if n >= FROM]}
        for policy in exam.policies:
            lowest = float(ds.order.sel(late).sel(scheme=policy).min(skipna=False))
            exam.judge(f"{name}, lowest order", policy, lowest, ORDER, at_least=True)
            worst = float(over.sel(late).sel(scheme=policy).max(skipna=False))
            exam.judge(f"{name}, error over {linear}'s", policy, worst, ERROR)


def _with_order(number: float, order: float) -> str:
    return f"{number:.3g}" + ("" if math.isnan(order) else f" ({order:.2f})")
