"""The isentropic vortex of the Euler equations, which moves unchanged."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["isentropic_vortex"]


def isentropic_vortex(
    strength: float = 5.0,
    velocity: tuple[float, float] = (1.0, 1.0),
    gamma: float = 1.4,
    box: tuple[float, float] = (20.0, 20.0),
) -> Callable[..., dict[str, Any]]:
    r"""Return ``(x, y, t) -> primitive variables`` of a vortex that starts at the origin.

    Density, pressure and temperature far away are 1. With :math:`r` the distance from the centre,

    .. math::
        \delta(u, v) = \frac{\beta}{2 \pi} e^{(1 - r^2)/2} (-y, x), \quad
        T = 1 - \frac{(\gamma - 1) \beta^2}{8 \gamma \pi^2} e^{1 - r^2}, \quad
        \rho = T^{1/(\gamma - 1)}, \quad p = \rho^\gamma.

    Parameters
    ----------
    strength : float
        The number beta.
    velocity : (float, float)
        Of the mean flow.
    gamma : float
        Ratio of specific heats.
    box : (float, float)
        Periods along x and y; the vortex comes back from the other side.

    References
    ----------
    .. [1] Shu, in *Advanced Numerical Approximation of Nonlinear Hyperbolic Equations*, Lecture
       Notes in Mathematics 1697, Springer, 1998, section 4.4.

    Examples
    --------
    >>> vortex = isentropic_vortex()
    >>> round(float(vortex(0.0, 0.0, 20.0)["density"]), 4)
    0.4938
    """

    def solution(x: Any, y: Any, t: float) -> dict[str, Any]:
        x, y = (
            (c - u * t) - length * np.round((c - u * t) / length)
            for c, u, length in zip((x, y), velocity, box, strict=True)
        )
        r2 = x * x + y * y
        swirl = strength / (2.0 * math.pi) * np.exp(0.5 * (1.0 - r2))
        temperature = 1.0 - (gamma - 1.0) / (2.0 * gamma) * swirl**2
        return {
            "density": temperature ** (1.0 / (gamma - 1.0)),
            "velocity_x": velocity[0] - swirl * y,
            "velocity_y": velocity[1] + swirl * x,
            "pressure": temperature ** (gamma / (gamma - 1.0)),
        }

    return solution
