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
from learnedflux.reconstruction import bounded, steered
from learnedflux.reconstruction.families import families
from learnedflux.training.adjoint import LANES
from learnedflux.training.gas import KINDS
from learnedflux.training.nets import BoundedPolicy, SteeredPolicy

__all__ = ["Recipe"]

LATER = ("family", "theta", "loose", "mix", "hinge")  # settings added after the first policies


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
    family : {"bounded5", "steered6"}
        Kind of policy. "steered6" (:class:`~learnedflux.training.SteeredPolicy`) is trained on gas
        alone, by the compiled rollout: ``equations`` must be "Euler", ``rows``, ``dtype`` and
        ``compile`` have no effect.
    theta, loose : float
        Of :class:`~learnedflux.training.SteeredPolicy`.
    mix : dict
        Rows of each kind of problem (see :mod:`~learnedflux.training.gas`) per iteration, for
        "steered6"; a multiple of eight altogether.
    hinge : float
        How much more an error counts that is larger than the best classical scheme's, for
        "steered6".
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
    family: str = bounded.FAMILY
    theta: float = 0.8
    loose: float = 4.0
    mix: dict[str, int] = dataclasses.field(default_factory=dict)
    hinge: float = 1.5

    def __post_init__(self) -> None:
        self._check_family()
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

    def _check_family(self) -> None:
        if self.family not in families:
            raise UnknownNameError("family of policies", self.family, list(families))
        for kind in self.mix:
            if kind not in KINDS:
                raise UnknownNameError("kind of gas problem", kind, KINDS)
        if self.family == steered.FAMILY:
            if tuple(self.equations) != ("Euler",):
                raise InputError(
                    f"policies of family {self.family!r} are trained on Euler alone; got equations "
                    f"{list(self.equations)!r}."
                )
            rows = sum(self.mix.values())
            if rows == 0 or rows % LANES or min(self.mix.values()) < 1:
                raise InputError(
                    f"mix must name rows of each kind, a multiple of {LANES} altogether; got "
                    f"{self.mix!r}."
                )
        elif self.mix:
            raise InputError(f"mix is for family {steered.FAMILY!r}; got {self.mix!r}.")

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

    def policy(self) -> BoundedPolicy | SteeredPolicy:
        """Return a new policy of this recipe, in float64."""
        k = self
        if k.family == steered.FAMILY:
            return SteeredPolicy(
                k.hidden, k.threshold, k.softness, k.theta, k.alpha, k.loose, k.seed
            )
        return BoundedPolicy(k.hidden, k.threshold, k.softness, k.alpha, k.seed)

    @property
    def digest(self) -> str:
        """Digest of all settings; those that came later count only where they are set."""
        settings = dataclasses.asdict(self)
        for key in LATER:
            if settings[key] == dataclasses.asdict(Recipe())[key]:
                del settings[key]
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
