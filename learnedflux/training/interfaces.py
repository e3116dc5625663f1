r"""What agents at cell interfaces see, do and are paid for, differentiable from end to end.

The flux is split, :math:`f^\pm = (f(q) \pm \alpha q) / 2` with the fastest wave :math:`\alpha` of
the row (global Lax-Friedrichs), and each half is reconstructed from its upwind side: the mean of
three sub-stencils by weights that an agent chooses, as WENO does by its formula. A system is
treated variable by variable. States are values at cell centres.

References
----------
.. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
.. [2] Jiang and Shu, J. Comput. Phys. 126, 202-228 (1996), doi:10.1006/jcph.1996.0130.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from learnedflux.backends.padding import flip, ghost_cells
from learnedflux.errors import InputError
from learnedflux.problem import Problem
from learnedflux.reconstruction import variables
from learnedflux.reconstruction.stencil import differences, smoothness, substencils
from learnedflux.reconstruction.weno import weno5_js_factors
from learnedflux.registry import Registry

__all__ = ["CLIP", "STENCIL", "SUBSTENCILS", "WORST", "Interfaces", "Step", "reward", "rewards"]

STENCIL = 5  # cells that one side of an interface looks at
SUBSTENCILS = 3  # weights it chooses
GHOST = 3
CLIP = 5.0  # of observations, as in the paper
SQUASH = 1000.0  # of errors, as in the paper
WORST = -math.pi / 2  # what any reward stays above
LINEAR = (0.1, 0.6, 0.3)  # weights of WENO in smooth flow
ROUND_OFF = 64.0  # deviations below so many units in the last place of a stencil are none


class Interfaces:
    """The interfaces of a problem in one dimension, at which agents choose the weights of WENO.

    Parameters
    ----------
    problem : Problem
        Equation, grid and boundaries; its initial state does not matter here.

    Notes
    -----
    States are tensors (variable, *batch, cell); there is one interface more than cells. Stencils
    are (variable, *batch, interface, side, cell): split fluxes from the upwind end to the downwind
    one, of the wave that moves right, and of the one that moves left. Weights are (variable,
    *batch, interface, side, sub-stencil).
    """

    def __init__(self, problem: Problem) -> None:
        if problem.grid.dimension != 1:
            raise InputError(
                f"agents act at the interfaces of one dimension; problem {problem.name!r} has "
                f"{problem.grid.dimension}."
            )
        if problem.source is not None or problem.equation.balanced:
            raise InputError(
                f"agents act on conservation laws without sources; {problem.name!r} has one."
            )
        if problem.grid.shape[0] < GHOST:
            raise InputError(f"agents need at least {GHOST} cells; got {problem.grid.shape[0]}.")
        self.equation, self.sides = problem.equation, problem.boundaries[0]
        self.width = problem.grid.spacing[0]
        self.periodic = self.sides[0].periodic

    def stencils(self, q: Tensor, t: float = 0.0) -> Tensor:
        """Return what lies around each interface at time ``t``."""
        inner = flip(q[..., -GHOST:])
        lower, upper = ghost_cells(q[..., :GHOST], inner, self.sides, self.equation, 0, t)
        padded = torch.cat((flip(torch.stack(tuple(lower))), q, torch.stack(tuple(upper))), dim=-1)
        speed = self.equation.max_speed(tuple(padded), 0).amax(dim=-1, keepdim=True)
        split: Any = variables["split"].split
        right, left = (
            torch.stack(tuple(half)).unfold(-1, STENCIL + 1, 1)
            for half in split(self.equation, tuple(padded), 0, speed)
        )
        return torch.stack((right[..., :-1], flip(left)[..., :-1]), dim=-2)

    @staticmethod
    def observe(stencils: Tensor) -> Tensor:
        """Return stencils less their mean, over their standard deviation; what agents see."""
        away = stencils - stencils.mean(dim=-1, keepdim=True)
        size = away.square().mean(dim=-1, keepdim=True)
        largest = stencils.detach().abs().amax(dim=-1, keepdim=True)
        least = ROUND_OFF * torch.finfo(stencils.dtype).eps * largest + 1e-30
        # Roots have no gradient at zero.
        return (away / torch.maximum(size, least * least).sqrt()).clamp(-CLIP, CLIP)

    @staticmethod
    def weno(stencils: Tensor) -> Tensor:
        """Return the weights of Jiang and Shu's WENO (epsilon 1e-16, power 2)."""
        factors = weno5_js_factors(smoothness(*differences(*stencils.unbind(-1))))
        raw = torch.stack(factors, dim=-1) * torch.as_tensor(LINEAR, dtype=stencils.dtype)
        return raw / raw.sum(dim=-1, keepdim=True)

    def flux(self, stencils: Tensor, weights: Tensor) -> Tensor:
        """Return numerical fluxes (variable, *batch, interface)."""
        if self.periodic:  # the last interface is the first one: one agent decides for both
            weights = torch.cat((weights[..., :-1, :, :], weights[..., :1, :, :]), dim=-3)
        cells = stencils.unbind(-1)
        steps = torch.stack(substencils(*differences(*cells)), dim=-1)
        return (cells[2] + (weights * steps).sum(dim=-1)).sum(dim=-1)

    def advance(self, q: Tensor, flux: Tensor, dt: float) -> Tensor:
        """Return the state after a step of forward Euler."""
        return q - (dt / self.width) * (flux[..., 1:] - flux[..., :-1])

    def beside(self, cells: Tensor) -> Tensor:
        """Return the mean over the two cells at each interface (..., interface)."""
        ends = (
            (cells[..., -1:], cells[..., :1])
            if self.periodic
            else (cells[..., :1], cells[..., -1:])
        )
        around = torch.cat((ends[0], cells, ends[1]), dim=-1)
        return 0.5 * (around[..., :-1] + around[..., 1:])

    def step(self, q: Tensor, t: float, dt: float, weights: Tensor, exact: Tensor | None) -> Step:
        """Take a step by the agents' weights, and one by WENO's from the same state."""
        stencils = self.stencils(q, t)
        flux, usual = self.flux(stencils, weights), self.flux(stencils, self.weno(stencils))
        after, target = self.advance(q, flux, dt), self.advance(q, usual, dt)
        return Step(self, dt, q, after, target, flux, usual, exact)


class Step(NamedTuple):
    """One step of all agents, and what it is judged by.

    Parameters
    ----------
    interfaces : Interfaces
        Where it was taken.
    dt : float
        Its length.
    before, after, target : Tensor, shape (variable, *batch, cell)
        The state before it, after it, and after a step by WENO from the same state.
    flux, usual : Tensor, shape (variable, *batch, interface)
        The agents' fluxes and those of WENO.
    exact : Tensor or None
        The exact solution at cell centres after the step, for rewards that need it.
    """

    interfaces: Interfaces
    dt: float
    before: Tensor
    after: Tensor
    target: Tensor
    flux: Tensor
    usual: Tensor
    exact: Tensor | None

    def rewards(self, mode: str) -> Tensor:
        """Return the reward of every agent (variable, *batch, interface), from 0 down to -pi/2."""
        return -torch.atan(SQUASH * rewards[mode].error(self))


class Reward(NamedTuple):
    """A reward by the error at each interface that it punishes."""

    error: Callable[[Step], Tensor]
    needs_exact: bool


rewards: Registry[Reward] = Registry("reward mode")


def reward(
    name: str, needs_exact: bool = False
) -> Callable[[Callable[[Step], Tensor]], Callable[[Step], Tensor]]:
    """Decorator that adds a function from a :class:`Step` to errors (variable, *batch, interface).

    Parameters
    ----------
    name : str
        Name by which an environment finds it.
    needs_exact : bool
        Whether it looks at ``step.exact``.
    """

    def decorate(function: Callable[[Step], Tensor]) -> Callable[[Step], Tensor]:
        rewards.add(name, Reward(function, needs_exact))
        return function

    return decorate


@reward("one-step")
def one_step(step: Step) -> Tensor:
    """Distance from a step by WENO from the same state: a perfect score is WENO."""
    return step.interfaces.beside((step.after - step.target).abs())


@reward("full", needs_exact=True)
def full(step: Step) -> Tensor:
    """Distance from the exact solution, or from a run on a finer grid in its place."""
    assert step.exact is not None
    return step.interfaces.beside((step.after - step.exact).abs())


@reward("total-variation")
def total_variation(step: Step) -> Tensor:
    """By how much the three jumps about an interface outgrow the five before the step.

    The variation of a scalar law's solution between two points is never more than that between
    the points from which waves arrive there, less than a cell away.
    """
    before, after = (_jumps(step.interfaces, q) for q in (step.before, step.after))
    return torch.relu(_windows(after, 3, step) - _windows(before, 5, step))


@reward("conservation")
def conservation(step: Step) -> Tensor:
    """Mass that went through the interface too much or too little, as a change of a cell's average.

    No sum over all cells can tell schemes apart that are written in fluxes: what leaves a cell
    enters the next. This is what an interface itself is answerable for, measured by WENO's flux.
    """
    return (step.dt / step.interfaces.width) * (step.flux - step.usual).abs()


def _jumps(interfaces: Interfaces, q: Tensor) -> Tensor:
    """Return the size of the jump at each interface; none at a side that is not periodic."""
    inside = (q[..., 1:] - q[..., :-1]).abs()
    across = (q[..., :1] - q[..., -1:]).abs() * float(interfaces.periodic)
    return torch.cat((across, inside, across), dim=-1)


def _windows(jumps: Tensor, width: int, step: Step) -> Tensor:
    """Return the sum over ``width`` jumps about each interface."""
    r = width // 2
    if step.interfaces.periodic:  # the first interface and the last are one
        around = torch.cat((jumps[..., -1 - r : -1], jumps, jumps[..., 1 : 1 + r]), dim=-1)
    else:
        around = torch.nn.functional.pad(jumps, (r, r))
    return around.unfold(-1, width, 1).sum(dim=-1)
