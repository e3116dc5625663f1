"""Exact solution of the Riemann problem of the Euler equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from learnedflux.errors import InputError

__all__ = ["Star", "riemann", "riemann_solution", "star_region"]

ITERATIONS = 100
State = tuple[Any, Any, Any]


class Star(NamedTuple):
    """State between the two outer waves; all zero but the velocity where a vacuum opens."""

    pressure: np.ndarray
    velocity: np.ndarray
    density_left: np.ndarray
    density_right: np.ndarray
    vacuum: np.ndarray


class _Side(NamedTuple):
    """One side's state, velocities counted away from it as on the left."""

    density: np.ndarray
    velocity: np.ndarray
    pressure: np.ndarray
    sound: np.ndarray


def _arrays(left: State, right: State, gamma: Any) -> tuple[_Side, _Side, np.ndarray]:
    if len(left) != 3 or len(right) != 3:
        raise InputError("a state of the Riemann problem is (density, velocity, pressure).")
    given = [np.asarray(a, dtype=np.float64) for a in (*left, *right, gamma)]
    *entries, gamma = np.broadcast_arrays(*given)
    for name, (density, _, pressure) in (("left", entries[:3]), ("right", entries[3:])):
        empty = (density == 0.0) & (pressure == 0.0)
        if not np.all(((density > 0.0) & (pressure > 0.0)) | empty):
            raise InputError(
                f"the {name} state of a Riemann problem needs positive density and pressure "
                f"(or both zero, a vacuum)."
            )
    if not np.all(gamma > 1.0):
        raise InputError("gamma must be above 1.")
    sides = []
    for rho, u, p in (entries[:3], entries[3:]):
        c = np.sqrt(gamma * p / np.where(rho > 0.0, rho, 1.0))
        sides.append(_Side(rho, u, p, c))
    return sides[0], sides[1]._replace(velocity=-sides[1].velocity), gamma


def _wave(p: np.ndarray, side: _Side, gamma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Velocity change across one side's wave and its derivative, Toro eqs. (4.6), (4.7), (4.37)."""
    ratio = p / side.pressure
    z = (gamma - 1.0) / (2.0 * gamma)
    # expm1 keeps weak waves accurate, where ratio ** z - 1 would cancel.
    log = np.log(np.minimum(ratio, 1.0))
    fan = 2.0 * side.sound / (gamma - 1.0) * np.expm1(z * log)
    fan_slope = np.exp(-(1.0 - z) * log) / (side.density * side.sound)
    a = 2.0 / ((gamma + 1.0) * side.density)
    b = (gamma - 1.0) / (gamma + 1.0) * side.pressure
    root = np.sqrt(a / (p + b))
    jump = p - side.pressure
    shock, shock_slope = jump * root, root * (1.0 - 0.5 * jump / (p + b))
    return np.where(ratio > 1.0, shock, fan), np.where(ratio > 1.0, shock_slope, fan_slope)


def _start(left: _Side, right: _Side, gamma: np.ndarray, approach: np.ndarray) -> np.ndarray:
    """First guess of the pressure, Toro eqs. (4.46) to (4.48) and section 9.5.

    ``approach`` is the velocity left minus right.
    """
    lowest = np.minimum(left.pressure, right.pressure)
    highest = np.maximum(left.pressure, right.pressure)
    linear = 0.5 * (left.pressure + right.pressure) + 0.125 * approach * (
        left.density + right.density
    ) * (left.sound + right.sound)
    z = (gamma - 1.0) / (2.0 * gamma)
    head = left.sound + right.sound + 0.5 * (gamma - 1.0) * approach
    ends = left.sound / left.pressure**z + right.sound / right.pressure**z
    fans = (np.maximum(head, 0.0) / ends) ** (1.0 / z)
    above = np.maximum(linear, lowest)
    weights = [
        np.sqrt(
            2.0 / ((gamma + 1.0) * s.density) / (above + (gamma - 1.0) / (gamma + 1.0) * s.pressure)
        )
        for s in (left, right)
    ]
    shocks = (weights[0] * left.pressure + weights[1] * right.pressure + approach) / (
        weights[0] + weights[1]
    )
    guess = np.where(linear < lowest, fans, np.where(linear > highest, shocks, linear))
    return np.asarray(np.maximum(guess, 1e-300))


def _star(left: _Side, right: _Side, gamma: np.ndarray) -> Star:
    """Star region for sides in the mirrored frame (velocities counted away from each side)."""
    approach = left.velocity + right.velocity
    vacuum = 2.0 / (gamma - 1.0) * (left.sound + right.sound) <= -approach
    vacuum = vacuum | (left.density == 0.0) | (right.density == 0.0)
    # A harmless problem stands in for the vacuum ones, so that nothing has to be branched on.
    calm = np.where(vacuum, 0.0, approach)
    left, right = (_Side(*(np.where(vacuum, 1.0, a) for a in s)) for s in (left, right))
    p = _start(left, right, gamma, calm)
    low, high = np.zeros_like(p), np.full_like(p, np.inf)
    for _ in range(ITERATIONS):
        fl, dl = _wave(p, left, gamma)
        fr, dr = _wave(p, right, gamma)
        f = (fl + fr) - calm
        low = np.where(f < 0.0, np.maximum(low, p), low)
        high = np.where(f > 0.0, np.minimum(high, p), high)
        new = p - f / (dl + dr)
        # f is concave: Newton never overshoots to the right. Where it falls to the left of what
        # is known, halve the pressure's logarithm instead.
        fallback = np.where(low > 0.0, np.sqrt(low) * np.sqrt(p), 0.01 * p)
        usable = (new > 0.0) & (new >= low) & (new <= high)
        new = np.where(usable, new, np.where(f > 0.0, fallback, p))
        # Coming back to a point already seen means that only round-off is left.
        done = (np.abs(new - p) <= 4e-16 * p) | (new == low) | (new == high)
        p = new
        if done.all():
            break
    fl, fr = _wave(p, left, gamma)[0], _wave(p, right, gamma)[0]
    u = 0.5 * ((left.velocity - right.velocity) + (fr - fl))
    p, u = np.where(vacuum, 0.0, p), np.where(vacuum, 0.0, u)
    rho_l, rho_r = (np.where(vacuum, 0.0, _behind(p, s, gamma)) for s in (left, right))
    return Star(p, u, rho_l, rho_r, vacuum)


def _behind(p: np.ndarray, side: _Side, gamma: np.ndarray) -> np.ndarray:
    """Density behind one side's wave, Toro eqs. (4.50), (4.53)."""
    ratio = p / side.pressure
    g = (gamma - 1.0) / (gamma + 1.0)
    shock = (ratio + g) / (g * ratio + 1.0)
    return np.asarray(side.density * np.where(ratio > 1.0, shock, ratio ** (1.0 / gamma)))


def star_region(left: State, right: State, gamma: Any = 1.4) -> Star:
    """Solve the Riemann problem for the state between its outer waves.

    Newton's method on the pressure, to round-off, safeguarded; many problems at once.

    Parameters
    ----------
    left, right : tuple
        Density, velocity and pressure; floats or arrays that broadcast. A vacuum is (0, u, 0).
    gamma : float or array
        Ratio of specific heats.

    Returns
    -------
    Star
        Pressure, velocity, densities on both sides of the contact, and whether a vacuum opens.

    References
    ----------
    .. [1] Toro, *Riemann Solvers and Numerical Methods for Fluid Dynamics*, 3rd ed., 2009, ch. 4.

    Examples
    --------
    >>> star = star_region((1.0, 0.0, 1.0), (0.125, 0.0, 0.1))  # Sod
    >>> round(float(star.pressure), 5), round(float(star.velocity), 5)
    (0.30313, 0.92745)
    """
    return _star(*_arrays(left, right, gamma))


def _sample(
    side: _Side,
    p: np.ndarray,
    u: np.ndarray,
    vacuum: np.ndarray,
    xi: np.ndarray,
    gamma: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """State at ``xi`` on the left of the contact, Toro section 4.5."""
    rho0, u0, p0, c0 = side
    empty = rho0 == 0.0
    rho0, p0, c0 = (np.where(empty, 1.0, a) for a in (rho0, p0, c0))
    ratio = p / p0
    front = u0 + 2.0 * c0 / (gamma - 1.0)  # of a gas that expands into vacuum
    is_shock = (ratio > 1.0) & ~vacuum
    squeezed = (gamma + 1.0) / (2.0 * gamma) * ratio + (gamma - 1.0) / (2.0 * gamma)
    speed = u0 - c0 * np.sqrt(squeezed)
    tail = np.where(vacuum, front, u - c0 * ratio ** ((gamma - 1.0) / (2.0 * gamma)))
    untouched = np.where(is_shock, xi < speed, xi < u0 - c0)
    star = np.where(is_shock, ~untouched, (xi >= tail) & ~vacuum)
    c = 2.0 / (gamma + 1.0) * (c0 + 0.5 * (gamma - 1.0) * (u0 - xi))
    relative = np.clip(c / c0, 0.0, 1.0)
    fan = (
        rho0 * relative ** (2.0 / (gamma - 1.0)),
        2.0 / (gamma + 1.0) * (c0 + 0.5 * (gamma - 1.0) * u0 + xi),
        p0 * relative ** (2.0 * gamma / (gamma - 1.0)),
    )
    inner = (_behind(p, _Side(rho0, u0, p0, c0), gamma), u, p)
    outer = (rho0, u0, p0)
    gone = empty | (vacuum & (xi >= front))
    rho, v, q = (
        np.where(untouched, a, np.where(star, b, c))
        for a, b, c in zip(outer, inner, fan, strict=True)
    )
    # In a vacuum the limit of the fan: no gas, each point moving at its own xi.
    return np.where(gone, 0.0, rho), np.where(gone, xi, v), np.where(gone, 0.0, q)


def riemann(
    left: State, right: State, xi: Any, gamma: Any = 1.4, star: Star | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return density, velocity and pressure of Riemann problems at ``xi = (x - x0) / t``.

    Everything broadcasts: one problem at many points, or thousands of problems at once. Vacuum,
    given or opening between two rarefactions, is part of the solution (Toro section 4.6); there
    the density and pressure are zero and the velocity is ``xi``.

    Parameters
    ----------
    left, right : tuple
        Density, velocity and pressure; a vacuum is (0, u, 0).
    xi : float or array
        Similarity variable, finite.
    gamma : float or array
        Ratio of specific heats.
    star : Star, optional
        From :func:`star_region` for the same states, to save solving for it again.

    Returns
    -------
    tuple of array
        Density, velocity, pressure.

    Notes
    -----
    Mirrored problems have mirrored solutions to the last bit, but on the contact itself.

    References
    ----------
    .. [1] Toro, *Riemann Solvers and Numerical Methods for Fluid Dynamics*, 3rd ed., 2009, ch. 4.

    Examples
    --------
    >>> rho, u, p = riemann((1.0, -2.0, 0.4), (1.0, 2.0, 0.4), 0.0)
    >>> round(float(p), 5)  # Toro's table 4.3, test 2
    0.00189
    """
    a, b, gamma = _arrays(left, right, gamma)
    star = _star(a, b, gamma) if star is None else star
    xi = np.asarray(xi, dtype=np.float64)
    p, u, _, _, vacuum = star
    rho_l, u_l, p_l = _sample(a, p, u, vacuum, xi, gamma)
    rho_r, u_r, p_r = _sample(b, p, -u, vacuum, -xi, gamma)
    # With a vacuum in between each side's own solution ends in it; the denser one is right.
    on_left = np.where(vacuum, rho_l > rho_r, xi < u)
    return (
        np.where(on_left, rho_l, rho_r),
        np.where(on_left, u_l, 0.0 - u_r),  # not -u_r: no negative zeros
        np.where(on_left, p_l, p_r),
    )


def riemann_solution(
    left: State, right: State, gamma: float = 1.4, jump: float = 0.0
) -> Callable[[Any, float], dict[str, np.ndarray]]:
    """Return ``(x, t) -> primitive variables`` of one Riemann problem with its jump at ``jump``.

    Examples
    --------
    >>> sod = riemann_solution((1.0, 0.0, 1.0), (0.125, 0.0, 0.1), jump=0.5)
    >>> float(sod(0.1, 0.2)["density"])
    1.0
    """
    star = star_region(left, right, gamma)

    def solution(x: Any, t: float) -> dict[str, np.ndarray]:
        x = np.asarray(x, dtype=np.float64)
        if t > 0.0:
            rho, u, p = riemann(left, right, (x - jump) / t, gamma, star)
        else:
            rho, u, p = (np.where(x < jump, a, b) for a, b in zip(left, right, strict=True))
        return {"density": rho, "velocity_x": u, "pressure": p}

    return solution
