"""Training through the compiled rollout: an order of magnitude more iterations in an hour.

As :mod:`~learnedflux.training.trainer`, with what that could not afford: many kinds of problems,
each row compared with the best of several classical schemes on the logarithm of the error,
gradients clipped row by row, and waves that may not grow.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from learnedflux.training.compiled_task import (
    FLOOR,
    CompiledTask,
    Problems,
    of_kind,
    problems_of,
    ripple,
)
from learnedflux.training.distributions import Batch, Size
from learnedflux.training.nets import FamilyPolicy
from learnedflux.training.plane import PlaneProblems
from learnedflux.training.recipe import Recipe
from learnedflux.training.state import TrainingState

__all__ = ["CompiledTraining"]

LOST = 1.6  # logarithm of the error ratio of a row that ended unphysical
CLIP = 2.0  # largest gradient of a row, in medians of the last iterations
MEMORY = 50  # iterations of which the median is taken
BETAS = (0.9, 0.99)
AHEAD_EVERY = 3  # one iteration of so many starts from states that the policy has made itself
STEADY = 0.6  # share of the training after which the rollout has its full length
VALIDATION_SEED = 1_000_003
VALIDATION_CFL = (0.3, 0.45)
VALIDATION = ((1, 120), (2, 200))  # cells, in those of the training, and steps
VALIDATION_ROWS = 16  # of each kind
POOL_SHARE = 3  # times fewer fine-grid trajectories than for training
WORSE = 0.3  # what the share of problems lost counts in the score
GROWS = 0.5  # what that of waves that grow counts


class CompiledTraining:
    """Gradient steps and validation of one recipe, on all its equations.

    Parameters
    ----------
    recipe : Recipe
        What is trained, and on what.
    policy : FamilyPolicy
        Policy of a known family.
    """

    def __init__(self, recipe: Recipe, policy: FamilyPolicy) -> None:
        self.recipe = recipe
        self.problems = problems_of(recipe, recipe.seed)
        self.apart = problems_of(recipe, VALIDATION_SEED + recipe.seed, POOL_SHARE)
        self.tasks = [CompiledTask(recipe, p.equation, policy, p.dimension) for p in self.problems]
        self.kept: list[tuple[CompiledTask, Batch, Tensor]] = []

    # --- one gradient step -----------------------------------------------------------------------

    def iterate(self, state: TrainingState, iteration: int) -> dict[str, float]:
        """Take one gradient step; return what to log."""
        recipe = self.recipe
        progress = iteration / recipe.iterations
        rate = recipe.rate * min((iteration + 1) / min(20, recipe.iterations), 1.0)
        rate *= 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * progress))
        longer = min(progress / STEADY, 1.0) ** 1.5
        steps = round(recipe.steps[0] + longer * (recipe.steps[-1] - recipe.steps[0]))
        weights = parameters_to_vector(state.policy.parameters()).detach().numpy()
        gradient = torch.zeros(weights.shape, dtype=torch.float64)
        row: dict[str, float] = {}
        lost = 0.0
        ahead = self._ahead(iteration, steps)
        for task, problems in zip(self.tasks, self.problems, strict=True):
            size = Size(0, recipe.cells, ahead + steps, recipe.cfl)
            batch = problems.draw([recipe.seed, iteration], problems.mix, size)
            first = min(round(batch.steps * ahead / size.steps), batch.steps - 1)
            way = task.step(batch, weights, first)
            name = task.name
            norms = np.linalg.norm(way.gradient, axis=1)
            sound = np.isfinite(norms) & ~way.lost
            norm = float(np.median(norms[sound])) if sound.any() else 0.0
            key = f"gradient_norm_{name}"
            before = [kept[key] for kept in state.rows[-MEMORY:] if key in kept]
            clip = CLIP * float(np.median([*before, norm]))
            share = np.minimum(1.0, clip / np.maximum(norms[sound], 1e-30))[:, None]
            gradient += torch.as_tensor((way.gradient[sound] * share).sum(axis=0) / len(norms))
            row[f"loss_{name}"] = float(way.ratio[:, torch.as_tensor(~way.lost)].mean().exp())
            row[key] = norm
            lost += float(way.lost.sum())
        self._follow(state, gradient, rate)
        mean = float(np.mean([row[f"loss_{task.name}"] for task in self.tasks]))
        return {"loss": mean, **row, "rate": rate, "steps": float(steps), "lost": lost}

    def _ahead(self, iteration: int, steps: int) -> int:
        """Steps that the policy goes before those that gradients are followed through."""
        if not self.recipe.ahead or iteration % AHEAD_EVERY:
            return 0
        rng = np.random.default_rng([self.recipe.seed, iteration, steps])
        return round(rng.uniform(1.0, max(self.recipe.ahead, 1.0)) * steps)

    def _follow(self, state: TrainingState, gradient: Tensor, rate: float) -> None:
        """Move the weights against the gradient."""
        for group in state.optimizer.param_groups:
            group["lr"], group["betas"], group["eps"] = rate, BETAS, 1e-10
        start = 0
        for parameter in state.policy.parameters():
            part = gradient[start : start + parameter.numel()]
            parameter.grad = part.reshape(parameter.shape).clone()
            start += parameter.numel()
        state.optimizer.step()
        state.average()

    # --- validation ------------------------------------------------------------------------------

    def validate(self, policy: FamilyPolicy) -> dict[str, float]:
        """Return error ratios of longer and finer runs, by kind, and a score over all.

        ``validation`` is the geometric mean of the first variable's error over the best classical
        scheme's, each equation and each of its kinds alike; ``score`` also counts what is lost and
        waves that grow.
        """
        if not self.kept:
            pairs = zip(self.tasks, self.apart, strict=True)
            self.kept = [kept for pair in pairs for kept in _apart(*pair)]
        weights = parameters_to_vector(policy.parameters()).detach().numpy()
        logs: dict[str, dict[str, list[float]]] = {task.name: {} for task in self.tasks}
        grown: list[bool] = []
        for task, batch, best in self.kept:
            end, lost = task.rollout(batch.initial, batch.dt, batch.steps, weights)
            errors = task.errors(torch.as_tensor(end), batch)[0]
            ratio = torch.log((errors + FLOOR) / (best + FLOOR))
            ratio[:, torch.as_tensor(lost)] = LOST
            for kind in dict.fromkeys(batch.kinds):
                found = ratio[:, of_kind(batch, kind)].ravel().tolist()
                logs[task.name].setdefault(kind, []).extend(found)
            wave = of_kind(batch, "waves")
            if not wave.any():
                continue
            ends = [ripple(torch.as_tensor(q[0, wave])) for q in (end, batch.initial)]
            grown += (ends[0] > ends[1] * (1.0 + 1e-7)).tolist()
        every = [x for kinds in logs.values() for x in kinds.values()]
        worse = np.mean([np.mean(np.array(x) > math.log(1.05)) for x in every])
        means = [np.mean([np.mean(x) for x in kinds.values()]) for kinds in logs.values()]
        mean = float(np.mean(means))
        score = math.exp(mean + WORSE * worse + GROWS * (float(np.mean(grown)) if grown else 0.0))
        parts = {
            f"error_{name}_{kind}": math.exp(float(np.mean(x)))
            for name, kinds in logs.items()
            for kind, x in kinds.items()
        }
        return {"validation": math.exp(mean), "score": score, **parts}


def _apart(
    task: CompiledTask, problems: Problems | PlaneProblems
) -> Iterator[tuple[CompiledTask, Batch, Tensor]]:
    """Yield problems that are never trained on, and the best classical errors of a variable."""
    for refined, steps in VALIDATION:
        cells = refined * problems.cells
        mix = dict.fromkeys(problems.kinds(cells), VALIDATION_ROWS)
        if mix:
            size = Size(0, cells, steps, VALIDATION_CFL)
            batch = problems.draw([VALIDATION_SEED, refined], mix, size)
            yield task, batch, task.best(batch)[0]
