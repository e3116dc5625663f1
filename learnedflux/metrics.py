"""How good a result is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from learnedflux import equations
from learnedflux.dataset import grid_of
from learnedflux.equations import Equation
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.problem import ExactSolution, Problem

__all__ = ["conservation_defect", "error", "observed_order", "total_variation"]

NORMS: dict[str, Callable[[np.ndarray], float]] = {
    "L1": lambda e: float(np.mean(np.abs(e))),
    "L2": lambda e: float(np.sqrt(np.mean(e * e))),
    "Linf": lambda e: float(np.max(np.abs(e))),
}


def error(
    ds: xr.Dataset, exact: Any, norm: str = "L1", *, equation: Equation | None = None
) -> xr.Dataset:
    """Return the error of each variable, against cell averages of the exact solution.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.solve`.
    exact : ExactSolution, Problem or Dataset
        ``problem.exact``, or a reference result on the same grid or one that is finer by a whole
        factor, which is averaged onto it.
    equation : Equation, optional
        Needed only to compare primitive variables of an equation of your own with a finer result:
        the mean of a velocity is not the velocity of the mean. Without it those are left out.
    norm : {"L1", "L2", "Linf"}
        Mean of the absolute error, root of its mean square, or its maximum over cells.

    Returns
    -------
    Dataset
        One number per variable and time.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.sod(cells=100)
    >>> e = lf.metrics.error(lf.solve(problem, "mp5"), problem.exact)
    >>> float(e.density[-1]) < 4e-3
    True
    """
    if norm not in NORMS:
        raise UnknownNameError("norm", norm, NORMS)
    if isinstance(exact, Problem):
        exact = exact.exact
    if exact is None:
        raise InputError(
            f"problem {ds.attrs.get('problem')!r} has no exact solution; pass a result on a finer "
            "grid instead."
        )
    reference: Mapping[str, Any]
    if isinstance(exact, xr.Dataset):
        reference = _coarsened(exact, ds, equation or _equation_of(ds))
    elif isinstance(exact, ExactSolution):
        reference = _averages(exact, ds)
    else:
        raise InputError(
            "exact must be problem.exact or a reference Dataset; got "
            f"{type(exact).__name__}. Wrap a function of (x, t) with Problem(..., exact=function)."
        )
    measure = NORMS[norm]
    return xr.Dataset(
        {
            name: (
                "time",
                [
                    measure(a - b)
                    for a, b in zip(ds[name].values, reference[str(name)], strict=True)
                ],
                {"long_name": f"{norm} error of {name}", "units": ds[name].attrs.get("units", "1")},
            )
            for name in ds.data_vars
            if name in reference
        },
        {"time": ds.time},
        {"norm": norm},
    )


def _averages(exact: ExactSolution, ds: xr.Dataset) -> dict[str, list[np.ndarray]]:
    grid = grid_of(ds)
    per_time = [exact.cell_averages(grid, float(t)) for t in ds.time]
    return {str(name): [fields[str(name)].T for fields in per_time] for name in ds.data_vars}


def _coarsened(
    fine: xr.Dataset, ds: xr.Dataset, equation: Equation | None
) -> dict[str, np.ndarray]:
    """Average a finer result onto the grid of ``ds``, at its times."""
    dims = [str(d) for d in ds.dims if d != "time"]
    factors = {d: fine.sizes[d] // ds.sizes[d] for d in dims}
    if any(fine.sizes[d] != factors[d] * ds.sizes[d] for d in dims):
        raise InputError(
            f"the reference has {dict(fine.sizes)} points, the result {dict(ds.sizes)}; its cells "
            "must be finer by a whole factor."
        )
    mine, theirs = grid_of(ds), grid_of(fine)
    if (mine.start, mine.stop) != (theirs.start, theirs.stop):
        raise InputError(f"the reference covers {theirs!r}, the result {mine!r}: not the same box.")
    close = 1e-12 * float(fine.time.max())
    missing = [float(t) for t in ds.time if float(abs(fine.time - t).min()) > close]
    if missing:
        raise InputError(f"the reference holds no state at t = {missing[0]:g}.")
    at = fine.sel(time=ds.time, method="nearest")
    names = json.loads(ds.attrs["conserved"])
    means = {name: at[name].coarsen(factors).mean().values for name in names}
    if equation is not None:
        w = equation.to_primitive(tuple(means.values()))
        means |= dict(zip(equation.primitive_names(mine.dimension), w, strict=True))
    return means


def _equation_of(ds: xr.Dataset) -> Equation | None:
    """Return the equation of a result if it is one of the library's own."""
    kind = getattr(equations, ds.attrs["equation"], None)
    return kind(**json.loads(ds.attrs["equation_parameters"])) if kind else None


def observed_order(cells: Sequence[float], errors: Sequence[float]) -> float:
    """Return the slope of log error over log cells, by least squares.

    Examples
    --------
    >>> round(observed_order([10, 20, 40], [1.0, 0.25, 0.0625]), 6)
    2.0
    """
    if len(cells) != len(errors) or len(cells) < 2:
        raise InputError("observed_order needs at least two grids and one error for each.")
    if min(errors) <= 0:
        raise InputError("observed_order needs errors above zero.")
    return float(-np.polyfit(np.log(cells), np.log(errors), 1)[0])


def total_variation(ds: xr.Dataset) -> xr.Dataset:
    """Return the total variation of each variable along x, per time (1D results).

    On a periodic problem the jump between last and first cell counts too.
    """
    if "y" in ds.dims:
        raise InputError("total_variation is for 1D results.")
    inside = abs(ds.diff("x")).sum("x", skipna=False)
    if "periodic" in json.loads(ds.attrs["boundary"])["x"]:
        inside = inside + abs(ds.isel(x=0, drop=True) - ds.isel(x=-1, drop=True))
    return inside


def conservation_defect(ds: xr.Dataset) -> xr.Dataset:
    """Return how much each variable's total has drifted, relative to the mean of its size.

    Meaningful for conserved variables on a domain through whose sides nothing flows; zero to
    round-off there, for every scheme.

    Returns
    -------
    Dataset
        ``(total(t) - total(0)) / max(total of |variable|)``, per variable and time.
    """
    cells = [d for d in ds.dims if d != "time"]
    total = ds.sum(cells, skipna=False)
    size = abs(ds).sum(cells, skipna=False).max("time")
    return (total - total.isel(time=0)) / size.where(size > 0, 1.0)
