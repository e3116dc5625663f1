"""Cell-steps per second per core, against a hand-written solver and what the machine can do.

    python -m benchmarks.throughput                    # everything but --large and --peers
    python -m benchmarks.throughput --quick            # two-dimensional Euler equations only
    python -m benchmarks.throughput --equations acoustics,shallow_water --schemes weno5
    python -m benchmarks.throughput --large --peers --json throughput.json

README.md in this folder says how to read the tables. Only time stepping is timed: of every run the
first steps, which compile or load kernels, do not count. One core is timed by the processor time of
the process, two and more by the clock on the wall.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import gc
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import learnedflux as lf
from benchmarks import peers, roofline
from benchmarks.handwritten import KINDS, Yardstick
from benchmarks.tables import head, row
from learnedflux.evaluation import processor

EQUATIONS: dict[str, Callable[[int], lf.Equation]] = {
    "advection": lambda dimension: lf.Advection((1.0, 0.7, 0.4)[:dimension]),
    "burgers": lambda dimension: lf.Burgers(),
    "euler": lambda dimension: lf.Euler(),
    "shallow_water": lambda dimension: lf.ShallowWater(),
    "acoustics": lambda dimension: lf.Acoustics(),
    "buckley_leverett": lambda dimension: lf.BuckleyLeverett(),
    "traffic": lambda dimension: lf.LighthillWhithamRichards(),
}
SCHEMES = "godunov,muscl,weno5,teno5,mp5,learned"
SHAPES = {1: (2**18,), 2: (512, 512), 3: (64, 64, 64)}  # the same number of cells
PERIOD = 64  # cells after which the initial state repeats: no grid is smoother than another
WARM, TURN = 2, 3  # steps that do not count; steps between two solvers taking turns
results: list[dict[str, Any]] = []


def problem(equation: str, shape: tuple[int, ...]) -> lf.Problem:
    """Smooth waves with jumps along every axis, periodic, the same at every resolution."""
    chosen = EQUATIONS[equation](len(shape))
    x = np.meshgrid(*(np.arange(n) % PERIOD for n in shape), indexing="ij")
    wave = sum(np.cos(2.0 * np.pi * i / PERIOD) for i in x) / len(x)
    box = sum(1.0 * (abs(i - PERIOD / 2) < PERIOD / 4) for i in x) % 2

    def value(name: str) -> np.ndarray:
        if name == "bottom":
            return 0.0 * wave
        if name.startswith("velocity"):
            return 0.3 + 0.1 * wave
        if len(chosen.conserved_names(len(shape))) == 1:
            return 0.4 + 0.1 * wave + 0.3 * box
        return 1.0 + 0.2 * wave + 0.5 * box

    names = chosen.primitive_names(len(shape))
    return lf.Problem(
        equation=chosen,
        grid=lf.Grid(**{a: (0.0, n / shape[0], n) for a, n in zip("xyz", shape, strict=False)}),
        initial={name: value(name) for name in names},
        boundary="periodic",
        t_end=1e9,
    )


class _Enough(Exception):
    """Ends a run from its callback."""


def pace(
    given: lf.Problem,
    scheme: lf.Scheme,
    steps: int,
    beside: Sequence[Callable[[], Any]] = (),
    threads: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> list[float]:
    """Median seconds per step of ``lf.solve``, and of what takes turns with it every few steps."""
    seconds: list[list[float]] = [[] for _ in range(1 + len(beside))]
    started: float | None = None

    def callback(t: float, step: int, q: Any) -> None:
        nonlocal started
        if started is not None and step > WARM:
            seconds[0].append(clock() - started)
        if len(seconds[0]) >= steps:
            raise _Enough
        started = clock()
        if step % TURN == 0 and beside:
            for times, other in zip(seconds[1:], beside, strict=True):
                other()  # finds the cache full of another's data, as does our next step: not timed
                for _ in range(TURN - 1):
                    began = clock()
                    other()
                    times.append(clock() - began)
            started = None

    gc.collect()
    with contextlib.suppress(_Enough):
        lf.solve(given, scheme, threads=threads, progress=False, callback=callback)
    return [statistics.median(times) for times in seconds]


def peak(given: lf.Problem, scheme: lf.Scheme) -> float | None:
    """Most memory a run holds beyond the problem itself, in arrays of the size of its state."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return None

    def resident() -> int:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    gc.collect()
    before, top, over = resident(), 0, threading.Event()

    def watch() -> None:
        nonlocal top
        while not over.wait(1e-3):
            top = max(top, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        pace(given, scheme, 3)
    finally:
        over.set()
        watcher.join()
    variables = len(given.equation.conserved_names(given.grid.dimension))
    return (top - before) / (8 * variables * given.grid.size)


# --- tables ---------------------------------------------------------------------------------------


def keep(table: str, **entries: Any) -> None:
    """Keep a row for --json."""
    results.append({"table": table, **entries})


def millions(cells: int, seconds: float) -> float:
    """Millions of cell-steps per second."""
    return cells / seconds / 1e6


def against_yardstick(sizes: Iterable[int], steps: int, machine: roofline.Machine) -> None:
    """Table of the generic kernels, the hand-written ones and the roofline."""
    head(
        "Two-dimensional Euler equations, one core, million cell-steps/s",
        "scheme", "variables", "cells", "library", "hand-written", "ratio", "roofline",
        "library / roofline", "flops", "bytes",
    )  # fmt: skip
    for reconstruction, variables in KINDS:
        flops = roofline.flops_per_step(reconstruction, variables)
        moved = roofline.bytes_per_step()
        for n in sizes:
            given = problem("euler", (n, n))
            by_hand = Yardstick(
                given.initial_state(), given.grid.spacing, reconstruction, variables
            )
            scheme = lf.Scheme(reconstruction, variables=variables)
            ours, theirs = pace(given, scheme, steps, [by_hand.step])
            best = millions(1, machine.seconds(flops, moved))
            a, b = millions(n * n, ours), millions(n * n, theirs)
            row(reconstruction, variables, f"{n}²", a, b, a / b, best, a / best, flops, moved)
            keep("yardstick", scheme=reconstruction, variables=variables, cells=n, library=a,
                 handwritten=b, roofline=best, flops=flops, bytes=moved)  # fmt: skip


def by_scheme(equations: list[str], schemes: list[str], dimensions: list[int], steps: int) -> None:
    """Table of equations and dimensions by schemes."""
    head(
        f"One core, million cell-steps/s, {SHAPES[1][0]} cells",
        "equation", "dimension", "variables", *schemes,
    )  # fmt: skip
    rates: dict[tuple[str, str, int, str], float] = {}
    for equation in equations:
        kinds = ["characteristic", "primitive"]
        if EQUATIONS[equation](1).scalar:
            kinds = ["conserved"]
        for variables in kinds:
            for dimension in dimensions:
                found: list[float | None] = []
                for name in schemes:
                    try:
                        given = problem(equation, SHAPES[dimension])
                        seconds = pace(given, lf.Scheme(name, variables=variables), steps)[0]
                    except lf.LearnedFluxError as error:
                        found.append(None)
                        sys.stderr.write(f"{equation}, {dimension}D, {name}: {error}\n")
                        continue
                    found.append(millions(given.grid.size, seconds))
                    rates[equation, variables, dimension, name] = found[-1]
                    keep("schemes", equation=equation, dimension=dimension, variables=variables,
                         scheme=name, library=found[-1])  # fmt: skip
                row(equation, f"{dimension}D", variables, *found)
    flat = {k: r for k, r in rates.items() if k[2] == 2 and (*k[:2], 3, k[3]) in rates}
    if flat:
        worst = min((rates[*k[:2], 3, k[3]] * 3 / (r * 2), k) for k, r in flat.items())
        equation, variables, _, name = worst[1]
        print(
            f"\n3D against 2D per cell-step and axis: at least {worst[0]:.2f} "
            f"({equation}, {variables}, {name})."
        )


def by_threads(schemes: list[str], n: int, threads: int, steps: int) -> None:
    """Table of rates by the clock with one and with more threads, runs in turns."""
    head(
        f"Threads, two-dimensional Euler equations, {n}², by the clock, million cell-steps/s",
        "scheme", "1 thread", f"{threads} threads", "ratio",
    )  # fmt: skip
    given = problem("euler", (n, n))
    for name in schemes:
        seconds: dict[int, list[float]] = {1: [], threads: []}
        for _ in range(3):
            for count, times in seconds.items():
                times += pace(given, lf.Scheme(name), steps, (), count, time.perf_counter)
        one, many = (millions(n * n, statistics.median(times)) for times in seconds.values())
        row(name, one, many, many / one)
        keep("threads", scheme=name, cells=n, threads=threads, one=one, many=many)


def memory(schemes: list[str], n: int) -> None:
    """Table of peak memory."""
    head(f"Peak memory of a run, two-dimensional Euler equations, {n}²", "scheme", "state arrays")
    given = problem("euler", (n, n))
    for name in schemes:
        pace(problem("euler", (PERIOD, PERIOD)), lf.Scheme(name), 3)  # loads the kernels
        states = peak(given, lf.Scheme(name))
        row(name, states)
        keep("memory", scheme=name, cells=n, states=states)


def against_peers(n: int, steps: int) -> None:
    """Table of other people's solvers, taking turns with ours."""
    head(
        f"Other solvers, two-dimensional Euler equations, {n}², processor time",
        "solver", "million cell-steps/s", "library, weno5", "library / solver",
    )  # fmt: skip
    given = problem("euler", (n, n))
    for name, (_, make) in peers.PEERS.items():
        why = peers.missing(name)
        if why is None:
            try:
                step = make(given.initial_state(), given.grid.spacing, 1.4)
                step()  # compiles
                ours, theirs = pace(given, lf.Scheme("weno5"), steps, [step])
            except Exception as error:  # anything may go wrong in another code
                why = f"failed: {type(error).__name__}: {error}"
        if why is not None:
            row(name, why, None, None)
            continue
        row(name, millions(n * n, theirs), millions(n * n, ours), theirs / ours)
        keep("peers", solver=name, cells=n, peer=millions(n * n, theirs),
             library=millions(n * n, ours))  # fmt: skip


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="two-dimensional Euler equations only, fewer steps")
    add("--large", action="store_true", help="2048² too (a gigabyte of memory)")
    add("--peers", action="store_true", help="other people's solvers too, where installed")
    add("--cells", default="256,512", help="sizes for the comparison with the hand-written solver")
    add("--threads", type=int, default=2, help="threads to compare with one; 1: no comparison")
    add("--equations", default="advection,burgers,euler", help=f"of {', '.join(EQUATIONS)}")
    add("--schemes", default=SCHEMES)
    add("--dimensions", default="1,2,3")
    add("--steps", type=int, default=12, help="steps timed of every run")
    add("--json", metavar="FILE", help="also write the rows to a file")
    arguments = parser.parse_args()
    sizes = [int(n) for n in arguments.cells.split(",")] + [2048] * arguments.large
    schemes, steps = arguments.schemes.split(","), arguments.steps

    machine = roofline.measure()
    now = datetime.datetime.now(datetime.UTC)
    print(
        f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {now:%Y-%m-%d}; "
        f"one core: triad {machine.bandwidth / 1e9:.1f} GB/s, multiply and add "
        f"{machine.rate / 1e9:.0f} Gflop/s ({machine.vector})."
    )
    keep("machine", processor=processor(), date=f"{now:%Y-%m-%d}", **machine._asdict())
    against_yardstick(sizes, steps, machine)
    if not arguments.quick:
        dimensions = [int(d) for d in arguments.dimensions.split(",")]
        by_scheme(arguments.equations.split(","), schemes, dimensions, steps)
    if arguments.threads > 1:
        by_threads(schemes, 512, arguments.threads, steps)
    memory(schemes, 1024)
    if arguments.peers:
        against_peers(256, steps)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
