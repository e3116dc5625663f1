"""Pictures of evaluations: error over cells and over time, waves that grow or decay."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    LogFormatterSciNotation,
    NullFormatter,
    StrMethodFormatter,
)

from learnedflux.errors import InputError, UnknownNameError
from learnedflux.plot.style import COLOURS, MARKERS, STYLE

__all__ = ["amplification", "errors"]

LOWEST = 1e-3  # share of a wave below which it counts as gone

GROUNDS = {"constant": "constant background", "slope": "sloping background"}


def errors(
    ds: xr.Dataset, problem: str, at_equal_time: xr.Dataset | None = None, cells: int | None = None
) -> Figure:
    """Draw the errors of all schemes on one problem over cells, and over the time they took.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.evaluate` on several grids.
    problem : str
        Which problem.
    at_equal_time : Dataset, optional
        Of :func:`lf.evaluation.equal_time`: marks what each scheme reaches in the time of the
        baseline.
    cells : int, optional
        The baseline's grid for that; default the middle one.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import learnedflux as lf
    >>> ds = lf.evaluate(["godunov", "muscl"], ["sod"], cells=(25, 50, 100), repeats=1)
    >>> figure = lf.plot.errors(ds, "sod", lf.evaluation.equal_time(ds, "muscl"))
    >>> len(figure.axes)
    2
    """
    names = [str(name) for name in ds.problem.values]
    if problem not in names:
        raise UnknownNameError("problem in this evaluation", problem, names)
    part = ds.sel(problem=problem)
    ran = part.isel(cells=np.flatnonzero((part.error > 0).any("scheme").values))
    if not ran.sizes["cells"]:
        raise InputError(f"no errors of {problem!r} were measured.")
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(9.0, 3.5), sharey=True, layout="constrained"
        )
        for i, scheme in enumerate(map(str, ds.scheme.values)):
            one = ran.sel(scheme=scheme)
            left.plot(one.cells, one.error, label=scheme, **_look(i))
            right.plot(one.wall_time, one.error, **_look(i))
        for axis in (left, right):
            axis.set(xscale="log", yscale="log")
        left.set(xlabel="cells along x", ylabel="L1 error")
        right.set(xlabel="seconds of a run, by the clock")
        _ticks(left, ran.cells.values)
        title = problem
        if at_equal_time is not None:
            title = _read_off(right, ran, at_equal_time.sel(problem=problem), problem, cells)
        handles, labels = left.get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside upper center", ncols=min(len(labels), 7), title=title
        )
    return figure


def _look(index: int) -> dict[str, Any]:
    return {
        "color": COLOURS[index % len(COLOURS)],
        "marker": MARKERS[index % len(MARKERS)],
        "markersize": 4.5,
        "markerfacecolor": "none",
    }


def _ticks(axis: Axes, cells: np.ndarray) -> None:
    """Say which grids there are, not powers of ten between them."""
    axis.xaxis.set_major_locator(FixedLocator([float(n) for n in cells]))
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.tick_params(axis="x", which="minor", bottom=False)
    # Less than a decade has no other labels.
    low, high = axis.get_ylim()
    if high / low < 10.0:
        axis.yaxis.set_minor_formatter(
            LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(2, 0.5))
        )


def _read_off(
    axis: Axes, ran: xr.Dataset, equal: xr.Dataset, problem: str, cells: int | None
) -> str:
    """Mark the errors at the baseline's time; return a title that says so."""
    baseline = str(equal.attrs["baseline"])
    grids = [int(n) for n in ran.cells.values]
    grid = grids[len(grids) // 2] if cells is None or cells not in grids else cells
    time = float(ran.wall_time.sel(scheme=baseline, cells=grid))
    axis.axvline(time, color="black", linewidth=0.7, linestyle=":")
    for i, scheme in enumerate(map(str, ran.scheme.values)):
        value = float(equal.error.sel(scheme=scheme, cells=grid))
        axis.plot([time], [value], color=COLOURS[i % len(COLOURS)], marker="o", markersize=5)
    return f"{problem}; dots: error in the time {baseline} takes on {grid} cells"


def amplification(ds: xr.Dataset, equation: str | None = None) -> Figure:
    """Draw how much is left of waves, over wavelength: a panel per background and CFL number.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.evaluation.amplification`.
    equation : str, optional
        Default: the first.

    Returns
    -------
    matplotlib.figure.Figure
        Of all amplitudes the one of which most is left. Above the line at 1 waves grow.

    Examples
    --------
    >>> import learnedflux as lf
    >>> ds = lf.evaluation.amplification(["muscl"], [8, 4], cfl=0.4, periods=1, amplitude=0.1)
    >>> len(lf.plot.amplification(ds).axes)
    2
    """
    known = [str(name) for name in ds.equation.values]
    if equation is not None and equation not in known:
        raise UnknownNameError("equation in this result", equation, known)
    part = ds.sel(equation=equation or known[0]).max("amplitude")
    # Waves that ended unphysical, infinitely high, are drawn at the upper edge.
    highest = part.highest.where(np.isfinite(part.highest))
    top = max(2.0, 1.5 * float(highest.max()))
    rows, columns = part.sizes["background"], part.sizes["cfl"]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(max(5.0, 1.0 + 3.0 * columns), 1.0 + 2.3 * rows),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for row, background in enumerate(map(str, part.background.values)):
            for column, cfl in enumerate(map(float, part.cfl.values)):
                axis = axes[row, column]
                axis.axhline(1.0, color="black", linewidth=0.7)
                for i, scheme in enumerate(map(str, part.scheme.values)):
                    one = part.sel(scheme=scheme, background=background, cfl=cfl)
                    left = one.left.clip(min=LOWEST)
                    axis.plot(one.wavelength, left, label=scheme, **_look(i))
                    grown = one.highest.where(one.grows).clip(max=top)
                    axis.plot(one.wavelength, grown, "x", color=COLOURS[i % len(COLOURS)])
                title = GROUNDS.get(background, f"slope {background} of the wave's")
                axis.set(xscale="log", yscale="log", title=f"{title}, CFL {cfl:g}")
        _ticks(axes[0, 0], np.array([2.5, 5, 10, 20, 40]))
        axes[0, 0].set_ylim(0.8 * LOWEST, top)
        for axis in axes[-1]:
            axis.set_xlabel("cells per wave")
        for axis in axes[:, 0]:
            axis.set_ylabel("left of the wave")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        title = (
            f"{equation or known[0]}, after {ds.attrs['periods']:g} periods; crosses: waves that "
            "grew, at their highest"
        )
        figure.legend(
            handles, labels, loc="outside upper center", ncols=min(len(labels), 7), title=title
        )
    return figure
