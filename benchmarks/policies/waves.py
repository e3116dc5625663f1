"""Whether waves grow: on a constant background and on slopes, of a scalar and in a gas.

A slope is a linear background that goes on beyond the sides of the domain, so that what rides on it
is periodic; its steepness is told over the steepest slope of the wave. Below one the wave keeps its
extrema, above one the data are monotone, and bounds that spare extrema are at work everywhere.
Norms are of the deviation from the background, which is carried along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

import learnedflux as lf
from benchmarks.policies.exam import Exam
from benchmarks.tables import head, row
from learnedflux.files import replace_file

BACKGROUNDS = ("constant", 0.5, 0.9, 1.5, 5.0)
SMALL = (1e-6, 1e-3, 0.1)
MEDIA: Mapping[str, Mapping[str, Any]] = {
    "scalar": {"equation": "Advection", "amplitude": (*SMALL, 1.0)},
    # The density of a wave as high as its background would reach zero.
    "gas slower than sound": {"equation": "Euler", "amplitude": (*SMALL, 0.9)},
    "gas faster than sound": {"equation": "Euler", "amplitude": (*SMALL, 0.9), "sound_speed": 0.3},
}
PERIODS, FEW_PERIODS = 50.0, 10.0
ROUND_OFF = 1e-9
SHOWN = 0.4  # CFL number of the curves


def section(exam: Exam) -> None:
    """Print the largest growth of every scheme and its curves; draw them if asked to."""
    for medium, how in MEDIA.items():
        ds = lf.evaluation.amplification(
            exam.schemes,
            periods=FEW_PERIODS if exam.quick else PERIODS,
            background=BACKGROUNDS,
            progress=False,
            **how,
        ).isel(equation=0)
        _growth(exam, ds, medium)
        _curves(exam, ds, medium)
        if exam.plot:
            _draw(exam, ds, medium)


def _growth(exam: Exam, ds: xr.Dataset, medium: str) -> None:
    grounds = [str(ground) for ground in ds.background.values]
    head(
        f"Waves in a {medium}, {ds.attrs['periods']:g} periods: largest growth of the L2 norm, and "
        "where (cells per wave, CFL, amplitude)",
        "scheme",
        *(f"slope {g}" if g != "constant" else g for g in grounds),
        "grew",
    )
    for scheme in exam.schemes:
        part = ds.sel(scheme=scheme)
        counted = f"{int(part.grows.sum())} of {int(part.highest.notnull().sum())}"
        row(scheme, *(_largest(part.sel(background=g)) for g in grounds), counted)
    for policy in exam.policies:
        growth = ds.highest.sel(scheme=policy).max(("cfl", "amplitude", "wavelength")) - 1.0
        flat, slopes = growth[0], growth[1:]
        exam.judge(f"{medium}, growth of waves", policy, float(flat), ROUND_OFF)
        exam.judge(f"{medium}, growth of waves on slopes", policy, float(slopes.max()), ROUND_OFF)


def _largest(part: xr.Dataset) -> str:
    """Return the largest growth on one background, and where it was."""
    if not part.grows.any():
        return "none"
    at = part.highest.isel(part.highest.argmax(...))
    return (
        f"+{float(at) - 1.0:.2g} ({float(at.wavelength):.3g}, {float(at.cfl):g}, "
        f"{float(at.amplitude):g})"
    )


def _curves(exam: Exam, ds: xr.Dataset, medium: str) -> None:
    head(
        f"Waves in a {medium}: norm left over the initial one at CFL {SHOWN:g} (worst amplitude), "
        "on a constant background; then the highest on the way on any slope",
        "cells per wave",
        *exam.schemes,
    )
    left = ds.left.sel(background="constant", cfl=SHOWN).max("amplitude")
    highest = ds.highest.isel(background=slice(1, None)).sel(cfl=SHOWN)
    highest = highest.max(("background", "amplitude"))
    for length in ds.wavelength.values:
        texts = [
            f"{float(left.sel(scheme=s, wavelength=length)):.4f}; "
            f"{float(highest.sel(scheme=s, wavelength=length)):.4g}"
            for s in exam.schemes
        ]
        row(float(length), *texts)


def _draw(exam: Exam, ds: xr.Dataset, medium: str) -> None:
    assert exam.plot is not None
    path = exam.plot.with_stem(f"{exam.plot.stem}-{medium.replace(' ', '-')}")
    figure = lf.plot.amplification(ds.expand_dims("equation"))
    with replace_file(path) as temporary:
        figure.savefig(temporary)
    print(f"\nDrawn: {path}", flush=True)
