"""Error and cost of every scheme on the named benchmarks, as a table.

    python -m benchmarks.accuracy                      # 200 cells
    python -m benchmarks.accuracy --cells 400 --schemes teno5,mp5,learned

Errors are mean L1 errors of the first variable against exact cell averages (or, where no exact
solution exists, against WENO5-Z on eight times as many cells). Time is the stepping time of the
fastest of a few runs, in nanoseconds per cell and step: schemes take almost the same steps.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import xarray as xr

import learnedflux as lf

PROBLEMS = {
    "sod": {},
    "lax": {},
    "shu_osher": {},
    "composite_wave": {"t_end": 10.0},
    "sod2": {},
    "sonic_rarefaction": {},
    "einfeldt_123": {},
    "leblanc": {},
    "toro3": {},
    "toro5": {},
    "slow_shock": {},
    "slow_moving_shock": {},
    "blast": {},
    "shock_formation": {},
    "tophat": {},
}
SCHEMES = "godunov,muscl,weno5-js,weno5,teno5,mp5,learned"


def reference(problem: lf.Problem) -> Any:
    """Return the exact solution, or a fine-grid run in its place."""
    if problem.exact is not None:
        return problem.exact
    return lf.solve(problem.with_cells(8 * problem.grid.size), "weno5", progress=False)


def first_error(ds: xr.Dataset, truth: Any) -> float:
    """Return the error of the first variable at the end."""
    errors = lf.metrics.error(ds, truth)
    return float(errors[next(iter(errors.data_vars))][-1])


def nanoseconds(problem: lf.Problem, scheme: str, repeats: int) -> float:
    """Return the stepping time per cell and step of the fastest of some runs."""
    rates = [
        lf.solve(problem, scheme, progress=False).attrs["cell_updates_per_second"]
        for _ in range(repeats)
    ]
    return 1e9 / max(rates)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--schemes", default=SCHEMES)
    parser.add_argument("--problems", default=",".join(PROBLEMS))
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    schemes = arguments.schemes.split(",")
    write = sys.stdout.write
    write(f"| L1 error, {arguments.cells} cells | " + " | ".join(schemes) + " |\n")
    write("|---" * (len(schemes) + 1) + "|\n")
    for name in arguments.problems.split(","):
        problem = lf.problems.get(name)(cells=arguments.cells, **PROBLEMS.get(name, {}))
        truth = reference(problem)
        errors: list[float | None] = []
        for scheme in schemes:
            try:
                errors.append(first_error(lf.solve(problem, scheme, progress=False), truth))
            except lf.LearnedFluxError:
                errors.append(None)
        best = min(e for e in errors if e is not None)
        cells = ["fails" if e is None else f"{e:.2e}" for e in errors]
        shown = [f"**{c}**" if e == best else c for e, c in zip(errors, cells, strict=True)]
        write(f"| {name} | " + " | ".join(shown) + " |\n")
        sys.stdout.flush()
    for name, cells in (("sod", arguments.cells), ("sod", 4096), ("tophat", 4096)):
        problem = lf.problems.get(name)(cells=cells)
        costs = [nanoseconds(problem, s, arguments.repeats if cells < 1000 else 2) for s in schemes]
        write(f"| *ns per cell-step, {name}, {cells} cells* | ")
        write(" | ".join(f"{c:.0f}" for c in costs) + " |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
