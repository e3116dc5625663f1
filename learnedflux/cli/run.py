"""``learnedflux run``: solve one problem with one scheme."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from learnedflux import metrics
from learnedflux.cli.common import (
    add_problem,
    add_settings,
    chosen_case,
    chosen_scheme,
    describe,
    require_figure,
    save_figure,
    save_result,
    settings,
    times,
    write,
)
from learnedflux.errors import InadmissibleStateError, UnstableError
from learnedflux.problem import Problem
from learnedflux.solver import solve
from learnedflux.table import Table

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "run",
        help="solve a problem",
        description="Solve a problem, print what it took and its errors, write results.",
        epilog="example: learnedflux run sod --scheme learned --output sod.nc --plot sod.png",
    )
    add_problem(parser)
    parser.add_argument("--scheme", metavar="NAME", help="name or .onnx file; default weno5-z")
    parser.add_argument(
        "--times", type=times, metavar="N|T,T,...", help="output times or their number; default 2"
    )
    add_settings(parser)
    parser.add_argument("--output", metavar="FILE.nc", help="write the result as NetCDF (HDF5)")
    parser.add_argument("--plot", metavar="FILE.png", help="write a figure of the final state")
    parser.set_defaults(function=_run)


def _run(given: argparse.Namespace) -> None:
    case = chosen_case(given)
    output = given.output or case.run.get("output")
    plot = given.plot or case.run.get("plot")
    if plot:
        require_figure(plot, case.problem)
    scheme = chosen_scheme(given.scheme or case.run.get("scheme", "weno5-z"), given, case)
    write(describe(case.problem))
    try:
        ds = solve(case.problem, scheme, **settings(given, case))
    except (InadmissibleStateError, UnstableError) as error:
        if output:
            save_result(error.result, output)
            sys.stderr.write(f"learnedflux: {output} holds the run until it failed\n")
        raise
    _report(ds, case.problem)
    if output:
        save_result(ds, output)
    if plot:
        from learnedflux.plot import line

        names = case.problem.equation.primitive_names(1)
        save_figure(line(ds, names, case.problem.exact), plot)


def _report(ds: xr.Dataset, problem: Problem) -> None:
    a = ds.attrs
    control = f"dt {a['dt']:g}" if "dt" in a else f"cfl {a['cfl']:g}"
    write(
        f"{a['scheme']}, {a['riemann']}, {a['variables']} variables; {a['integrator']}, {control}; "
        f"{a['backend']}"
    )
    rate = a.get("cell_updates_per_second")
    speed = f" ({rate / 1e6:.2f} million cells a second)" if rate else ""
    rejected = f", {a['steps_rejected']} rejected" if a["steps_rejected"] else ""
    write(f"{a['steps']} steps{rejected} in {a['seconds_stepping']:.3f} s{speed}")
    write()
    last = ds.isel(time=[-1])
    if problem.exact is None:
        rows = [
            {"variable": n, "lowest": float(v.min()), "highest": float(v.max())}
            for n, v in last.data_vars.items()
        ]
    else:
        norms = {norm: metrics.error(last, problem.exact, norm) for norm in metrics.NORMS}
        rows = [
            {"variable": name, **{f"{n} error": float(e[name][-1]) for n, e in norms.items()}}
            for name in last.data_vars
        ]
    write(Table(rows))
