"""What each departure from the experiment of Way et al. does alone, as a table.

    python -m benchmarks.ablation -o docs/ablation.md           # ten minutes on one idle core

All arms share states, network, seeds, learning rate and number of gradient steps, and are much
shorter than the recipe ``training/paper_burgers.toml``. Every policy is judged in the same two
settings, with forward Euler as in the paper and with SSPRK3, on the states it was trained on and on
others, by its L2 error over that of the paper's WENO in the same setting.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

import learnedflux as lf
from learnedflux import training
from learnedflux.training.episodes import Rows, baseline
from learnedflux.training.paper import l2_errors

ARMS: dict[str, dict[str, Any]] = {
    "the paper's": {},
    "exact target": {"experiment.target": "exact"},
    "SSPRK3": {"experiment.integrator": "ssprk3"},
    "free value with bounds": {"policy.action": "value"},
}
UNTRAINED: dict[str, dict[str, Any]] = {
    "untrained weights": {},
    "untrained free value": {"policy.action": "value"},
}
SHORT = {
    "name": "ablation", "family": "weno_weights", "equations": ["Burgers"], "cells": 128,
    "iterations": 100, "steps": [20, 40], "ramp": 0.5, "segment": 0, "rate": 3e-4,
    "dtype": "float32", "validate_every": 100,
    "experiment.states": ["smooth_sine", "rarefaction", "accelshock"],
}  # fmt: skip
TRAINED = ("smooth_sine", "rarefaction", "accelshock")
UNSEEN = ("gaussian", "tophat", "sawtooth", "shock", "smooth_rare", "other_sine")
T_END, LOST = 0.2, 100.0
SETTINGS = {"euler": 4e-4, "ssprk3": 1e-3}  # integrators of the judgement, and their steps
log = logging.getLogger("learnedflux.benchmarks")


def judged(reconstruction: Any, integrator: str) -> np.ndarray:
    """Return the L2 errors on all states, not finite where a run broke down."""
    problems = [lf.problems.get(name)(cells=128) for name in (*TRAINED, *UNSEEN)]
    dt = SETTINGS[integrator]
    rows = Rows(problems, reconstruction, dt, integrator)
    return l2_errors(rows, rows.march(rows.initial(), round(T_END / dt)), T_END)


def policy_of(arm: str, seed: int) -> Any:
    """Return the policy of one arm and seed, trained where it is to be."""
    if arm in UNTRAINED:
        return training.Recipe.of(None, **(SHORT | UNTRAINED[arm] | {"seed": seed})).new_policy()
    with tempfile.TemporaryDirectory() as folder:
        run = training.train(None, folder=folder, **(SHORT | ARMS[arm] | {"seed": seed}))
    return run.policy.float()  # the network alone, for speed


def measured(seeds: list[int]) -> dict[str, np.ndarray]:
    """Return by arm the errors over WENO's, as an array (seed, integrator, state)."""
    weno = np.array([judged(baseline(), name) for name in SETTINGS])
    found = {}
    for arm in (*ARMS, *UNTRAINED):
        errors = []
        for seed in seeds:
            kind = policy_of(arm, seed).reconstruction()
            errors.append([judged(kind, name) for name in SETTINGS])
            log.info("%s, seed %d: %s", arm, seed, np.round(errors[-1] / weno, 2).tolist())
        ratios = np.array(errors) / weno
        found[arm] = np.where(np.isfinite(ratios), np.minimum(ratios, LOST), LOST)
    return found


def _cell(ratios: np.ndarray) -> str:
    """Return mean and range over seeds of the geometric means over states (seed, state)."""
    means = np.exp(np.log(ratios).mean(axis=1))
    lost = int((ratios >= LOST).sum())
    text = f"{np.exp(np.log(means).mean()):.2f} ({means.min():.2f} to {means.max():.2f})"
    return text + (f", {lost} of {ratios.size} lost" if lost else "")


def table(found: dict[str, np.ndarray]) -> list[str]:
    """Return the results as lines of Markdown."""
    n = len(TRAINED)
    lines = [
        "| only changed | trained on, Euler | trained on, SSPRK3 "
        "| unseen, Euler | unseen, SSPRK3 |",
        "|---|---|---|---|---|",
    ]
    for arm, ratios in found.items():
        parts = [ratios[:, k, s] for s in (slice(n), slice(n, None)) for k in (0, 1)]
        lines.append(f"| {arm} | " + " | ".join(map(_cell, parts)) + " |")
    lines += ["", "By state, mean over seeds (geometric), forward Euler / SSPRK3:", ""]
    lines += ["| | " + " | ".join((*TRAINED, *UNSEEN)) + " |", "|---" * (n + len(UNSEEN) + 1) + "|"]
    for arm, ratios in found.items():
        means = np.exp(np.log(ratios).mean(axis=0))
        cells = (f"{euler:.2f} / {ssp:.2f}" for euler, ssp in means.T)
        lines.append(f"| {arm} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Train, judge, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("-o", "--output", type=Path, help="file to keep the table in")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    lines = table(measured(given.seeds))
    if given.output is None:
        sys.stdout.write("\n".join(lines) + "\n")
        return
    # Words around the table are written by hand and stay.
    begin, end = "<!-- table -->", "<!-- end of table -->"
    text = given.output.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    text = "\n".join([before + begin, *lines, end + after])
    given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
