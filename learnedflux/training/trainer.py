"""Backpropagation through time and space (BPTTS).

Each iteration draws random problems, lets the policy choose every face value of every stage of
every step, compares the final cell averages with the exact ones, and follows the gradient of that
error back through the whole computation: over all time steps, and over all cells, since what a
face decides reaches its neighbours through the fluxes.

References
----------
.. [1] Way, Kapilavai, Fu and Yu, Backpropagation through time and space: learning numerical methods
   with multi-agent reinforcement learning, arXiv:2203.08937.
"""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from tqdm import tqdm

from learnedflux.backends import NumbaBackend
from learnedflux.equations import Advection, Burgers, Equation, Euler
from learnedflux.files import replace_file
from learnedflux.integrators import ssprk3
from learnedflux.reconstruction import reconstructions
from learnedflux.scheme import BoundScheme
from learnedflux.training.data import (
    Batch,
    Distribution,
    advected_profiles,
    burgers_profiles,
    euler_riemann,
    euler_states,
)
from learnedflux.training.losses import CAP, error_ratio, growth, primitive_errors
from learnedflux.training.nets import BoundedPolicy, FamilyPolicy, SteeredPolicy
from learnedflux.training.recipe import Recipe
from learnedflux.training.reference import FinePool
from learnedflux.training.rollout import Environment, rollout
from learnedflux.training.state import Board, TrainingState
from learnedflux.training.steering import GasTraining

__all__ = ["Run", "train"]

log = logging.getLogger("learnedflux")
WARM_UP = 20
CLIP = 1.0  # of each equation's gradient norm
SPIKE = 1e3  # a norm above says that small errors grow without bound: no direction to follow
GROWTH_WEIGHT = 10.0
VALIDATION_STEPS = 100
VALIDATION_SEED = 1_000_003  # first entry of the seed: validation problems are drawn apart
VALIDATION_POOL = 4  # times fewer fine-grid trajectories than for training, and none of those


@dataclass
class Task:
    """One equation's problems and the environments they are solved in."""

    equation: Equation
    draws: tuple[Distribution, ...]
    rows: int
    stretch: float  # steps relative to the recipe's
    rhs: Callable[[Tensor, Tensor], Tensor]
    baseline: NumbaBackend

    def batch(self, rng: np.random.Generator, cells: int, steps: int) -> Batch:
        """Draw one batch, all distributions side by side."""
        steps = round(self.stretch * steps)
        parts = [draw(rng, self.rows, cells, steps) for draw in self.draws]
        return Batch(
            self.equation,
            np.concatenate([p.initial for p in parts], axis=1),
            np.concatenate([p.target for p in parts], axis=1),
            np.concatenate([p.dt for p in parts]),
            steps,
        )


class Run:
    """A training run: its policy, history and files.

    Attributes
    ----------
    recipe : Recipe
        What was trained.
    policy : FamilyPolicy
        The best policy, by validation.
    history : xarray.Dataset
        Loss, learning rate, gradient norm and validation ratios over iterations.
    folder : Path
        Where checkpoints, history and logs are.
    """

    def __init__(
        self, recipe: Recipe, policy: FamilyPolicy, history: xr.Dataset, folder: Path
    ) -> None:
        self.recipe, self.policy, self.history, self.folder = recipe, policy, history, folder

    def export(self, path: str | Path, **metadata: Any) -> Any:
        """Write the policy as an ONNX file and return it loaded; see :func:`export`."""
        from learnedflux.training.export import export

        return export(self.policy, path, self.recipe, **metadata)

    def __repr__(self) -> str:
        best = float(self.history.validation.min())
        return (
            f"Run {self.recipe.name!r}\n├── iterations: {self.history.sizes['iteration']}\n"
            f"├── best validation error / MP5's: {best:.3f}\n└── folder: {self.folder}"
        )


def _tasks(recipe: Recipe, policy: BoundedPolicy) -> tuple[list[Task], list[Task]]:
    """Return the tasks to train on and those to validate on; they share no problem."""
    # One compiled version per equation, with and without gradients: more than torch expects.
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, 32)
    tasks, apart = [], []
    for name in recipe.equations:
        equation: Equation
        draws: tuple[Distribution, ...]
        if name == "Advection":
            equation, draws, stretch = Advection(), (advected_profiles, advected_profiles), 1.5
        elif name == "Burgers":
            equation, draws, stretch = Burgers(), (burgers_profiles,), 1.0
        else:
            pool = FinePool(recipe.seed, recipe.pool, recipe.cells)
            fresh = FinePool(
                VALIDATION_SEED + recipe.seed, -(-recipe.pool // VALIDATION_POOL), recipe.cells
            )
            equation, draws, stretch = Euler(), (euler_riemann, euler_states(pool)), 1.0
        env = Environment(equation, policy.reconstruction(), recipe.cells, recipe.dtype)
        rhs = torch.compile(env.guarded_rhs, dynamic=False) if recipe.compile else env.guarded_rhs
        mp5 = BoundScheme("mp5", reconstructions["mp5"], env.scheme.riemann, env.scheme.variables)
        baseline = NumbaBackend(equation, env.grid, mp5, env.sides)
        task = Task(equation, draws, recipe.rows, stretch, rhs, baseline)
        tasks.append(task)
        if name == "Euler":
            task = replace(task, draws=(euler_riemann, euler_states(fresh)))
        apart.append(task)
    return tasks, apart


def _errors(task: Task, batch: Batch, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """Ratio to MP5's error, and growth, of each row."""
    dtype = getattr(torch, recipe.dtype)
    start, target, dt = (
        torch.as_tensor(x, dtype=dtype) for x in (batch.initial, batch.target, batch.dt)
    )
    # A compiled right-hand side keeps little for the way back, an eager one every tensor.
    q = rollout(task.rhs, start, dt, batch.steps, checkpointed=not recipe.compile)
    lost = ~(task.equation.admissible(tuple(q)) & torch.isfinite(q).all(dim=0)).all(dim=-1)
    kept = torch.where(lost[None, :, None], start, q)
    errors = primitive_errors(task.equation, kept, target)
    ratio = error_ratio(errors, _baseline(task, batch).to(dtype))
    return torch.where(lost, torch.full_like(ratio, CAP), ratio), growth(kept, start)


def _baseline(task: Task, batch: Batch) -> Tensor:
    """Errors of MP5 on the same problems (variable, row)."""
    q = batch.initial
    for _ in range(batch.steps):
        q = ssprk3(lambda _, stage: task.baseline.rhs(0.0, stage), 0.0, q, batch.dt)
    errors = primitive_errors(task.equation, torch.as_tensor(q), torch.as_tensor(batch.target))
    return torch.nan_to_num(errors, nan=1.0, posinf=1.0)


def _validate(tasks: list[Task], recipe: Recipe) -> dict[str, float]:
    """Geometric mean of the error ratio, per equation and over all, on longer runs."""
    found, logs = {}, []
    rng = np.random.default_rng([VALIDATION_SEED, recipe.seed])
    steps = round(VALIDATION_STEPS * min(1.0, recipe.steps_last / 60))
    with torch.no_grad():
        for task in tasks:
            batches = [task.batch(rng, recipe.cells, steps) for _ in range(2)]
            ratios = torch.cat([_errors(task, batch, recipe)[0] for batch in batches])
            logs.append(float(ratios.clamp(min=0.02).log().mean()))
            found[task.equation.name] = math.exp(logs[-1])
    return {"validation": math.exp(float(np.mean(logs))), **found}


def _schedule(recipe: Recipe, iteration: int) -> tuple[float, int]:
    """Learning rate and unrolled steps of an iteration."""
    progress = iteration / max(recipe.iterations - 1, 1)
    warm = min((iteration + 1) / min(WARM_UP, recipe.iterations), 1.0)
    rate = recipe.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))
    # Steps rise in a few stages: long rollouts mean little to a policy that has learned nothing.
    stage = min(int(progress * 1.5 * 4), 4) / 4
    steps = round(recipe.steps_first + stage * (recipe.steps_last - recipe.steps_first))
    return rate, steps


def train(
    recipe: str | Path | Recipe | None = None,
    *,
    folder: str | Path | None = None,
    resume: bool = False,
    progress: bool | None = None,
    **overrides: Any,
) -> Run:
    """Train a policy through the unrolled solver.

    Parameters
    ----------
    recipe : str, Path or Recipe, optional
        TOML file; the defaults without one.
    folder : str or Path, optional
        Where checkpoints, history and TensorBoard logs go. Default ``runs/<name>-seed<seed>``.
    resume : bool
        Go on from the last checkpoint in ``folder``; gives what an uninterrupted run gives.
    progress : bool, optional
        Progress bar; default on a terminal.
    **overrides
        Settings of :class:`Recipe` that replace the file's.

    Returns
    -------
    Run
        Best policy by validation, and the history.

    Examples
    --------
    >>> from learnedflux import training
    >>> run = training.train("training/universal.toml", seed=1)  # doctest: +SKIP
    >>> policy = run.export("my_policy.onnx")  # doctest: +SKIP
    """
    chosen = Recipe.of(recipe, **overrides)
    place = Path(folder) if folder else Path("runs") / f"{chosen.name}-seed{chosen.seed}"
    place.mkdir(parents=True, exist_ok=True)
    policy, iterate, validate = _laboratory(chosen)
    optimizer = torch.optim.Adam(policy.parameters(), lr=chosen.rate)
    averaged = copy.deepcopy(policy.state_dict())
    state = TrainingState(policy, optimizer, averaged)
    if resume:
        state.load(place / "last.pt", chosen)
    with Board(place) as board:
        bar = tqdm(
            range(state.iteration, chosen.iterations),
            initial=state.iteration,
            total=chosen.iterations,
            desc=chosen.name,
            disable=None if progress is None else not progress,
        )
        for iteration in bar:
            row = iterate(state, iteration)
            last = iteration == chosen.iterations - 1
            if last or (iteration + 1) % chosen.validate_every == 0:
                row |= state.on_average(validate)
                state.keep_best(row.get("score", row["validation"]))
                log.info("%s", {"iteration": iteration, **{k: round(v, 4) for k, v in row.items()}})
            state.rows.append({"iteration": float(iteration), **row})
            state.iteration = iteration + 1
            board.add(row, iteration)
            if "validation" in row:
                state.save(place / "last.pt", chosen)
                with replace_file(place / "history.nc") as file:
                    state.history(chosen).to_netcdf(file, engine="h5netcdf")
    policy.load_state_dict(state.best)
    return Run(chosen, policy.double(), state.history(chosen), place)


def _laboratory(
    recipe: Recipe,
) -> tuple[
    FamilyPolicy,
    Callable[[TrainingState, int], dict[str, float]],
    Callable[[], dict[str, float]],
]:
    """Return a new policy, what takes a gradient step, and what validates it."""
    policy = recipe.policy()
    if isinstance(policy, SteeredPolicy):
        steered = policy
        training = GasTraining(recipe, steered)
        return steered, training.iterate, lambda: training.validate(steered)
    policy.to(getattr(torch, recipe.dtype))
    tasks, apart = _tasks(recipe, policy)
    return (
        policy,
        lambda state, iteration: _iterate(tasks, state, recipe, iteration),
        lambda: _validate(apart, recipe),
    )


def _iterate(
    tasks: list[Task], state: TrainingState, recipe: Recipe, iteration: int
) -> dict[str, float]:
    """Take one gradient step; return what to log."""
    rate, steps = _schedule(recipe, iteration)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    # Problems depend on seed and iteration alone, so that a resumed run meets the same ones.
    rng = np.random.default_rng([recipe.seed, iteration])
    parameters = list(state.policy.parameters())
    total = [torch.zeros_like(p) for p in parameters]
    row: dict[str, float] = {}
    skipped = 0
    for task in tasks:
        ratio, grown = _errors(task, task.batch(rng, recipe.cells, steps), recipe)
        loss = ratio.mean()
        if isinstance(task.equation, Advection):
            loss = loss + GROWTH_WEIGHT * grown.mean()
        name = task.equation.name
        row[f"loss_{name}"] = float(ratio.mean().detach())
        # Clipped one by one: an equation whose gradients are large shall not silence the others.
        parts = torch.autograd.grad(loss, parameters)
        norm = float(torch.stack([g.norm() for g in parts]).norm())
        row[f"gradient_norm_{name}"] = norm
        if norm <= SPIKE:  # false for NaN
            for sum_, part in zip(total, parts, strict=True):
                sum_ += part * min(1.0, CLIP / max(norm, 1e-12))
        else:
            skipped += 1
    row["loss"] = float(np.mean([row[f"loss_{task.equation.name}"] for task in tasks]))
    row |= {"rate": rate, "steps": float(steps), "skipped": float(skipped)}
    if skipped < len(tasks):
        for parameter, gradient in zip(parameters, total, strict=True):
            parameter.grad = gradient
        state.optimizer.step()
        state.average()
    return row
