"""Exact entropy solutions of the Burgers equation in two dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.exact.burgers import ROWS, EntropySolution

__all__ = ["DiagonalSolution"]

Function = Callable[[Any, Any], Any]


class DiagonalSolution:
    r"""Entropy solution in the plane, for any bounded initial state.

    With the same flux along x and y, :math:`u_t + (u^2/2)_x + (u^2/2)_y = 0` couples nothing across
    the diagonal: on each line :math:`x - y = d`, with :math:`s = (x + y)/2` along it, it is
    :math:`u_t + (u^2/2)_s = 0`, which :class:`~learnedflux.exact.burgers.EntropySolution` solves.

    Parameters
    ----------
    profile : callable
        Initial state ``u0(x, y)``, vectorised, in as much of the plane as is felt.
    integral : callable
        ``V(s, d)``: an antiderivative of it along the line d, in s.
    bounds : tuple of float
        Smallest and largest value of the profile.

    Examples
    --------
    >>> step = DiagonalSolution(
    ...     lambda x, y: 1.0 * (x + y < 0), lambda s, d: np.minimum(s, 0.0), (0.0, 1.0)
    ... )
    >>> step(np.array([0.2, 0.3]), np.array([0.2, 0.3]), 0.5).round(12).tolist()
    [1.0, 0.0]
    """

    def __init__(self, profile: Function, integral: Function, bounds: tuple[float, float]) -> None:
        self.profile, self.integral, self.bounds = profile, integral, bounds

    def __call__(self, x: Any, y: Any, t: float) -> np.ndarray:
        """Solution at points."""
        x, y = np.broadcast_arrays(*(np.asarray(c, dtype=np.float64) for c in (x, y)))
        if t <= 0.0:
            return np.broadcast_to(np.asarray(self.profile(x, y), dtype=np.float64), x.shape)
        s, d = (0.5 * (x + y)).ravel(), (x - y).ravel()
        parts = [self._rows(s[i : i + ROWS], d[i : i + ROWS], t) for i in range(0, len(s), ROWS)]
        return np.concatenate(parts or [s]).reshape(x.shape)

    def _rows(self, s: np.ndarray, d: np.ndarray, t: float) -> np.ndarray:
        """Solution at few enough points to be treated at once, each on its own line."""

        def lines(s: np.ndarray) -> np.ndarray:
            return d[:, None] if s.ndim == 2 else d  # candidates for each point, or one

        def profile(s: np.ndarray) -> Any:
            half = 0.5 * lines(s)
            return self.profile(s + half, s - half)

        line = EntropySolution(profile, lambda s: self.integral(s, lines(s)), self.bounds)
        return line(s, t)
