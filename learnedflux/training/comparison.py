"""A policy next to classical schemes on fresh problems, drawn like those it was trained on."""

from __future__ import annotations

import numpy as np
import torch
from tqdm import tqdm

from learnedflux.policy import Policy
from learnedflux.scheme import Scheme
from learnedflux.table import Table
from learnedflux.training.compiled_task import flat, problems_of
from learnedflux.training.distributions import Size
from learnedflux.training.losses import Outcome
from learnedflux.training.recipe import Recipe
from learnedflux.training.reference import periodic_backend
from learnedflux.training.tasks import march

__all__ = ["SCHEMES", "compare"]

SCHEMES = ("godunov", "muscl", "weno5", "teno5", "mp5")
SEED = 2_000_003  # of problems and reference runs: neither training nor validation has seen them
STEPS = 100
ROWS = 24
PART = 4  # times fewer fine-grid trajectories than for training


def compare(recipe: Recipe, policy: Policy, *, progress: bool | None = None) -> Table:
    """Return errors of classical schemes and a policy on fresh problems of a recipe.

    Parameters
    ----------
    recipe : Recipe
        Says equations, distributions, cells and CFL numbers.
    policy : Policy
        Loaded from its file.
    progress : bool, optional
        Progress bar; default on a terminal.

    Returns
    -------
    Table
        One row per equation and distribution or kind: the geometric mean, over 24 problems of 100
        steps (50 in the plane), of the first variable's mean error by its range. None where a
        scheme lost one.
    """
    rows = []
    with tqdm(desc="comparison", disable=None if progress is None else not progress) as bar:
        for problems in problems_of(recipe, SEED + recipe.seed, PART):
            equation = problems.equation
            for place, name in enumerate(problems.mix):
                size = Size(ROWS, recipe.cells, STEPS, recipe.cfl)
                batch = problems.draw([SEED, recipe.seed, place], {name: ROWS}, size)
                row: dict[str, object] = {"problems": f"{equation.name} {name}"}
                for scheme in (*SCHEMES, policy):
                    label = scheme if isinstance(scheme, str) else scheme.name
                    shape = batch.initial.shape[2:]
                    end = march(periodic_backend(equation, Scheme(scheme), shape), batch)
                    states = (batch.initial, end, batch.target)
                    start, q, exact = (flat(torch.as_tensor(state)) for state in states)
                    found = Outcome(equation, start, q, exact, {}, ()).errors[0].numpy()
                    good = bool(np.isfinite(found).all())
                    row[label] = float(np.exp(np.log(found + 1e-16).mean())) if good else None
                    bar.update()
                rows.append(row)
    return Table(rows)
