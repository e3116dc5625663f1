"""A training run and several of them: policy, history, files, and how to get them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import nn

from learnedflux.errors import InputError
from learnedflux.training.recipe import Recipe
from learnedflux.training.state import TrainingState

__all__ = ["Run", "load_run"]


class Run:
    """A training run: its policy, history and files.

    Attributes
    ----------
    recipe : Recipe
        What was trained.
    policy : torch.nn.Module
        The best policy, by validation; of the recipe's family, with the settings it is deployed
        with.
    history : xarray.Dataset
        Loss, learning rate, gradient norm and validation ratios over iterations; iteration -1 is
        the validation of the policy that it started from, if any.
    folder : Path
        Where checkpoints, history and logs are.
    start : str
        The policy whose weights it began with and its digest; empty if they were random.
    """

    def __init__(
        self, recipe: Recipe, policy: Any, history: xr.Dataset, folder: Path, start: str = ""
    ) -> None:
        self.recipe, self.policy, self.history, self.folder = recipe, policy, history, folder
        self.start = start

    @classmethod
    def of(cls, recipe: Recipe, state: TrainingState, folder: Path) -> Run:
        """Return the run that a state of training amounts to: its best weights, as deployed."""
        policy = recipe.new_policy(deployed=True)
        policy.load_state_dict(state.best)
        return cls(recipe, policy.double().cpu(), state.history(recipe), folder, state.start)

    @property
    def score(self) -> float:
        """Validation of the policy kept: geometric mean of the error over the best baseline's.

        With the settings that it was trained with. The lowest there is, unless the family or the
        experiment judges by a ``score`` of its own.
        """
        measured = self.history.dropna("iteration", subset=["validation"])
        judged = measured.score if "score" in measured else measured.validation
        return float(measured.validation[int(np.argmin(judged.values))])

    def export(self, path: str | Path, **metadata: Any) -> Any:
        """Write the policy as an ONNX file and return it loaded; see :func:`export`."""
        from learnedflux.training.export import export

        metadata.setdefault("scores", {self.recipe.seed: self.score})
        metadata.setdefault("start", self.start)
        return export(self.policy, path, self.recipe, **metadata)

    def __repr__(self) -> str:
        baselines = "WENO" if self.recipe.experiment else " or ".join(self.recipe.baselines)
        iterations = int((self.history.iteration >= 0).sum())
        return (
            f"Run {self.recipe.name!r}\n├── iterations: {iterations}\n"
            f"├── best validation: {self.score:.3f} of the error of {baselines}\n"
            f"└── folder: {self.folder}"
        )


def load_run(folder: str | Path) -> Run:
    """Return a training run, finished or interrupted, from its folder.

    Parameters
    ----------
    folder : str or Path
        Where :func:`train` put its checkpoints.

    Returns
    -------
    Run
        With the policy that had validated best when the last checkpoint was written, as that run
        returned it or would have.

    Examples
    --------
    >>> from learnedflux import training
    >>> policy = training.load_run("runs/policy-seed0").export("p.onnx")  # doctest: +SKIP
    """
    place = Path(folder)
    path = place / "last.pt"
    if not path.is_file():
        raise InputError(
            f"{str(folder)!r} holds no training run: there is no checkpoint {path.name!r} in it. A "
            "run writes its first one with its first validation."
        )
    settings = json.loads(torch.load(path, weights_only=True, map_location="cpu")["recipe"])
    recipe = Recipe.of(None, **settings)
    policy: nn.Module = recipe.new_policy()
    state = TrainingState(policy, torch.optim.Adam(policy.parameters()), policy.state_dict())
    state.load(path, recipe)
    return Run.of(recipe, state, place)
