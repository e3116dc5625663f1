"""Exact entropy solution of the Riemann problem of any scalar law, convex or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.errors import InputError

__all__ = ["riemann", "riemann_solution"]

SAMPLES = 513  # of the flux between the two states
MINIMA = 3  # candidates refined per point
HALVINGS = 54  # from a sample's width to round-off
ROWS = 4096  # points treated at once

Function = Callable[[np.ndarray], Any]


def riemann(flux: Function, slope: Function, left: float, right: float, xi: Any) -> np.ndarray:
    r"""Return the solution of a Riemann problem at ``xi = (x - x0) / t``.

    The entropy solution follows the convex hull of the flux between the two states (the concave
    one from a higher to a lower state): fans where the hull is curved, shocks where it is straight
    [1]_. At each ``xi`` it is the state that minimises (maximises) :math:`f(u) - \xi u`, [2]_.

    Parameters
    ----------
    flux, slope : callable
        The flux and its derivative, vectorised, smooth between the two states.
    left, right : float
        The two states.
    xi : float or array
        Similarity variable.

    Returns
    -------
    array
        The solution, of the shape of ``xi``.

    Notes
    -----
    The flux is sampled at 513 states and minima between them refined to round-off, so features of
    it narrower than that can be missed.

    References
    ----------
    .. [1] Oleinik, Usp. Mat. Nauk 14, 165-170 (1959); LeVeque, *Finite Volume Methods for
       Hyperbolic Problems*, 2002, section 16.1.
    .. [2] Osher, SIAM J. Numer. Anal. 21, 217-235 (1984), doi:10.1137/0721016.

    Examples
    --------
    >>> import numpy as np
    >>> riemann(lambda u: 0.5 * u * u, lambda u: u, 1.0, 2.0, [0.5, 1.5, 3.0]).tolist()
    [1.0, 1.5, 2.0]
    >>> riemann(lambda u: 0.5 * u * u, lambda u: u, 3.0, 1.0, [1.9, 2.1]).tolist()
    [3.0, 1.0]
    """
    left, right = float(left), float(right)
    if not (np.isfinite(left) and np.isfinite(right)):
        raise InputError(f"states of a Riemann problem must be finite; got {left!r}, {right!r}.")
    xi = np.asarray(xi, dtype=np.float64)
    if left == right:
        return np.full(xi.shape, left)
    flat = xi.ravel()
    parts = [
        _solve(flux, slope, left, right, flat[k : k + ROWS]) for k in range(0, flat.size, ROWS)
    ]
    return np.concatenate(parts or [flat]).reshape(xi.shape)


def _solve(
    flux: Function, slope: Function, left: float, right: float, xi: np.ndarray
) -> np.ndarray:
    low, high = min(left, right), max(left, right)
    sense = 1.0 if left < right else -1.0
    u = low + (high - low) * np.arange(SAMPLES) / (SAMPLES - 1)
    u[-1] = high

    def height(u: np.ndarray, xi: np.ndarray) -> np.ndarray:
        return np.asarray(sense * (np.asarray(flux(u)) - xi * u))

    # 1. Lowest local minima among the samples; beyond the ends everything is higher.
    values = np.pad(height(u[None, :], xi[:, None]), ((0, 0), (1, 1)), constant_values=np.inf)
    inner = values[:, 1:-1]
    dip = (inner <= values[:, :-2]) & (inner <= values[:, 2:])
    lowest = np.argpartition(np.where(dip, inner, np.inf), MINIMA, axis=1)[:, :MINIMA]
    # 2. Bisect the derivative around each, ends included.
    start, stop = u[np.maximum(lowest - 1, 0)], u[np.minimum(lowest + 1, SAMPLES - 1)]
    for _ in range(HALVINGS):
        middle = 0.5 * (start + stop)
        falling = sense * (np.asarray(slope(middle)) - xi[:, None]) < 0.0
        start, stop = np.where(falling, middle, start), np.where(falling, stop, middle)
    # Bisection creeps up to an end without reaching it; the end itself may be the minimum.
    found = np.stack([start, stop, 0.5 * (start + stop)])
    best = np.argmin(height(found, xi[:, None]), axis=0)
    feet = np.take_along_axis(found, best[None], axis=0)[0]
    for end in (low, high):
        feet = np.where(np.abs(feet - end) <= 4e-16 * (abs(end) + (high - low)), end, feet)
    # 3. The lowest of all.
    at = np.argmin(height(feet, xi[:, None]), axis=1)
    return np.asarray(np.take_along_axis(feet, at[:, None], axis=1)[:, 0])


def riemann_solution(
    flux: Function, slope: Function, left: float, right: float, jump: float = 0.0
) -> Callable[[Any, float], np.ndarray]:
    """Return ``(x, t) -> solution`` of one Riemann problem with its jump at ``jump``.

    Examples
    --------
    >>> solution = riemann_solution(lambda u: 0.5 * u * u, lambda u: u, 1.0, 0.0, jump=0.5)
    >>> solution([0.7, 0.8], 0.5).tolist()
    [1.0, 0.0]
    """

    def solution(x: Any, t: float) -> np.ndarray:
        x = np.asarray(x, dtype=np.float64)
        if t <= 0.0:
            return np.where(x < jump, left, right)
        return riemann(flux, slope, left, right, (x - jump) / t)

    return solution
