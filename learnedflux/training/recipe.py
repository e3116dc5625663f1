"""A recipe: everything that decides what a training run gives."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from learnedflux.equations import Equation, Euler
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.reconstruction import reconstructions, steered
from learnedflux.reconstruction.families import families as formulas
from learnedflux.training import laws
from learnedflux.training.adjoint import LANES
from learnedflux.training.distributions import default_mix, supported
from learnedflux.training.experiment import Experiment
from learnedflux.training.hard_gas import GAMMA, KINDS
from learnedflux.training.losses import losses
from learnedflux.training.nets import families
from learnedflux.training.plane import Plane

__all__ = ["Recipe"]

WHOLE = ("iterations", "rows", "pool", "refinement", "validate_every")  # above 0
ROLLOUTS = ("compiled", "torch")
FORMER = {"steps_first": "steps", "steps_last": "steps"}


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run, as a TOML file or keyword arguments give them.

    Parameters
    ----------
    name : str
        Name of the policy.
    equations : sequence
        What to train on: names of built-in equations, ``"file.py:Class"``, ``"module:Class"``,
        equations or classes of them, or dicts ``{name = ..., parameter = ...}``.
    family : str
        Policy family, see :func:`~learnedflux.training.family`.
    policy : dict
        Settings of the family: those of :class:`~learnedflux.training.BoundedPolicy` or
        :class:`~learnedflux.training.SteeredPolicy`.
    deployed : dict
        Numbers of the family, "bounded5" or "steered6", in whose place those in ``policy`` stood
        while it was trained: what weights are best found with need not be what they are best run
        with. A run that is resumed may change them.
    distributions : dict
        Problems by equation: ``{"Burgers": {"profiles": 1.0, "riemann": 0.5}}``, a weight of 1
        standing for ``rows`` rows. Default for an equation not named:
        :func:`~learnedflux.training.default_mix`.
    kinds : dict
        Rows of each kind of gas problem per iteration (see
        :mod:`~learnedflux.training.hard_gas`), in place of distributions of Euler; for the
        compiled rollout.
    plane : dict
        Problems of Euler in the plane besides: settings of
        :class:`~learnedflux.training.plane.Plane`, an empty table for its defaults; for the
        compiled rollout. Left out, there are none.
    rollout : {"compiled", "torch"}, optional
        What problems are solved by. ``compiled`` (see :mod:`~learnedflux.training.compiled`) is an
        order of magnitude faster and knows the families "bounded5" and "steered6" in float64. It
        takes a multiple of eight rows of each equation, has a loss of its own, uses the first and
        the last of ``steps``, and does without segment and compile. Default ``compiled`` for family
        "steered6", else ``torch``.
    experiment : dict
        Settings of the experiment of Way et al. (see
        :class:`~learnedflux.training.experiment.Experiment`), in whose place distributions,
        losses, baselines, rows, cfl, pool and gradient_growth have no effect. For policies on split
        fluxes, which are trained by it alone.
    losses : dict
        Losses and their weights, see :mod:`learnedflux.training.losses`.
    baselines : sequence of str
        Classical schemes to beat: errors are compared with the best of them, row by row.
    reference : str
        Scheme of the runs on the fine grid in one dimension.
    refinement, pool : int
        How many times finer that grid is, and how many trajectories are run on it.
    cfl : sequence of float
        Lowest and highest CFL number of the problems.
    iterations : int
        Gradient steps.
    rows : int
        Problems per iteration for a distribution of weight 1; on each rank, if there are several.
    cells : int
        Cells per problem.
    steps : sequence of int
        Time steps unrolled, stage by stage; the last from ``ramp`` of the training on.
    ramp : float
        Share of the training in which the last stage is reached.
    ahead : float
        On every third iteration the policy goes on by itself for one to so many times the steps
        unrolled before gradients are followed, so that it learns to live with what it has made. 0:
        never. For the compiled rollout only.
    segment : int
        Time steps between states that are kept for the way back, everything between them being
        computed again: memory is that of ``segment`` steps and ``steps / segment`` states. 0 keeps
        everything: a quarter to a third faster, and memory grows with the steps.
    gradient_growth : float
        How many times the gradient by the state of a row may grow on its way back through the
        steps; beyond, it is scaled down, and the other rows are heard.
    rate : float
        Largest learning rate; warm-up over 20 iterations, then a cosine down to a hundredth.
    validate_every : int
        Iterations between validations; the best policy of these is kept.
    patience : int
        Validations without a better policy after which training stops; 0 never stops early.
    seed : int
        Seed of weights and problems.
    start : str
        Policy whose weights training begins with, instead of random ones: the name of a shipped
        one, or an .onnx file, from the working directory. Of the recipe's family, with its hidden
        layers. All seeds of :func:`~learnedflux.training.train_seeds` then start alike.
    dtype : {"float64", "float32"}
        Precision of the rollout. float32 is twice as fast, but its gradients explode where strong
        waves meet (norms of 1e6 and more where float64 gives 2). The exported policy is float64.
    compile : bool
        Compile the right-hand side with ``torch.compile`` (needs a C++ compiler; a minute at the
        start, then three times faster).
    """

    name: str = "policy"
    equations: tuple[Equation, ...] = ("Advection", "Burgers", "Euler")  # type: ignore[assignment]
    family: str = "bounded5"
    policy: dict[str, Any] = field(default_factory=dict)
    deployed: dict[str, Any] = field(default_factory=dict)
    distributions: dict[str, dict[str, float]] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    plane: Mapping[str, int] | None = None
    rollout: str | None = None
    experiment: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=lambda: {"ratio": 1.0, "growth": 10.0})
    baselines: tuple[str, ...] = ("mp5", "teno5", "muscl")
    reference: str = "weno5-z"
    refinement: int = 8
    pool: int = 96
    cfl: tuple[float, float] = (0.1, 0.6)
    iterations: int = 200
    rows: int = 12
    cells: int = 128
    steps: tuple[int, ...] = (12, 24, 36, 48)
    ramp: float = 0.67
    ahead: float = 0.0
    segment: int = 1
    gradient_growth: float = 30.0
    rate: float = 2e-3
    validate_every: int = 20
    patience: int = 0
    seed: int = 0
    start: str = ""
    dtype: str = "float64"
    compile: bool = False

    def __post_init__(self) -> None:
        for key in ("equations", "baselines", "cfl", "steps"):
            given = getattr(self, key)
            if isinstance(given, str) or not hasattr(given, "__iter__"):
                raise InputError(f"{key} must be a list; got {given!r}.")
            object.__setattr__(self, key, tuple(given))
        object.__setattr__(self, "equations", tuple(map(laws.find, self.equations)))
        for key in ("policy", "deployed", "distributions", "kinds", "experiment", "losses"):
            if not isinstance(getattr(self, key), Mapping):
                raise InputError(f"{key} must be a table; got {getattr(self, key)!r}.")
        self._check_names()
        self._check_rollout()
        self._check_numbers()
        self._check_experiment()

    def _check_names(self) -> None:
        names = [equation.name for equation in self.equations]
        if not names:
            raise InputError("equations must name at least one equation to train on.")
        if len(set(names)) < len(names):
            raise InputError(f"equations must differ in name; got {', '.join(names)}.")
        known = _settings_of(self.family)
        for key in self.policy:
            if key not in known:
                raise UnknownNameError(f"setting of policy family {self.family!r}", key, known)
        numbers = formulas[self.family].settings if self.family in formulas else ()
        if self.deployed and not numbers:
            raise InputError(
                f"policies of family {self.family!r} are run as they were trained; leave deployed "
                f"= {self.deployed!r} out. It is for the families {', '.join(formulas)}."
            )
        for key in self.deployed:
            if key not in numbers:
                raise UnknownNameError(f"number of policy family {self.family!r}", key, numbers)
        policy, _ = self.new_policy(), self.new_policy(deployed=True)  # say what is wrong in them
        if not isinstance(self.start, str):
            raise InputError(f"start must be the name or file of a policy; got {self.start!r}.")
        if self.start and not hasattr(policy, "take"):
            raise InputError(
                f"policies of family {self.family!r} take no weights to start from; leave "
                f"start = {self.start!r} out."
            )
        for key in self.distributions:
            if key not in names:
                raise UnknownNameError("equation with distributions", key, names)
            if not isinstance(self.distributions[key], Mapping):
                raise InputError(
                    f"distributions of {key} must be a table of names and weights; "
                    f"got {self.distributions[key]!r}."
                )
        for equation in self.equations:
            for key in self.mix(equation):
                supported(equation, key)
        for what, weights in (("losses", self.losses), *self.distributions.items()):
            for key, weight in weights.items():
                if not (isinstance(weight, (int, float)) and 0.0 <= weight < math.inf):
                    raise InputError(
                        f"weight of {key!r} in {what} must be 0 or above; got {weight!r}."
                    )
            if not any(weights.values()):
                raise InputError(f"{what} must have a weight above 0.")
        for key in self.losses:
            losses.canonical(key)
        for scheme in (*self.baselines, self.reference):
            reconstructions.canonical(scheme)
        if not self.baselines:
            raise InputError("baselines must name at least one scheme.")
        if self.dtype not in ("float64", "float32"):
            raise UnknownNameError("dtype", self.dtype, ("float64", "float32"))

    def _check_rollout(self) -> None:
        if self.rollout is not None and self.rollout not in ROLLOUTS:
            raise UnknownNameError("rollout", self.rollout, ROLLOUTS)
        for kind, rows in self.kinds.items():
            if kind not in KINDS:
                raise UnknownNameError("kind of gas problem", kind, KINDS)
            if not _whole(rows):
                raise InputError(f"rows of kind {kind!r} must be above 0; got {rows!r}.")
        if self.kinds and not (self.compiled and any(map(self.has_kinds, self.equations))):
            raise InputError(
                f"kinds are problems of Euler(gamma={GAMMA}) for the compiled rollout; got "
                f"{self.kinds!r} for {', '.join(map(repr, self.equations))}."
            )
        self._check_plane()
        if not self.compiled:
            if self.ahead:
                raise InputError(f"ahead is for the compiled rollout; got {self.ahead!r}.")
            return
        if self.family not in formulas or self.dtype != "float64":
            raise InputError(
                f"the compiled rollout knows the families {', '.join(formulas)} in float64; got "
                f'{self.family} in {self.dtype}. Choose rollout = "torch".'
            )
        for equation in self.equations:
            mix = self.rows_of(equation)
            if sum(mix.values()) % LANES:
                raise InputError(
                    f"the compiled rollout takes a multiple of {LANES} rows; of {equation.name} it "
                    f"got {sum(mix.values())}: {mix!r}."
                )

    def _check_plane(self) -> None:
        settings = self.in_the_plane
        if settings is None:
            return
        if not any(isinstance(equation, Euler) for equation in self.equations):
            raise InputError(
                f"plane holds problems of Euler; got {', '.join(map(repr, self.equations))}. Leave "
                "[plane] out, or train on Euler too."
            )
        if not self.compiled:
            raise InputError(
                "plane is for the compiled rollout; this is the one on tensors (family "
                f'{self.family!r}, rollout {self.rollout!r}). Set rollout = "compiled".'
            )
        if settings.rows % LANES:
            raise InputError(
                f"the compiled rollout takes a multiple of {LANES} rows; plane.rows is "
                f"{settings.rows}."
            )

    def _check_experiment(self) -> None:
        splits = getattr(families[self.family], "variables", "") == "split"
        if splits != bool(self.experiment):
            raise InputError(
                f"policies of family {self.family!r} are trained on "
                + ("split fluxes: say how in [experiment]." if splits else "states: they have no ")
                + ("" if splits else "[experiment].")
            )
        if self.experiment:
            if len(self.equations) != 1:
                raise InputError(f"an experiment has one equation; got {len(self.equations)}.")
            Experiment.of(self.experiment).problems(self.cells, self.equations[0])

    def _check_numbers(self) -> None:
        for key in WHOLE:
            if not _whole(getattr(self, key)):
                raise InputError(
                    f"{key} must be a whole number above 0; got {getattr(self, key)!r}."
                )
        for key in ("segment", "patience", "seed"):
            if not _whole(getattr(self, key), least=0):
                raise InputError(
                    f"{key} must be a whole number, 0 or above; got {getattr(self, key)!r}."
                )
        if not self.steps or not all(map(_whole, self.steps)):
            raise InputError(f"steps must list whole numbers above 0; got {list(self.steps)!r}.")
        if not (_whole(self.cells) and self.cells >= 32):
            raise InputError(f"cells must be at least 32, for waves to fit in; got {self.cells!r}.")
        for key in ("rate", "gradient_growth"):
            if not 0.0 < getattr(self, key) < math.inf:
                raise InputError(f"{key} must be a number above 0; got {getattr(self, key)!r}.")
        if not (self.ahead == 0.0 or 1.0 <= self.ahead < math.inf):
            raise InputError(f"ahead must be 0, or 1 and above; got {self.ahead!r}.")
        if not 0.0 <= self.ramp <= 1.0:
            raise InputError(f"ramp must be a share of the training, 0 to 1; got {self.ramp!r}.")
        if len(self.cfl) != 2 or not 0.0 < self.cfl[0] <= self.cfl[1]:
            raise InputError(f"cfl must be [lowest, highest], above 0; got {list(self.cfl)!r}.")

    # --- what it stands for -------------------------------------------------------------------

    def mix(self, equation: Equation) -> dict[str, float]:
        """Return the distributions of an equation and their weights, those above 0."""
        given = self.distributions.get(equation.name) or default_mix(equation)
        return {name: float(weight) for name, weight in given.items() if weight}

    @property
    def compiled(self) -> bool:
        """Whether problems are solved by the compiled rollout."""
        return (self.rollout or ROLLOUTS[self.family != steered.FAMILY]) == ROLLOUTS[0]

    @property
    def in_the_plane(self) -> Plane | None:
        """Settings of the problems in the plane, if there are any."""
        return None if self.plane is None else Plane.of(self.plane)

    def has_kinds(self, equation: Equation) -> bool:
        """Whether the kinds of gas problems are this equation's."""
        return bool(self.kinds) and equation == Euler(gamma=GAMMA)

    def rows_of(self, equation: Equation) -> dict[str, int]:
        """Return kinds or distributions of an equation, and rows of each per iteration."""
        if self.has_kinds(equation):
            return dict(self.kinds)
        return {
            name: max(1, round(weight * self.rows)) for name, weight in self.mix(equation).items()
        }

    def new_policy(self, deployed: bool = False) -> Any:
        """Return an untrained policy of the family, in this recipe's precision.

        With the settings that it is trained with, or those that it is run with.
        """
        import torch

        settings = {**self.policy, **(self.deployed if deployed else {})}
        policy = families[self.family](**settings, seed=self.seed)
        return policy.to(getattr(torch, self.dtype))

    def settings(self) -> dict[str, Any]:
        """Return all settings as plain data, from which :meth:`of` makes this recipe again."""
        found = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        found["equations"] = [laws.describe(equation) for equation in self.equations]
        # Digests of recipes without these are older than they are.
        for key, none in (
            ("plane", None),
            ("experiment", {}),
            ("start", ""),
            ("deployed", {}),
        ):
            if found[key] == none:
                del found[key]
        plain: dict[str, Any] = json.loads(json.dumps(found))
        return plain

    @property
    def digest(self) -> str:
        """Digest of all settings; of files that they name, the name alone counts."""
        found = self.settings()
        if self.start:
            found["start"] = Path(self.start).name
        for equation in found["equations"]:
            equation["name"] = equation["name"].rpartition(":")[2]
        return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def training_digest(self) -> str:
        """Digest of all settings that decide the weights."""
        return dataclasses.replace(self, deployed={}).digest

    @classmethod
    def of(cls, given: str | Path | Recipe | None, **overrides: Any) -> Recipe:
        """Return a recipe from a TOML file, another recipe, or keyword arguments alone.

        An override ``{"losses.growth": 5.0}`` changes one entry of a table, ``losses={...}`` all.
        """
        if isinstance(given, Recipe):
            settings = given.settings() | {"equations": given.equations}
        elif given is None:
            settings = {}
        else:
            try:
                settings = tomllib.loads(Path(given).read_text(encoding="utf-8"))
            except OSError as error:
                raise InputError(f"cannot read recipe {str(given)!r}: {error.strerror}.") from error
            except tomllib.TOMLDecodeError as error:
                raise InputError(f"recipe {str(given)!r} is not TOML: {error}.") from error
        for key, value in overrides.items():
            _put(settings, key.split("."), value)
        names = [f.name for f in dataclasses.fields(cls)]
        for key in settings:
            if key in _settings_of(settings.get("family", cls.family)):
                raise InputError(
                    f"{key!r} is a setting of the policy family: write it in [policy]."
                )
            if key in FORMER:
                raise InputError(f"{key!r} is now part of {FORMER[key]!r}, a list of stages.")
            if key not in names:
                raise UnknownNameError("recipe setting", key, names)
        return cls(**settings)


def _whole(value: Any, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _settings_of(family: str) -> list[str]:
    return [name for name in inspect.signature(families[family]).parameters if name != "seed"]


def _put(settings: dict[str, Any], path: list[str], value: Any) -> None:
    """Put a value into a table of tables."""
    for key in path[:-1]:
        inner = settings.get(key, {})
        if not isinstance(inner, dict):
            raise InputError(f"{key!r} is no table, so it has no entry {path[-1]!r}.")
        settings[key] = settings = dict(inner)
    settings[path[-1]] = value
