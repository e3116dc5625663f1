"""``learnedflux evaluate``: schemes on a suite of problems; tables, a file, a report."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import xarray as xr

from learnedflux import evaluation
from learnedflux.cli.common import save_result, write
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.evaluation.report import require_drawing
from learnedflux.evaluation.suites import Suite, suite_of
from learnedflux.table import Table

__all__ = ["add_to"]

DEFAULT_SCHEMES = "godunov,weno5,teno5,mp5,learned"


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "evaluate",
        help="run schemes on a suite of problems",
        description="Run schemes on a suite of problems; print errors, their ratios to a baseline "
        "and what failed; write all numbers to a file and a report to a page of HTML.",
        epilog="example: learnedflux evaluate --suite euler-1d --html report.html",
    )
    add = parser.add_argument
    add("--schemes", default=DEFAULT_SCHEMES, metavar="A,B,...", help=f"default {DEFAULT_SCHEMES}")
    known = ", ".join(evaluation.suites)
    add("--suite", metavar="NAME", help=f"one of {known}; default euler-1d")
    add("--problems", metavar="A,B,...", help="these problems instead of a suite")
    add("--cells", metavar="N,N,...", help="grids for all problems alike; default: their own")
    add(
        "--refine",
        metavar="F,F,...",
        help="multiples of the problems' own grids; default 1, with --html what the suite says "
        "(0.5,1,2 for most): error at equal time needs three grids",
    )
    add("--cfl", type=float, metavar="C", help="CFL number; default: the suite's")
    add("--integrator", metavar="NAME", help="Runge-Kutta method; default: the suite's")
    add("--finer", type=int, metavar="N", help="how much finer reference runs are; default 8, 4, 2")
    add("--repeats", type=int, default=3, metavar="N", help="timed runs; default 3")
    add("--baseline", metavar="NAME", help="scheme that ratios are taken to; default: the suite's")
    add("--output", metavar="FILE.nc", help="write all numbers")
    add("--html", metavar="FILE.html", help="write a report")
    add(
        "--actions",
        metavar="FOLDER",
        help="write figures of states, errors and total variation over time, and of what each "
        "scheme decides at every face beside WENO (problems in one dimension)",
    )
    parser.set_defaults(function=_evaluate)


def _listed(text: str, kind: Any, option: str) -> list[Any]:
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} must be numbers with commas between; got {text!r}.") from None


def _suite(given: argparse.Namespace) -> Suite:
    if given.problems is None:
        return suite_of(given.suite or "euler-1d")
    if given.suite is not None:
        raise InputError("give --suite or --problems, not both.")
    return suite_of(given.problems.split(","))


def _evaluate(given: argparse.Namespace) -> None:
    suite, schemes = _suite(given), given.schemes.split(",")
    if given.html:
        require_drawing()
    if given.actions:
        evaluation.require_actions(suite)
    grids: dict[str, Any] = {}
    if given.cells is not None:
        grids["cells"] = _listed(given.cells, int, "--cells")
    if given.refine is not None:
        grids["refine"] = _listed(given.refine, float, "--refine")
    elif given.html and given.cells is None:
        grids["refine"] = suite.curve
    names = [*schemes, *(scheme.name for scheme in suite.always)]
    baseline = given.baseline or (suite.baseline if suite.baseline in names else names[0])
    if baseline not in names:
        raise UnknownNameError("scheme in this evaluation", baseline, names)
    found = evaluation.run(
        schemes,
        suite,
        **grids,
        cfl=given.cfl,
        integrator=given.integrator,
        finer=given.finer,
        repeats=given.repeats,
    )
    ds = found.dataset
    write(_errors(ds))
    write()
    write("Each problem on its own grid:")
    write(_summary(evaluation.on_own_grids(ds), baseline))
    if given.output or given.html or given.actions:
        write()
    if given.output:
        save_result(ds, given.output)
    if given.html:
        waves = evaluation.amplification(names_of(ds, suite)) if suite.waves else None
        evaluation.write_report(found, given.html, baseline, waves)
        write(f"wrote {given.html}")
    if given.actions:
        written = evaluation.write_actions(
            schemes,
            suite,
            given.actions,
            cells=grids["cells"][0] if "cells" in grids else None,
            cfl=given.cfl,
            integrator=given.integrator,
            finer=given.finer,
        )
        write(f"wrote {len(written)} figures to {given.actions}")


def names_of(ds: xr.Dataset, suite: Suite) -> dict[str, Any]:
    """Return the schemes of an evaluation, by their names."""
    always = {scheme.name: scheme for scheme in suite.always}
    return {name: always.get(name, name) for name in map(str, ds.scheme.values)}


def _errors(ds: xr.Dataset) -> Table:
    """Return errors by problem and grid."""
    rows = []
    for problem in map(str, ds.problem.values):
        for cells in map(int, ds.cells.values):
            part = ds.sel(problem=problem, cells=cells)
            if bool(np.isnan(part.steps).all()) and not bool(part.failed.any()):
                continue
            row: dict[str, Any] = {"problem": problem, "cells": cells}
            for scheme in map(str, ds.scheme.values):
                one = part.sel(scheme=scheme)
                value = "-" if np.isnan(one.error) else f"{float(one.error):.3e}"
                row[scheme] = "fails" if bool(one.failed) else value
            rows.append(row)
    return Table(rows)


def _summary(ds: xr.Dataset, baseline: str) -> Table:
    """Return geometric means and failures by scheme."""
    ratios = evaluation.ratios(ds, baseline)

    def number(value: Any) -> str:
        return "-" if np.isnan(float(value)) else f"{float(value):.3f}"

    rows = []
    for scheme in map(str, ds.scheme.values):
        one, own = ratios.sel(scheme=scheme), ds.sel(scheme=scheme)
        rows.append(
            {
                "scheme": scheme,
                f"error / {baseline}": number(one.geometric_mean),
                "largest": number(one.worst),
                "runs compared": int(one.compared),
                "failed": int(one.failed),
                "faces limited": int(own.faces_limited.sum()),
                "steps again": int(own.steps_rejected.sum()),
                "seconds": f"{float(own.wall_time.sum()):.3g}",
            }
        )
    return Table(rows)
