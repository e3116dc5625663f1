"""How all pictures look, and how they are written."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from learnedflux.errors import InputError
from learnedflux.files import replace_file

__all__ = [
    "COLOURS",
    "MARKERS",
    "STYLE",
    "cells_of",
    "headline",
    "label_of",
    "png",
    "require_format",
    "rgb",
    "save",
    "title_of",
]

# Colours of Okabe and Ito (Color Universal Design, 2008) that stand out on white: readers with any
# kind of colour vision tell them apart. One more marker than colours, so that pairs repeat late.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#666666")
MARKERS = "osD^vPX<"
STYLE: Any = {
    "axes.grid": True,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.dpi": 150,
    "font.size": 9,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "lines.markeredgewidth": 0.8,
}


def label_of(array: xr.DataArray) -> str:
    """Axis label of a variable (its long name) or a coordinate (its own), with units if any."""
    name = str(array.name)
    text = name if name in ("x", "y", "z", "time") else str(array.attrs.get("long_name", name))
    units = array.attrs.get("units", "1")
    return text if units == "1" else f"{text} [{units}]"


def cells_of(ds: xr.Dataset) -> str:
    """Return the cells along each axis, in words."""
    return " x ".join(str(ds.sizes[axis]) for axis in "xyz" if axis in ds.sizes)


def title_of(exact: Any) -> str:
    """Return what to call the truth."""
    if isinstance(exact, xr.Dataset):
        return f"{exact.attrs.get('scheme', 'reference')}, {cells_of(exact)} cells"
    return "exact"


def headline(at: xr.Dataset, scheme: bool = True) -> str:
    """Return what a picture shows, in a line."""
    of = str(at.attrs.get("title" if scheme else "problem", ""))
    return f"{of}, {cells_of(at)} cells, t = {float(at.time):.6g}".removeprefix(", ")


def require_format(path: str | Path) -> None:
    """Raise InputError if a figure cannot be written in the format a path's suffix names."""
    known = sorted(FigureCanvasBase.get_supported_filetypes())
    if Path(path).suffix[1:].lower() not in known:
        raise InputError(
            f"cannot write a figure to {str(path)!r}; give a suffix among {', '.join(known)}."
        )


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure, whole or not at all, in the format its suffix names, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to write; it takes no memory afterwards.
    path : str or Path
        Where to; missing folders are made.
    """
    require_format(path)
    with replace_file(path) as temporary:
        figure.savefig(temporary)
    plt.close(figure)


def png(figure: Figure, dpi: float = 110.0) -> bytes:
    """Return a figure as the content of a PNG file, and close it."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    plt.close(figure)
    return file.getvalue()


def rgb(figure: Figure) -> np.ndarray:
    """Return a figure as an image (height, width, 3) of bytes, and close it."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    plt.close(figure)
    return image
