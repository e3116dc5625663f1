"""A recipe: everything that decides what a training run gives."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnedflux.errors import InputError, UnknownNameError

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run, as a TOML file or keyword arguments give them.

    Parameters
    ----------
    name : str
        Name of the policy.
    equations : tuple of str
        What to train on: any of "Advection", "Burgers", "Euler".
    hidden : tuple of int
        Widths of the network's hidden layers.
    threshold, softness, alpha : float
        Of the sensor and the bounds, see :class:`~learnedflux.training.BoundedPolicy`.
    iterations : int
        Gradient steps.
    rows : int
        Problems per distribution and step.
    cells : int
        Cells per problem.
    steps_first, steps_last : int
        Time steps unrolled, at the start and from two thirds of the training on.
    rate : float
        Largest learning rate; warm-up over 20 iterations, then a cosine down to a hundredth.
    pool : int
        Fine-grid trajectories of interacting waves.
    validate_every : int
        Iterations between validations; the best policy of these is kept.
    seed : int
        Seed of weights and problems.
    dtype : {"float64", "float32"}
        Precision of the rollout. float32 is twice as fast, but its gradients explode where strong
        waves meet (norms of 1e6 and more where float64 gives 2). The exported policy is float64.
    compile : bool
        Compile the right-hand side with ``torch.compile`` (needs a C++ compiler; a minute at the
        start, then three times faster).
    """

    name: str = "policy"
    equations: tuple[str, ...] = ("Advection", "Burgers", "Euler")
    hidden: tuple[int, ...] = (16, 16)
    threshold: float = 0.1
    softness: float = 0.1
    alpha: float = 4.0
    iterations: int = 600
    rows: int = 16
    cells: int = 128
    steps_first: int = 12
    steps_last: int = 60
    rate: float = 3e-3
    pool: int = 192
    validate_every: int = 20
    seed: int = 0
    dtype: str = "float64"
    compile: bool = False

    def __post_init__(self) -> None:
        for key in ("equations", "hidden"):
            object.__setattr__(self, key, tuple(getattr(self, key)))
        known = ("Advection", "Burgers", "Euler")
        for equation in self.equations:
            if equation not in known:
                raise UnknownNameError("equation to train on", equation, known)
        if not self.equations:
            raise InputError("equations must name at least one equation to train on.")
        for key in ("iterations", "rows", "steps_first", "steps_last", "pool", "validate_every"):
            if not (isinstance(getattr(self, key), int) and getattr(self, key) > 0):
                raise InputError(
                    f"{key} must be a whole number above 0; got {getattr(self, key)!r}."
                )
        if not self.hidden or min(self.hidden) < 1:
            raise InputError(f"hidden must list layer widths above 0; got {self.hidden!r}.")
        if self.cells < 32:
            raise InputError(f"cells must be at least 32, for waves to fit in; got {self.cells!r}.")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise InputError(f"rate must be a number above 0; got {self.rate!r}.")
        if self.dtype not in ("float64", "float32"):
            raise UnknownNameError("dtype", self.dtype, ("float64", "float32"))

    @classmethod
    def of(cls, given: str | Path | Recipe | None, **overrides: Any) -> Recipe:
        """Return a recipe from a TOML file, another recipe, or keyword arguments alone."""
        if isinstance(given, Recipe):
            settings = dataclasses.asdict(given)
        elif given is None:
            settings = {}
        else:
            try:
                settings = tomllib.loads(Path(given).read_text(encoding="utf-8"))
            except OSError as error:
                raise InputError(f"cannot read recipe {str(given)!r}: {error.strerror}.") from error
            except tomllib.TOMLDecodeError as error:
                raise InputError(f"recipe {str(given)!r} is not TOML: {error}.") from error
        settings.update(overrides)
        names = [field.name for field in dataclasses.fields(cls)]
        for key in settings:
            if key not in names:
                raise UnknownNameError("recipe setting", key, names)
        return cls(**settings)

    @property
    def digest(self) -> str:
        """Digest of all settings."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
