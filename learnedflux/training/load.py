"""Training runs found again in their folders."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from learnedflux.errors import InputError
from learnedflux.training.recipe import Recipe
from learnedflux.training.state import TrainingState
from learnedflux.training.trainer import Run

__all__ = ["load_run"]


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
    settings = json.loads(torch.load(path, weights_only=True)["recipe"])
    recipe = Recipe.of(None, **settings)
    policy = recipe.policy().to(getattr(torch, recipe.dtype))
    state = TrainingState(policy, torch.optim.Adam(policy.parameters()), policy.state_dict())
    state.load(path, recipe)
    policy.load_state_dict(state.best)
    return Run(recipe, policy.double(), state.history(recipe), place)
