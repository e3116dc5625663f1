"""Long runs: a composite wave over 50 periods, and whether small sines stay sines.

Both as a scalar and as the density of a gas that flows slower than sound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

import learnedflux as lf
from benchmarks.policies.exam import Exam, solved
from benchmarks.tables import head, row

CELLS = 200
T_END, QUICK_T_END = 100.0, 10.0
LOOKS = 101  # at extrema and variation
SINES = (20, 40, 80)  # cells per wave
HEIGHT = 0.01
PERIODS, FEW_PERIODS = 50.0, 5.0
RIPPLE, ROUND_OFF = 1e-3, 1e-10

Profile = Callable[[np.ndarray], np.ndarray]


def section(exam: Exam) -> None:
    """Print extrema, total variation and ripple; judge those of policies."""
    for medium, carry in (("scalar", _scalar), ("gas", _gas)):
        _composite(exam, medium, carry)
        _ripple(exam, medium, carry)


def _scalar(profile: Profile, box: tuple[float, float, int], t_end: float) -> lf.Problem:
    return lf.Problem(lf.Advection(), lf.Grid(x=box), profile, "periodic", t_end=t_end)


def _gas(profile: Profile, box: tuple[float, float, int], t_end: float) -> lf.Problem:
    def initial(x: np.ndarray) -> dict[str, Any]:
        return {"density": 1.0 + profile(x), "velocity_x": 1.0, "pressure": 1.0}

    return lf.Problem(lf.Euler(), lf.Grid(x=box), initial, "periodic", t_end=t_end)


def _first(ds: xr.Dataset) -> xr.DataArray:
    return ds["density" if "density" in ds else "u"]


def _composite(exam: Exam, medium: str, carry: Callable[..., lf.Problem]) -> None:
    t_end = QUICK_T_END if exam.quick else T_END
    head(
        f"Composite wave as a {medium}, {CELLS} cells, to t = {t_end:g}: most on the way",
        "scheme",
        "above the initial maximum",
        "below the initial minimum",
        "total variation / initial one, less 1",
        "L1 error at the end",
    )
    profile = lf.problems.composite_wave().initial
    problem = carry(profile, (-1.0, 1.0, CELLS), t_end)
    for scheme, how in exam.schemes.items():
        ds = solved(problem, how, times=LOOKS)
        if ds is None:
            row(scheme, *["fails"] * 4)
            above = below = rise = float("nan")
        else:
            u = _first(ds)
            above = max(float(u.max() - u[0].max()), 0.0)
            below = max(float(u[0].min() - u.min()), 0.0)
            variation = lf.metrics.total_variation(ds)[u.name]
            rise = max(float(variation.max() / variation[0]) - 1.0, 0.0)
            # Whole periods have passed: the exact solution is the initial state.
            row(scheme, above, below, rise, float(abs(u[-1] - u[0]).mean()))
        if scheme in exam.policies:
            exam.judge(f"long run, {medium}, new extrema", scheme, max(above, below), ROUND_OFF)
            exam.judge(f"long run, {medium}, rise of total variation", scheme, rise, ROUND_OFF)


def _ripple(exam: Exam, medium: str, carry: Callable[..., lf.Problem]) -> None:
    periods = FEW_PERIODS if exam.quick else PERIODS
    head(
        f"Sine of {HEIGHT:.0%} as a {medium}, {periods:g} periods: what is beside the sine, over "
        "it; in brackets what is left of the sine",
        "scheme",
        *(f"{n} cells" for n in SINES),
    )
    for scheme, how in exam.schemes.items():
        texts, worst = [], 0.0
        for n in SINES:
            problem = carry(lambda x: HEIGHT * np.sin(2.0 * np.pi * x), (0.0, 1.0, n), periods)
            ds = solved(problem, how)
            if ds is None:
                texts.append("fails")
                worst = float("nan")
                continue
            first, last = (abs(np.fft.rfft(u)) for u in _first(ds).values[[0, -1]])
            ripple = float(np.linalg.norm(last[2:]) / last[1])  # all waves but the mean and it
            texts.append(f"{ripple:.2g} ({last[1] / first[1]:.4f})")
            worst = max(worst, ripple)
        row(scheme, *texts)
        if scheme in exam.policies:
            exam.judge(f"ripple on small sines, {medium}", scheme, worst, RIPPLE)
