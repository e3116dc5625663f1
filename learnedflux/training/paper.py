"""Training by the reward of Way et al.: each face of each step is an agent with one of its own.

The sum of all rewards of an episode is differentiated through all its steps. What a step's target
is compared with depends on the state too: one step of WENO from the agents' own state is part of
what is differentiated.

References
----------
.. [1] Way, Kapilavai, Fu and Yu, Backpropagation through time and space: learning numerical methods
   with multi-agent reinforcement learning, arXiv:2203.08937.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from learnedflux.errors import InputError
from learnedflux.training.episodes import Rows, baseline, exact_values
from learnedflux.training.experiment import Experiment
from learnedflux.training.recipe import Recipe
from learnedflux.training.state import TrainingState

__all__ = ["PaperTraining", "l2_errors", "rewards"]

WARM_UP = 10  # iterations
CLIP = 1.0  # of the gradient's norm
LOST = 1e3  # error ratio of a state whose run did not stay finite
SMALLEST = 1e-16  # error whose logarithm is taken


def rewards(error: Tensor, settings: Experiment) -> Tensor:
    """Return the reward of each face from signed errors of cells with one ghost on each side.

    Parameters
    ----------
    error : Tensor, shape (variable, row, cell + 2)
        Difference from the target.
    settings : Experiment
        How errors are combined and squashed.

    Returns
    -------
    Tensor, shape (variable, row, cell + 1)
    """
    size = error.abs()
    left, right = size[..., :-1], size[..., 1:]
    if settings.combine == "max":
        combined = torch.maximum(left, right)
    elif settings.combine == "L2":
        combined = (left.square() + right.square()).clamp(min=SMALLEST**2).sqrt()
    else:
        combined = (left + right) * (0.5 if settings.combine == "mean" else 1.0)
    if settings.squash == "atan":
        found = -torch.atan(settings.sharpness * combined)
    elif settings.squash == "log":
        found = -torch.log(combined + SMALLEST)
    else:
        found = -combined
    if settings.conservation:
        found = found - settings.conservation * (error[..., :-1] + error[..., 1:]).abs()
    return found


def l2_errors(rows: Rows, q: Tensor, t: float) -> np.ndarray:
    """Return the L2 error of the first variable of each row: sqrt(h sum e^2) at cell centres."""
    found = []
    for number, problem in enumerate(rows.problems):
        e = q[0, number].numpy() - exact_values(problem, t)[0]
        found.append(math.sqrt(problem.grid.spacing[0] * float(np.sum(e * e))))
    return np.array(found)


@dataclass(frozen=True)
class _Group:
    """States that make an episode together, marched by the agents and by WENO."""

    agents: Rows
    classical: Rows
    targets: list[Tensor]  # after each step; none where WENO steps from the agents' own state
    settings: Experiment
    compile: bool

    def step(self, q: Tensor, number: int) -> tuple[Tensor, Tensor]:
        """Return the states after step ``number``, and the mean reward of its agents."""
        return self.advance(q, self.targets[number] if self.targets else None)

    @functools.cached_property
    def advance(self) -> Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor]]:
        """A step towards a target, compiled where that is wanted."""
        return torch.compile(self._advance, dynamic=False) if self.compile else self._advance

    def _advance(self, q: Tensor, target: Tensor | None) -> tuple[Tensor, Tensor]:
        new = self.agents.step(q)
        wanted = self.classical.step(q) if target is None else target
        gained = rewards(self.agents.padded(new - wanted), self.settings).mean()
        if self.settings.total_variation:
            now, before = (_variation(self.agents.padded(x)) for x in (new, q))
            gained = gained - self.settings.total_variation * torch.relu(now - before).mean()
        return new, gained


class PaperTraining:
    """Episodes with a policy in them, and what they are compared with.

    Parameters
    ----------
    recipe : Recipe
        With a table ``[experiment]``.
    policy : torch.nn.Module
        A policy that works on split fluxes.
    """

    def __init__(self, recipe: Recipe, policy: Any) -> None:
        self.recipe, self.settings = recipe, Experiment.of(recipe.experiment)
        problems = self.settings.problems(recipe.cells, recipe.equations[0])
        apart = self.settings.draw != "all"
        groups = [[p] for p in problems] if apart else [problems]
        kind = policy.reconstruction()
        steps, longest = max(recipe.steps), self.settings.evaluation * max(recipe.steps)
        rule = baseline(policy.r)
        self.groups = [self._group(group, kind, rule, steps) for group in groups]
        self.judged = self._group(problems, kind, rule, longest)
        self.parameters = list(policy.parameters())
        self.beaten: np.ndarray | None = None  # WENO's errors

    def _group(self, problems: Any, kind: Any, rule: Any, steps: int) -> _Group:
        s = self.settings
        agents, classical = (
            Rows(problems, one, s.dt, s.integrator, s.viscosity) for one in (kind, rule)
        )
        targets = self._targets(agents, steps)
        return _Group(agents, classical, targets, s, self.recipe.compile)

    def _targets(self, rows: Rows, steps: int) -> list[Tensor]:
        """Return the target after each step, of targets that do not depend on the agents."""
        s = self.settings
        if s.target == "weno":
            return []
        if s.target == "exact":
            states = [
                np.stack([exact_values(p, s.dt * k) for p in rows.problems], axis=1)
                for k in range(1, steps + 1)
            ]
            return [rows.tensor(state) for state in states]
        cells = self.recipe.cells * s.refinement
        names = [problem.name for problem in rows.problems]
        finer = [p for p in s.problems(cells, self.recipe.equations[0]) if p.name in names]
        fine = Rows(finer, baseline(3), s.dt / s.refinement, s.integrator, s.viscosity)
        found: list[Tensor] = []

        def keep(number: int, q: Tensor) -> None:
            if number % s.refinement == 0:
                found.append(rows.tensor(q[..., s.refinement // 2 :: s.refinement]))

        fine.march(fine.initial(), steps * s.refinement, keep)
        return found

    # --- gradient steps ------------------------------------------------------------------------

    def episode(self, number: int, steps: int) -> Tensor:
        """Return the mean reward per step and agent of an episode of one group of states.

        Gradients and all; states between segments are kept, and what lies between computed again.
        """
        group, segment = self.groups[number], self.recipe.segment

        def march(q: Tensor, total: Tensor, first: int, last: int) -> tuple[Tensor, Tensor]:
            for step in range(first, last):
                q, gained = group.step(q, step)
                total = total + gained
            return q, total

        q = group.agents.initial()
        total = torch.zeros((), dtype=q.dtype)
        length = segment or steps
        for first in range(0, steps, length):
            last = min(first + length, steps)
            if segment:
                q, total = checkpoint(march, q, total, first, last, use_reentrant=False)
            else:
                q, total = march(q, total, first, last)
        return total / steps

    def iterate(self, state: TrainingState, iteration: int) -> dict[str, float]:
        """Take one gradient step; return what to log."""
        rate, steps = self._schedule(iteration)
        for parameters in state.optimizer.param_groups:
            parameters["lr"] = rate
        group = iteration % len(self.groups)
        if self.settings.draw == "sample":
            rng = np.random.default_rng([self.recipe.seed, iteration])
            group = int(rng.integers(len(self.groups)))
        state.optimizer.zero_grad()
        reward = self.episode(group, steps)
        (-reward).backward()  # type: ignore[no-untyped-call]
        mean = float(reward.detach())
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, CLIP))
        usable = math.isfinite(norm)  # an episode that blew up has no direction to follow
        if usable:
            state.optimizer.step()
            state.average()
        return {
            "loss": -mean, "reward": mean, "rate": rate, "steps": float(steps),
            "gradient_norm": norm, "skipped": float(not usable),
        }  # fmt: skip

    def _schedule(self, iteration: int) -> tuple[float, int]:
        """Learning rate, and steps of an episode, which rise in stages."""
        r, done = self.recipe, iteration / max(self.recipe.iterations - 1, 1)
        warm = min((iteration + 1) / WARM_UP, 1.0)
        last = len(r.steps) - 1
        stage = min(int(done / r.ramp * last), last) if r.ramp else last
        rate = r.rate * warm * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * done)))
        return rate, r.steps[stage]

    # --- judgement -----------------------------------------------------------------------------

    def validate(self) -> dict[str, float]:
        """Judge episodes of the evaluation's length, of all states.

        Returns
        -------
        dict
            ``score``, by which the best policy is kept: minus the mean reward, as the paper has no
            other measure. ``validation``: geometric mean over the states of the L2 error, against
            the exact solution, over that of WENO; and ``error_<state>``, each of these ratios.
        """
        s, steps = self.settings, self.settings.evaluation * max(self.recipe.steps)
        if self.beaten is None:
            classical = self.judged.classical
            end = classical.march(classical.initial(), steps)
            self.beaten = l2_errors(classical, end, steps * s.dt)
        q, total = self.judged.agents.initial(), 0.0
        with torch.no_grad():
            for number in range(steps):
                q, gained = self.judged.step(q, number)
                total += float(gained)
        ratios = l2_errors(self.judged.agents, q, steps * s.dt) / self.beaten
        ratios = np.where(np.isfinite(ratios), ratios, LOST)
        named = zip(s.states, ratios, strict=True)
        return {
            "score": -total / steps if math.isfinite(total) else LOST,
            "validation": float(np.exp(np.mean(np.log(ratios)))),
            **{f"error_{name}": float(ratio) for name, ratio in named},
        }


def _variation(x: Tensor) -> Tensor:
    return (x[..., 1:] - x[..., :-1]).abs().sum(dim=-1)


def require(ranks: int, device: str) -> None:
    """Raise InputError where the experiment cannot be run as asked."""
    if ranks > 1 or device != "cpu":
        raise InputError(
            f"recipes with an [experiment] are trained by one process on the CPU; got {ranks} on "
            f"{device!r}."
        )
