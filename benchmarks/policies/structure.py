"""What holds by construction, tried: conservation, symmetry, equivariance; and survival."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import xarray as xr

import learnedflux as lf
from benchmarks.policies.exam import Exam, each_run, solved
from benchmarks.tables import head, row

CELLS, T_END = 128, 0.2
CONSERVED, EQUAL = 1e-13, 1e-12
FACTORS, SHIFT = (1e-8, 3.0, 1e8), 7.0
HARD = "hard"
FAILS = float("nan")


def section(exam: Exam) -> None:
    """Print and judge all of it."""
    head(
        "Structure: largest deviation from it, on random states",
        "scheme",
        "conservation, gas",
        "mirror image, gas",
        "factor, scalar face values",
        "shift, scalar face values",
        "factor, gas face values",
    )
    for scheme, how in exam.schemes.items():
        found = [*_runs(how), *_faces(how)]
        row(scheme, *found)
        if scheme in exam.policies:
            exam.judge("conservation", scheme, found[0], CONSERVED)
            exam.judge("deviation from the mirror image", scheme, found[1], 0.0)
            exam.judge("deviation under factors and shifts", scheme, max(found[2:]), EQUAL)
    _hard(exam)


def _gas(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        "density": 1.0 + rng.random(CELLS),
        "velocity_x": rng.normal(size=CELLS),
        "pressure": 1.0 + rng.random(CELLS),
    }


def _runs(scheme: Any) -> tuple[float, float]:
    """Return the conservation defect of a run, and what differs in that of its mirror image."""
    w = _gas(np.random.default_rng(3))
    image = {name: values[::-1].copy() for name, values in w.items()}
    image["velocity_x"] *= -1.0
    grid = lf.Grid(x=(-1.0, 1.0, CELLS))
    problems = [lf.Problem(lf.Euler(), grid, s, "periodic", t_end=T_END) for s in (w, image)]
    runs = [solved(problem, scheme) for problem in problems]
    if runs[0] is None or runs[1] is None:
        return FAILS, FAILS
    names = ["density", "momentum_x", "energy"]
    defect = _largest(lf.metrics.conservation_defect(runs[0][names]))
    last, mirrored = (run[names].isel(time=-1) for run in runs)
    there = {name: ("x", mirrored[name].values[::-1]) for name in names}
    there["momentum_x"] = ("x", -there["momentum_x"][1])
    return defect, _largest(last.drop_vars("time") - xr.Dataset(there, {"x": last.x}))


def _largest(ds: xr.Dataset) -> float:
    return max(float(abs(array).max()) for array in ds.data_vars.values())


def _faces(scheme: Any) -> tuple[float, float, float]:
    """Return how face values differ from what a factor on all cells, or a shift, makes of them."""
    rng = np.random.default_rng(1)
    rough, rising = rng.normal(size=500), np.cumsum(rng.random(500))
    scalar = np.concatenate((rough, rising))[None]
    gas = np.stack(lf.Euler().to_conserved(tuple(_gas(rng).values())))

    def faces(q: np.ndarray, equation: lf.Equation) -> np.ndarray:
        return np.stack(lf.reconstruct(q, scheme, equation=equation))

    def by_factors(q: np.ndarray, equation: lf.Equation) -> float:
        plain = faces(q, equation)
        ratios = (faces(factor * q, equation) / factor for factor in FACTORS)
        return max(float(abs(r - plain).max()) for r in ratios) / float(abs(q).max())

    shifted = faces(scalar + SHIFT, lf.Advection()) - SHIFT - faces(scalar, lf.Advection())
    return (
        by_factors(scalar, lf.Advection()),
        float(abs(shifted).max()) / float(abs(scalar).max() + SHIFT),
        by_factors(gas, lf.Euler()),
    )


def _hard(exam: Exam) -> None:
    suite = lf.evaluation.suites[HARD]
    cases = suite.cases()
    if exam.quick:
        cases = tuple(c for c in cases if c.on(suite.grids(c)[0]).grid.dimension == 1)
    cases = tuple(dataclasses.replace(case, compared=False) for case in cases)
    own = [dataclasses.replace(c, cells=suite.grids(c)) for c in cases]
    ds = lf.evaluate(exam.schemes, own, repeats=1, progress=False)
    head(
        "Problems on which schemes fail: lowest density, pressure or depth at the end (fluxes "
        "limited, steps taken again)",
        "problem, cells",
        *exam.schemes,
    )
    for name, cells, part in each_run(ds):
        row(f"{name}, {cells}", *(_survival(part.sel(scheme=s)) for s in exam.schemes))
    for policy in exam.policies:
        count = int(ds.failed.sel(scheme=policy).sum())
        exam.judge("failures on hard problems", policy, count, 0)


def _survival(run: xr.Dataset) -> str:
    if run.failed:
        return f"fails at t = {float(run.time_reached):.3g}"
    limited, again = int(run.faces_limited), int(run.steps_rejected)
    return f"{float(run.lowest):.2g} ({limited}, {again})"
