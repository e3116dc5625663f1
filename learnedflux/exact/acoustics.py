"""Exact solutions of linear acoustics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.special import j0, j1

from learnedflux.exact.advection import moved
from learnedflux.grid import Grid

__all__ = ["dalembert", "round_pulse"]

NODES = 400  # of the Hankel transform: round-off up to r and ct of about 30 widths
REACH = 9.0  # wave numbers up to 9 / width; beyond, the Gaussian's transform is below 1e-17
SAMPLES = 30  # of the profile, per width
DEGREE = 7  # of the spline through them

Function = Callable[[np.ndarray], Any]


def dalembert(
    pressure: Function,
    velocity: Function,
    density: float = 1.0,
    bulk_modulus: float = 1.0,
    periodic: Grid | None = None,
) -> Callable[[Any, float], dict[str, np.ndarray]]:
    """Return ``(x, t) -> primitive variables`` for any initial state in one dimension.

    The initial state splits into a part that moves to the left and one that moves to the right,
    both at the speed of sound, LeVeque section 3.9.

    Parameters
    ----------
    pressure, velocity : callable
        Initial state, vectorised.
    density, bulk_modulus : float
        As in :class:`~learnedflux.Acoustics`.
    periodic : Grid, optional
        Interval in which the state repeats itself; without it the whole line.

    References
    ----------
    .. [1] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, section 3.9.

    Examples
    --------
    >>> import numpy as np
    >>> wave = dalembert(np.cos, np.cos)  # all of it moves to the right
    >>> bool(np.isclose(wave(0.3, 1.0)["pressure"], np.cos(0.3 - 1.0)))
    True
    """
    c, impedance = np.sqrt(bulk_modulus / density), np.sqrt(bulk_modulus * density)

    def part(sense: float) -> Function:
        return lambda x: 0.5 * (pressure(x) + sense * impedance * velocity(x))

    to_right, to_left = moved(part(1.0), c, periodic), moved(part(-1.0), -c, periodic)

    def solution(x: Any, t: float) -> dict[str, np.ndarray]:
        a, b = np.asarray(to_left(x, t)), np.asarray(to_right(x, t))
        return {"pressure": a + b, "velocity_x": (b - a) / impedance}

    return solution


def round_pulse(
    width: float, density: float = 1.0, bulk_modulus: float = 1.0
) -> Callable[[Any, Any, float], dict[str, np.ndarray]]:
    r"""Return ``(x, y, t) -> primitive variables`` of a round pulse that starts from rest.

    The initial pressure is :math:`\exp(-r^2 / 2 w^2)` around the origin, in the whole plane. Its
    Hankel transform is a Gaussian too, so that
    :math:`p = w^2 \int_0^\infty k e^{-k^2 w^2 / 2} J_0(kr) \cos(kct) \, dk`, here by Gauss
    quadrature.

    Parameters
    ----------
    width : float
        Standard deviation w of the pulse.
    density, bulk_modulus : float
        As in :class:`~learnedflux.Acoustics`.

    Notes
    -----
    Accurate to about 1e-13 for times and distances up to 30 widths.

    References
    ----------
    .. [1] Tam & Webb, J. Comput. Phys. 107, 262-281 (1993), doi:10.1006/jcph.1993.1142, eqs. (61)
       to (63), there with a mean flow.

    Examples
    --------
    >>> pulse = round_pulse(0.1)
    >>> round(float(pulse(0.1, 0.0, 0.0)["pressure"]), 12)  # exp(-1/2)
    0.606530659713
    """
    c, impedance = np.sqrt(bulk_modulus / density), np.sqrt(bulk_modulus * density)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    k = 0.5 * REACH / width * (1.0 + nodes)
    weights = 0.5 * REACH / width * weights * (width * width) * k * np.exp(-0.5 * (k * width) ** 2)

    def profile(r: np.ndarray, t: float) -> np.ndarray:
        """Pressure, and velocity away from the origin, at some distances."""
        phase, arguments = k * (c * t), r[:, None] * k
        pressure = j0(arguments) @ (weights * np.cos(phase))
        velocity = j1(arguments) @ (weights * np.sin(phase)) / impedance
        return np.stack([pressure, velocity], axis=-1)

    def solution(x: Any, y: Any, t: float) -> dict[str, np.ndarray]:
        x, y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        r = np.hypot(x, y)
        if t <= 0.0:
            still = np.zeros_like(r)
            pressure = np.exp(-0.5 * (r / width) ** 2)
            return {"pressure": pressure, "velocity_x": still, "velocity_y": still}
        # The profile is smooth: a spline through samples of it is exact to round-off too. They
        # begin left of the origin, beyond which it is its own mirror image.
        step = width / SAMPLES
        places = step * np.arange(-DEGREE, r.max(initial=0.0) / step + DEGREE)
        spline = make_interp_spline(places, profile(places, t), k=DEGREE)
        pressure, velocity = np.moveaxis(spline(r), -1, 0)
        velocity = velocity / np.where(r > 0.0, r, 1.0)
        return {"pressure": pressure, "velocity_x": velocity * x, "velocity_y": velocity * y}

    return solution
