"""Weights of sub-stencils over space, as an agent and as WENO choose them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from learnedflux.plot.style import COLOURS, STYLE

__all__ = ["weights"]

SIDES = ("right-going half", "left-going half")
LINES: Any = ("-", ":", "--", "-.")


def weights(
    x: np.ndarray,
    chosen: Mapping[str, np.ndarray],
    state: tuple[np.ndarray, np.ndarray] | None = None,
    title: str = "",
) -> Figure:
    """Draw the weights of the sub-stencils at every face, a panel per sub-stencil and side.

    Parameters
    ----------
    x : ndarray, shape (face,)
        Where the faces are.
    chosen : mapping of str to ndarray, shape (side, sub-stencil, face)
        Weights by the name of who chose them; sub-stencils from upwind to downwind.
    state : pair of ndarray, optional
        Cell centres and values, drawn above.
    title : str
        What is above it all.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import learnedflux as lf, numpy as np
    >>> linear = np.array([0.1, 0.6, 0.3])[None, :, None] * np.ones((2, 1, 9))
    >>> len(lf.plot.weights(np.linspace(0, 1, 9), {"linear": linear}).axes)
    6
    """
    count = next(iter(chosen.values())).shape[1]
    rows = count + (state is not None)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            rows, 2, figsize=(8.0, 0.8 + 1.5 * rows), sharex=True, squeeze=False,
            layout="constrained",
        )  # fmt: skip
        if state is not None:
            for axis in axes[0]:
                axis.plot(*state, "o", color="black", markersize=2.0)
            axes[0, 0].set(ylabel="state")
        for k in range(count):
            for side in range(2):
                axis = axes[rows - count + k, side]
                for number, (label, values) in enumerate(chosen.items()):
                    style = {"color": COLOURS[number], "linestyle": LINES[number % len(LINES)]}
                    axis.plot(x, values[side, k], label=label, **style)
                axis.set(ylim=(-0.03, 1.03))
            axes[rows - count + k, 0].set(ylabel=f"weight {k}")
        for side, axis in enumerate(axes[0]):
            axis.set(title=SIDES[side])
            axes[-1, side].set(xlabel="x")
        axes[rows - count, 0].legend(loc="best")
        figure.suptitle(title)
    return figure
