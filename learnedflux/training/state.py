"""What changes during training: weights, their average, the best, the log; and its checkpoint."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import xarray as xr
from torch import Tensor, nn

from learnedflux.errors import InputError
from learnedflux.files import replace_file
from learnedflux.training.recipe import Recipe

__all__ = ["Board", "TrainingState"]

AVERAGE = 0.98  # decay of the averaged weights, which are validated and exported


class TrainingState:
    """What changes during training, and its checkpoint."""

    def __init__(
        self, policy: nn.Module, optimizer: torch.optim.Optimizer, averaged: dict[str, Tensor]
    ) -> None:
        self.policy, self.optimizer, self.averaged = policy, optimizer, averaged
        self.best = copy.deepcopy(averaged)
        self.best_score = math.inf
        self.waited = 0  # validations since the best
        self.iteration = 0
        self.start = ""  # the policy whose weights it began with, if any
        self.rows: list[dict[str, float]] = []

    def average(self) -> None:
        """Move the averaged weights towards the present ones."""
        # Fast at first, so that the random start is soon forgotten.
        decay = min(AVERAGE, (1 + self.iteration) / (10 + self.iteration))
        for key, value in self.policy.state_dict().items():
            self.averaged[key].lerp_(value, 1 - decay)

    def on_average(self, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Measure the policy with its averaged weights."""
        present = copy.deepcopy(self.policy.state_dict())
        self.policy.load_state_dict(self.averaged)
        try:
            return measure()
        finally:
            self.policy.load_state_dict(present)

    def keep_best(self, score: float) -> None:
        """Remember the averaged weights if they validate best."""
        self.waited += 1
        if score < self.best_score:
            self.best_score, self.waited = score, 0
            self.best = copy.deepcopy(self.averaged)

    def history(self, recipe: Recipe) -> xr.Dataset:
        """Return all logged numbers over iterations; NaN where one was not measured."""
        names = sorted({key for row in self.rows for key in row} - {"iteration"})
        columns = {
            name: ("iteration", [row.get(name, math.nan) for row in self.rows]) for name in names
        }
        index = [int(row["iteration"]) for row in self.rows]
        return xr.Dataset(columns, {"iteration": index}, {"recipe": json.dumps(recipe.settings())})

    def save(self, path: Path, recipe: Recipe) -> None:
        """Write a checkpoint."""
        with replace_file(path) as file:
            torch.save(
                {
                    "recipe": json.dumps(recipe.settings()),
                    "digest": recipe.training_digest,
                    "policy": self.policy.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "averaged": self.averaged,
                    "best": self.best,
                    "best_score": self.best_score,
                    "waited": self.waited,
                    "iteration": self.iteration,
                    "start": self.start,
                    "rows": self.rows,
                },
                file,
            )

    def load(self, path: Path, recipe: Recipe) -> None:
        """Read a checkpoint of the same recipe."""
        if not path.is_file():
            raise InputError(f"nothing to resume: there is no checkpoint {str(path)!r}.")
        device = next(self.policy.parameters()).device
        kept = torch.load(path, weights_only=True, map_location=device)
        if kept["digest"] != recipe.training_digest:
            raise InputError(
                f"checkpoint {str(path)!r} belongs to another recipe; resume with that one, or "
                "train into another folder."
            )
        self.policy.load_state_dict(kept["policy"])
        self.optimizer.load_state_dict(kept["optimizer"])
        for key in ("averaged", "best", "best_score", "waited", "iteration", "rows"):
            setattr(self, key, kept[key])
        self.start = kept.get("start", "")  # older checkpoints have none


class Board:
    """TensorBoard log, where TensorBoard is installed."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self.writer: Any = None
        else:
            self.writer = SummaryWriter(str(folder))

    def __enter__(self) -> Board:
        return self

    def add(self, row: dict[str, float], iteration: int) -> None:
        """Log one iteration."""
        for key, value in row.items():
            if self.writer is not None:
                self.writer.add_scalar(key, value, iteration)

    def __exit__(self, *failure: object) -> None:
        if self.writer is not None:
            self.writer.close()
