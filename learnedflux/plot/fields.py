"""Pictures of results in two and three dimensions: colour, contours, numerical schlieren."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from learnedflux.dataset import grid_of
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.grid import Grid
from learnedflux.plot.data import at_time, first_variable, reference, require
from learnedflux.plot.style import STYLE, headline, label_of

__all__ = ["compare_fields", "field"]

AREA, LONGEST = 14.0, 8.0  # of a panel, in square inches, and its longer side at most
SHADE = 15.0  # how dark schlieren are
DECADES = 4  # of errors shown
FIELD_STYLE: Any = {**STYLE, "axes.grid": False, "axes.spines.right": True, "axes.spines.top": True}

Limits = tuple[float, float]


class _Slice(NamedTuple):
    """Values on a plane, (vertical, horizontal), and where they are."""

    values: np.ndarray
    extent: tuple[float, float, float, float]
    across: str
    up: str
    title: str


def field(
    ds: xr.Dataset,
    variable: str | None = None,
    *,
    time: float | None = None,
    schlieren: bool = False,
    contours: int | Sequence[float] = 0,
    limits: Limits | None = None,
    planes: Mapping[str, float] | None = None,
) -> Figure:
    """Draw a result in two or three dimensions as colour, in space by slices.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.solve` in two or three dimensions.
    variable : str, optional
        What to draw. Default: the first variable.
    time : float, optional
        One of the result's output times. Default: the last.
    schlieren : bool
        Draw ``exp(-15 |gradient| / max |gradient|)`` in grey instead of the variable: all waves
        show, however weak beside the strongest.
    contours : int or sequence of float
        Contour lines on top: how many, evenly spaced between the extremes, or at which values.
    limits : (float, float), optional
        Values the colours range over. Default: the extremes.
    planes : mapping of str to float, optional
        In three dimensions: where to cut, by the axis across the plane, ``{"z": 0.0}`` say.
        Default: in the middle, across each axis.

    Returns
    -------
    matplotlib.figure.Figure
        Each cell is one patch of colour; x and y have one scale.

    References
    ----------
    .. [1] Quirk & Karni, J. Fluid Mech. 318, 129-163 (1996), for schlieren.

    Examples
    --------
    >>> import learnedflux as lf
    >>> ds = lf.solve(lf.problems.riemann_2d_3(cells=20), "weno5")
    >>> figure = lf.plot.field(ds, contours=20)
    """
    at = at_time(ds, time)
    name = variable or first_variable(at)
    require(at, name)
    slices = _slices(at, name, planes)
    figure: Figure
    with plt.rc_context(FIELD_STYLE):
        figure, axes = _panels(1, [s.extent for s in slices])
        if schlieren:
            shown = _schlieren(at, name, planes)
            for axis, part in zip(axes[0], shown, strict=True):
                _image(axis, part, (0.0, 1.0), "gray")
        else:
            low, high = limits or _extremes([s.values for s in slices])
            cmap = "RdBu_r" if low == -high else "viridis"
            for axis, part in zip(axes[0], slices, strict=True):
                image = _image(axis, part, (low, high), cmap)
            _colour_bar(figure, image, axes, label_of(at[name]))
        if not isinstance(contours, int) or contours:
            levels = _levels(contours, slices)
            for axis, part in zip(axes[0], slices, strict=True):
                _contour(axis, part, levels, dark=schlieren)
        what = f"schlieren of {label_of(at[name])}" if schlieren else ""
        figure.suptitle(", ".join(filter(None, (headline(at), what))), fontsize=9)
    return figure


def compare_fields(
    results: Mapping[str, xr.Dataset],
    variable: str | None = None,
    exact: Any = None,
    *,
    time: float | None = None,
    plane: tuple[str, float] | None = None,
) -> Figure:
    """Draw several results in two or three dimensions side by side, and their errors below.

    Parameters
    ----------
    results : mapping of str to Dataset
        Results by the names they shall have; the grids may differ.
    variable : str, optional
        What to draw. Default: the first variable.
    exact : ExactSolution, Problem or Dataset, optional
        ``problem.exact``, or a reference result on a finer grid; without it no errors are drawn.
    time : float, optional
        An output time all results have. Default: the last of each.
    plane : (str, float), optional
        In three dimensions: the axis across the plane drawn, and where. Default: z, in the middle.

    Returns
    -------
    matplotlib.figure.Figure
        Above the results, in the same colours; below, on a logarithmic scale, the distance of each
        cell average from that of the exact solution.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.riemann_2d_4(cells=16)
    >>> results = {name: lf.solve(problem, name) for name in ("weno5", "learned")}
    >>> len(lf.plot.compare_fields(results).axes)
    3
    """
    if not results:
        raise InputError("compare_fields needs at least one result: {name: lf.solve(...)}.")
    states = {label: at_time(ds, time) for label, ds in results.items()}
    first = next(iter(states.values()))
    name = variable or first_variable(first)
    for at in states.values():
        require(at, name)
    planes = None if plane is None else dict([plane])
    shown = [_slices(at, name, planes)[0] for at in states.values()]
    errors = []
    if exact is not None:
        truths: dict[Grid, np.ndarray] = {}  # averages can take long
        for at in states.values():
            grid = grid_of(at)
            truths[grid] = reference(exact, at, name) if grid not in truths else truths[grid]
            error = abs(at[name] - truths[grid])
            errors.append(_slices(at.assign({name: error}), name, planes)[0])
    figure: Figure
    with plt.rc_context(FIELD_STYLE):
        figure, axes = _panels(2 if errors else 1, [s.extent for s in shown])
        low, high = _extremes([s.values for s in shown])
        cmap = "RdBu_r" if low == -high else "viridis"
        for axis, part, label in zip(axes[0], shown, states, strict=True):
            image = _image(axis, part._replace(title=label), (low, high), cmap)
        _colour_bar(figure, image, axes[:1], label_of(first[name]))
        if errors:
            top = max(float(np.nanmax(s.values)) for s in errors) or 1.0
            norm = LogNorm(top * 10.0**-DECADES, top)
            for axis, part in zip(axes[1], errors, strict=True):
                image = _image(axis, part._replace(title=""), norm, "magma")
            _colour_bar(figure, image, axes[1:], "error of cell average")
        figure.suptitle(headline(first, scheme=False), fontsize=9)
    return figure


# --- what is shown --------------------------------------------------------------------------------


def _slices(at: xr.Dataset, name: str, planes: Mapping[str, float] | None) -> list[_Slice]:
    """Return the plane of a result, or its slices across each axis."""
    grid = grid_of(at)
    if grid.dimension == 1:
        raise InputError("this result has one dimension; draw it by lf.plot.line.")
    if grid.dimension == 2:
        if planes:
            raise InputError("planes are for results in three dimensions; this one has two.")
        return [_slice(at[name], grid, "")]
    middle = {a: 0.5 * (low + high) for a, (low, high, _) in zip("xyz", grid.extents, strict=True)}
    found = []
    for axis, place in (planes or dict(reversed(middle.items()))).items():
        if axis not in grid.axes:
            raise UnknownNameError("axis of this grid", axis, grid.axes)
        low, high, cells = grid.extents[grid.axes.index(axis)]
        if not low <= place <= high:
            raise InputError(f"the plane {axis} = {place:g} is outside [{low:g}, {high:g}].")
        index = min(cells - 1, int((place - low) / (high - low) * cells))
        part = at[name].isel({axis: index})
        found.append(_slice(part, grid, f"{axis} = {float(part[axis]):.4g}"))
    return found


def _slice(values: xr.DataArray, grid: Grid, title: str) -> _Slice:
    up, across = (str(d) for d in values.dims)  # z before y before x in results
    extent = tuple(limit for a in (across, up) for limit in grid.extents[grid.axes.index(a)][:2])
    return _Slice(values.values, extent, across, up, title)  # type: ignore[arg-type]


def _schlieren(at: xr.Dataset, name: str, planes: Mapping[str, float] | None) -> list[_Slice]:
    """Return the slices of exp(-15 |gradient| / max |gradient|)."""
    grid, values = grid_of(at), at[name].values
    steps = [h for h, n in zip(grid.spacing[::-1], values.shape, strict=True) if n > 1]
    axes = [i for i, n in enumerate(values.shape) if n > 1]
    slopes = np.gradient(values, *steps, axis=axes)
    size = np.sqrt(sum(s * s for s in (slopes if len(axes) > 1 else [slopes])))
    dark = np.exp(-SHADE * size / max(float(np.nanmax(size)), 1e-300))
    return _slices(at.assign({name: (at[name].dims, dark)}), name, planes)


def _extremes(values: Sequence[np.ndarray]) -> Limits:
    """Return the smallest and largest value; symmetric where both signs are of one order."""
    finite = np.concatenate([v[np.isfinite(v)].ravel() for v in values])
    if not finite.size:  # the last state of a failed run may hold anything
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if low < 0.0 < high and min(-low, high) > 0.1 * max(-low, high):
        return -max(-low, high), max(-low, high)
    return low, high


def _levels(contours: int | Sequence[float], slices: Sequence[_Slice]) -> np.ndarray:
    if not isinstance(contours, int):
        return np.sort(np.asarray(contours, dtype=np.float64))
    low = min(float(np.nanmin(s.values)) for s in slices)
    high = max(float(np.nanmax(s.values)) for s in slices)
    return np.linspace(low, high, contours + 2)[1:-1]


# --- drawing --------------------------------------------------------------------------------------


def _panels(rows: int, extents: Sequence[tuple[float, float, float, float]]) -> Any:
    """Return a figure and its panels, each as large as its box is wide and high."""
    boxes = [(right - left, top - bottom) for left, right, bottom, top in extents]
    scale = min(
        math.sqrt(AREA / (math.sqrt(len(boxes)) * max(w * h for w, h in boxes))),
        LONGEST / max(max(box) for box in boxes),
    )
    wide, high = sum(w for w, _ in boxes) * scale, max(h for _, h in boxes) * scale
    return plt.subplots(
        rows,
        len(extents),
        figsize=(wide + 0.7 * len(extents) + 1.1, rows * (high + 0.6) + 0.4),
        gridspec_kw={"width_ratios": [w for w, _ in boxes]},
        squeeze=False,
        layout="constrained",
    )


def _image(axis: Axes, part: _Slice, limits: Any, cmap: str) -> AxesImage:
    norm = limits if isinstance(limits, LogNorm) else Normalize(*limits)
    image = axis.imshow(
        part.values, norm=norm, origin="lower", extent=part.extent, cmap=cmap, aspect="equal"
    )
    axis.set(xlabel=part.across, ylabel=part.up, title=part.title)
    return image


def _contour(axis: Axes, part: _Slice, levels: np.ndarray, dark: bool) -> None:
    left, right, bottom, top = part.extent
    up, across = part.values.shape
    x = left + (right - left) * (np.arange(across) + 0.5) / across
    y = bottom + (top - bottom) * (np.arange(up) + 0.5) / up
    if min(up, across) < 2 or not levels.size:
        return
    colour = "#0072B2" if dark else "black"
    axis.contour(x, y, part.values, levels=levels, colors=colour, linewidths=0.3)


def _colour_bar(figure: Figure, image: AxesImage, axes: np.ndarray, text: str) -> None:
    bar = figure.colorbar(image, ax=axes.ravel().tolist(), label=text, pad=0.02, aspect=30)
    bar.outline.set_visible(False)
