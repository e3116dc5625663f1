"""One equation under the compiled rollout: its problems, its loss and the schemes to beat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from learnedflux.backends import NumbaBackend
from learnedflux.equations import Equation, Euler
from learnedflux.scheme import Scheme
from learnedflux.training import hard_gas
from learnedflux.training.adjoint import CompiledRollout
from learnedflux.training.distributions import Batch, Size, distributions, draw_rows, join
from learnedflux.training.losses import Outcome
from learnedflux.training.nets import FamilyPolicy
from learnedflux.training.plane import PlaneProblems
from learnedflux.training.recipe import Recipe
from learnedflux.training.reference import periodic_backend
from learnedflux.training.tasks import march, pool_settings, prepare_draws, stretch_of

__all__ = [
    "CompiledTask",
    "Problems",
    "Way",
    "deviation",
    "flat",
    "of_kind",
    "problems_of",
    "ripple",
]

FIRST = 0.6  # share of the first variable in the loss of a system; the others share the rest
HINGE = 1.5  # how much more an error counts that is larger than the best classical scheme's
FLOOR = 1e-4  # of a variable's range: errors below it count as none
BEYOND = 15.0  # what an overshoot beyond the exact range counts, as a share of that range
ALLOWED = 0.002  # overshoots below are common to all schemes


class Problems:
    """Random problems of one equation: hard ones of gas, or of the recipe's distributions.

    Parameters
    ----------
    recipe : Recipe
        Names distributions, and sizes of reference runs.
    equation : Equation
        Conservation law.
    number : int
        Place of the equation in the recipe.
    seed : int
        Seed of the reference runs.
    part : int
        How many times fewer reference runs than the recipe says.
    """

    dimension = 1

    def __init__(
        self, recipe: Recipe, equation: Equation, number: int, seed: int, part: int = 1
    ) -> None:
        self.equation, self.number = equation, number
        self.cells, self.stretch = recipe.cells, stretch_of(equation)
        self.gas = recipe.has_kinds(equation)
        self.mix = recipe.rows_of(equation)
        self.pool = None
        if self.gas and hard_gas.POOL in self.mix:
            self.pool = hard_gas.shock_pool(seed, -(-recipe.pool // part), recipe.cells)
        if not self.gas:
            settings = pool_settings(recipe, seed, part, None)
            self.draws = {name: d for name, _, d in prepare_draws(recipe, equation, settings)}

    def kinds(self, cells: int) -> list[str]:
        """Kinds of which there are problems with so many cells."""
        if cells == self.cells:
            return list(self.mix)
        fixed = (
            {hard_gas.POOL}
            if self.gas
            else {name for name in self.mix if distributions[name].fixed}
        )
        return [kind for kind in self.mix if kind not in fixed]

    def draw(self, seed: list[int], mix: dict[str, int], size: Size) -> Batch:
        """Draw so many rows of each kind; those of ``size`` do not count."""
        if self.gas:
            rng = np.random.default_rng(seed)
            return hard_gas.draw(rng, mix, size.cells, size.steps, size.cfl, self.pool)
        steps = round(self.stretch * size.steps)
        return join(
            draw_rows(
                name,
                self.draws[name],
                [*seed, self.number, k],
                0,
                size._replace(rows=rows, steps=steps),
            )
            for k, (name, rows) in enumerate(mix.items())
        )


def problems_of(recipe: Recipe, seed: int, part: int = 1) -> list[Problems | PlaneProblems]:
    """Return the problems of each of a recipe's equations, and those of gas in the plane."""
    found: list[Problems | PlaneProblems] = [
        Problems(recipe, equation, number, seed, part)
        for number, equation in enumerate(recipe.equations)
    ]
    settings = recipe.in_the_plane
    if settings:
        gases = (equation for equation in recipe.equations if isinstance(equation, Euler))
        found += (PlaneProblems(settings, gas, seed, part) for gas in gases)
    return found


class Way(NamedTuple):
    """What a gradient step of one equation gives, row by row.

    Parameters
    ----------
    gradient : ndarray, shape (row, weight)
        Gradient of each row's loss.
    ratio : Tensor, shape (problem, row)
        Logarithm of the error over the best classical scheme's.
    lost : ndarray, shape (row,)
        Which rows ended unphysical; they have no gradient.
    """

    gradient: np.ndarray
    ratio: Tensor
    lost: np.ndarray


class CompiledTask:
    """One equation, its compiled rollout, its loss, and the classical schemes to beat.

    Parameters
    ----------
    recipe : Recipe
        What is trained.
    equation : Equation
        Conservation law.
    policy : FamilyPolicy
        Whose formula and settings are compiled in.
    dimension : int
        Axes of its grids.
    """

    def __init__(
        self, recipe: Recipe, equation: Equation, policy: FamilyPolicy, dimension: int = 1
    ) -> None:
        rules = policy.rules
        widths = (rules.inputs, *policy.config["hidden"], rules.answers)
        settings = tuple(policy.config[key] for key in rules.settings)
        self.equation, self.baselines = equation, recipe.baselines
        self.name = equation.name if dimension == 1 else f"{equation.name}_{dimension}D"
        self.rollout = CompiledRollout(equation, rules, settings, widths, dimension)
        self.backends: dict[tuple[str, tuple[int, ...]], NumbaBackend] = {}

    def step(self, batch: Batch, weights: np.ndarray, ahead: int = 0) -> Way:
        """Solve a batch with the policy and follow the gradient of its loss back.

        Through the first ``ahead`` steps no gradient is followed: what they leave is a state that
        the policy has made, from which it has to go on.
        """
        best = self.best(batch)
        start, spoilt = self.rollout(batch.initial, batch.dt, ahead, weights)
        end, lost = self.rollout(start, batch.dt, batch.steps - ahead, weights, keep=True)
        lost |= spoilt
        q = torch.tensor(end, requires_grad=True)
        loss, ratio = self.loss(q, batch, best)
        (back,) = torch.autograd.grad(loss[torch.as_tensor(~lost)].sum(), q)
        return Way(self.rollout.gradient(back.numpy()), ratio.detach(), lost)

    def best(self, batch: Batch) -> Tensor:
        """Errors of the best classical scheme (variable, problem, row)."""
        found, shape = [], batch.initial.shape[2:]
        for name in self.baselines:
            if (name, shape) not in self.backends:
                scheme = Scheme(name, positivity=False)
                self.backends[name, shape] = periodic_backend(self.equation, scheme, shape)
            q = march(self.backends[name, shape], batch)
            errors = self.errors(torch.as_tensor(q), batch)
            found.append(torch.nan_to_num(errors, nan=1.0, posinf=1.0))
        return torch.stack(found).amin(dim=0)

    def errors(self, q: Tensor, batch: Batch) -> Tensor:
        """Mean absolute errors (variable, problem, row) in primitive variables, by their range."""
        first = torch.as_tensor(batch.parts.reshape(len(batch.parts), -1))
        error = self._outcome(q, batch).deviations
        parts = [(error * m).sum(dim=-1) / m.sum(dim=-1).clamp(min=1) for m in (first, 1 - first)]
        return torch.stack(parts, dim=1)

    def loss(self, q: Tensor, batch: Batch, best: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each row, and logarithms of error ratios (problem, row)."""
        ratio = torch.log((self.errors(q, batch) + FLOOR) / (best + FLOOR))
        problem = (_shares(len(ratio), q.dtype)[:, None, None] * ratio).sum(dim=0)
        worse = torch.relu(problem) + torch.relu(ratio[0])
        loss = (problem + HINGE * worse).mean(dim=0)
        beyond = self._beyond(q, batch).clamp(max=0.5)
        loss = loss + BEYOND * torch.relu(beyond - ALLOWED).sum(dim=0)
        u, start = flat(q)[0], flat(torch.as_tensor(batch.initial))[0]
        grown, swollen = (
            torch.relu(norm(u) / (norm(start) + 1e-12) - 1.0) for norm in (deviation, ripple)
        )
        rougher = torch.relu(_variation(u) / (_variation(start) + 1e-12) - 1.0)
        # Kinds of which no solution grows or becomes rougher: what is carried along, scalar laws.
        profile, wave = (torch.as_tensor(of_kind(batch, kind)) for kind in ("profiles", "waves"))
        none = torch.zeros_like(grown)
        loss = loss + torch.where(profile, 20.0 * grown + 2.0 * rougher, none)
        return loss + torch.where(wave, 2.0 * torch.log1p(300.0 * swollen), none), problem

    def _outcome(self, q: Tensor, batch: Batch) -> Outcome:
        given = (torch.as_tensor(batch.initial), q, torch.as_tensor(batch.target))
        start, end, target = map(flat, given)
        return Outcome(self.equation, start, end, target, {}, self.baselines, batch.kinds)

    def _beyond(self, q: Tensor, batch: Batch) -> Tensor:
        """How far the first and the last variable leave the exact solution's range, by that."""
        outcome = self._outcome(q, batch)
        w, exact = outcome.primitive(outcome.end), outcome.exact
        above = torch.relu(w.amax(dim=-1) - exact.amax(dim=-1))
        below = torch.relu(exact.amin(dim=-1) - w.amin(dim=-1))
        return ((above + below) / outcome.span)[[0, -1] if len(w) > 1 else [0]]


def flat(q: Tensor) -> Tensor:
    """States (variable, row, cell), whatever their grid: for what looks at no neighbours."""
    return q.reshape(*q.shape[:2], -1)


def of_kind(batch: Batch, kind: str) -> np.ndarray:
    """Whether each row is of a kind."""
    return np.array([name == kind for name in batch.kinds])


def deviation(u: Tensor) -> Tensor:
    """L2 norm about the mean."""
    return (u - u.mean(dim=-1, keepdim=True)).square().sum(dim=-1).sqrt()


def ripple(u: Tensor) -> Tensor:
    """L2 norm without mean and longest wave, which are the ground that shorter waves stand on."""
    short = torch.fft.rfft(u)[..., 2:]
    size: Tensor = (short.real.square() + short.imag.square()).sum(dim=-1)
    return (size + 1e-30).sqrt()  # roots have no gradient at zero


def _shares(count: int, dtype: torch.dtype) -> Tensor:
    """Share of each variable in the loss."""
    rest = [(1.0 - FIRST) / (count - 1)] * (count - 1) if count > 1 else []
    return torch.tensor([FIRST if rest else 1.0, *rest], dtype=dtype)


def _variation(u: Tensor) -> Tensor:
    return (u - u.roll(1, -1)).abs().sum(dim=-1)
