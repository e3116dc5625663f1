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
    chosen_variable,
    describe,
    require_figure,
    save_figure,
    save_result,
    settings,
    times,
    write,
)
from learnedflux.errors import InadmissibleStateError, InputError, UnstableError
from learnedflux.problem import Problem
from learnedflux.solver import solve
from learnedflux.table import Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "run",
        help="solve a problem",
        description="Solve a problem, print what it took and its errors, write results.",
        epilog="examples: learnedflux run sod --scheme learned --output sod.nc --plot sod.png; "
        "learnedflux run double_mach --cells 480x120 --plot double_mach.png",
    )
    add_problem(parser)
    parser.add_argument("--scheme", metavar="NAME", help="name or .onnx file; default weno5-z")
    parser.add_argument(
        "--times", type=times, metavar="N|T,T,...", help="output times or their number; default 2"
    )
    add_settings(parser)
    parser.add_argument("--output", metavar="FILE.nc", help="write the result as NetCDF (HDF5)")
    parser.add_argument("--plot", metavar="FILE.png", help="write a figure of the final state")
    parser.add_argument(
        "--variable",
        metavar="NAME",
        help="what the figure shows; default: all primitive ones, in 2D and 3D the first",
    )
    parser.add_argument(
        "--schlieren", action="store_true", help="draw the size of its gradient (2D and 3D)"
    )
    parser.add_argument(
        "--contours", type=int, default=0, metavar="N", help="draw N contour lines (2D and 3D)"
    )
    parser.set_defaults(function=_run)


def _run(given: argparse.Namespace) -> None:
    case = chosen_case(given)
    output = given.output or case.run.get("output")
    plot = given.plot or case.run.get("plot")
    if plot:
        require_figure(plot)
    variable = chosen_variable(given, case.problem)
    if case.problem.grid.dimension == 1 and (given.schlieren or given.contours):
        raise InputError("--schlieren and --contours are for figures in two and three dimensions.")
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
        save_figure(_figure(ds, case.problem, variable, given), plot)


def _figure(
    ds: xr.Dataset, problem: Problem, variable: str | None, given: argparse.Namespace
) -> Figure:
    from learnedflux.plot import field, line

    if problem.grid.dimension == 1:
        return line(ds, variable or problem.equation.primitive_names(1), problem.exact)
    return field(ds, variable, schlieren=given.schlieren, contours=given.contours)


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
        # Once for all norms: averages of an exact solution can take longer than the run.
        exact = problem.exact.cell_averages(problem.grid, float(last.time[0]))
        rows = [
            {
                "variable": name,
                **{
                    f"{norm} error": measure(values.values[0] - exact[str(name)].T)
                    for norm, measure in metrics.NORMS.items()
                },
            }
            for name, values in last.data_vars.items()
        ]
    write(Table(rows))
