"""Cases from TOML files: problems put together from named pieces and numbers, never from code.

Hence states and boundaries are constant in pieces; what varies in space and time (a function for
:func:`lf.boundaries.prescribed`, say) needs Python. In two and three dimensions ``[grid]`` has
``y`` and ``z`` too, and so may regions and parts of a side.

::

    name = "tube"                      # everything is optional that a named problem provides
    t_end = 0.2
    boundary = "outflow"               # or a table by axis, see below

    [problem]                          # a named problem to start from, with its arguments
    name = "sod"
    cells = 400

    [equation]
    name = "Euler"
    gamma = 1.4

    [grid]
    x = [0.0, 1.0, 400]                # start, stop, cells

    [[initial]]                        # constant states; where regions overlap the last one holds
    density = 1.0
    velocity_x = 0.0
    pressure = 1.0

    [[initial]]
    x = [0.5, 1.0]                     # from 0.5 on, up to and without 1.0
    density = 0.125
    velocity_x = 0.0
    pressure = 0.1

    [boundary]                         # per axis: one for both sides, or lower and upper
    x = ["wall", {inflow = {density = 0.125, velocity_x = -1.0, pressure = 0.1}}]

    [boundary.y]                       # one boundary in a part of a side, another elsewhere
    piecewise = {x = [0.0, 0.5], inside = "outflow", outside = "wall"}

    [run]                              # what the command's options say, unless they are typed
    scheme = "learned"
    cfl = 0.4
    output = "tube.nc"
"""

from __future__ import annotations

import dataclasses
import inspect
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from learnedflux import equations, problems
from learnedflux.boundaries import Boundary, inflow, piecewise
from learnedflux.equations import Equation
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.grid import AXES, Grid
from learnedflux.problem import Problem

__all__ = ["Case", "read_case"]

KEYS = ("name", "description", "t_end", "problem", "equation", "grid", "initial", "boundary", "run")
NUMBER = (int, float)
RUN: dict[str, type | tuple[type, ...]] = {
    "scheme": str,
    "riemann": str,
    "variables": str,
    "positivity": bool,
    "times": (int, list),
    "cfl": NUMBER,
    "integrator": str,
    "dt": NUMBER,
    "backend": str,
    "device": str,
    "dtype": str,
    "threads": int,
    "max_steps": int,
    "output": str,
    "plot": str,
}


class Case(NamedTuple):
    """A problem, and what its file says about the run."""

    problem: Problem
    run: dict[str, Any]


def read_case(path: Path) -> Case:
    """Return the case a TOML file describes.

    Parameters
    ----------
    path : Path
        The file; see the module's text for what it may hold.

    Returns
    -------
    Case
        The problem and the ``[run]`` table.

    Raises
    ------
    InputError
        With the file's name, if it cannot be read or does not make a problem.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read case {str(path)!r}: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"case {str(path)!r} is not TOML: {error}.") from error
    try:
        _known(content, KEYS, "key")
        return Case(_problem(content, path.stem), _run(_table(content, "run")))
    except InputError as error:
        raise InputError(f"case {str(path)!r}: {error}") from error


def _known(given: Mapping[str, Any], allowed: Sequence[str], kind: str) -> None:
    for key in given:
        if key not in allowed:
            raise UnknownNameError(kind, key, allowed)


def _table(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = content.get(key, {})
    if not isinstance(found, dict):
        raise InputError(f"{key!r} must be a table, [{key}]; got {found!r}.")
    return found


def _run(given: dict[str, Any]) -> dict[str, Any]:
    """Check names and kinds of the run's settings; what they mean is checked by who uses them."""
    _known(given, list(RUN), "key of [run]")
    for key, value in given.items():
        of_bool = isinstance(value, bool)  # which Python counts among the integers
        if of_bool != (RUN[key] is bool) or not isinstance(value, RUN[key]):
            raise InputError(f"{key!r} of [run] cannot be {value!r}.")
    return given


def _problem(content: Mapping[str, Any], stem: str) -> Problem:
    given: dict[str, Any] = {
        k: content[k] for k in ("name", "description", "t_end") if k in content
    }
    for key in ("name", "description"):
        if not isinstance(given.get(key, ""), str):
            raise InputError(f"{key!r} must be text; got {given[key]!r}.")
    if "equation" in content:
        given["equation"] = _equation(_table(content, "equation"))
    if "grid" in content:
        given["grid"] = _grid(_table(content, "grid"))
    if "initial" in content:
        given["initial"] = _regions(content["initial"])
    if "boundary" in content:
        given["boundary"] = _boundary(content["boundary"])
    if "problem" in content:
        return _named(content["problem"]).replace(**given)
    for key in ("equation", "grid", "initial", "t_end"):
        if key not in given:
            raise InputError(f"{key!r} is missing; give it, or a [problem] to start from.")
    return Problem(**{"name": stem, **given})


def _named(given: Any) -> Problem:
    """Return a problem by name, with arguments its function takes."""
    arguments = dict(given) if isinstance(given, dict) else {"name": given}
    if not isinstance(arguments.get("name"), str):
        raise InputError("[problem] needs the name of a problem: name = 'sod', say.")
    name = arguments.pop("name")
    factory = problems.get(name)
    _known(arguments, list(inspect.signature(factory).parameters), f"argument of {name!r}")
    for key, value in arguments.items():
        if key == "cells" and isinstance(value, list) and all(map(_is_number, value)):
            arguments[key] = tuple(value)  # one number per axis
        elif not _is_number(value):
            raise InputError(f"{key!r} of [problem] must be a number; got {value!r}.")
    return factory(**arguments)


def _equation(given: dict[str, Any]) -> Equation:
    kinds = {name: getattr(equations, name) for name in equations.__all__ if name != "Equation"}
    name = given.get("name")
    if name not in kinds:
        raise UnknownNameError("equation", name, kinds)
    parameters = {key: value for key, value in given.items() if key != "name"}
    allowed = [field.name for field in dataclasses.fields(kinds[name])]
    _known(parameters, allowed, f"parameter of {name}")
    for key, value in parameters.items():
        numbers = value if isinstance(value, list) else [value]
        if not all(map(_is_number, numbers)):
            raise InputError(f"parameter {key!r} of {name} must be a number; got {value!r}.")
    lists = {key: tuple(v) if isinstance(v, list) else v for key, v in parameters.items()}
    equation: Equation = kinds[name](**lists)
    return equation


def _grid(given: dict[str, Any]) -> Grid:
    _known(given, AXES, "axis")
    return Grid(**{a: tuple(v) if isinstance(v, list) else v for a, v in given.items()})


def _is_number(value: Any) -> bool:
    return isinstance(value, NUMBER) and not isinstance(value, bool)


Piece = tuple[dict[str, list[float]], dict[str, float]]  # ranges by axis, values by variable


class _Regions:
    """Initial state constant in pieces: a function of the coordinates."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = pieces

    def __call__(self, *coordinates: np.ndarray) -> dict[str, np.ndarray]:
        axes = AXES[: len(coordinates)]
        fields = {name: np.full_like(coordinates[0], np.nan) for name in self.pieces[0][1]}
        covered = np.zeros(coordinates[0].shape, dtype=bool)
        for ranges, values in self.pieces:
            _known(ranges, axes, "axis of this grid")
            inside = np.ones_like(covered)
            for axis, (lower, upper) in ranges.items():
                x = coordinates[axes.index(axis)]
                inside &= (x >= lower) & (x < upper)
            covered |= inside
            for name, value in values.items():
                fields[name][inside] = value
        if not covered.all():
            at = [float(x[~covered][0]) for x in coordinates]
            place = ", ".join(f"{axis} = {x:.6g}" for axis, x in zip(axes, at, strict=True))
            raise InputError(
                f"no [[initial]] region covers {place}; give the first region no range, and it "
                "holds wherever no later one does."
            )
        return fields


def _regions(given: Any) -> _Regions:
    if not isinstance(given, list) or not given or not all(isinstance(r, dict) for r in given):
        raise InputError("the initial state must be a list of regions, [[initial]] each.")
    pieces: list[Piece] = []
    for i, region in enumerate(given, start=1):
        ranges = {key: value for key, value in region.items() if key in AXES}
        values = {key: value for key, value in region.items() if key not in AXES}
        for axis, limits in ranges.items():
            _require_range(axis, limits, f"[[initial]] {i}")
        for name, value in values.items():
            if not _is_number(value):
                raise InputError(f"{name!r} of [[initial]] {i} must be a number; got {value!r}.")
        if set(values) != set(pieces[0][1] if pieces else values):
            raise InputError(
                f"[[initial]] {i} gives {', '.join(values)}, the first region "
                f"{', '.join(pieces[0][1])}; all must give the same variables."
            )
        pieces.append((ranges, values))
    return _Regions(pieces)


def _boundary(given: Any) -> Any:
    """Turn what TOML can say into what Problem takes; Problem checks names and completeness."""
    if isinstance(given, list):
        return tuple(_boundary(side) for side in given)
    if not isinstance(given, dict):
        return given
    if set(given) == {"piecewise"}:
        return _piecewise(given["piecewise"])
    if set(given) != {"inflow"}:
        return {axis: _boundary(sides) for axis, sides in given.items()}
    state = given["inflow"]
    if not isinstance(state, dict) or not all(map(_is_number, state.values())):
        raise InputError("inflow must be a table of numbers: {inflow = {density = 1.0, ...}}.")
    return inflow(**state)


class _Inside:
    """Whether points lie within limits, by axis."""

    def __init__(self, limits: Mapping[str, list[float]]) -> None:
        self.limits = limits
        self.__name__ = ", ".join(f"{a} in {limits[a]}" for a in limits)

    def __call__(self, *coordinates_and_time: Any) -> Any:
        coordinates = dict(zip(AXES, coordinates_and_time[:-1], strict=False))
        _known(self.limits, list(coordinates), "axis of this grid")
        inside: Any = coordinates["x"] == coordinates["x"]
        for axis, (lower, upper) in self.limits.items():
            x = coordinates[axis]
            inside = inside & (x >= lower) & (x < upper)
        return inside


def _piecewise(given: Any) -> Boundary:
    """Return one boundary within limits and another elsewhere."""
    want = "give {piecewise = {x = [0.0, 0.5], inside = 'outflow', outside = 'wall'}}, say."
    if not isinstance(given, dict) or not {"inside", "outside"} < set(given):
        raise InputError(f"piecewise needs limits, 'inside' and 'outside'; {want}")
    limits = {key: value for key, value in given.items() if key not in ("inside", "outside")}
    _known(limits, AXES, "axis")
    for axis, ends in limits.items():
        _require_range(axis, ends, "piecewise")
    return piecewise(_Inside(limits), _boundary(given["inside"]), _boundary(given["outside"]))


def _require_range(axis: str, limits: Any, where: str) -> None:
    if not (
        isinstance(limits, list)
        and len(limits) == 2
        and all(map(_is_number, limits))
        and limits[0] < limits[1]
    ):
        raise InputError(f"{axis!r} of {where} must be [from, to], rising; got {limits!r}.")
