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

import learnedflux as lf

END_TIMES = {"composite_wave": 10.0}
PROBLEMS = (
    "sod,lax,shu_osher,composite_wave,sod2,sonic_rarefaction,einfeldt_123,leblanc,toro3,toro5,"
    "slow_shock,slow_moving_shock,blast,shock_formation,tophat"
)
SCHEMES = "godunov,muscl,weno5-js,weno5,teno5,mp5,learned"


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
    parser.add_argument("--problems", default=PROBLEMS)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    schemes = arguments.schemes.split(",")
    names = arguments.problems.split(",")
    cases = [lf.evaluation.Case(name, t_end=END_TIMES.get(name)) for name in names]
    ds = lf.evaluate(schemes, cases, cells=arguments.cells, repeats=1)
    write = sys.stdout.write
    write(f"| L1 error, {arguments.cells} cells | " + " | ".join(schemes) + " |\n")
    write("|---" * (len(schemes) + 1) + "|\n")
    for name in names:
        write(lf.evaluation.markdown_row(name, ds.error.sel(problem=name).values.ravel()) + "\n")
    sys.stdout.flush()
    for name, cells in (("sod", arguments.cells), ("sod", 4096), ("tophat", 4096)):
        problem = lf.problems.get(name)(cells=cells)
        costs = [nanoseconds(problem, s, arguments.repeats if cells < 1000 else 2) for s in schemes]
        write(f"| *ns per cell-step, {name}, {cells} cells* | ")
        write(" | ".join(f"{c:.0f}" for c in costs) + " |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
