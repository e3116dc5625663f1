"""Which numbers to draw: states, exact curves, reference averages, the part worth a closer look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from learnedflux.dataset import grid_of
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.problem import ExactSolution, Problem

__all__ = [
    "at_time",
    "curve",
    "first_variable",
    "reference",
    "require",
    "require_1d",
    "state_at",
    "window_of_interest",
]

POINTS = 4001  # at which an exact solution is drawn; a jump is then as thin as the line
WINDOW = 0.2  # of the domain: what a zoom shows


def require_1d(ds: Any) -> None:
    """Raise InputError for anything but a result in one dimension."""
    if not isinstance(ds, xr.Dataset):
        raise InputError(f"expected a result of lf.solve; got {type(ds).__name__}.")
    if "y" in ds.dims or "x" not in ds.dims:
        raise InputError(
            "this draws results in one dimension; for two and three there are lf.plot.field and "
            "lf.plot.compare_fields."
        )


def require(ds: xr.Dataset, name: str) -> None:
    """Raise UnknownNameError for a variable the result does not hold."""
    if name not in ds.data_vars:
        raise UnknownNameError("variable of this result", name, map(str, ds.data_vars))


def first_variable(ds: xr.Dataset) -> str:
    """Return the name of the variable drawn if none is asked for."""
    return str(next(iter(ds.data_vars)))


def state_at(ds: xr.Dataset, time: float | None) -> xr.Dataset:
    """Return a result at one of its times, dims ``(x,)``."""
    require_1d(ds)
    return at_time(ds, time)


def at_time(ds: xr.Dataset, time: float | None) -> xr.Dataset:
    """Return a result of any dimension at one of its times."""
    if not isinstance(ds, xr.Dataset):
        raise InputError(f"expected a result of lf.solve; got {type(ds).__name__}.")
    if time is None:
        return ds.isel(time=-1)
    if not np.isclose(ds.time, time, rtol=1e-9, atol=0.0).any():
        held = [f"{t:g}" for t in ds.time.values[:10]] + ["..."] * (len(ds.time) > 10)
        raise InputError(
            f"the result holds no state at t = {time:g}; its times are {', '.join(held)}."
        )
    return ds.sel(time=time, method="nearest")


def _solution(exact: Any) -> ExactSolution | xr.Dataset:
    if isinstance(exact, Problem):
        if exact.exact is None:
            raise InputError(f"problem {exact.name!r} has no exact solution; pass a finer result.")
        return exact.exact  # type: ignore[no-any-return]
    if not isinstance(exact, (ExactSolution, xr.Dataset)):
        raise InputError(
            f"exact must be problem.exact or a reference Dataset; got {type(exact).__name__}."
        )
    return exact


def curve(exact: Any, at: xr.Dataset, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return x and values of the exact solution: at many points, or as fine as a reference is."""
    exact, t = _solution(exact), float(at.time)
    if isinstance(exact, xr.Dataset):
        fine = state_at(exact, t)
        return fine.x.values, fine[name].values
    extent = grid_of(at).extents[0]
    x = np.linspace(extent[0], extent[1], POINTS)
    fields = exact(x, t=t)
    if name not in fields:
        q = exact.equation.to_conserved(tuple(fields.values()))
        fields = dict(zip(exact.equation.conserved_names(1), q, strict=True))
    return x, fields[name]


def reference(exact: Any, at: xr.Dataset, name: str) -> np.ndarray:
    """Return the exact cell averages on the grid of a result."""
    exact, t = _solution(exact), float(at.time)
    if isinstance(exact, ExactSolution):
        return exact.cell_averages(grid_of(at), t)[name].T  # x comes last in results
    fine = at_time(exact, t)[name]
    factors = {}
    for axis in at[name].dims:
        factor, rest = divmod(fine.sizes[axis], at.sizes[axis])
        if rest or not factor:
            raise InputError(
                f"the reference has {fine.sizes[axis]} cells, the result {at.sizes[axis]}; its "
                "cells must be finer by a whole factor."
            )
        factors[axis] = factor
    means: np.ndarray = fine.coarsen(factors).mean().values
    return means


def window_of_interest(
    states: Mapping[str, xr.Dataset], errors: Mapping[str, xr.DataArray], name: str
) -> tuple[float, float]:
    """Return the part of x where errors, or else the differences between results, are largest."""
    first = next(iter(states.values()))
    x = first.x.values
    if errors:
        # Squares, as a few large errors are more worth seeing than many small ones; relative, so
        # that each result counts alike, however bad.
        shares = [(e / max(float(e.max()), 1e-300)) ** 2 for e in errors.values()]
        weight = np.sum([np.interp(x, e.x.values, e.values) for e in shares], axis=0)
    else:
        weight = np.ptp(
            [np.interp(x, at.x.values, at[name].values) for at in states.values()], axis=0
        )
    lower, upper, cells = grid_of(first).extents[0]
    count = max(1, round(WINDOW * cells))
    weight = np.nan_to_num(weight)  # the last state of a failed run may hold anything
    begin = int(np.argmax(np.convolve(weight, np.ones(count), mode="valid")))
    width = (upper - lower) / cells
    return lower + begin * width, lower + (begin + count) * width
