"""Tasks: one equation's problems, the environment they are solved in, and what came out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from learnedflux.backends import NumbaBackend
from learnedflux.equations import Equation
from learnedflux.integrators import ssprk3
from learnedflux.reconstruction import linear5_scheme, reconstructions
from learnedflux.scheme import BoundScheme
from learnedflux.training import laws
from learnedflux.training.distributions import Batch, Draw, Size, draw_rows, join, supported
from learnedflux.training.losses import CAP, LINEAR, Outcome, losses
from learnedflux.training.parallel import Ranks
from learnedflux.training.recipe import Recipe
from learnedflux.training.reference import PoolSettings, by_row
from learnedflux.training.rollout import Environment, rollout

__all__ = ["Task", "march", "pool_settings", "prepare_draws", "stretch_of", "tasks_of"]

LINEAR_STRETCH = 1.5  # a linear law loses only what a scheme smears: it may go on for longer


@dataclass(frozen=True)
class Task:
    """One equation's problems and the environments they are solved in.

    Parameters
    ----------
    equation : Equation
        Conservation law.
    draws : tuple of (name, rows, draw)
        Distributions, and how many rows of each a rank takes.
    stretch : float
        Steps relative to the recipe's.
    rhs : callable
        Right-hand side with the policy in it, on tensors.
    schemes : dict
        Classical schemes to compare with, by name.
    recipe : Recipe
        What is trained.
    ranks : Ranks
        Who shares the work.
    """

    equation: Equation
    draws: tuple[tuple[str, int, Draw], ...]
    stretch: float
    rhs: Callable[[Tensor, Tensor], Tensor]
    schemes: dict[str, NumbaBackend]
    recipe: Recipe
    ranks: Ranks

    def batch(self, seed: list[int], steps: int, part: int = 0) -> Batch:
        """Draw this rank's rows of all distributions, side by side.

        ``part`` counts batches of one seed: later ones go on where earlier ones ended.
        """
        r, batches = self.recipe, []
        for number, (name, rows, draw) in enumerate(self.draws):
            first = (part * self.ranks.size + self.ranks.rank) * rows
            size = Size(rows, r.cells, round(self.stretch * steps), r.cfl)
            batches.append(draw_rows(name, draw, [*seed, number], first, size))
        return join(batches)

    def outcome(self, batch: Batch) -> tuple[Outcome, Tensor]:
        """Solve a batch with the policy; return what came out, and which rows were lost."""
        dtype = getattr(torch, self.recipe.dtype)

        def tensor(x: np.ndarray) -> Tensor:
            return torch.as_tensor(x, dtype=dtype, device=self.ranks.device)

        start = tensor(batch.initial)
        r, dt = self.recipe, tensor(batch.dt)
        q = rollout(self.rhs, start, dt, batch.steps, segment=r.segment, limit=r.gradient_growth)
        fine = self.equation.admissible(tuple(q)) & torch.isfinite(q).all(dim=0)
        lost = ~fine.all(dim=-1)
        end = torch.where(lost[None, :, None], start, q)
        others = {name: tensor(march(scheme, batch)) for name, scheme in self.schemes.items()}
        found = Outcome(
            self.equation, start, end, tensor(batch.target), others,
            self.recipe.baselines, batch.kinds,
        )  # fmt: skip
        return found, lost

    def loss(self, outcome: Outcome, lost: Tensor) -> Tensor:
        """Return the weighed losses of each row; of lost rows the cap, which has no gradient."""
        total = torch.zeros_like(outcome.end[0, :, 0])
        for name, weight in self.recipe.losses.items():
            if weight:
                total = total + weight * losses[name].function(outcome)
        return torch.where(lost, torch.full_like(total, CAP), total)


def march(scheme: NumbaBackend, batch: Batch) -> np.ndarray:
    """Return the end states by a classical scheme; not finite where it fails."""
    q = batch.initial
    dt = by_row(batch.dt, q)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a row that fails may overflow
        for _ in range(batch.steps):
            q = ssprk3(scheme.rhs, 0.0, q, dt)
    return q


def stretch_of(equation: Equation) -> float:
    """Return how many times the recipe's steps problems of an equation take."""
    linear = equation.scalar and laws.shape(equation) == "linear"
    return LINEAR_STRETCH if linear else 1.0


def prepare_draws(
    recipe: Recipe, equation: Equation, pool: PoolSettings
) -> tuple[tuple[str, int, Draw], ...]:
    """Return the distributions of an equation, ready to draw from, with their rows."""
    return tuple(
        (name, rows, supported(equation, name).prepare(equation, pool))
        for name, rows in recipe.rows_of(equation).items()
    )


def pool_settings(recipe: Recipe, seed: int, part: int, progress: bool | None) -> PoolSettings:
    """Return the settings of fine-grid runs, a ``part``-th as many as the recipe says."""
    rows = -(-recipe.pool // part)
    return PoolSettings(
        seed, rows, recipe.cells, recipe.reference, recipe.refinement, progress=progress
    )


def tasks_of(
    recipe: Recipe, policy: Any, ranks: Ranks, pools: tuple[PoolSettings, PoolSettings]
) -> tuple[list[Task], list[Task]]:
    """Return the tasks to train on and those to validate on; they share no problem."""
    # One compiled version per equation, with and without gradients: more than torch expects.
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, 32)
    needed = {name for key, w in recipe.losses.items() if w for name in losses[key].needs}
    tasks, apart = [], []
    for equation in recipe.equations:
        env = Environment(
            equation, policy.reconstruction(), recipe.cells, recipe.dtype, ranks.device
        )
        rhs = torch.compile(env.guarded_rhs, dynamic=False) if recipe.compile else env.guarded_rhs
        schemes = {}
        for name in dict.fromkeys((*recipe.baselines, *sorted(needed))):
            rule = linear5_scheme if name == LINEAR else reconstructions[name]
            bound = BoundScheme(name, rule, env.scheme.riemann, env.scheme.variables)
            schemes[name] = NumbaBackend(equation, env.grid, bound, env.sides)
        draws = prepare_draws(recipe, equation, pools[0])
        task = Task(equation, draws, stretch_of(equation), rhs, schemes, recipe, ranks)
        tasks.append(task)
        apart.append(replace(task, draws=prepare_draws(recipe, equation, pools[1])))
    return tasks, apart
