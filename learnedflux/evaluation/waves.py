"""Whether waves grow: sine waves carried over many periods, all of them at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from learnedflux.backends import NumbaBackend
from learnedflux.boundaries import Boundary
from learnedflux.equations import Advection, Equation, Euler
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.evaluation.runs import labelled
from learnedflux.grid import Grid
from learnedflux.integrators import Integrator, integrators
from learnedflux.scheme import Scheme

__all__ = ["WAVELENGTHS", "amplification"]

WAVELENGTHS = tuple(40.0 / k for k in range(16, 0, -1))  # cells; all fit into 40
EQUATIONS = ("Advection", "Euler")
# Slope of a background over the steepest of the wave; above one, the data are monotone.
BACKGROUNDS = {"constant": 0.0, "slope": 1.5}
LEVEL = 1.0  # of the background: the scalar, or the density
LEAST = 0.05  # density down to which an entropy wave is measured
LARGEST = 4000  # cells of a domain
PRECISION = 1e-9  # growth below which is round-off


def amplification(
    schemes: Any,
    wavelengths: Iterable[float] = WAVELENGTHS,
    cfl: float | Sequence[float] = (0.1, 0.4, 0.7),
    periods: float = 50.0,
    amplitude: float | Sequence[float] = (1e-6, 1e-2, 0.9),
    background: str | float | Sequence[str | float] = tuple(BACKGROUNDS),
    *,
    equation: str | Sequence[str] = "Advection",
    sound_speed: float = 1.5,
    integrator: str = "ssprk3",
    progress: bool | None = None,
) -> xr.Dataset:
    """Measure how much sine waves grow or decay while they are carried along.

    The L2 norm of a wave should never rise above its initial value. Bounds on face values do not
    ensure that (those of MP schemes let extrema grow), so learned schemes must be measured.

    Parameters
    ----------
    schemes : iterable or mapping
        As for :func:`lf.evaluate`.
    wavelengths : iterable of float
        In cells; each must fit into a common domain a whole number of times.
    cfl : float or sequence of float
        CFL numbers.
    periods : float
        How many of its own lengths each wave travels.
    amplitude : float or sequence of float
        Heights of the waves, on a background around 1.
    background : {"constant", "slope"}, float, or sequence of these
        What the wave rides on: a number is the slope of a background over the steepest slope of
        the wave. "constant" is 0, "slope" 1.5. Above 1 the data are monotone, below 1 the wave
        keeps its extrema.
    equation : {"Advection", "Euler"} or sequence of these
        Linear advection, or entropy waves of the Euler equations: density waves in a uniform flow
        at constant pressure.
    sound_speed : float
        Of the thinnest gas of each wave, where sound is fastest, over the velocity of the flow:
        below 1 the flow is faster than sound everywhere.
    integrator : str
        Runge-Kutta method.
    progress : bool, optional
        Progress bar. Default: on a terminal.

    Returns
    -------
    xarray.Dataset
        Dims ``(scheme, equation, background, cfl, amplitude, wavelength)``: ``left`` is the L2
        norm of the wave at the end over the initial one, ``highest`` the largest it ever had, and
        ``grows`` whether that is above 1 (by more than 1e-9). Norms are of what is left when the
        background, carried along, is taken away. NaN where a wave would need densities below 0.05.
        Backgrounds given as numbers have these, as text, for coordinates.

    Notes
    -----
    Waves do not meet, so all of one CFL number are solved as rows of one array. A domain of few
    cells is enough: what repeats itself goes on repeating itself.

    Examples
    --------
    >>> import learnedflux as lf
    >>> ds = lf.evaluation.amplification(["muscl"], [8, 4], cfl=0.4, periods=1, amplitude=0.1)
    >>> bool(ds.grows.any())
    False
    """
    chosen = labelled(schemes)
    lengths = [float(w) for w in wavelengths]
    cells = _domain(lengths)
    numbers = [float(c) for c in np.atleast_1d(cfl)]
    heights = [float(a) for a in np.atleast_1d(amplitude)]
    grounds = _slopes(background)
    laws = [equation] if isinstance(equation, str) else list(equation)
    for name in laws:
        if name not in EQUATIONS:
            raise UnknownNameError("equation with waves", name, EQUATIONS)
    for what, values in (
        ("cfl", numbers),
        ("amplitude", heights),
        ("periods", [float(periods)]),
        ("sound_speed", [float(sound_speed)]),
    ):
        if not values or not min(values) > 0 or not math.isfinite(max(values)):
            raise InputError(f"{what} must be above 0 and finite; got {values!r}.")
    method = integrators[integrator]
    dims = ("scheme", "equation", "background", "cfl", "amplitude", "wavelength")
    shape = tuple(map(len, (chosen, laws, grounds, numbers, heights, lengths)))
    left, highest = np.full(shape, np.nan), np.full(shape, np.nan)
    rows = list(itertools.product(grounds.values(), heights, lengths))
    total = len(chosen) * len(laws) * len(numbers)
    disable = None if progress is None else not progress
    with tqdm(total=total, desc="waves", disable=disable) as bar:
        for i, scheme in enumerate(chosen.values()):
            for j, law in enumerate(laws):
                for k, number in enumerate(numbers):
                    pace = method.forward_cfl(number)
                    train = _Train(law, scheme, cells, rows, sound_speed, pace)
                    end, top = train.carry(method, number, periods)
                    at = (len(grounds), len(heights), len(lengths))
                    left[i, j, :, k], highest[i, j, :, k] = end.reshape(at), top.reshape(at)
                    bar.update()
    return xr.Dataset(
        {
            "left": (dims, left, {"long_name": "L2 norm of the wave at the end / initial one"}),
            "highest": (dims, highest, {"long_name": "largest L2 norm of the wave / initial one"}),
            "grows": (dims, highest > 1.0 + PRECISION),
        },
        {
            "scheme": list(chosen),
            "equation": laws,
            "background": list(grounds),
            "cfl": numbers,
            "amplitude": heights,
            "wavelength": ("wavelength", lengths, {"long_name": "wavelength", "units": "cells"}),
        },
        {"title": "amplification of sine waves", "periods": float(periods), "cells": cells,
         "integrator": method.name, "sound_speed": float(sound_speed)},
    )  # fmt: skip


def _slopes(given: str | float | Sequence[str | float]) -> dict[str, float]:
    """Return slopes of backgrounds over that of the wave, by the names they have in results."""
    slopes = {}
    for ground in [given] if isinstance(given, (str, int, float)) else given:
        if isinstance(ground, str):
            if ground not in BACKGROUNDS:
                raise UnknownNameError("background", ground, BACKGROUNDS)
            slopes[ground] = BACKGROUNDS[ground]
        elif not (math.isfinite(ground) and ground >= 0.0):
            raise InputError(f"a background's slope must be 0 or more, and finite; got {ground!r}.")
        else:
            slopes[f"{ground:g}"] = float(ground)
    return slopes


def _domain(lengths: Sequence[float]) -> int:
    """Return the fewest cells into which all waves fit a whole number of times."""
    if not lengths or not all(math.isfinite(w) and w >= 2.0 for w in lengths):
        raise InputError(f"wavelengths must be 2 cells or more; got {list(lengths)!r}.")
    common = math.lcm(*(Fraction(w).limit_denominator(64).numerator for w in lengths))
    cells = common * -(-16 // common)  # no scheme here needs more than 16
    if cells > LARGEST:
        raise InputError(
            f"waves of {', '.join(f'{w:g}' for w in lengths)} cells fit together only into a "
            f"domain of {cells} cells; choose lengths with a smaller common multiple, 40 / k say."
        )
    return cells


@dataclass
class _Tilt:
    """Periodic up to the height by which a sloping background rises over the domain."""

    rise: np.ndarray  # (variable, row, 1)

    def __call__(self, equation: Equation, cells: Any, axis: int, side: int, t: float) -> Any:
        sign = 1.0 if side else -1.0
        return tuple(q + sign * r for q, r in zip(cells, self.rise, strict=True))


class _Train:
    """Waves on their backgrounds, one per row of a state (variable, row, cell)."""

    def __init__(
        self,
        law: str,
        scheme: Scheme,
        cells: int,
        rows: Sequence[tuple[float, float, float]],
        sound_speed: float,
        pace: float,
    ) -> None:
        self.equation: Equation = Advection() if law == "Advection" else Euler(gamma=1.4)
        self.grid = Grid(x=(0.0, float(cells), cells))
        self.cells = cells
        height = np.array([a for _, a, _ in rows])[:, None]
        self.length = np.array([w for _, _, w in rows])[:, None]
        steepness = np.array([s for s, _, _ in rows])[:, None]
        # Falling: density then rises at every place, and stays above zero however long it takes.
        self.slope = -steepness * height * 2.0 * np.pi / self.length
        i = np.arange(cells)
        phase = 2.0 * np.pi * (i - 0.5) / self.length
        step = 2.0 * np.pi / self.length
        wave = height * (np.cos(phase) - np.cos(phase + step)) / step  # averages of cells
        self.centred = i - 0.5 * (cells - 1)
        value = LEVEL + self.slope * self.centred + wave
        rise = self.slope * cells
        if isinstance(self.equation, Advection):
            self.possible, self.fastest = np.ones(len(rows), dtype=bool), 1.0
            q, jump = value[None], rise[None]
        else:
            self.possible, self.fastest = value.min(axis=1) > LEAST, 1.0 + sound_speed
            value = np.where(self.possible[:, None], value, LEVEL)
            thinnest = value.min(axis=1, keepdims=True)
            pressure = sound_speed**2 * thinnest / self.equation.parameters()["gamma"]
            w = (value, np.ones_like(value), pressure + 0.0 * value)
            q = np.stack(self.equation.to_conserved(w))
            rise = np.where(self.possible[:, None], rise, 0.0)
            jump = np.stack((rise, rise, 0.5 * rise))  # at velocity 1
        self.q, self.tilt = q, _Tilt(jump)
        side = Boundary("tilted", self.tilt, periodic=True)
        bound = scheme.bind(self.equation).for_steps(pace, self.equation, 1)
        self.backend = NumbaBackend(self.equation, self.grid, bound, ((side, side),))
        self.backend.limiting = False  # as in a run, where it acts only if a step fails

    # What integrators call.
    def __call__(self, t: float, q: np.ndarray) -> np.ndarray:
        return self.backend.rhs(t, q)

    def stage(self, t: float, q: np.ndarray, terms: Any, factor: float) -> np.ndarray:
        return self.backend.advance(t, q, terms, factor)

    def _norm(self, q: np.ndarray, rows: np.ndarray, moved: float) -> np.ndarray:
        """L2 norm of the waves that are left when the backgrounds are taken away."""
        ground = LEVEL + self.slope[rows] * (self.centred - moved)
        return np.asarray(np.sqrt(np.mean((q[0] - ground) ** 2, axis=-1)))

    def carry(
        self, method: Integrator, cfl: float, periods: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the norm at the end, and the largest on the way, over the initial one."""
        dt = cfl / self.fastest  # and as many cells are passed in it, at velocity 1
        steps = np.ceil(periods * self.length[:, 0] / dt).astype(int)
        every = max(1, round(1.0 / dt))
        rows = np.flatnonzero(self.possible)
        rows = rows[np.argsort(steps[rows], kind="stable")]
        q, jump = self.q[:, rows], self.tilt.rise
        first = self._norm(self.q, np.arange(len(steps)), 0.0)
        end, top = np.full(len(steps), np.nan), np.full(len(steps), np.nan)
        top[rows] = 1.0
        done = 0
        with np.errstate(all="ignore"):
            while len(rows):
                self.tilt.rise = jump[:, rows]
                # To the next look, or to where the shortest wave left has arrived.
                count = min(every, int(steps[rows[0]]) - done)
                for _ in range(count):
                    q = method(self, 0.0, q, dt)
                done += count
                norm = self._norm(q, rows, done * dt) / first[rows]
                norm = np.where(np.isfinite(norm), norm, np.inf)
                top[rows] = np.maximum(top[rows], norm)
                arrived = steps[rows] <= done
                end[rows[arrived]] = norm[arrived]
                rows, q = rows[~arrived], np.ascontiguousarray(q[:, ~arrived])
        self.tilt.rise = jump
        return end, top
