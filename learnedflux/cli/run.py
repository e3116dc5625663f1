"""``learnedflux run``: solve one problem with one scheme."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnedflux import metrics
from learnedflux.checkpoint import Checkpoint
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
    save_result,
    settings,
    times,
    write,
)
from learnedflux.errors import InadmissibleStateError, InputError, UnstableError
from learnedflux.problem import Problem
from learnedflux.solver import resume, solve
from learnedflux.table import Table

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = ["add_to"]

# What a checkpoint holds, so that nobody may ask for something else.
HELD = (
    "times", "riemann", "variables", "positivity", "cfl", "integrator", "dt", "backend", "device",
    "dtype", "checkpoint", "every",
)  # fmt: skip


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
    parser.add_argument(
        "--checkpoint", metavar="FILE.h5", help="write down where the run stands, to resume it"
    )
    parser.add_argument(
        "--every", type=int, metavar="N", help="steps from one checkpoint to the next; default 1000"
    )
    parser.add_argument(
        "--resume",
        metavar="FILE.h5",
        help="go on from a checkpoint, with the settings that it holds, and write further ones",
    )
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
    kept = given.resume or given.checkpoint
    if kept and output and Path(kept).absolute() == Path(output).absolute():
        raise InputError(f"checkpoint and output are both {output}; give two files.")
    go = _resumed(given, case) if given.resume else _begun(given, case)
    write(describe(case.problem))
    try:
        ds = go()
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


def _begun(given: argparse.Namespace, case: Case) -> Callable[[], xr.Dataset]:
    """Return a run from its beginning."""
    scheme = chosen_scheme(given.scheme or case.run.get("scheme", "weno5-z"), given, case)
    if given.every is not None and not given.checkpoint:
        raise InputError("--every is for --checkpoint FILE.h5.")
    every = {} if given.every is None else {"every": given.every}
    checkpoint = Checkpoint(given.checkpoint, **every) if given.checkpoint else None
    arguments = settings(given, case)
    return lambda: solve(case.problem, scheme, checkpoint=checkpoint, **arguments)


def _resumed(given: argparse.Namespace, case: Case) -> Callable[[], xr.Dataset]:
    """Return a run from its last checkpoint on."""
    typed = [name for name in HELD if getattr(given, name) is not None]
    if typed:
        raise InputError(
            f"--resume takes the settings from {given.resume}; leave out "
            f"{', '.join('--' + name for name in typed)}."
        )
    return lambda: resume(given.resume, case.problem, scheme=given.scheme, threads=given.threads)


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
