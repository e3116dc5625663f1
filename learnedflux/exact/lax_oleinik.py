"""Exact entropy solution of any convex scalar law for periodic piecewise constant data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["convex_averages"]

SAMPLES = 2049  # of the conjugate function, with its exact slopes between them

Function = Callable[[np.ndarray], Any]


def convex_averages(flux: Function, slope: Function, values: np.ndarray, t: float) -> np.ndarray:
    r"""Return exact cell averages at time ``t`` of data constant on sub-cells (cell, point).

    The potential of the solution is :math:`\min_y [U(y) + t f^*((x - y)/t)]` (Lax and Oleinik),
    with :math:`U' = u_0` and the conjugate :math:`f^*` of the flux. Where U is linear, on a
    sub-cell, the minimum is known in closed form. Cell averages are differences of the potential.

    Parameters
    ----------
    flux, slope : callable
        A convex flux and its derivative, vectorised.
    values : ndarray, shape (cell, point)
        Data on a periodic row of cells of width one.
    t : float
        Time, above 0.

    Returns
    -------
    ndarray, shape (cell,)

    Notes
    -----
    The conjugate is interpolated between 2049 samples, by cubics with the exact slopes: an error of
    about 1e-13 for smooth fluxes. A concave law is a convex one of -u.

    References
    ----------
    .. [1] Evans, *Partial Differential Equations*, 2nd ed. 2010, section 3.4.2.

    Examples
    --------
    >>> box = np.repeat([0.0, 1.0, 1.0, 0.0], 2).reshape(4, 2)
    >>> convex_averages(lambda u: 0.5 * u * u, lambda u: u, box, 1.0).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    low, high = float(values.min()), float(values.max())
    cells, fine = values.shape
    u, h = values.ravel(), 1.0 / fine
    speeds = np.asarray(slope(u)) + 0.0 * u
    conjugate = _conjugate(flux, slope, low, high)
    # Feet of characteristics lie within the fastest waves' reach, on either side.
    back, ahead = max(speeds.max() * t, 0.0), max(-speeds.min() * t, 0.0)
    window = np.arange(-(int(np.ceil(back)) + 1) * fine, (int(np.ceil(ahead)) + 1) * fine)
    face = np.arange(cells + 1)[:, None]
    lap, at = np.divmod(face * fine + window, len(u))  # sub-cells, counted on through all periods
    potential = np.concatenate(([0.0], np.cumsum(u) * h))
    start = potential[at] + lap * potential[-1]
    # The least over a sub-cell's lower end and, where there is one, the minimum within it.
    ends = start + t * conjugate(-window * h / t)
    foot = (-window * h) - speeds[at] * t  # behind the lower end, as a length
    within = start + u[at] * foot + t * (speeds * u - np.asarray(flux(u)))[at]
    cost = np.where((foot > 0.0) & (foot < h), np.minimum(within, ends), ends)
    return np.asarray(np.diff(cost.min(axis=1)))


def _conjugate(flux: Function, slope: Function, low: float, high: float) -> Function:
    """Return the convex conjugate of the flux on [low, high], straight beyond its slopes."""
    u = np.linspace(low, high, SAMPLES) if high > low else np.array([low, low])
    s = np.maximum.accumulate(np.asarray(slope(u)) + 0.0 * u)
    top = s * u - np.asarray(flux(u))

    def conjugate(x: np.ndarray) -> np.ndarray:
        k = np.clip(np.searchsorted(s, x, side="right") - 1, 0, len(s) - 2)
        width = s[k + 1] - s[k]
        inside = np.clip(x, s[0], s[-1])
        z = np.clip((inside - s[k]) / np.where(width > 0.0, width, 1.0), 0.0, 1.0)
        # Hermite's cubic with value `top` and derivative `u` at both samples.
        rise, bend = top[k + 1] - top[k], 1.0 - z
        value = top[k] + z * rise
        value += z * bend * (bend * (width * u[k] - rise) - z * (width * u[k + 1] - rise))
        outside = np.where(x > inside, u[-1], u[0]) * (x - inside)
        return np.asarray(value + outside)

    return conjugate
