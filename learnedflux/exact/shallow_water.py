"""Exact solution of the Riemann problem of the shallow water equations on a flat bottom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from learnedflux.errors import InputError

__all__ = ["Star", "riemann", "riemann_solution", "star_region"]

ITERATIONS = 100
State = tuple[Any, Any]


class Star(NamedTuple):
    """State between the two waves; all zero where dry land lies or opens between them."""

    depth: np.ndarray
    velocity: np.ndarray
    dry: np.ndarray


class _Side(NamedTuple):
    """One side's state, velocities counted away from it as on the left."""

    depth: np.ndarray
    velocity: np.ndarray
    celerity: np.ndarray


def _arrays(left: State, right: State, gravity: Any) -> tuple[_Side, _Side, np.ndarray]:
    if len(left) != 2 or len(right) != 2:
        raise InputError("a state of the Riemann problem is (depth, velocity).")
    given = [np.asarray(a, dtype=np.float64) for a in (*left, *right, gravity)]
    hl, ul, hr, ur, g = np.broadcast_arrays(*given)
    for name, depth in (("left", hl), ("right", hr)):
        if not np.all(depth >= 0.0):
            raise InputError(f"the {name} depth of a Riemann problem must be 0 (dry) or above.")
    if not np.all(g > 0.0):
        raise InputError("gravity must be above 0.")
    return _Side(hl, ul, np.sqrt(g * hl)), _Side(hr, -ur, np.sqrt(g * hr)), g


def _wave(h: np.ndarray, side: _Side, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Velocity change across one side's wave and its derivative, Toro eqs. (5.6), (5.7)."""
    c = np.sqrt(g * h)
    step = h - side.depth
    # The same as 2 (c - c0), but accurate for weak waves too.
    fan, fan_slope = 2.0 * g * step / (c + side.celerity), g / c
    root = np.sqrt(0.5 * g * (h + side.depth) / (h * side.depth))
    shock = step * root
    shock_slope = root - 0.25 * g * step / (h * h * root)
    return np.where(h > side.depth, shock, fan), np.where(h > side.depth, shock_slope, fan_slope)


def _star(left: _Side, right: _Side, g: np.ndarray) -> Star:
    """Star region for sides in the mirrored frame (velocities counted away from each side)."""
    approach = left.velocity + right.velocity
    dry = 2.0 * (left.celerity + right.celerity) <= -approach
    dry = dry | (left.depth == 0.0) | (right.depth == 0.0)
    # A harmless problem stands in for the dry ones, so that nothing has to be branched on.
    calm = np.where(dry, 0.0, approach)
    left, right = (
        _Side(*(np.where(dry, a, b) for a, b in zip((1.0, 0.0, np.sqrt(g)), s, strict=True)))
        for s in (left, right)
    )
    # Two rarefactions, Toro eq. (5.30); exact if there are two.
    h = (0.5 * (left.celerity + right.celerity) + 0.25 * calm) ** 2 / g
    low, high = np.zeros_like(h), np.full_like(h, np.inf)
    for _ in range(ITERATIONS):
        fl, dl = _wave(h, left, g)
        fr, dr = _wave(h, right, g)
        f = (fl + fr) - calm
        low = np.where(f < 0.0, np.maximum(low, h), low)
        high = np.where(f > 0.0, np.minimum(high, h), high)
        new = h - f / (dl + dr)
        # f is concave: Newton never overshoots to the right, and is kept from it on the left.
        usable = (new > 0.0) & (new >= low) & (new <= high)
        new = np.where(usable, new, np.where(f > 0.0, np.sqrt(low) * np.sqrt(h), h))
        new = np.where(new > 0.0, new, 0.01 * h)
        done = (np.abs(new - h) <= 4e-16 * h) | (new == low) | (new == high)
        h = new
        if done.all():
            break
    fl, fr = _wave(h, left, g)[0], _wave(h, right, g)[0]
    u = 0.5 * ((left.velocity - right.velocity) + (fr - fl))
    return Star(np.where(dry, 0.0, h), np.where(dry, 0.0, u), dry)


def star_region(left: State, right: State, gravity: Any = 9.81) -> Star:
    """Solve the Riemann problem for the state between its two waves.

    Newton's method on the depth, to round-off, safeguarded; many problems at once.

    Parameters
    ----------
    left, right : tuple
        Depth and velocity; floats or arrays that broadcast. Dry land is (0, u).
    gravity : float or array
        Acceleration by gravity.

    Returns
    -------
    Star
        Depth and velocity, and whether there is dry land between the waves.

    References
    ----------
    .. [1] Toro, *Shock-Capturing Methods for Free-Surface Shallow Flows*, 2001, chs. 5 and 6.

    Examples
    --------
    >>> star = star_region((1.0, 0.0), (0.1, 0.0), gravity=9.81)
    >>> round(float(star.depth), 5), round(float(star.velocity), 5)
    (0.39617, 2.32135)
    """
    return _star(*_arrays(left, right, gravity))


def _sample(
    side: _Side, star: Star, u: np.ndarray, xi: np.ndarray, g: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Depth and velocity at ``xi`` on the left of the star region, Toro section 5.4."""
    h0, u0, c0 = side
    empty = h0 == 0.0
    # A harmless wet side stands in for a dry one.
    h0, c0 = np.where(empty, 1.0, h0), np.where(empty, np.sqrt(g), c0)
    h, dry = star.depth, star.dry
    is_shock = (h > h0) & ~dry
    speed = u0 - c0 * np.sqrt(0.5 * (h + h0) * h / (h0 * h0))
    front = u0 + 2.0 * c0  # of water that runs over dry land
    tail = np.where(dry, front, u - np.sqrt(g * h))
    untouched = np.where(is_shock, xi < speed, xi < u0 - c0)
    inside = np.where(is_shock, ~untouched, (xi >= tail) & ~dry)
    c = np.maximum(u0 + 2.0 * c0 - xi, 0.0) / 3.0
    fan = (c * c / g, (u0 + 2.0 * c0 + 2.0 * xi) / 3.0)
    depth, velocity = (
        np.where(untouched, a, np.where(inside, b, c))
        for a, b, c in zip((h0, u0), (h, u), fan, strict=True)
    )
    gone = empty | (dry & (xi >= front))
    return np.where(gone, 0.0, depth), np.where(gone, 0.0, velocity)


def riemann(
    left: State, right: State, xi: Any, gravity: Any = 9.81, star: Star | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return depth and velocity of Riemann problems at ``xi = (x - x0) / t``.

    Everything broadcasts: one problem at many points, or thousands of problems at once. Dry land,
    given or opening between two rarefactions, is part of the solution; depth and velocity are
    zero there. On the wet dam break this is Stoker's solution, on the dry one Ritter's.

    Parameters
    ----------
    left, right : tuple
        Depth and velocity; dry land is (0, u).
    xi : float or array
        Similarity variable, finite.
    gravity : float or array
        Acceleration by gravity.
    star : Star, optional
        From :func:`star_region` for the same states, to save solving for it again.

    Returns
    -------
    tuple of array
        Depth and velocity.

    Notes
    -----
    Mirrored problems have mirrored solutions to the last bit.

    References
    ----------
    .. [1] Toro, *Shock-Capturing Methods for Free-Surface Shallow Flows*, 2001, chs. 5 and 6.
    .. [2] Stoker, *Water Waves*, 1957, section 10.8.
    .. [3] Ritter, Z. Ver. Dtsch. Ing. 36, 947-954 (1892).

    Examples
    --------
    >>> h, u = riemann((1.0, 0.0), (0.0, 0.0), 0.0, gravity=1.0)  # Ritter: 4/9 and 2/3
    >>> round(float(h), 5), round(float(u), 5)
    (0.44444, 0.66667)
    """
    a, b, g = _arrays(left, right, gravity)
    star = _star(a, b, g) if star is None else star
    xi = np.asarray(xi, dtype=np.float64)
    h_l, u_l = _sample(a, star, star.velocity, xi, g)
    h_r, u_r = _sample(b, star, -star.velocity, -xi, g)
    # With dry land in between each side's own solution ends in it; the deeper one is right.
    on_left = np.where(star.dry, h_l > h_r, xi < star.velocity)
    return np.where(on_left, h_l, h_r), np.where(on_left, u_l, 0.0 - u_r)


def riemann_solution(
    left: State, right: State, gravity: float = 9.81, jump: float = 0.0
) -> Callable[[Any, float], dict[str, np.ndarray]]:
    """Return ``(x, t) -> primitive variables`` of one Riemann problem with its jump at ``jump``.

    Examples
    --------
    >>> dam = riemann_solution((2.0, 0.0), (1.0, 0.0), jump=0.5)
    >>> float(dam(0.1, 0.01)["depth"])
    2.0
    """
    star = star_region(left, right, gravity)

    def solution(x: Any, t: float) -> dict[str, np.ndarray]:
        x = np.asarray(x, dtype=np.float64)
        if t > 0.0:
            h, u = riemann(left, right, (x - jump) / t, gravity, star)
        else:
            h, u = (np.where(x < jump, a, b) for a, b in zip(left, right, strict=True))
        return {"depth": h, "velocity_x": u}

    return solution
