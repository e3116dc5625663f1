"""Exact entropy solutions of the Burgers equation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.errors import InputError

__all__ = ["EntropySolution", "riemann"]

SAMPLES = 257  # of the Lax–Hopf functional, per point
MINIMA = 3  # candidates refined per point
HALVINGS = 54  # from a sample's width to round-off
ROWS = 8192  # points treated at once

Function = Callable[[np.ndarray], Any]


def riemann(left: Any, right: Any, xi: Any) -> np.ndarray:
    """Return the solution of a Riemann problem at ``xi = (x - x0) / t``; all broadcast.

    Examples
    --------
    >>> riemann(3.0, 1.0, [1.9, 2.1]).tolist(), riemann(1.0, 2.0, [0.5, 1.5, 3.0]).tolist()
    ([3.0, 1.0], [1.0, 1.5, 2.0])
    """
    left, right, xi = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (left, right, xi))
    )
    shock = np.where(2.0 * xi < left + right, left, right)
    fan = np.minimum(np.maximum(xi, left), right)
    return np.asarray(np.where(left > right, shock, fan))


class EntropySolution:
    r"""Entropy solution for any bounded initial profile, by the Lax–Hopf formula.

    Holds before and after shocks form, merge and meet rarefactions. The potential
    :math:`V(x, t) = \min_y [V_0(y) + (x - y)^2 / 2t]` with :math:`V_0' = u_0` is smooth where the
    solution is, and :math:`u = V_x = (x - y^*) / t`. The minimum is found by sampling the interval
    of possible feet of characteristics, and refining the lowest few local minima by bisection of
    :math:`u_0(y) - (x - y)/t`; a jump in :math:`u_0` needs no mention, since bisection ends on it.

    Parameters
    ----------
    profile : callable
        Initial state ``u0(y)``, vectorised, on as much of the line as characteristics come from.
    integral : callable
        An antiderivative of it, to full precision: it decides where shocks stand.
    bounds : tuple of float
        Smallest and largest value of the profile.

    Notes
    -----
    Features of the profile narrower than ``t (upper - lower) / 128`` can be missed. For a convex
    profile of moderate shape errors are about 1e-15/t away from shocks.

    References
    ----------
    .. [1] P. D. Lax, Hyperbolic systems of conservation laws II, CPAM 10 (1957), 537–566.
    .. [2] L. C. Evans, *Partial Differential Equations*, 2nd ed., 2010, section 3.4.2.

    Examples
    --------
    >>> step = EntropySolution(lambda y: 1.0 * (y < 0), lambda y: np.minimum(y, 0.0), (0.0, 1.0))
    >>> step(np.array([0.4, 0.6]), 1.0).round(12).tolist()  # the shock stands at t / 2
    [1.0, 0.0]
    """

    def __init__(self, profile: Function, integral: Function, bounds: tuple[float, float]) -> None:
        lower, upper = map(float, bounds)
        if not (np.isfinite(lower) and np.isfinite(upper) and lower <= upper):
            raise InputError(f"bounds must be (lower, upper) of the profile; got {bounds!r}.")
        self.profile = profile
        self.integral = integral
        self.bounds = (lower, upper)

    def __call__(self, x: Any, t: float) -> np.ndarray:
        """Solution at points."""
        x = np.asarray(x, dtype=np.float64)
        if t <= 0.0:
            return np.broadcast_to(np.asarray(self.profile(x), dtype=np.float64), x.shape)
        foot = self._foot(x, t)
        carried, speed = np.asarray(self.profile(foot), dtype=np.float64), (x - foot) / t
        # The same but in a fan, where all feet are one; then the carried value has less round-off.
        noise = 4e-16 * ((np.abs(x) + np.abs(foot)) / t + np.abs(speed))
        noise += 1e-17 * (self.bounds[1] - self.bounds[0])
        return np.where(np.abs(carried - speed) <= noise, carried, speed)

    def potential(self, x: Any, t: float) -> np.ndarray:
        """Antiderivative of the solution in space; moves with the flux in time."""
        x = np.asarray(x, dtype=np.float64)
        if t <= 0.0:
            return np.asarray(self.integral(x), dtype=np.float64)
        return self._functional(self._foot(x, t), x, t)

    def averages(self, edges: np.ndarray, t: float) -> np.ndarray:
        """Averages between neighbouring edges, without quadrature."""
        return np.diff(self.potential(edges, t)) / np.diff(edges)

    def _functional(self, y: np.ndarray, x: np.ndarray, t: float) -> np.ndarray:
        return np.asarray(self.integral(y) + (0.5 / t) * (x - y) ** 2)

    def _foot(self, x: np.ndarray, t: float) -> np.ndarray:
        """Where the characteristics that end in (x, t) start."""
        flat = np.atleast_1d(x).ravel()
        parts = [self._feet(flat[i : i + ROWS], t) for i in range(0, len(flat), ROWS)]
        return np.concatenate(parts or [flat]).reshape(x.shape)

    def _feet(self, x: np.ndarray, t: float) -> np.ndarray:
        # 1. Sample the functional where u0 allows a foot; a margin makes every minimum interior.
        lower, upper = self.bounds
        margin = 0.01 * t * (upper - lower) + 1e-9 * (t + np.abs(x))
        first, last = x - t * upper - margin, x - t * lower + margin
        width = (last - first) / (SAMPLES - 1)
        y = first[:, None] + width[:, None] * np.arange(SAMPLES)
        values = self._functional(y, x[:, None], t)
        # 2. Bracket the lowest local minima.
        inner = values[:, 1:-1]
        dip = (inner <= values[:, :-2]) & (inner <= values[:, 2:])
        order = np.where(dip, inner, np.inf)
        lowest = np.argpartition(order, MINIMA, axis=1)[:, :MINIMA] + 1
        low = np.take_along_axis(y, lowest - 1, axis=1)
        high = np.take_along_axis(y, lowest + 1, axis=1)
        # 3. Bisect the derivative, and take the lowest.
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            falling = self.profile(middle) * t < x[:, None] - middle
            low, high = np.where(falling, middle, low), np.where(falling, high, middle)
        feet = 0.5 * (low + high)
        best = np.argmin(self._functional(feet, x[:, None], t), axis=1)
        return np.asarray(np.take_along_axis(feet, best[:, None], axis=1)[:, 0])
