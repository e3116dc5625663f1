"""Pictures of results in one dimension: curves, errors, colour over x and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from learnedflux.dataset import grid_of
from learnedflux.errors import InputError
from learnedflux.plot.data import (
    curve,
    first_variable,
    reference,
    require,
    require_1d,
    state_at,
    window_of_interest,
)
from learnedflux.plot.style import COLOURS, MARKERS, STYLE, headline, label_of, title_of

__all__ = ["compare", "line", "snapshot", "space_time"]

EXACT: Any = {"color": "black", "linewidth": 1.0, "zorder": 1.5}
DECADES = 6  # of errors shown


def line(
    ds: xr.Dataset,
    variable: str | Sequence[str] | None = None,
    exact: Any = None,
    *,
    time: float | None = None,
) -> Figure:
    """Draw a result over x, a panel per variable, against the exact solution if given.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.solve` in one dimension.
    variable : str or sequence of str, optional
        What to draw. Default: the first variable.
    exact : ExactSolution, Problem or Dataset, optional
        ``problem.exact``, or a reference result on a finer grid.
    time : float, optional
        One of the result's output times. Default: the last.

    Returns
    -------
    matplotlib.figure.Figure
        Markers are cell averages at cell centres.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.sod(cells=50)
    >>> figure = lf.plot.line(lf.solve(problem, "mp5"), ["density", "pressure"], problem.exact)
    >>> len(figure.axes)
    2
    """
    at = state_at(ds, time)
    names = [variable] if isinstance(variable, str) else list(variable or [first_variable(ds)])
    for name in names:
        require(at, name)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            1,
            len(names),
            figsize=(1.2 + 3.6 * len(names), 3.4),
            squeeze=False,
            layout="constrained",
        )
        for axis, name in zip(axes[0], names, strict=True):
            if exact is not None:
                axis.plot(*curve(exact, at, name), label=title_of(exact), **EXACT)
            _markers(axis, at[name], 0, str(ds.attrs.get("scheme", "result")))
            axis.set(xlabel=label_of(at.x), ylabel=label_of(at[name]))
        _finish(figure, axes[0, 0], headline(at))
    return figure


def compare(
    results: Mapping[str, xr.Dataset],
    variable: str | None = None,
    exact: Any = None,
    *,
    time: float | None = None,
    zoom: bool | tuple[float, float] = True,
) -> Figure:
    """Draw several results, their pointwise errors, and where they differ most.

    Parameters
    ----------
    results : mapping of str to Dataset
        Results by the names they shall have in the legend; the grids may differ.
    variable : str, optional
        What to draw. Default: the first variable.
    exact : ExactSolution, Problem or Dataset, optional
        ``problem.exact``, or a reference result on a finer grid; without it no errors are drawn.
    time : float, optional
        An output time all results have. Default: the last of each.
    zoom : bool or (float, float)
        A second column for the part of x given, or for the fifth of the domain in which the errors
        (without an exact solution: the differences between results) are largest.

    Returns
    -------
    matplotlib.figure.Figure
        Above the solutions; below, on a logarithmic scale, the distance of each cell average from
        that of the exact solution.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.lax(cells=50)
    >>> results = {name: lf.solve(problem, name) for name in ("godunov", "mp5")}
    >>> len(lf.plot.compare(results, exact=problem.exact).axes)
    4
    """
    if not results:
        raise InputError("compare needs at least one result: {name: lf.solve(...)}.")
    states = {label: state_at(ds, time) for label, ds in results.items()}
    first = next(iter(states.values()))
    name = variable or first_variable(first)
    for at in states.values():
        require(at, name)
    if not isinstance(zoom, bool) and not zoom[0] < zoom[1]:
        raise InputError(f"zoom must be True, False or (from, to), rising; got {zoom!r}.")
    errors = {}
    if exact is not None:
        errors = {k: abs(at[name] - reference(exact, at, name)) for k, at in states.items()}
    window = window_of_interest(states, errors, name) if zoom is True else (zoom or None)
    rows, columns = (2 if errors else 1), (2 if window else 1)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(1.0 + 4.0 * columns, 1.2 + 2.2 * rows),
            gridspec_kw={"height_ratios": (1.7, 1)[:rows], "width_ratios": (1.3, 1)[:columns]},
            sharex="col",
            squeeze=False,
            layout="constrained",
        )
        for column in range(columns):
            upper = axes[0, column]
            if exact is not None:
                upper.plot(*curve(exact, first, name), label=title_of(exact), **EXACT)
            part = window if column else None
            for i, (label, at) in enumerate(states.items()):
                _markers(upper, at[name], i, label, part)
                if errors:
                    _markers(axes[1, column], errors[label], i, label, part)
            axes[-1, column].set_xlabel(label_of(first.x))
        axes[0, 0].set_ylabel(label_of(first[name]))
        if errors:
            top = max(float(e.max()) for e in errors.values())
            for axis in axes[1]:
                axis.set_yscale("log")
                if top > 0:
                    axis.set_ylim(top * 10.0**-DECADES, 2 * top)
            axes[1, 0].set_ylabel("error of cell average")
        if window:
            axes[0, 0].axvspan(*window, color="black", alpha=0.06, linewidth=0)
            _zoom_in(axes[0, 1], window)
        _finish(figure, axes[0, 0], headline(first, scheme=False))
    return figure


def snapshot(x: np.ndarray, fields: Mapping[str, np.ndarray], title: str) -> Figure:
    """Draw cell averages that are no result yet, a panel per variable.

    Parameters
    ----------
    x : ndarray, shape (cell,)
        Cell centres.
    fields : mapping of str to ndarray
        Cell averages by the names of the variables.
    title : str
        What is above the panels.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import learnedflux as lf, numpy as np
    >>> x = np.linspace(0.05, 0.95, 10)
    >>> len(lf.plot.snapshot(x, {"u": np.sin(x)}, "a sine").axes)
    1
    """
    with plt.rc_context({**STYLE, "figure.dpi": 100}):
        size = (1.2 + 3.6 * len(fields), 3.4)
        figure, axes = plt.subplots(
            1, len(fields), figsize=size, squeeze=False, layout="constrained"
        )
        for axis, (name, values) in zip(axes[0], fields.items(), strict=True):
            axis.plot(x, values, "o-", color=COLOURS[0], markersize=2.5, linewidth=0.7)
            axis.set(xlabel="x", ylabel=name)
        figure.suptitle(title)
    return figure


def space_time(ds: xr.Dataset, variable: str | None = None) -> Figure:
    """Draw a variable over x and time, as colour.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.solve` in one dimension with several output times, ``times=101`` say.
    variable : str, optional
        What to draw. Default: the first variable.

    Returns
    -------
    matplotlib.figure.Figure
        Each cell of the grid is one patch, as long as the time it stands for.

    Examples
    --------
    >>> import learnedflux as lf
    >>> ds = lf.solve(lf.problems.sod(cells=50), "mp5", times=21)
    >>> figure = lf.plot.space_time(ds, "pressure")
    """
    require_1d(ds)
    name = variable or first_variable(ds)
    require(ds, name)
    t = ds.time.values
    if len(t) < 3:
        raise InputError(
            f"space_time needs at least 3 output times, the result has {len(t)}; "
            "solve(..., times=101) gives enough for a smooth picture."
        )
    between = np.concatenate((t[:1], 0.5 * (t[:-1] + t[1:]), t[-1:]))
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, axis = plt.subplots(figsize=(4.8, 3.8), layout="constrained")
        mesh = axis.pcolormesh(grid_of(ds).edges(0), between, ds[name].values, rasterized=True)
        figure.colorbar(mesh, label=label_of(ds[name]), pad=0.02).outline.set_visible(False)
        axis.set(
            xlabel=label_of(ds.x), ylabel=label_of(ds.time), title=str(ds.attrs.get("title", ""))
        )
    return figure


# --- drawing --------------------------------------------------------------------------------------


def _markers(
    axis: Axes,
    averages: xr.DataArray,
    index: int,
    label: str,
    window: tuple[float, float] | None = None,
) -> None:
    """Draw cell averages as open markers on a thin line; fewer cells, larger markers."""
    x, values = averages.x.values, averages.values
    shown = len(x) if window is None else np.count_nonzero((x >= window[0]) & (x <= window[1]))
    axis.plot(
        x,
        values,
        color=COLOURS[index % len(COLOURS)],
        marker=MARKERS[index % len(MARKERS)],
        markerfacecolor="none",
        markersize=float(np.clip(160 / max(shown, 1), 1.2, 4.5)),
        linewidth=0.7,
        label=label,
        zorder=2 + 0.01 * index,
    )


def _zoom_in(axis: Axes, window: tuple[float, float]) -> None:
    """Limit an axis to a part of x and to the values there."""
    inside = []
    for drawn in axis.get_lines():
        x, y = (np.asarray(v) for v in drawn.get_data())
        inside.append(y[(x >= window[0]) & (x <= window[1])])
    values = np.concatenate(inside)
    values = values[np.isfinite(values)]
    axis.set_xlim(*window)
    if values.size and np.ptp(values) > 0:
        margin = 0.05 * np.ptp(values)
        axis.set_ylim(values.min() - margin, values.max() + margin)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.set_title("the shaded part")


def _finish(figure: Figure, axis: Axes, title: str) -> None:
    """Put title and legend outside the data."""
    handles, labels = axis.get_legend_handles_labels()
    columns = min(len(labels), 7 if figure.get_figwidth() > 6 else 4)
    legend = figure.legend(handles, labels, loc="outside upper center", ncols=columns, title=title)
    for handle in legend.legend_handles:
        if handle is not None and hasattr(handle, "set_markersize"):
            handle.set_markersize(4.5)
