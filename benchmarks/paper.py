"""What the policies of Way et al.'s experiment do where they were trained, and where not.

    python -m benchmarks.paper -o docs/generalisation.md        # half an hour
    python -m benchmarks.paper --burgers a.onnx b.onnx --euler c.onnx

L2 errors of the first variable at cell centres against the exact solution, next to those of the
WENO that the paper compares with, in the same setting. Of several policies of one equation the
first is shown, and of all of them the range.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import learnedflux as lf
from benchmarks.points import classical, l2, marched

CELLS = 128
WORSE = 1.25  # ratio of errors from which on a row is named
log = logging.getLogger("learnedflux.benchmarks")


@dataclass(frozen=True)
class Case:
    """One row: a problem, and how it is run."""

    group: str
    label: str
    problem: lf.Problem
    t_end: float
    dt: float | None = None
    cfl: float = 0.4
    integrator: str = "euler"

    def error(self, scheme: lf.Scheme) -> float:
        """Return the L2 error by a scheme; infinite where the run breaks down."""
        settings = {"dt": self.dt, "cfl": self.cfl, "integrator": self.integrator}
        q = marched(self.problem, scheme, self.t_end, **settings)
        return l2(self.problem, q, self.t_end) if np.isfinite(q).all() else np.inf


def burgers_cases() -> Iterator[Case]:
    """Yield all rows of the Burgers equation."""
    trained = ("smooth_sine", "rarefaction", "accelshock")
    unseen = ("other_sine", "gaussian", "tophat", "sawtooth", "shock", "smooth_rare")
    get = lf.problems.get
    dt = 4e-4
    for name in trained:
        yield Case("Trained on", name, get(name)(cells=CELLS), 0.2, dt)
    for cells in (64, 256, 512, 1024):
        for name in trained:
            yield Case(
                "Other grids, same CFL number", f"{name}, {cells} cells", get(name)(cells=cells),
                0.2, dt * CELLS / cells,
            )  # fmt: skip
    for name in unseen:
        yield Case("Unseen states", name, get(name)(cells=CELLS), 0.2, dt)
    for seed in range(4):
        problem = lf.problems.random_sine(cells=CELLS, seed=seed)
        yield Case("Unseen states", f"random_sine, seed {seed}", problem, 0.2, dt)
    fast = {"other_sine": get("other_sine")(cells=CELLS)} | {
        f"random_sine, seed {seed}": lf.problems.random_sine(cells=CELLS, seed=seed)
        for seed in range(4)
    }
    for label, problem in fast.items():
        yield Case(
            "Unseen states, SSPRK3 with the same step", label, problem, 0.2, dt,
            integrator="ssprk3",
        )  # fmt: skip
    for name in (*trained, "other_sine", "gaussian", "tophat"):
        yield Case("Twice the time, t = 0.4", name, get(name)(cells=CELLS), 0.4, dt)
    for integrator, cfl in (("ssprk3", 0.4), ("rk4", 0.5)):
        for name in (*trained, "gaussian", "tophat"):
            yield Case(
                "Other integrators, CFL steps", f"{name}, {integrator}, CFL {cfl}",
                get(name)(cells=CELLS), 0.2, None, cfl, integrator,
            )  # fmt: skip
    planes = {
        "gaussian bump": lf.problems.burgers_gaussian_bump(cells=64),
        "0.5 + sin(pi/2 (x + y))": lf.problems.burgers_sine_2d(cells=64),
        "smooth_sine + other_sine": lf.problems.burgers_sum(cells=64),
        "rarefaction + tophat": lf.problems.burgers_sum(cells=64, x="rarefaction", y="tophat"),
    }
    for label, plane in planes.items():
        yield Case(
            "Two dimensions, 64 x 64 cells, SSPRK3, CFL 0.4", label, plane, plane.t_end,
            None, 0.4, "ssprk3",
        )  # fmt: skip
    for cells in (64, 96, 128, 192, 256):
        yield Case(
            "Convergence: gaussian, t = 0.05, RK4, CFL 0.5", f"{cells} cells",
            lf.problems.gaussian(cells=cells), 0.05, None, 0.5, "rk4",
        )  # fmt: skip


def euler_cases() -> Iterator[Case]:
    """Yield all rows of the Euler equations."""
    trained, dt = ("paper_sod", "shock_tube"), 1e-4
    get = lf.problems.get
    for name in trained:
        yield Case("Trained on", name, get(name)(cells=CELLS), 0.05, dt)
    for cells in (64, 256, 512):
        for name in trained:
            yield Case(
                "Other grids, same CFL number", f"{name}, {cells} cells", get(name)(cells=cells),
                0.05, dt * CELLS / cells,
            )  # fmt: skip
    for name in ("sod2", "sonic_rarefaction", "double_rarefaction", "slow_moving_shock"):
        yield Case("Unseen states", name, get(name)(cells=CELLS), 0.05, dt)
    wave = lf.problems.density_wave(cells=CELLS)
    yield Case("Unseen states", "density wave", wave, 0.05, dt)
    for name in trained:
        problem = get(name)(cells=CELLS)
        yield Case("To the problem's end", f"{name}, t = {problem.t_end:g}", problem,
                   problem.t_end, dt)  # fmt: skip
    for integrator, cfl in (("ssprk3", 0.4), ("rk4", 0.5)):
        for name in trained:
            problem = get(name)(cells=CELLS)
            yield Case(
                "Other integrators, CFL steps, to the problem's end",
                f"{name}, {integrator}, CFL {cfl}", problem, problem.t_end, None, cfl, integrator,
            )  # fmt: skip


def _number(value: float, digits: str = ".3e") -> str:
    return format(value, digits) if np.isfinite(value) else "fails"


def _ratios(errors: list[float], baseline: float) -> list[float]:
    if not np.isfinite(baseline):
        return [np.nan if not np.isfinite(e) else 0.0 for e in errors]
    return [e / baseline for e in errors]


def table(cases: Iterator[Case], policies: list[Path]) -> list[str]:
    """Return the rows as lines of Markdown, and last the names of those that are worse."""
    schemes = [lf.Scheme(path, positivity=False) for path in policies]
    weno, lines, worse, group = classical(), [], [], None
    studies: dict[str, list[tuple[int, float, float]]] = {}
    for case in cases:
        base = case.error(weno)
        errors = [case.error(scheme) for scheme in schemes]
        ratios = _ratios(errors, base)
        log.info("%s: %s, %s", case.label, _number(base), ", ".join(map(_number, errors)))
        if case.group != group:
            group = case.group
            heads = ["", "WENO5", "policy", "ratio", "all seeds"][: 4 + (len(policies) > 1)]
            lines += ["", f"**{group}**", "", "| " + " | ".join(heads) + " |"]
            lines += ["|---" * len(heads) + "|"]
        span = f"{min(ratios):.2f} to {max(ratios):.2f}" if len(ratios) > 1 else ""
        ratio = _number(ratios[0], ".2f")
        row = [case.label, _number(base), _number(errors[0]), ratio, span]
        lines.append("| " + " | ".join(row[: 4 + (len(policies) > 1)]) + " |")
        if not ratios[0] <= WORSE:
            worse.append(f"{case.label} ({case.group.split(',')[0].lower()}): {ratio}")
        if group.startswith("Convergence"):
            cells = case.problem.grid.shape[0]
            studies.setdefault(group, []).append((cells, base, errors[0]))
    for found in studies.values():
        cells, *columns = zip(*found, strict=True)
        orders = [lf.metrics.observed_order(cells, errors) for errors in columns]
        lines.append("")
        lines.append("Order by least squares: WENO5 {:.2f}, policy {:.2f}.".format(*orders))
    told = "; ".join(worse) or "none"
    return [*lines, "", f"Worse than WENO5 by more than a quarter: {told}."]


def main() -> None:
    """Measure, and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shipped = Path(__file__).resolve().parents[1] / "pretrained"
    for name in ("burgers", "euler"):
        parser.add_argument(
            f"--{name}", nargs="*", type=Path, default=[shipped / f"paper_{name}.onnx"],
            help="policies of several seeds, the one to show first",
        )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, help="file to write; default: print")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    lines = [
        "# Generalisation of the paper's policies",
        "",
        "Made by `python -m benchmarks.paper`; what it means is told in [paper.md](paper.md). L2",
        "errors sqrt(h sum e^2) at cell centres against the exact solution, 128 cells and forward",
        "Euler where nothing else is said; WENO5 is that of the paper (Jiang and Shu's weights,",
        "epsilon 1e-16, global Lax-Friedrichs splitting).",
    ]
    equations: dict[str, tuple[list[Path], Any]] = {
        "Burgers equation": (given.burgers, burgers_cases),
        "Euler equations": (given.euler, euler_cases),
    }
    for title, (paths, cases) in equations.items():
        if paths:
            lines += ["", f"## {title}", *table(cases(), paths)]
    text = "\n".join(lines) + "\n"
    if given.output:
        given.output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
