"""Riemann problems in the plane, which no policy was trained on, against a fine run."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

import learnedflux as lf
from benchmarks.policies.exam import Exam
from benchmarks.tables import errors, head
from learnedflux.evaluation import REFERENCE, Case
from learnedflux.files import replace_file

CONFIGURATIONS = ("riemann_2d_3", "riemann_2d_4", "riemann_2d_6", "riemann_2d_12")
ASKED = {"teno5": 0.70, "mp5": 0.85}


def reference(name: str, cells: int, cache: Path, device: str = "cpu") -> xr.Dataset:
    """Return the last state of a fine run, from the cache or computed and put there.

    On one core that takes about six minutes at 800², eight times as long at 1600², and on an H100
    a minute at 1600². What is in the cache is not computed again when the library changes: delete
    it if its numbers do.
    """
    path = cache / f"{name}-{REFERENCE}-{cells}.nc"
    if not path.exists():
        problem = lf.problems.get(name)(cells=cells)
        ds = lf.solve(problem, REFERENCE, times=[problem.t_end], device=device)
        names = problem.equation.conserved_names(problem.grid.dimension)
        with replace_file(path) as temporary:
            ds[list(names)].to_netcdf(temporary, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf") as kept:
        return kept.load()


def section(exam: Exam) -> None:
    """Print density errors and judge their ratios."""
    cells = exam.cells[0]
    head(
        f"Riemann problems in the plane, {cells}²: mean L1 error of density against {REFERENCE} on "
        f"{exam.reference_cells}²",
        "problem",
        *exam.schemes,
    )
    for name in CONFIGURATIONS[:1] if exam.quick else CONFIGURATIONS:
        fine = reference(name, exam.reference_cells, exam.cache, exam.reference_device)
        case = Case(name, compared=False)
        run = lf.evaluation.run(exam.schemes, [case], cells=cells, repeats=1, progress=False)
        states = run.solutions[name][cells]
        found = {
            label: float(lf.metrics.error(states[label], fine).density[-1])
            if label in states
            else float("nan")
            for label in exam.schemes
        }
        errors(name, found)
        for policy in exam.policies:
            for base, limit in ASKED.items():
                ratio = found[policy] / found[base]
                exam.judge(f"{name}, density error over {base}'s", policy, ratio, limit)
