"""The experiment of Way et al. as settings: states, steps and reward."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from learnedflux import problems
from learnedflux.equations import Equation
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.integrators import integrators

__all__ = ["Experiment"]

CHOICES = {
    "draw": ("all", "schedule", "sample"),
    "target": ("weno", "fine", "exact"),
    "combine": ("mean", "L1", "L2", "max"),
    "squash": ("atan", "log", "none"),
}
KINDS = ("periodic", "outflow")


@dataclass(frozen=True)
class Experiment:
    """Table ``[experiment]`` of a recipe.

    Here, and nowhere else in this library, training problems are named ones: the paper trains on
    them, and tests on others.

    Parameters
    ----------
    states : sequence of str
        Named problems whose initial states are trained on, all of the recipe's one equation. Where
        a problem is not periodic its boundaries are made outflow, as in the paper.
    dt : float
        Step, in training and in evaluation.
    integrator : str
        Runge-Kutta method.
    evaluation : int
        How many times longer episodes of the evaluation are.
    draw : {"all", "schedule", "sample"}
        States of an iteration: all of them, one after the other, or one at random.
    target : {"weno", "fine", "exact"}
        What the reward compares with: one step of WENO (Jiang and Shu's, epsilon 1e-16) from the
        agents' own state; the WENO run on a finer grid; the exact solution.
    refinement : int
        How many times finer that grid is; odd, so that cell centres are shared.
    combine : {"mean", "L1", "L2", "max"}
        How the errors of the two cells beside a face become one: mean, sum, root of the sum of
        squares, larger one.
    squash : {"atan", "log", "none"}
        The reward is -atan(sharpness error), -log(error), or -error.
    sharpness : float
        See ``squash``.
    total_variation, conservation : float
        Weights of two penalties in the reward: growth of a row's total variation in the step; and
        the sum of the signed errors of the two cells, which is what passed the pair's outer faces
        in excess. (The total over a whole row is conserved by any flux.)
    viscosity : float
        Coefficient of the diffusion term that is added to the equation.
    """

    states: tuple[str, ...] = ("smooth_sine", "rarefaction", "accelshock")
    dt: float = 4e-4
    integrator: str = "euler"
    evaluation: int = 2
    draw: str = "all"
    target: str = "weno"
    refinement: int = 5
    combine: str = "mean"
    squash: str = "atan"
    sharpness: float = 1000.0
    total_variation: float = 0.0
    conservation: float = 0.0
    viscosity: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.states, str) or not self.states:
            raise InputError(f"states must list names of problems; got {self.states!r}.")
        object.__setattr__(self, "states", tuple(self.states))
        for key, allowed in CHOICES.items():
            if getattr(self, key) not in allowed:
                raise UnknownNameError(f"{key} of the experiment", getattr(self, key), allowed)
        integrators.canonical(self.integrator)
        for key in ("dt", "sharpness"):
            if not 0.0 < getattr(self, key) < math.inf:
                raise InputError(f"{key} must be a number above 0; got {getattr(self, key)!r}.")
        for key in ("total_variation", "conservation", "viscosity"):
            if not 0.0 <= getattr(self, key) < math.inf:
                raise InputError(f"{key} must be 0 or above; got {getattr(self, key)!r}.")
        for key in ("evaluation", "refinement"):
            if not isinstance(getattr(self, key), int) or getattr(self, key) < 1:
                raise InputError(
                    f"{key} must be a whole number above 0; got {getattr(self, key)!r}."
                )
        if self.refinement % 2 == 0:
            raise InputError(
                f"refinement must be odd, or no fine cell has a coarse one's centre; got "
                f"{self.refinement}."
            )
        if self.viscosity and self.target == "exact":
            raise InputError(
                "the exact solutions are those without viscosity; use target='weno' or 'fine'."
            )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Experiment:
        """Return an experiment from a table of a recipe."""
        names = [field.name for field in dataclasses.fields(cls)]
        for key in given:
            if key not in names:
                raise UnknownNameError("setting of the experiment", key, names)
        return cls(**given)

    def problems(self, cells: int, equation: Equation) -> list[Any]:
        """Return the states' problems on a grid, having checked that they can be trained on."""
        found = [problems.get(name)(cells=cells) for name in self.states]
        for problem in found:
            if type(problem.equation) is not type(equation) or problem.grid.dimension != 1:
                raise InputError(
                    f"state {problem.name!r} is no problem of {equation.name} in one dimension."
                )
            if problem.exact is None:
                raise InputError(f"state {problem.name!r} has no exact solution to be judged by.")
        return found

    def cfl(self, cells: int, equation: Equation) -> list[float]:
        """Return the lowest and the highest CFL number of the states' first steps."""
        found = []
        for problem in self.problems(cells, equation):
            w = tuple(problem.exact(problem.grid.centers(0), t=0.0).values())
            speed = equation.max_speed(equation.to_conserved(w), 0)
            found.append(float(speed.max()) * self.dt / problem.grid.spacing[0])
        return [min(found), max(found)]
