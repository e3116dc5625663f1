"""The figures of Way et al. from a training run: states, errors, variation and weights.

    python -m benchmarks.paper_figures runs/paper_burgers-seed0 -o docs/images

For each state that was trained on two files: how it goes on, and the weights at the end. Episodes
are those of the evaluation, twice as long as in training.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

from learnedflux import plot, training
from learnedflux.plot.style import COLOURS, STYLE
from learnedflux.problem import Problem
from learnedflux.reconstruction.stencil import differences, smoothness
from learnedflux.reconstruction.weno import weno5_js_factors
from learnedflux.training.episodes import Rows, baseline, exact_values
from learnedflux.training.experiment import Experiment

LINEAR = (0.1, 0.6, 0.3)
SHOWN = 5  # states over time
AGENT, WENO = "agent", "WENO5"


def weno_weights(cells: tuple[Tensor, ...]) -> Tensor:
    """Return WENO's weights (..., sub-stencil) of five cells."""
    factors = weno5_js_factors(smoothness(*differences(*cells)))
    raw = torch.stack([w * f for w, f in zip(LINEAR, factors, strict=True)], dim=-1)
    return raw / raw.sum(dim=-1, keepdim=True)


def halves(rows: Rows, q: Tensor) -> tuple[Tensor, ...]:
    """Return the five cells that both sides look at, each (side, variable, row, face)."""
    seen: list[tuple[Tensor, ...]] = []

    def look(*cells: Tensor) -> Tensor:
        seen.append(cells)
        return cells[2]

    kept, rows.backend.rule = rows.backend.rule, look
    try:
        rows.rate(q)
    finally:
        rows.backend.rule = kept
    return seen[0]


def course(problem: Problem, rows: dict[str, Rows], steps: int, dt: float) -> dict[str, Any]:
    """Return states, L2 errors and total variations after every step, by who made them."""
    found: dict[str, Any] = {}
    for label, one in rows.items():
        states = [one.initial()]
        one.march(states[0], steps, lambda _, q, states=states: states.append(q))
        u = torch.stack(states)[:, 0, 0].numpy()
        exact = np.stack([exact_values(problem, k * dt)[0] for k in range(0, steps + 1, 5)])
        error = np.sqrt(problem.grid.spacing[0] * np.square(u[::5] - exact).sum(axis=1))
        jumps = [torch.diff(one.padded(q)[0, 0]).abs().sum() for q in states]
        found[label] = {"u": u, "q": states[-1], "error": error, "variation": np.array(jumps)}
    return found


def drawn(problem: Problem, found: dict[str, Any], dt: float) -> Any:
    """Return the figure of one state: its end, its way, and both over time."""
    x, steps = problem.grid.centers(0), len(found[AGENT]["u"]) - 1
    t_end = steps * dt
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, 2, figsize=(8.0, 5.6), layout="constrained")
        fine = problem.with_cells(4096)
        axes[0, 0].plot(fine.grid.centers(0), exact_values(fine, t_end)[0], "k-", label="exact")
        for number, (label, one) in enumerate(found.items()):
            look: Any = {"color": COLOURS[number], "label": label}
            marks: Any = {"marker": "o+"[number], "linestyle": "", "markersize": 3.5}
            axes[0, 0].plot(x, one["u"][-1], fillstyle="none", **marks, **look)
            times = dt * np.arange(steps + 1)
            axes[1, 0].semilogy(times[::5], np.maximum(one["error"], 1e-8), **look)
            axes[1, 1].plot(times, one["variation"], **look)
        for k in np.linspace(0, steps, SHOWN).astype(int):
            shade = str(0.75 * (1.0 - k / steps))
            axes[0, 1].plot(x, found[AGENT]["u"][k], color=shade, label=f"t = {k * dt:.3g}")
        axes[0, 0].set(title=f"t = {t_end:g}", xlabel="x")
        axes[0, 1].set(title=AGENT, xlabel="x")
        axes[1, 0].set(title="L2 error", xlabel="time")
        axes[1, 1].set(title="total variation", xlabel="time")
        for axis in axes.flat[:2]:
            axis.legend(fontsize=7)
        axes[1, 0].legend(fontsize=7)
        figure.suptitle(f"{problem.name}, {problem.grid.shape[0]} cells")
    return figure


def write(figure: Any, path: Path) -> None:
    """Write a figure as a small PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(plot.png(figure, dpi=80))


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="folder of a training run of a recipe with an experiment")
    parser.add_argument("-o", "--output", type=Path, default=Path(), help="folder to write to")
    given = parser.parse_args()
    torch.set_num_threads(1)
    run = training.load_run(given.run)
    settings = Experiment.of(run.recipe.experiment)
    steps = settings.evaluation * max(run.recipe.steps)
    for problem in settings.problems(run.recipe.cells, run.recipe.equations[0]):
        kinds = {AGENT: run.policy.reconstruction(), WENO: baseline()}
        rows = {
            label: Rows([problem], kind, settings.dt, settings.integrator, settings.viscosity)
            for label, kind in kinds.items()
        }
        found = course(problem, rows, steps, settings.dt)
        stem = f"{run.recipe.name}_{problem.name}"
        write(drawn(problem, found, settings.dt), given.output / f"{stem}.png")
        cells = halves(rows[AGENT], found[AGENT]["q"])
        with torch.no_grad():
            chosen = {AGENT: run.policy.act(run.policy.observe(cells)), WENO: weno_weights(cells)}
        # The first variable of the one row; both sides from upwind to downwind.
        of_first = {k: w[:, 0, 0].permute(0, 2, 1).numpy() for k, w in chosen.items()}
        faces, x = problem.grid.edges(0), problem.grid.centers(0)
        picture = plot.weights(
            faces, of_first, (x, found[AGENT]["u"][-1]),
            f"{problem.name}: weights of agent and WENO in the agent's state",
        )  # fmt: skip
        write(picture, given.output / f"{stem}_weights.png")


if __name__ == "__main__":
    main()
