"""Results as xarray Datasets that say where they come from."""

from __future__ import annotations

import functools
import json
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
import xarray as xr

from learnedflux.grid import Grid
from learnedflux.policy import Policy
from learnedflux.semidiscretization import Semidiscretization

__all__ = [
    "Statistics",
    "grid_of",
    "identity",
    "library_version",
    "states_of",
    "to_dataset",
    "versions",
]

LONG_NAMES = {
    "density": "mass density",
    "energy": "total energy per volume",
    "pressure": "pressure",
    "u": "conserved scalar",
    **{f"momentum_{a}": f"momentum per volume along {a}" for a in "xyz"},
    **{f"velocity_{a}": f"velocity along {a}" for a in "xyz"},
}
RECORDED = ("numpy", "numba", "onnxruntime", "torch", "xarray")


@dataclass
class Statistics:
    """What a run took."""

    steps: int = 0
    rejected: int = 0
    seconds: float = 0.0  # of all steps but the first, which may have compiled kernels


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # another build of it, or a source tree
        return "unknown"


def library_version() -> str:
    """Version of this library."""
    return _version("learnedflux")


def versions() -> dict[str, str]:
    """Versions of everything that decides what a run gives."""
    return {
        "learnedflux": library_version(),
        "python": platform.python_version(),
        **{name: _version(name) for name in RECORDED},
    }


def _named(function: Any) -> str:
    """Return what a function is called; with the arguments that are bound to it."""
    if function is None:
        return "none"
    if isinstance(function, functools.partial):
        bound = [*map(repr, function.args), *(f"{k}={v!r}" for k, v in function.keywords.items())]
        return f"{_named(function.func)}({', '.join(bound)})"
    return str(getattr(function, "__name__", type(function).__name__))


def _plain(value: Any) -> Any:
    """Say to JSON what NumPy's numbers and arrays hold, and of anything else what it shows."""
    return value.tolist() if hasattr(value, "tolist") else repr(value)


def identity(semi: Semidiscretization) -> dict[str, Any]:
    """Return what makes a run the one it is, but for its initial state: problem and scheme."""
    problem, scheme = semi.problem, semi.scheme
    grid = problem.grid
    found: dict[str, Any] = {
        "equation": problem.equation.name,
        "equation_parameters": json.dumps(problem.equation.parameters(), default=_plain),
        "grid": json.dumps({a: getattr(grid, a) for a in grid.axes}),
        "boundary": json.dumps(
            {
                a: [repr(b) for b in pair]
                for a, pair in zip(grid.axes, problem.boundaries, strict=True)
            }
        ),
        "conserved": json.dumps(semi.names),
        "t_end": problem.t_end,
        "source": _named(problem.source),
        "reconstruction": scheme.reconstruction.name,
        "riemann": scheme.riemann,
        "variables": scheme.variables,
        "positivity": int(scheme.positivity),
    }
    if isinstance(scheme.reconstruction, Policy):
        found["policy_digest"] = scheme.reconstruction.digest
    return found


def _attributes(semi: Semidiscretization, settings: dict[str, Any], stats: Statistics) -> Any:
    problem, scheme = semi.problem, semi.scheme
    attributes: dict[str, Any] = {
        "title": f"{problem.name} by {scheme.name}",
        "Conventions": "CF-1.11",
        "problem": problem.name,
        "scheme": scheme.name,
        **identity(semi),
        **settings,
        "backend": semi.backend.name,
        "steps": stats.steps,
        "steps_rejected": stats.rejected,
        "faces_limited": int(semi.backend.limited),
        "seconds_stepping": stats.seconds,
        "versions": json.dumps(versions()),
    }
    if isinstance(scheme.reconstruction, Policy):
        policy = scheme.reconstruction
        attributes["policy"] = policy.name
        attributes["policy_version"] = policy.version
        attributes["policy_trained_on"] = ", ".join(policy.equations)
        attributes["policy_is_fallback"] = int(problem.equation.name not in policy.equations)
    if stats.steps > 1 and stats.seconds > 0:
        rate = (stats.steps - 1) * problem.grid.size / stats.seconds
        attributes["cell_updates_per_second"] = rate
    return attributes


def to_dataset(
    semi: Semidiscretization,
    saved: list[tuple[float, np.ndarray]],
    settings: dict[str, Any],
    stats: Statistics,
) -> xr.Dataset:
    """Return saved states as a Dataset with dims ``(time[, z][, y], x)``."""
    equation, grid = semi.problem.equation, semi.problem.grid
    dims = ("time", *reversed(grid.axes))
    q = np.stack([state for _, state in saved], axis=1)  # (variable, time, x[, y[, z]])
    conserved = dict(zip(semi.names, q, strict=True))
    with np.errstate(all="ignore"):  # the last state of a failed run may hold anything
        w = equation.to_primitive(tuple(q))
    fields = {**dict(zip(equation.primitive_names(grid.dimension), w, strict=True)), **conserved}
    order = [*conserved, *(name for name in fields if name not in conserved)]
    means = " ".join(f"{axis}: mean" for axis in grid.axes)
    variables = {
        name: (
            dims,
            np.transpose(fields[name], (0, *range(grid.dimension, 0, -1))),
            {
                "long_name": LONG_NAMES.get(name, name.replace("_", " ")),
                "units": equation.units.get(name, "1"),
                "cell_methods": means,
            },
        )
        for name in order
    }
    coordinates = {
        axis: (axis, grid.centers(i), {"long_name": f"{axis} of cell centres", "units": "1"})
        for i, axis in enumerate(grid.axes)
    }
    times = ("time", np.array([t for t, _ in saved]), {"long_name": "time", "units": "1"})
    return xr.Dataset(variables, {"time": times, **coordinates}, _attributes(semi, settings, stats))


def grid_of(ds: xr.Dataset) -> Grid:
    """Return the grid a result was computed on."""
    return Grid(**{axis: tuple(extent) for axis, extent in json.loads(ds.attrs["grid"]).items()})


def states_of(ds: xr.Dataset, names: tuple[str, ...]) -> np.ndarray:
    """Return the states (time, variable, x[, y[, z]]) of a result."""
    q = np.stack([ds[name].values for name in names], axis=1)
    return np.ascontiguousarray(np.transpose(q, (0, 1, *range(q.ndim - 1, 1, -1))))
