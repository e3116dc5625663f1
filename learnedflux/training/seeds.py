"""One recipe with several seeds: what luck there is in a result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnedflux.errors import InputError
from learnedflux.training.recipe import Recipe
from learnedflux.training.run import Run
from learnedflux.training.trainer import train

__all__ = ["Runs", "train_seeds"]


@dataclass(frozen=True, repr=False)
class Runs:
    """Training runs that differ in their seeds only."""

    runs: tuple[Run, ...]

    @property
    def best(self) -> Run:
        """The run that validated best."""
        return min(self.runs, key=lambda run: run.score)

    @property
    def scores(self) -> dict[int, float]:
        """Lowest validation of each seed."""
        return {run.recipe.seed: run.score for run in self.runs}

    def export(self, path: str | Path, **metadata: Any) -> Any:
        """Write the best run's policy as an ONNX file whose card reports all seeds."""
        return self.best.export(path, scores=self.scores, **metadata)

    def __repr__(self) -> str:
        rows = [f"├── seed {seed}: {score:.3f}" for seed, score in self.scores.items()]
        head = f"Runs of {self.best.recipe.name!r}, best validation of each seed"
        return "\n".join([head, *rows, f"└── best: {self.best.folder}"])


def train_seeds(
    recipe: str | Path | Recipe | None = None,
    seeds: Iterable[int] = (0, 1, 2),
    *,
    folder: str | Path | None = None,
    resume: bool = False,
    progress: bool | None = None,
    device: str = "cpu",
    **overrides: Any,
) -> Runs:
    """Train one policy per seed, one after the other.

    Parameters
    ----------
    recipe : str, Path or Recipe, optional
        As of :func:`train`.
    seeds : iterable of int
        At least one.
    folder : str or Path, optional
        Holds the runs' folders, ``seed0`` and so on. Default ``runs/<name>-seed<seed>`` for each.
    resume : bool
        Go on where there are checkpoints; runs that have none yet are started.
    progress, device, **overrides
        As of :func:`train`.

    Returns
    -------
    Runs
        All of them; ``.best`` is the one that validated best.
    """
    numbers = list(dict.fromkeys(seeds))
    if not numbers:
        raise InputError("seeds must list at least one whole number.")
    runs = []
    for seed in numbers:
        chosen = Recipe.of(recipe, **overrides, seed=seed)
        if folder:
            place = Path(folder) / f"seed{seed}"
        else:
            place = Path("runs") / f"{chosen.name}-seed{seed}"
        again = resume and (place / "last.pt").is_file()
        runs.append(train(chosen, folder=place, resume=again, progress=progress, device=device))
    return Runs(tuple(runs))
