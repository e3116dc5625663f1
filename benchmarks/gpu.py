"""Cell-steps per second on a GPU, and by Numba on the CPU of the same machine.

    python -m benchmarks.gpu                              # every equation, 1D, 2D and 3D
    python -m benchmarks.gpu --equations euler --schemes weno5,learned --cells 16777216
    python -m benchmarks.gpu --device cpu --cells 4096    # no GPU: only to see that it works

Only time stepping is timed, by the clock on the wall: of every run the first steps, which compile,
do not count. "peak" is the most memory the device holds at once, in arrays of the size of the
state. Without a GPU it says so and ends well.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import logging
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import learnedflux as lf
from benchmarks.throughput import EQUATIONS, problem
from learnedflux.bursts import Bursts
from learnedflux.integrators import integrators

SCHEMES = "muscl,weno5,teno5,learned"
REPEATS = 5


def shape(cells: int, dimension: int) -> tuple[int, ...]:
    """A grid of about so many cells, equally many along each axis, in multiples of 8."""
    along = max(8, int(8 * round(cells ** (1 / dimension) / 8)))
    return (along,) * dimension


def on_device(given: lf.Problem, scheme: str, steps: int, **options: Any) -> dict[str, float]:
    """Seconds per step of the loop on the device, of compiling it, and its memory."""
    import torch

    semi = lf.Semidiscretization(given, scheme, backend="torch", **options)
    device = semi.backend.device
    with semi.backend.without_gradients():
        q = semi.initial()
        stable, fine = semi.survey(q)
        bursts = Bursts(semi, integrators["ssprk3"], 0.4, None)
        t, seconds = 0.0, []
        began = time.perf_counter()
        t, q, stable, _, fine = bursts(t, q, stable, given.t_end, 1)
        compiling = time.perf_counter() - began
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        for _ in range(REPEATS):
            bursts.length = steps
            began = time.perf_counter()
            t, q, stable, taken, fine = bursts(t, q, stable, given.t_end, steps)
            if not fine or taken != steps:
                raise RuntimeError(f"{given.equation.name} by {scheme} failed at t = {t:g}")
            seconds.append((time.perf_counter() - began) / steps)
    found = {"seconds": statistics.median(seconds), "first": compiling}
    if device.type == "cuda":
        size = q.numel() * q.element_size()
        found["peak"] = torch.cuda.max_memory_allocated(device) / size
    return found


def by_numba(given: lf.Problem, scheme: str, steps: int) -> float:
    """Seconds per step of Numba with all cores."""
    times: list[float] = []

    class Enough(Exception):
        pass

    def callback(t: float, step: int, q: np.ndarray) -> None:
        times.append(time.perf_counter())
        if step > steps + 1:
            raise Enough

    with contextlib.suppress(Enough):
        lf.solve(given, scheme, callback=callback, progress=False)
    return statistics.median(np.diff(times))


def machine(device: str) -> str:
    """What was measured on what, in one line."""
    import torch

    names = [platform.processor() or platform.machine()]
    if torch.device(device).type == "cuda":
        names.insert(0, torch.cuda.get_device_name(device))
    return f"{', '.join(names)}; torch {torch.__version__}; {datetime.date.today()}"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--device", default="cuda", help="torch device")
    parser.add_argument("--equations", default=",".join(EQUATIONS))
    parser.add_argument("--schemes", default=SCHEMES)
    parser.add_argument("--dimensions", default="1,2,3")
    parser.add_argument("--dtypes", default="float64,float32")
    parser.add_argument("--cells", type=int, default=2**20, help="cells of each grid, about")
    parser.add_argument("--steps", type=int, default=20, help="steps of a burst")
    parser.add_argument("--eager", action="store_true", help="do not compile")
    parser.add_argument("--no-numba", action="store_true", help="leave the CPU out")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    chosen = parser.parse_args(arguments)
    try:
        import torch
    except ImportError:
        print("skipped: PyTorch is not installed")
        return 0
    if torch.device(chosen.device).type == "cuda" and not torch.cuda.is_available():
        print("skipped: torch finds no CUDA device here (--device cpu tries the program out)")
        return 0
    logging.getLogger("learnedflux").setLevel(logging.ERROR)
    print(machine(chosen.device))
    heads = "equation | cells | scheme | precision | M cell-steps/s | x Numba | peak | first step"
    print(f"\n| {heads} |\n|{'---|' * (1 + heads.count('|'))}")
    rows = []
    for dimension in map(int, chosen.dimensions.split(",")):
        cells = shape(chosen.cells, dimension)
        for equation in chosen.equations.split(","):
            given = problem(equation, cells)
            for scheme in chosen.schemes.split(","):
                host = None if chosen.no_numba else by_numba(given, scheme, 5)
                for dtype in chosen.dtypes.split(","):
                    options = {"device": chosen.device, "dtype": dtype, "compile": not chosen.eager}
                    found = on_device(given, scheme, chosen.steps, **options)
                    rate = given.grid.size / found["seconds"]
                    row = {
                        "equation": equation, "cells": cells, "scheme": scheme, "dtype": dtype,
                        "cell_steps_per_second": rate, "numba_seconds": host, **found,
                    }  # fmt: skip
                    rows.append(row)
                    against = f"{host / found['seconds']:.3g}" if host else "-"
                    peak = f"{found['peak']:.0f}" if "peak" in found else "-"
                    print(
                        f"| {equation} | {'x'.join(map(str, cells))} | {scheme} | {dtype} "
                        f"| {rate / 1e6:.3g} | {against} | {peak} | {found['first']:.0f} s |",
                        flush=True,
                    )
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": machine(chosen.device), "rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
