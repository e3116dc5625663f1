"""The self-similar solution of a point explosion in a gas of uniform density."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

from learnedflux.errors import InputError

__all__ = ["Sedov"]

NODES = 8001  # of the profiles' interpolation
SURFACE = (2.0, 2.0 * math.pi, 4.0 * math.pi)  # of the unit ball, by dimension


class Sedov:
    r"""Point explosion: density, radial velocity and pressure behind its shock.

    The shock stands at :math:`R = (E t^2 / \alpha \rho_0)^{1/(j + 2)}` in j dimensions, where the
    pressure ahead of it is negligible. Profiles are Sedov's closed form in the parameter V.

    Parameters
    ----------
    dimension : {1, 2, 3}
        Planar, cylindrical or spherical.
    gamma : float
        Ratio of specific heats, between 1 and 2.
    energy : float
        Released in all space (per length or area where the explosion is not spherical).
    density, pressure : float
        Of the gas ahead; the pressure is only shown, not felt.

    References
    ----------
    .. [1] Sedov, *Similarity and Dimensional Methods in Mechanics*, Academic Press, 1959.
    .. [2] Kamm & Timmes, LA-UR-07-2849, Los Alamos National Laboratory, 2007; the standard case
       with omega = 0.

    Examples
    --------
    >>> round(Sedov(dimension=3, gamma=1.4, energy=0.851072).radius(1.0), 5)
    1.0
    """

    def __init__(
        self,
        dimension: int = 3,
        gamma: float = 1.4,
        energy: float = 1.0,
        density: float = 1.0,
        pressure: float = 0.0,
    ) -> None:
        if dimension not in (1, 2, 3):
            raise InputError(f"dimension must be 1, 2 or 3; got {dimension!r}.")
        if not 1 < gamma < 2:
            raise InputError(f"gamma must be between 1 and 2; got {gamma!r}.")
        self.dimension, self.gamma = dimension, gamma
        self.energy, self.density, self.pressure = energy, density, pressure
        self._velocity, self._density, self._pressure, self.alpha = _profiles(dimension, gamma)

    def radius(self, t: float) -> float:
        """Where the shock stands."""
        power = 1.0 / (self.dimension + 2)
        return float((self.energy * t * t / (self.alpha * self.density)) ** power)

    def __call__(self, r: Any, t: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Density, radial velocity and pressure at distances ``r`` and a time above zero."""
        r = np.asarray(r, dtype=np.float64)
        front = self.radius(t)
        speed = 2.0 / (self.dimension + 2) * front / t
        x = np.minimum(r / front, 1.0)
        inside = r < front
        g = self.gamma
        rho = self.density * (g + 1.0) / (g - 1.0) * self._density(x)
        u = 2.0 * speed / (g + 1.0) * self._velocity(x)
        p = 2.0 * self.density * speed**2 / (g + 1.0) * self._pressure(x)
        return (
            np.where(inside, rho, self.density),
            np.where(inside, u, 0.0),
            np.where(inside, p, self.pressure),
        )


@functools.lru_cache(maxsize=32)
def _profiles(j: int, gamma: float) -> tuple[Any, Any, Any, float]:
    """Velocity, density and pressure over r / R, relative to the shock's, and alpha.

    Kamm & Timmes, section 2, with omega = 0.
    """
    a = 0.25 * (j + 2) * (gamma + 1.0)
    b = (gamma + 1.0) / (gamma - 1.0)
    c = 0.5 * (j + 2) * gamma
    e = 0.5 * (2.0 + j * (gamma - 1.0))
    d = (j + 2) * (gamma + 1.0) / ((j + 2) * (gamma + 1.0) - 4.0 * e)
    a0 = 2.0 / (j + 2)
    a2 = -(gamma - 1.0) / (2.0 * (gamma - 1.0) + j)
    a1 = (j + 2) * gamma / (2.0 * e) * (2.0 * j * (2.0 - gamma) / (gamma * (j + 2) ** 2) - a2)
    a3 = j / (2.0 * (gamma - 1.0) + j)
    a4 = a1 * (j + 2) / (2.0 - gamma)
    a5 = -2.0 / (2.0 - gamma)

    def terms(z: np.ndarray) -> tuple[np.ndarray, ...]:
        """x1, log x2, x3, x4 of log x2, in which V keeps its precision near the centre."""
        v = (1.0 + np.exp(z) / b) / c
        return a * v, z, d * (1.0 - e * v), b * (1.0 - c * v / gamma)

    def log_radius(z: np.ndarray) -> np.ndarray:
        x1, z, x3, _ = terms(z)
        return np.asarray(-a0 * np.log(x1) - a2 * z - a1 * np.log(x3))

    # Find log x2 at given radii by bisection; the radius grows with it.
    x = np.linspace(0.0, 1.0, NODES)
    target = np.log(x[1:])
    low, high = np.full(NODES - 1, 2.0 * target[0] / -a2), np.zeros(NODES - 1)
    for _ in range(100):
        middle = 0.5 * (low + high)
        below = log_radius(middle) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    x1, z, x3, x4 = terms(high)
    velocity = np.concatenate([[0.0], x1 * x[1:]])
    density = np.concatenate([[0.0], np.exp(a3 * z + a4 * np.log(x3) + a5 * np.log(x4))])
    held = x1 ** (a0 * j) * x3 ** (a4 - 2.0 * a1) * x4 ** (1.0 + a5)
    pressure = np.concatenate([held[:1], held])  # all but constant near the centre
    kinetic = 2.0 / (gamma**2 - 1.0) * density * velocity**2
    thermal = 2.0 / (gamma**2 - 1.0) * pressure
    total = CubicSpline(x, (kinetic + thermal) * x ** (j - 1)).integrate(0.0, 1.0)
    alpha = SURFACE[j - 1] * (2.0 / (j + 2)) ** 2 * float(total)
    return CubicSpline(x, velocity), CubicSpline(x, density), CubicSpline(x, pressure), alpha
