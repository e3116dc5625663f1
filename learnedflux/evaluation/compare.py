"""One scheme beside another: ratios of errors, on equal grids and at equal time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from learnedflux.errors import InputError, UnknownNameError

__all__ = [
    "equal_time",
    "geometric_mean",
    "grids_run",
    "markdown_row",
    "on_own_grids",
    "own_grids",
    "ratios",
]

FEWEST = 3  # grids of a curve that may be read between its points


def _require(ds: xr.Dataset, baseline: str) -> None:
    if not {"error", "wall_time"} <= set(ds.data_vars) or "scheme" not in ds.dims:
        raise InputError("expected a Dataset that lf.evaluate returned.")
    names = [str(name) for name in ds.scheme.values]
    if baseline not in names:
        raise UnknownNameError("scheme in this evaluation", baseline, names)


def markdown_row(name: str, errors: Sequence[float], digits: int = 2) -> str:
    """Return errors as a row of a Markdown table: the lowest bold, NaN as "fails".

    Examples
    --------
    >>> markdown_row("sod", [0.002, 0.001, float("nan")])
    '| sod | 2.00e-03 | **1.00e-03** | fails |'
    """
    best = np.nanmin(errors) if np.isfinite(errors).any() else np.nan
    cells = ["fails" if np.isnan(e) else f"{e:.{digits}e}" for e in errors]
    shown = [f"**{c}**" if e == best else c for c, e in zip(cells, errors, strict=True)]
    return f"| {name} | {' | '.join(shown)} |"


def geometric_mean(values: xr.DataArray) -> xr.DataArray:
    """Return the geometric mean over problems and grids; what is not above zero is left out."""
    logs = xr.apply_ufunc(np.log, values.where(values > 0))
    mean: xr.DataArray = xr.apply_ufunc(np.exp, logs.mean(("problem", "cells")))
    return mean


def grids_run(ds: xr.Dataset) -> xr.DataArray:
    """Return whether a problem was run on a grid (problem, cells)."""
    ran: xr.DataArray = (ds.steps.notnull() | ds.failed).any("scheme")
    return ran


def own_grids(ds: xr.Dataset) -> xr.DataArray:
    """Return which grids are a problem's own (problem, cells); all, where none of its own was run.

    Those are the grids the suite names, whatever else was run to draw curves.
    """
    ran = grids_run(ds)
    named: xr.DataArray = ran & ds.default
    return named | (ran & ~named.any("cells"))


def on_own_grids(ds: xr.Dataset) -> xr.Dataset:
    """Return an evaluation without the numbers of other grids than the problems' own."""
    kept = own_grids(ds)
    changed = {name: array.where(kept) for name, array in ds.items() if array.dtype.kind == "f"}
    return ds.assign({**changed, "failed": ds.failed & kept})


def ratios(ds: xr.Dataset, baseline: str = "teno5") -> xr.Dataset:
    """Return errors relative to those of one scheme, and their geometric means.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.evaluate`.
    baseline : str
        Scheme to compare with.

    Returns
    -------
    Dataset
        ``ratio`` (scheme, problem, cells), and per scheme ``geometric_mean``, ``compared`` (how
        many runs it is the mean of), ``worst`` (largest ratio) and ``failed`` (runs that failed,
        which no mean can hold).

    Examples
    --------
    >>> import learnedflux as lf
    >>> ds = lf.evaluate(["godunov", "muscl"], ["sod", "lax"], cells=50, repeats=1)
    >>> found = lf.evaluation.ratios(ds, baseline="godunov")
    >>> float(found.geometric_mean.sel(scheme="muscl")) < 0.5
    True
    """
    _require(ds, baseline)
    base = ds.error.sel(scheme=baseline, drop=True)
    ratio = (ds.error / base).where(base > 0)
    ratio.attrs = {"long_name": f"error / error of {baseline}", "units": "1"}
    means = geometric_mean(ratio)
    means.attrs = {"long_name": f"geometric mean of error / error of {baseline}", "units": "1"}
    return xr.Dataset(
        {
            "ratio": ratio,
            "geometric_mean": means,
            "compared": (ratio > 0).sum(("problem", "cells")),
            "worst": ratio.max(("problem", "cells")),
            "failed": ds.failed.sum(("problem", "cells")),
        },
        attrs={"baseline": baseline},
    )


def equal_time(ds: xr.Dataset, baseline: str = "teno5", clock: str = "wall_time") -> xr.Dataset:
    """Return the error each scheme reaches in the time the baseline takes on each grid.

    On the same grid a scheme may be more accurate and slower; this tells whether its error is
    lower when it gets no more time, on whatever grid it then has.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.evaluate` on at least three grids, ``refine=(0.5, 1, 2)`` say.
    baseline : str
        Scheme whose times are given to the others.
    clock : {"wall_time", "processor_time"}
        Which time.

    Returns
    -------
    Dataset
        ``error`` and ``ratio`` (to the baseline's error on that grid), dims ``(scheme, problem,
        cells)`` with the *baseline's* cells, and per scheme ``geometric_mean`` and ``compared``.
        Errors between grids are read off a straight line in log error over log time. NaN beyond
        the times measured: nothing is extrapolated, so the baseline's coarsest grid has no value
        where another scheme is slower, nor its finest where another is faster.
    """
    _require(ds, baseline)
    if clock not in ("wall_time", "processor_time"):
        raise UnknownNameError("clock", clock, ("wall_time", "processor_time"))
    if int((ds.error > 0).sum("cells").max()) < FEWEST:
        raise InputError(
            f"error at equal time needs at least {FEWEST} grids per problem; evaluate with "
            "refine=(0.5, 1, 2), or cells=(100, 200, 400)."
        )
    found = xr.full_like(ds.error, np.nan)
    found.attrs = {"long_name": f"error in the time that {baseline} takes", "units": "1"}
    for scheme, problem, times, errors in _curves(ds, clock):
        given = ds[clock].sel(scheme=baseline, problem=problem).values
        with np.errstate(invalid="ignore"):
            read = np.interp(np.log(given), times, errors, left=np.nan, right=np.nan)
        found.loc[{"scheme": scheme, "problem": problem}] = np.exp(read)
    base = ds.error.sel(scheme=baseline, drop=True)
    ratio = (found / base).where(base > 0)
    ratio.attrs = {"long_name": f"error at equal time / error of {baseline}", "units": "1"}
    return xr.Dataset(
        {
            "error": found,
            "ratio": ratio,
            "geometric_mean": geometric_mean(ratio),
            "compared": (ratio > 0).sum(("problem", "cells")),
        },
        attrs={"baseline": baseline, "clock": clock},
    )


def _curves(ds: xr.Dataset, clock: str) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yield (scheme, problem, log time, log error) of every curve of enough points, by time."""
    for scheme in map(str, ds.scheme.values):
        for problem in map(str, ds.problem.values):
            at = {"scheme": scheme, "problem": problem}
            times, errors = ds[clock].sel(at).values, ds.error.sel(at).values
            known = (times > 0) & (errors > 0)
            if known.sum() >= FEWEST:
                order = np.argsort(times[known])
                yield scheme, problem, np.log(times[known][order]), np.log(errors[known][order])
