"""``learnedflux compare``: several schemes on one problem, in one table and one figure."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from learnedflux import metrics
from learnedflux.cli.case import Case
from learnedflux.cli.common import (
    add_problem,
    add_settings,
    chosen_case,
    chosen_scheme,
    chosen_variable,
    describe,
    require_figure,
    save_figure,
    settings,
    write,
)
from learnedflux.errors import (
    InadmissibleStateError,
    InputError,
    UnstableError,
)
from learnedflux.evaluation import REFERENCE, REFINEMENT, Truth
from learnedflux.problem import Problem
from learnedflux.reconstruction import reconstructions
from learnedflux.scheme import Scheme
from learnedflux.solver import solve
from learnedflux.table import Table

__all__ = ["add_to"]

DEFAULT_SCHEMES = "godunov,weno5,teno5,mp5,learned"
PATIENCE = 10.0  # seconds after which a slow scheme's run is not repeated to be timed


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "compare",
        help="compare schemes on one problem",
        description="Solve a problem with several schemes; print errors, observed orders and "
        "times, and draw the solutions. Where no exact solution is known, errors are against "
        f"{REFERENCE} on a grid {REFINEMENT[0]} times finer ({REFINEMENT[1]} times in two, "
        f"{REFINEMENT[2]} times in three dimensions).",
        epilog="example: learnedflux compare lax --schemes weno5,teno5,mp5,learned --cells 200",
    )
    add_problem(parser)
    parser.add_argument(
        "--schemes", default=DEFAULT_SCHEMES, metavar="A,B,...", help=f"default {DEFAULT_SCHEMES}"
    )
    add_settings(parser)
    parser.add_argument("--variable", metavar="NAME", help="whose error; default: the first")
    parser.add_argument(
        "--order-cells",
        metavar="N,N,...",
        help="grids the observed order is measured on; default: half the cells, and all",
    )
    parser.add_argument(
        "--repeats", type=int, default=3, metavar="N", help="runs to take the fastest of; default 3"
    )
    parser.add_argument("--output", metavar="FILE.png", help="figure; default PROBLEM.png")
    parser.add_argument("--no-figure", action="store_true", help="print the table only")
    parser.set_defaults(function=_compare)


@dataclasses.dataclass(frozen=True)
class Task:
    """What every scheme has to do."""

    problem: Problem
    truth: Truth
    variable: str
    grids: tuple[int, ...]
    settings: Mapping[str, Any]
    repeats: int

    def solve(self, scheme: Scheme, cells: int | None = None) -> xr.Dataset:
        """Return the final state, on another grid if asked."""
        problem = self.problem if cells is None else self.problem.with_cells(cells)
        return solve(problem, scheme, **self.settings)

    def error(self, ds: xr.Dataset) -> float:
        """Mean absolute error of the variable."""
        return self.truth.error(ds, self.variable)

    def order(self, scheme: Scheme, error: float) -> float | None:
        """Observed order; None where errors are too small, or a run too bad, to tell."""
        errors = []
        for cells in self.grids:
            known = cells == self.problem.grid.shape[0]
            errors.append(error if known else self.error(self.solve(scheme, cells)))
        return metrics.observed_order(self.grids, errors) if min(errors, default=0) > 0 else None


def _compare(given: argparse.Namespace) -> None:
    case = chosen_case(given)
    problem = case.problem
    figure = None if given.no_figure else given.output or f"{problem.name}.png"
    if figure:
        require_figure(figure)
    if given.repeats < 1:
        raise InputError(f"--repeats must be at least 1; got {given.repeats}.")
    schemes = {name: chosen_scheme(name, given, case) for name in given.schemes.split(",")}
    task = _task(given, case)
    write(describe(problem))
    write(_what_is_measured(task))
    write()
    results: dict[str, xr.Dataset] = {}
    rows, failures = [], []
    for name, scheme in schemes.items():
        try:
            row, results[name] = _measure(task, scheme)
        except (InadmissibleStateError, UnstableError) as failure:
            row = {"error": None, "steps": failure.step}
            failures.append(failure)
        rows.append({"scheme": name, **row})
    write(_table(rows, _baseline(schemes)))
    if figure and results:
        from learnedflux.plot import compare, compare_fields

        draw = compare if problem.grid.dimension == 1 else compare_fields
        write()
        save_figure(draw(results, task.variable, task.truth.solution), figure)
    if failures:
        for earlier in failures[:-1]:
            sys.stderr.write(f"learnedflux: error: {earlier}\n")
        raise failures[-1]


def _task(given: argparse.Namespace, case: Case) -> Task:
    """Check what is asked for and find the truth to compare with."""
    problem = case.problem
    variable = chosen_variable(given, problem)
    if variable is None:
        variable = problem.equation.conserved_names(problem.grid.dimension)[0]
    arguments = {**settings(given, case), "times": [problem.t_end]}
    grids = _order_grids(given.order_cells, problem)
    fine_run = {k: v for k, v in arguments.items() if k not in ("dt", "max_steps", "times")}
    truth = Truth(problem, [problem.grid], **{"progress": None, **fine_run})
    return Task(problem, truth, variable, grids, arguments, given.repeats)


def _refinement(problem: Problem) -> int:
    return REFINEMENT[problem.grid.dimension - 1]


def _order_grids(text: str | None, problem: Problem) -> tuple[int, ...]:
    cells = problem.grid.shape[0]
    if text is None:
        # An odd number has no half that a finer reference could be averaged onto.
        even = all(n % 2 == 0 for n in problem.grid.shape)
        return (cells // 2, cells) if even or problem.exact is not None else ()
    try:
        grids = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise InputError(f"--order-cells must be whole numbers; got {text!r}.") from None
    if len(grids) < 2:
        raise InputError(f"--order-cells needs at least two different grids; got {text!r}.")
    fine = _refinement(problem) * cells
    if problem.exact is None and any(fine % n for n in grids):
        raise InputError(
            f"without an exact solution --order-cells must divide the {fine} cells of the "
            f"reference; got {text!r}."
        )
    return grids


def _what_is_measured(task: Task) -> str:
    against = (
        "cell averages of the exact solution"
        if task.problem.exact is not None
        else f"{task.truth.description.replace(',', ' on')} (no exact solution is known)"
    )
    order = f"order from {', '.join(map(str, task.grids))} cells; " if task.grids else ""
    return (
        f"L1 error of {task.variable} against {against}\n{order}seconds of stepping, fastest of "
        f"{task.repeats} runs"
    )


def _measure(task: Task, scheme: Scheme) -> tuple[dict[str, Any], xr.Dataset]:
    """Return one row of the table and the result; the fastest of several runs counts."""
    runs = []
    for _ in range(task.repeats):
        runs.append(task.solve(scheme))
        if sum(ds.attrs["seconds_stepping"] for ds in runs) > PATIENCE:
            break
    ds = runs[0]
    error = task.error(ds)
    try:
        order = task.order(scheme, error)
    except (InadmissibleStateError, UnstableError):
        order = None
    seconds = min(run.attrs["seconds_stepping"] for run in runs)
    return {"error": error, "order": order, "steps": ds.attrs["steps"], "seconds": seconds}, ds


def _baseline(schemes: Mapping[str, Scheme]) -> str:
    """Name of the scheme others are measured by: weno5 if it is there, else the first."""
    for name in schemes:
        if name in reconstructions and reconstructions.canonical(name) == REFERENCE:
            return name
    return next(iter(schemes))


def _table(rows: Sequence[Mapping[str, Any]], baseline: str) -> Table:
    by_scheme = {row["scheme"]: row["error"] for row in rows}
    base = by_scheme[baseline]

    def line(row: Mapping[str, Any]) -> dict[str, Any]:
        error, order, seconds = (row.get(key) for key in ("error", "order", "seconds"))
        return {
            "scheme": row["scheme"],
            "L1 error": "failed" if error is None else f"{error:.3e}",
            f"/ {baseline}": f"{error / base:.3f}" if error is not None and base else "-",
            "order": "-" if order is None else f"{order:.2f}",
            "steps": row["steps"],
            "seconds": "-" if seconds is None else f"{seconds:.4f}",
        }

    return Table([line(row) for row in rows])
