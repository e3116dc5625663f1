"""Finite-volume solver for hyperbolic conservation laws with interchangeable, also learned, fluxes.

>>> import learnedflux as lf
>>> ds = lf.solve(lf.problems.sod(cells=50), scheme="learned")
"""

from __future__ import annotations

import importlib
from typing import Any

from learnedflux import (
    boundaries,
    evaluation,
    integrators,
    metrics,
    problems,
    reconstruction,
    riemann,
)
from learnedflux.check import check_equation
from learnedflux.checkpoint import Checkpoint
from learnedflux.dataset import library_version
from learnedflux.equations import (
    Acoustics,
    Advection,
    BuckleyLeverett,
    Burgers,
    Equation,
    Euler,
    LighthillWhithamRichards,
    ShallowWater,
)
from learnedflux.errors import (
    InadmissibleStateError,
    InputError,
    LearnedFluxError,
    PolicyError,
    PolicyMismatchError,
    UnknownNameError,
    UnstableError,
)
from learnedflux.evaluation import evaluate
from learnedflux.grid import Grid
from learnedflux.policy import Policy
from learnedflux.problem import Problem
from learnedflux.scheme import Scheme, schemes
from learnedflux.semidiscretization import Semidiscretization, reconstruct
from learnedflux.shipped import policies
from learnedflux.solver import resume, solve

__all__ = [
    "Acoustics",
    "Advection",
    "BuckleyLeverett",
    "Burgers",
    "Checkpoint",
    "Equation",
    "Euler",
    "Grid",
    "InadmissibleStateError",
    "InputError",
    "LearnedFluxError",
    "LighthillWhithamRichards",
    "Policy",
    "PolicyError",
    "PolicyMismatchError",
    "Problem",
    "Scheme",
    "Semidiscretization",
    "ShallowWater",
    "UnknownNameError",
    "UnstableError",
    "boundaries",
    "check_equation",
    "evaluate",
    "evaluation",
    "integrators",
    "metrics",
    "policies",
    "problems",
    "reconstruct",
    "reconstruction",
    "resume",
    "riemann",
    "schemes",
    "solve",
]

_ON_DEMAND = ("plot", "training")  # they import matplotlib and torch; so not in __all__


def __dir__() -> list[str]:
    return sorted([*globals(), *_ON_DEMAND, "__version__"])


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return importlib.import_module(f"learnedflux.{name}")
    if name == "__version__":
        return library_version()
    raise AttributeError(f"module 'learnedflux' has no attribute {name!r}")
