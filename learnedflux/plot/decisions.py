"""Pictures of what schemes do on the way: states over time, errors over time, actions at faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from learnedflux.errors import InputError
from learnedflux.plot.data import curve, first_variable, require, require_1d, state_at
from learnedflux.plot.style import COLOURS, STYLE, cells_of, label_of, title_of

__all__ = ["action_scatter", "actions", "course", "evolution"]

SHOWN = 6  # times of an evolution
WINDOW = (-0.5, 1.5)  # actions shown; bounded schemes stay within 0 and 1 in monotone data
BINS = 60
SIDES = {"left": "from the left", "right": "from the right"}


def evolution(
    results: Mapping[str, xr.Dataset], variable: str | None = None, exact: Any = None
) -> Figure:
    """Draw states over time, a panel per result.

    Parameters
    ----------
    results : mapping of str to Dataset
        Results of :func:`lf.solve` in one dimension by their names, with several output times.
    variable : str, optional
        What to draw. Default: the first variable.
    exact : ExactSolution, Problem or Dataset, optional
        Drawn in grey beneath, at the same times.

    Returns
    -------
    matplotlib.figure.Figure
        At most six of the times, the last among them.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.tophat(cells=50)
    >>> runs = {name: lf.solve(problem, name, times=6) for name in ("godunov", "muscl")}
    >>> len(lf.plot.evolution(runs, exact=problem.exact).axes)
    2
    """
    name = _variable(results, variable)
    colours = plt.get_cmap("viridis")
    curves: dict[float, Any] = {}  # exact ones: they take longer than drawing does
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            1,
            len(results),
            figsize=(1.0 + 3.2 * len(results), 3.2),
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, (label, ds) in zip(axes[0], results.items(), strict=True):
            chosen = np.unique(np.linspace(0, len(ds.time) - 1, SHOWN).round().astype(int))
            for k, index in enumerate(chosen):
                at = ds.isel(time=int(index))
                if exact is not None:
                    t = float(at.time)
                    if t not in curves:
                        curves[t] = curve(exact, at, name)
                    axis.plot(*curves[t], color="0.75", linewidth=2.5)
                colour = colours(0.85 * k / max(len(chosen) - 1, 1))
                text = f"t = {float(at.time):.3g}" if axis is axes[0, 0] else None
                axis.plot(at.x, at[name], color=colour, linewidth=0.9, label=text)
            axis.set(xlabel=label_of(ds.x), title=label)
        axes[0, 0].set_ylabel(label_of(next(iter(results.values()))[name]))
        figure.legend(loc="outside upper center", ncols=SHOWN, title=_headline(results, exact))
    return figure


def course(courses: Mapping[str, xr.Dataset], title: str = "") -> Figure:
    """Draw error and total variation over time.

    Parameters
    ----------
    courses : mapping of str to Dataset
        Of :func:`lf.evaluation.course`, by their names.
    title : str
        What is above the panels.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.tophat(cells=50)
    >>> found = lf.evaluation.course(lf.solve(problem, "muscl", times=5), problem.exact)
    >>> len(lf.plot.course({"muscl": found}).axes)
    2
    """
    if not courses:
        raise InputError("course needs at least one: {name: lf.evaluation.course(...)}.")
    compared = all("error" in found for found in courses.values())
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            1,
            1 + compared,
            figsize=(1.0 + 4.0 * (1 + compared), 3.3),
            squeeze=False,
            layout="constrained",
        )
        right = axes[0, -1]
        first = next(iter(courses.values()))
        if compared:
            right.plot(
                first.time, first.true_variation, color="black", label=first.truth, linewidth=1.0
            )
        for i, (label, found) in enumerate(courses.items()):
            colour = COLOURS[i % len(COLOURS)]
            right.plot(found.time, found.variation, color=colour, label=label)
            if compared:
                later = found.isel(time=found.time.values > 0)  # at first there is round-off
                axes[0, 0].plot(later.time, later.error, color=colour)
        if compared:
            axes[0, 0].set(yscale="log", xlabel="time", ylabel=f"L1 error of {first.variable}")
        right.set(xlabel="time", ylabel=f"total variation of {first.variable}")
        handles, labels = right.get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=min(len(labels), 7),
            title=title,
        )
    return figure


def actions(found: Mapping[str, xr.Dataset], time: float | None = None) -> Figure:
    """Draw the actions of schemes over space, beside those of WENO in the same states.

    Parameters
    ----------
    found : mapping of str to Dataset
        Of :func:`lf.evaluation.actions`, by the schemes' names; all of one problem, in the same
        variables.
    time : float, optional
        The nearest of their times. Default: the last.

    Returns
    -------
    matplotlib.figure.Figure
        A row per field, a column per side from which faces are seen. Each scheme is in the state
        that it has led to itself, as is WENO beside it, dotted.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.tophat(cells=50)
    >>> ds = lf.solve(problem, "muscl")
    >>> found = {"muscl": lf.evaluation.actions(ds, problem, "muscl")}
    >>> len(lf.plot.actions(found).axes)
    2
    """
    first = _same_fields(found)
    rows, columns = first.sizes["field"], first.sizes["side"]
    at = {
        label: ds.isel(time=-1) if time is None else ds.sel(time=time, method="nearest")
        for label, ds in found.items()
    }
    now = next(iter(at.values()))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(1.0 + 4.2 * columns, 0.9 + 2.1 * rows),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for row, field in enumerate(map(str, first.field.values)):
            for column, side in enumerate(map(str, first.side.values)):
                axis, part = axes[row, column], {"field": field, "side": side}
                for i, (label, ds) in enumerate(at.items()):
                    colour = COLOURS[i % len(COLOURS)]
                    axis.plot(ds.x, ds.beside.sel(part), color=colour, linewidth=0.8, linestyle=":")
                    axis.plot(
                        ds.x,
                        ds.action.sel(part),
                        ".-",
                        color=colour,
                        markersize=2.5,
                        linewidth=0.6,
                        label=label,
                    )
                axis.set(ylim=WINDOW, title=f"{field}, {SIDES[side]}")
        for axis in axes[-1]:
            axis.set_xlabel("x")
        for axis in axes[:, 0]:
            axis.set_ylabel("action")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        title = (
            f"{first.problem}, t = {float(now.time):.4g}; dotted: {first.beside_name} in the same "
            "state\naction: value at the face as a share of the way from upwind to downwind cell"
        )
        figure.legend(handles, labels, loc="outside upper center", ncols=6, title=title)
    return figure


def action_scatter(found: Mapping[str, xr.Dataset]) -> Figure:
    """Draw the actions of schemes against those of WENO in the same states, all faces and times.

    Parameters
    ----------
    found : mapping of str to Dataset
        Of :func:`lf.evaluation.actions`, by the schemes' names.

    Returns
    -------
    matplotlib.figure.Figure
        A panel per scheme: how many faces there are of each pair of actions. On the diagonal a
        scheme does what WENO does. Actions beyond the frame are counted at its edge.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.tophat(cells=50)
    >>> ds = lf.solve(problem, "muscl", times=5)
    >>> figure = lf.plot.action_scatter({"muscl": lf.evaluation.actions(ds, problem, "muscl")})
    >>> len(figure.axes)
    2
    """
    first = _same_fields(found)
    pairs = {label: _pairs(ds) for label, ds in found.items()}
    edges = np.linspace(*WINDOW, BINS + 1)
    counts = {
        label: np.histogram2d(x, y, bins=(edges, edges))[0] for label, (x, y) in pairs.items()
    }
    top = max(max(float(c.max()) for c in counts.values()), 2.0)
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, axes = plt.subplots(
            1,
            len(found),
            figsize=(1.4 + 2.8 * len(found), 3.2),
            sharex=True,
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        for axis, (label, count) in zip(axes[0], counts.items(), strict=True):
            image = axis.pcolormesh(
                edges,
                edges,
                np.where(count > 0, count, np.nan).T,
                norm="log",
                vmin=1.0,
                vmax=top,
                cmap="viridis_r",
                rasterized=True,
            )
            axis.plot(WINDOW, WINDOW, color="black", linewidth=0.6)
            axis.set(title=label, xlabel=f"action of {first.beside_name}", aspect="equal")
        axes[0, 0].set_ylabel("action of the scheme")
        bar = figure.colorbar(image, ax=axes.ravel().tolist(), label="faces", pad=0.02)
        bar.outline.set_visible(False)
        figure.suptitle(f"{first.problem}, {first.sizes['time']} times")
    return figure


# --- helpers --------------------------------------------------------------------------------------


def _variable(results: Mapping[str, xr.Dataset], name: str | None) -> str:
    if not results:
        raise InputError("nothing to draw; give results by their names: {name: lf.solve(...)}.")
    for ds in results.values():
        require_1d(ds)
    chosen = name or first_variable(next(iter(results.values())))
    for ds in results.values():
        require(ds, chosen)
    return chosen


def _headline(results: Mapping[str, xr.Dataset], exact: Any) -> str:
    first = state_at(next(iter(results.values())), None)
    beneath = "" if exact is None else f"; grey: {title_of(exact)}"
    return f"{first.attrs.get('problem', '')}, {cells_of(first)} cells{beneath}"


def _same_fields(found: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Return the first; raise if there is none, or if others have other fields."""
    if not found:
        raise InputError("nothing to draw; give lf.evaluation.actions(...) by schemes' names.")
    first = next(iter(found.values()))
    for label, ds in found.items():
        if not {"action", "beside"} <= set(ds.data_vars):
            raise InputError(f"{label!r} is no result of lf.evaluation.actions.")
        if list(ds.field.values) != list(first.field.values):
            raise InputError(
                f"{label!r} acts on {', '.join(ds.field.values)}, others on "
                f"{', '.join(first.field.values)}; draw them apart."
            )
    return first


def _pairs(ds: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the actions of WENO and of the scheme where both mean something, within the frame."""
    x, y = ds.beside.values.ravel(), ds.action.values.ravel()
    kept = np.isfinite(x) & np.isfinite(y)
    # The upper edge of the frame belongs to the last bin.
    return np.clip(x[kept], *WINDOW), np.clip(y[kept], *WINDOW)
