"""What the subcommands share: output, finding problems and schemes, options, files."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnedflux import problems
from learnedflux.backends import BACKENDS
from learnedflux.cli.case import Case, read_case
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.files import replace_file
from learnedflux.problem import Problem
from learnedflux.scheme import Scheme

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

__all__ = [
    "add_problem",
    "add_settings",
    "cells",
    "chosen_case",
    "chosen_scheme",
    "chosen_variable",
    "describe",
    "numbers",
    "require_figure",
    "save_figure",
    "save_result",
    "settings",
    "times",
    "write",
    "write_pairs",
]

# Arguments of lf.solve that a shell or a case file may set.
SETTINGS = (
    "times", "cfl", "integrator", "dt", "backend", "device", "dtype", "threads", "max_steps",
)  # fmt: skip


def write(text: object = "") -> None:
    """Write a line to standard output: the only place where this library does."""
    sys.stdout.write(f"{text}\n")


def write_pairs(pairs: Mapping[str, Any]) -> None:
    """Write names and what they stand for in two columns."""
    width = max(map(len, pairs)) + 2
    for key, value in pairs.items():
        lines = str(value).splitlines() or [""]
        write("\n".join([f"{key.ljust(width)}{lines[0]}", *(" " * width + x for x in lines[1:])]))


def numbers(text: str) -> list[float]:
    """Read numbers with commas between them."""
    return [float(part) for part in text.split(",")]


def times(text: str) -> int | list[float]:
    """Read output times, or how many there shall be: ``11`` or ``0,0.1,0.25``."""
    try:
        return int(text)
    except ValueError:
        return numbers(text)


def cells(text: str) -> tuple[int, ...]:
    """Read numbers of cells: ``200``, ``480x120`` or ``64x64x64``."""
    return tuple(int(part) for part in text.split("x"))


# --- options --------------------------------------------------------------------------------------


def add_problem(parser: argparse.ArgumentParser) -> None:
    """Add what says which problem to solve, and on which grid."""
    parser.add_argument(
        "problem", help="name of a problem (see 'learnedflux problems') or a case file, CASE.toml"
    )
    parser.add_argument(
        "--cells",
        type=cells,
        metavar="N[xN[xN]]",
        help="cells along x, other axes alike; or along each axis: 480x120",
    )
    parser.add_argument("--t-end", "--until", type=float, metavar="T", help="end time")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options that become arguments of Scheme and solve."""
    parser.add_argument("--riemann", metavar="NAME", help="Riemann solver; default: the sharpest")
    parser.add_argument(
        "--variables",
        metavar="NAME",
        help="what is reconstructed: characteristic (default), primitive or conserved",
    )
    parser.add_argument(
        "--positivity",
        action=argparse.BooleanOptionalAction,
        help="limit fluxes where density or pressure would turn negative; default yes",
    )
    parser.add_argument("--cfl", type=float, metavar="C", help="CFL number; default 0.4")
    parser.add_argument("--integrator", metavar="NAME", help="Runge-Kutta method; default ssprk3")
    parser.add_argument("--dt", type=float, metavar="DT", help="fixed step instead of --cfl")
    parser.add_argument("--backend", metavar="NAME", help=f"one of {', '.join(BACKENDS)}")
    parser.add_argument("--device", metavar="NAME", help="torch device: cpu (default) or cuda")
    parser.add_argument("--dtype", metavar="NAME", help="float64 (default), float32 with torch")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads; default all cores")


def chosen_case(given: argparse.Namespace) -> Case:
    """Return the case asked for: a file's or a named problem's, with the options' changes."""
    if given.problem.endswith(".toml"):
        case = read_case(Path(given.problem))
    else:
        case = Case(problems.get(given.problem)(), {})
    problem = case.problem
    if given.cells is not None:
        problem = problem.with_cells(*given.cells)
    if given.t_end is not None:
        problem = problem.replace(t_end=given.t_end)
    return Case(problem, case.run)


def chosen_variable(given: argparse.Namespace, problem: Problem) -> str | None:
    """Return the variable asked for, if any; it is one of the problem's."""
    dimension = problem.grid.dimension
    names = dict.fromkeys(
        (
            *problem.equation.conserved_names(dimension),
            *problem.equation.primitive_names(dimension),
        )
    )
    if given.variable is not None and given.variable not in names:
        raise UnknownNameError("variable", given.variable, names)
    name: str | None = given.variable
    return name


def _option(given: argparse.Namespace, case: Case, name: str) -> Any:
    """Return what was typed, or else what the case file says."""
    typed = getattr(given, name, None)
    return case.run.get(name) if typed is None else typed


def chosen_scheme(name: str, given: argparse.Namespace, case: Case) -> Scheme:
    """Return a scheme with the parts asked for; it fits the problem."""
    parts = {part: _option(given, case, part) for part in ("riemann", "variables", "positivity")}
    scheme = Scheme(name, **{part: value for part, value in parts.items() if value is not None})
    scheme.bind(case.problem.equation)
    return scheme


def settings(given: argparse.Namespace, case: Case) -> dict[str, Any]:
    """Return the arguments of solve that were typed or are in the case file."""
    found = {name: _option(given, case, name) for name in SETTINGS}
    return {name: value for name, value in found.items() if value is not None}


def describe(problem: Problem) -> str:
    """Return a problem in half a line."""
    cells = " x ".join(map(str, problem.grid.shape))
    return f"{problem.name}: {problem.equation!r}, {cells} cells to t = {problem.t_end:g}"


# --- files ----------------------------------------------------------------------------------------


def require_figure(path: str | Path) -> None:
    """Raise before a long run, rather than after it, if its figure cannot be drawn or written."""
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("figures need matplotlib; python -m pip install 'learnedflux[plot]'.")
    from learnedflux.plot import require_format

    require_format(path)


def save_result(ds: xr.Dataset, path: str | Path) -> None:
    """Write a result as NetCDF, which is HDF5, and say so."""
    with replace_file(path) as temporary:
        ds.to_netcdf(temporary, engine="h5netcdf")
    write(f"wrote {path}")


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format its suffix names, and say so."""
    from learnedflux.plot import save

    save(figure, path)
    write(f"wrote {path}")
