"""A policy next to classical schemes on fresh problems, drawn like those it was trained on."""

from __future__ import annotations

import numpy as np
import torch
from tqdm import tqdm

from learnedflux.backends import NumbaBackend
from learnedflux.boundaries import boundaries
from learnedflux.equations import Equation
from learnedflux.grid import Grid
from learnedflux.policy import Policy
from learnedflux.scheme import Scheme
from learnedflux.table import Table
from learnedflux.training.compiled_task import Problems
from learnedflux.training.distributions import Size
from learnedflux.training.losses import Outcome
from learnedflux.training.recipe import Recipe
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
        steps, of the first variable's mean error by its range. None where a scheme lost one.
    """
    rows = []
    with tqdm(desc="comparison", disable=None if progress is None else not progress) as bar:
        for number, equation in enumerate(recipe.equations):
            problems = Problems(recipe, equation, number, SEED + recipe.seed, PART)
            for place, name in enumerate(problems.mix):
                size = Size(ROWS, recipe.cells, STEPS, recipe.cfl)
                batch = problems.draw([SEED, recipe.seed, place], {name: ROWS}, size)
                row: dict[str, object] = {"problems": f"{equation.name} {name}"}
                for scheme in (*SCHEMES, policy):
                    label = scheme if isinstance(scheme, str) else scheme.name
                    end = march(_backend(equation, scheme, recipe.cells), batch)
                    start, q, exact = map(torch.as_tensor, (batch.initial, end, batch.target))
                    found = Outcome(equation, start, q, exact, {}, ()).errors[0].numpy()
                    good = bool(np.isfinite(found).all())
                    row[label] = float(np.exp(np.log(found + 1e-16).mean())) if good else None
                    bar.update()
                rows.append(row)
    return Table(rows)


def _backend(equation: Equation, scheme: str | Policy, cells: int) -> NumbaBackend:
    periodic = boundaries["periodic"]
    bound = Scheme(scheme).bind(equation)
    return NumbaBackend(
        equation, Grid(x=(0.0, float(cells), cells)), bound, ((periodic, periodic),)
    )
