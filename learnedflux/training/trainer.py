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

import contextlib
import copy
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from learnedflux.errors import InputError
from learnedflux.files import replace_file
from learnedflux.shipped import named_policy
from learnedflux.training.compiled import CompiledTraining
from learnedflux.training.losses import CAP, ratio
from learnedflux.training.paper import PaperTraining, require
from learnedflux.training.parallel import Ranks, ranks_on
from learnedflux.training.recipe import Recipe
from learnedflux.training.run import Run
from learnedflux.training.state import Board, TrainingState
from learnedflux.training.tasks import Task, pool_settings, tasks_of

__all__ = ["VALIDATION_SEED", "train"]

log = logging.getLogger("learnedflux")
WARM_UP = 20
CLIP = 1.0  # of each equation's gradient norm
SPIKE = 1e3  # a norm above says that small errors grow without bound: no direction to follow
VALIDATION_STEPS = 100
VALIDATION_FULL = 60  # steps of the last stage from which validation runs have all of them
VALIDATION_SEED = 1_000_003  # first entry of the seed: validation problems are drawn apart
VALIDATION_PART = 4  # times fewer fine-grid trajectories than for training, and none of those
Iterate = Callable[[TrainingState, int], dict[str, float]]
LEAST_RATIO = 0.02  # that counts in validation: no single row shall decide it


def train(
    recipe: str | Path | Recipe | None = None,
    *,
    folder: str | Path | None = None,
    resume: bool = False,
    progress: bool | None = None,
    device: str = "cpu",
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
        Progress bars; default on a terminal.
    device : str
        Torch device of the rollouts: "cpu" or "cuda".
    **overrides
        Settings of :class:`Recipe` that replace the file's.

    Returns
    -------
    Run
        Best policy by validation, and the history.

    Notes
    -----
    Started by ``torchrun`` each rank draws ``rows`` problems of its own and gradients are averaged,
    so that two ranks do what one does with twice the rows. The first rank writes all files.

    Examples
    --------
    >>> from learnedflux import training
    >>> run = training.train("training/universal.toml", seed=1)  # doctest: +SKIP
    >>> policy = run.export("my_policy.onnx")  # doctest: +SKIP
    """
    chosen = Recipe.of(recipe, **overrides)
    place = Path(folder) if folder else Path("runs") / f"{chosen.name}-seed{chosen.seed}"
    policy = chosen.new_policy()
    begun = named_policy(chosen.start) if chosen.start and not resume else None
    if begun:
        taken = chosen.new_policy(deployed=True)  # as the other is: what differs is told
        taken.take(begun)
        policy.load_state_dict(taken.state_dict())
    with contextlib.ExitStack() as stack:
        ranks = stack.enter_context(ranks_on(device))
        policy.to(ranks.device)
        optimizer = torch.optim.Adam(policy.parameters(), lr=chosen.rate)
        state = TrainingState(policy, optimizer, copy.deepcopy(policy.state_dict()))
        if resume:
            state.load(place / "last.pt", chosen)
        elif begun:
            state.start = f"{begun.name} (digest {begun.digest})"
        shown = progress if ranks.first else False
        iterate, validate = _laboratory(chosen, policy, ranks, shown)
        board = None
        if ranks.first:
            place.mkdir(parents=True, exist_ok=True)
            board = stack.enter_context(Board(place))
        _loop(state, chosen, iterate, validate, board, place, shown)
    return Run.of(chosen, state, place)


def _laboratory(
    recipe: Recipe, policy: Any, ranks: Ranks, shown: bool | None
) -> tuple[Iterate, Callable[[], dict[str, float]]]:
    """Return what takes a gradient step, and what validates the policy."""
    if recipe.compiled:
        if ranks.size > 1 or ranks.device != "cpu":
            raise InputError(
                f"the compiled rollout trains by one process on the CPU; got {ranks.size} on "
                f'{ranks.device!r}. Choose that, or rollout = "torch".'
            )
        training = CompiledTraining(recipe, policy)
        return training.iterate, lambda: training.validate(policy)
    if recipe.experiment:
        require(ranks.size, ranks.device)
        experiment = PaperTraining(recipe, policy)
        return experiment.iterate, experiment.validate
    pools = (
        pool_settings(recipe, recipe.seed, 1, shown),
        pool_settings(recipe, VALIDATION_SEED + recipe.seed, VALIDATION_PART, shown),
    )
    tasks, apart = tasks_of(recipe, policy, ranks, pools)
    return (
        lambda state, iteration: _iterate(tasks, state, recipe, iteration),
        lambda: _validate(apart, recipe),
    )


def _loop(
    state: TrainingState,
    recipe: Recipe,
    iterate: Iterate,
    validate: Callable[[], dict[str, float]],
    board: Board | None,
    place: Path,
    progress: bool | None,
) -> None:
    """Iterate until the recipe's end, or until validation has not improved for long enough."""
    if state.start and not state.rows:
        # Training may make it worse: what it starts from is the first policy to be kept.
        row = state.on_average(validate)
        state.keep_best(row.get("score", row["validation"]))
        state.rows.append({"iteration": -1.0, **row})
        log.info("starting from %s: validation %.3f", state.start, row["validation"])
    bar = tqdm(
        range(state.iteration, recipe.iterations),
        initial=state.iteration,
        total=recipe.iterations,
        desc=recipe.name,
        disable=None if progress is None else not progress,
    )
    for iteration in bar:
        if recipe.patience and state.waited >= recipe.patience:
            log.info("stopped early: %d validations without a better policy", state.waited)
            break
        row = iterate(state, iteration)
        if (iteration + 1) % recipe.validate_every == 0 or iteration == recipe.iterations - 1:
            row |= state.on_average(validate)
            state.keep_best(row.get("score", row["validation"]))
            bar.set_postfix(validation=f"{row['validation']:.3f}", best=f"{state.best_score:.3f}")
            log.info(
                "iteration %d of %d: validation %.3f (best %.3f), loss %.3f, %d steps",
                iteration + 1,
                recipe.iterations,
                row["validation"],
                state.best_score,
                row["loss"],
                row["steps"],
            )
        state.rows.append({"iteration": float(iteration), **row})
        state.iteration = iteration + 1
        if board is None:
            continue
        board.add(row, iteration)
        if "validation" in row:
            state.save(place / "last.pt", recipe)
            with replace_file(place / "history.nc") as file:
                state.history(recipe).to_netcdf(file, engine="h5netcdf")


def _ratios(task: Task, seed: list[int], steps: int, part: int) -> Tensor:
    """Return each row's error over the baseline's."""
    outcome, lost = task.outcome(task.batch(seed, steps, part))
    found = ratio(outcome)
    return torch.where(lost, torch.full_like(found, CAP), found)


def _validate(tasks: list[Task], recipe: Recipe) -> dict[str, float]:
    """Geometric mean of the error ratio, per equation and over all, on longer runs."""
    found, logs = {}, []
    steps = round(VALIDATION_STEPS * min(1.0, recipe.steps[-1] / VALIDATION_FULL))
    with torch.no_grad():
        for number, task in enumerate(tasks):
            seed = [VALIDATION_SEED, recipe.seed, number]
            rows = torch.cat([_ratios(task, seed, steps, part) for part in range(2)])
            (mean,) = task.ranks.mean([rows.clamp(min=LEAST_RATIO).log().mean()])
            logs.append(float(mean))
            found[task.equation.name] = math.exp(logs[-1])
    return {"validation": math.exp(float(np.mean(logs))), **found}


def _schedule(recipe: Recipe, iteration: int) -> tuple[float, int]:
    """Learning rate and unrolled steps of an iteration."""
    done = iteration / max(recipe.iterations - 1, 1)
    warm = min((iteration + 1) / min(WARM_UP, recipe.iterations), 1.0)
    rate = recipe.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))
    # Steps rise in stages: long rollouts mean little to a policy that has learned nothing.
    last = len(recipe.steps) - 1
    stage = min(int(done / recipe.ramp * last), last) if recipe.ramp else last
    return rate, recipe.steps[stage]


def _iterate(
    tasks: list[Task], state: TrainingState, recipe: Recipe, iteration: int
) -> dict[str, float]:
    """Take one gradient step; return what to log."""
    rate, steps = _schedule(recipe, iteration)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    parameters = list(state.policy.parameters())
    total = [torch.zeros_like(p) for p in parameters]
    row: dict[str, float] = {}
    skipped = 0
    for number, task in enumerate(tasks):
        # Problems depend on seed and iteration alone, so that a resumed run meets the same ones.
        outcome, lost = task.outcome(task.batch([recipe.seed, iteration, number], steps))
        loss = task.loss(outcome, lost).mean()
        parts = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
        ratios = torch.where(lost, torch.full_like(loss, CAP), ratio(outcome).detach())
        means = task.ranks.mean([loss.detach(), ratios.mean(), *parts])
        mean_loss, mean_ratio, *gradients = means
        name = task.equation.name
        row[f"loss_{name}"], row[f"ratio_{name}"] = float(mean_loss), float(mean_ratio)
        # Clipped one by one: an equation whose gradients are large shall not silence the others.
        norm = float(torch.stack([g.norm() for g in gradients]).norm())
        row[f"gradient_norm_{name}"] = norm
        if norm <= SPIKE:  # false for NaN
            for sum_, part in zip(total, gradients, strict=True):
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
