"""Problems for the Burgers equation: the test set of Way et al. and one more, all solved exactly.

All but ``burgers_half_sine`` are posed on [0, 1] and run to t = 0.2. The exact solutions are those
of the whole line (or of the periodic one); boundaries are chosen such that the two agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf

from learnedflux.equations import Burgers
from learnedflux.errors import InputError
from learnedflux.exact.burgers import EntropySolution
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import register, summary

__all__ = [
    "accelshock",
    "burgers_half_sine",
    "gaussian",
    "other_sine",
    "random_sine",
    "rarefaction",
    "sawtooth",
    "shock",
    "shock_formation",
    "smooth_rare",
    "smooth_sine",
    "tophat",
]

PAPER = "Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022)"

Function = Callable[[Any], Any]


def _problem(
    factory: Callable[..., Problem],
    cells: int,
    profile: Function,
    integral: Function,
    bounds: tuple[float, float],
    boundary: Any = "outflow",
    domain: tuple[float, float] = (0.0, 1.0),
    t_end: float = 0.2,
    reference: str = PAPER,
) -> Problem:
    return Problem(
        equation=Burgers(),
        grid=Grid(x=(*domain, cells)),
        initial=profile,
        boundary=boundary,
        t_end=t_end,
        exact=EntropySolution(profile, integral, bounds),
        name=factory.__name__,
        description=summary(factory),
        reference=reference,
    )


def _sine(factory: Callable[..., Problem], cells: int, a: float, b: float, k: int) -> Problem:
    """Problem with the initial state a + b sin(k pi x)."""
    wave = k * math.pi
    return _problem(
        factory,
        cells,
        lambda x: a + b * np.sin(wave * x),
        lambda x: a * x - b / wave * np.cos(wave * x),
        (a - abs(b), a + abs(b)),
        "periodic",
    )


def _steps(factory: Callable[..., Problem], cells: int, *parts: Any) -> Problem:
    """Problem with a piecewise constant initial state: value, place, value, place, value."""
    values, places = np.array(parts[::2]), np.array(parts[1::2])
    heights = np.diff(values)

    def integral(x: Any) -> Any:
        total = values[0] * x
        for height, place in zip(heights, places, strict=True):
            total = total + height * np.maximum(x - place, 0.0)
        return total

    return _problem(
        factory,
        cells,
        lambda x: values[np.searchsorted(places, x, side="right")],
        integral,
        (values.min(), values.max()),
    )


# --- smooth data ---------------------------------------------------------------------------------


@register("smooth_sine")
def smooth_sine(cells: int = 200) -> Problem:
    r"""Sine wave that steepens into a standing shock.

    :math:`u_0 = A \sin 2 \pi x`, :math:`A = 1 / 0.2 \pi`, periodic.

    Notes
    -----
    Expected behaviour: breaks at t = 0.1 at x = 1/2; the shock stays there and weakens.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _sine(smooth_sine, cells, 0.0, 1.0 / (0.2 * math.pi), 2)


@register("other_sine")
def other_sine(cells: int = 200) -> Problem:
    r"""Two sine waves on a fast mean flow.

    :math:`u_0 = 2.5 + 0.5 \sin 4 \pi x`, periodic.

    Notes
    -----
    Expected behaviour: breaks at t = 1 / 2 pi = 0.159; two shocks move at speed 2.5.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _sine(other_sine, cells, 2.5, 0.5, 4)


@register("random_sine", aliases=("random",))
def random_sine(
    cells: int = 200,
    a: float | None = None,
    b: float = 0.5,
    k: int = 4,
    seed: int | None = None,
) -> Problem:
    r"""Sine waves of chosen or random mean, amplitude and number.

    :math:`u_0 = a + b \sin k \pi x`, periodic.

    Parameters
    ----------
    cells : int
        Number of cells.
    a : float, optional
        Mean; by default 3.5 - abs(b).
    b : float
        Amplitude.
    k : int
        Even number of half waves.
    seed : int, optional
        Draw k from 2, 4, 6, 8 and b from +-(0.2, 0.3, ... 1) as the paper does, ignoring ``b``
        and ``k``.

    Notes
    -----
    Expected behaviour: breaks at t = 1 / (abs(b) k pi), then saw teeth that move with the mean.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    if seed is not None:
        rng = np.random.default_rng(seed)
        k = 2 * int(rng.integers(1, 5))
        b = float(rng.choice([-1.0, 1.0]) * rng.integers(2, 11)) / 10.0
    if k % 2 or k <= 0:
        raise InputError(f"k must be even and positive, or the wave is not periodic; got {k!r}.")
    return _sine(random_sine, cells, 3.5 - abs(b) if a is None else a, b, k)


@register("burgers_half_sine")
def burgers_half_sine(cells: int = 200, t_end: float = 0.5 / math.pi) -> Problem:
    r"""Sine wave on a mean flow, stopped half-way to its shock.

    :math:`u_0 = 1/2 + \sin \pi x`, periodic on [-1, 1], to :math:`t = 1 / 2 \pi`.

    Notes
    -----
    Expected behaviour: the formal order of a scheme in a nonlinear law; with ``t_end=1.5 / pi``, a
    shock that moves at speed 1/2 (it forms at t = 1 / pi, where u = 1/2).

    References
    ----------
    .. [1] Harten, Engquist, Osher & Chakravarthy, J. Comput. Phys. 71, 231-303 (1987).
    .. [2] Shu & Osher, J. Comput. Phys. 77, 439-471 (1988).
    """
    return _problem(
        burgers_half_sine,
        cells,
        lambda x: 0.5 + np.sin(math.pi * x),
        lambda x: 0.5 * x - np.cos(math.pi * x) / math.pi,
        (-0.5, 1.5),
        "periodic",
        (-1.0, 1.0),
        t_end,
        "Harten, Engquist, Osher & Chakravarthy, J. Comput. Phys. 71, 231-303 (1987)",
    )


@register("gaussian")
def gaussian(cells: int = 200) -> Problem:
    r"""Bell on a mean flow that steepens into a shock.

    :math:`u_0 = 1 + \exp(-60 (x - 1/2)^2)`, outflow.

    Notes
    -----
    Expected behaviour: breaks at t = 0.151, with a long rarefaction behind the shock.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    root = math.sqrt(60.0)
    return _problem(
        gaussian,
        cells,
        lambda x: 1.0 + np.exp(-60.0 * (x - 0.5) ** 2),
        lambda x: x + 0.5 * math.sqrt(math.pi) / root * erf(root * (x - 0.5)),
        (1.0, 2.0),
    )


def _log_cosh(z: Any) -> Any:
    size = np.abs(z)
    return size + np.log1p(np.exp(-2.0 * size))


@register("smooth_rare")
def smooth_rare(cells: int = 200) -> Problem:
    r"""Steep smooth layer that opens into a sonic rarefaction.

    :math:`u_0 = \tanh 60 (x - 1/2)`, outflow.

    Notes
    -----
    Expected behaviour: a straight ramp from -1 to 1 through the sonic point u = 0, where schemes
    without enough dissipation show a notch.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _problem(
        smooth_rare,
        cells,
        lambda x: np.tanh(60.0 * (x - 0.5)),
        lambda x: _log_cosh(60.0 * (x - 0.5)) / 60.0,
        (-1.0, 1.0),
    )


@register("shock_formation")
def shock_formation(cells: int = 200) -> Problem:
    r"""Smooth layer that steepens into a shock.

    :math:`u_0 = 1 + \tanh(-10 (x - 1/4))`; the exact values flow in on the left, outflow on the
    right.

    Notes
    -----
    Expected behaviour: breaks at t = 0.1; the shock moves at speed 1 and stands at x = 0.45 at the
    end.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """

    def entering(t: float) -> float:
        """Exact value at x = 0: Newton's method for the characteristic that arrives there."""
        y = -2.0 * t
        for _ in range(20):
            bend = math.tanh(10.0 * (y - 0.25))
            step = (y + t * (1.0 - bend)) / (1.0 - 10.0 * t * (1.0 - bend * bend))
            y -= step
            if abs(step) < 1e-16:
                break
        return 1.0 - math.tanh(10.0 * (y - 0.25))

    def inflow(equation: Any, cells: Any, axis: int, side: int, t: float) -> Any:
        # Odd about the exact value on the face: second order, on any grid; holding the value in
        # all ghost cells would be first order.
        value = entering(t)
        return tuple(2.0 * value - q for q in cells)

    return _problem(
        shock_formation,
        cells,
        lambda x: 2.0 / (1.0 + np.exp(20.0 * (x - 0.25))),  # the same without cancellation
        lambda x: x - _log_cosh(10.0 * (x - 0.25)) / 10.0,
        (0.0, 2.0),
        {"x": (inflow, "outflow")},
    )


# --- discontinuous data --------------------------------------------------------------------------


@register("accelshock")
def accelshock(cells: int = 200, jump: float = 0.25) -> Problem:
    """Shock that accelerates into a ramp.

    u = 3 left of ``jump``, 3 (x - 1) right of it; outflow on the left. On the right a wall, as the
    ramp is odd about x = 1.

    Notes
    -----
    Expected behaviour: the shock starts at speed 3/8 and stands at
    x = 2 + 3t - 1.75 sqrt(1 + 3t), 0.3864 at the end.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _problem(
        accelshock,
        cells,
        lambda x: np.where(x < jump, 3.0, 3.0 * (x - 1.0)),
        lambda x: (
            3.0 * np.minimum(x - jump, 0.0)
            + 1.5 * ((np.maximum(x, jump) - 1.0) ** 2 - (jump - 1.0) ** 2)
        ),
        (3.0 * (jump - 1.0), 3.0),
        {"x": ("outflow", "wall")},
    )


@register("shock")
def shock(cells: int = 200) -> Problem:
    """Single shock, 3 | 1 at x = 1/4.

    Notes
    -----
    Expected behaviour: moves unchanged at speed 2, to x = 0.65.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _steps(shock, cells, 3.0, 0.25, 1.0)


@register("rarefaction")
def rarefaction(cells: int = 200) -> Problem:
    """Single rarefaction, 1 | 2 at x = 1/2.

    Notes
    -----
    Expected behaviour: a straight ramp between x = 0.7 and 0.9 with two kinks.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _steps(rarefaction, cells, 1.0, 0.5, 2.0)


@register("tophat")
def tophat(cells: int = 200) -> Problem:
    """Square wave, 0 | 1 | 0 with jumps at x = 1/3 and 2/3.

    Notes
    -----
    Expected behaviour: the left jump opens into a rarefaction that starts at the sonic point, the
    right one moves as a shock at speed 1/2, to x = 0.7667.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _steps(tophat, cells, 0.0, 1.0 / 3.0, 1.0, 2.0 / 3.0, 0.0)


@register("sawtooth")
def sawtooth(cells: int = 200) -> Problem:
    """Ramp from 0 to 2 between x = 0.333 and 0.666, 0 elsewhere.

    Notes
    -----
    Expected behaviour: the ramp stays straight, flattens and grows longer; its shock stands at
    x = 0.333 + 0.333 sqrt(1 + 2t / 0.333), 0.8270 at the end.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022); the ends are those of its code.
    """
    start, length = 0.333, 0.333

    def ramp(x: Any) -> Any:
        return np.minimum(np.maximum(x - start, 0.0), length)

    return _problem(
        sawtooth,
        cells,
        lambda x: np.where(x < start + length, 2.0 / length * ramp(x), 0.0),
        lambda x: ramp(x) ** 2 / length,
        (0.0, 2.0),
    )
