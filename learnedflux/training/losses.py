"""Losses by name: what a rollout is to be punished for, row by row.

Each is a function of an :class:`Outcome` that returns one number per row; a recipe weighs them
(``[losses]``). The first primitive variable counts as much as all others together.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from learnedflux.equations import Equation
from learnedflux.registry import Registry

__all__ = ["CAP", "Loss", "Outcome", "loss", "losses"]

FLOOR = 1e-4  # of a row's range: errors below it count as none
CAP = 4.0  # a row lost altogether shall not decide the batch
WINDOW = 8  # cells over which a policy shall never be worse than the baseline
FLAT = 1e-3  # of a row's range: second differences below it are none
SMALL = 0.05  # of a state's size: ranges below it make a row of small amplitude
LEAST_SPAN = 0.02  # of a variable's size, that counts as its range where it is constant
LINEAR = "linear5"  # the linear fifth-order scheme


@dataclass(frozen=True)
class Outcome:
    """How a batch ended, and what it is compared with.

    Parameters
    ----------
    equation : Equation
        Conservation law.
    start, end, target : Tensor, shape (variable, row, cell)
        Conserved cell averages: at first, as the policy leaves them, and as they should be.
    others : mapping
        End states of classical schemes by name; not finite where a run was lost.
    baselines : tuple of str
        Which of them to beat: at each place the best counts.
    kinds : tuple of str
        Name of each row's distribution.
    """

    equation: Equation
    start: Tensor
    end: Tensor
    target: Tensor
    others: Mapping[str, Tensor]
    baselines: tuple[str, ...]
    kinds: tuple[str, ...] = ()

    def primitive(self, q: Tensor) -> Tensor:
        """Primitive variables that change: a static field (the bottom) is left out."""
        w = tuple(self.equation.to_primitive(tuple(q)))
        return torch.stack(w[:-1] if self.equation.balanced else w)

    @functools.cached_property
    def exact(self) -> Tensor:
        """Primitive variables of the target."""
        return self.primitive(self.target)

    @functools.cached_property
    def span(self) -> Tensor:
        """Range of each variable in each row (variable, row)."""
        span = self.exact.amax(dim=-1) - self.exact.amin(dim=-1)
        return torch.maximum(span, LEAST_SPAN * self.exact.abs().amax(dim=-1)) + 1e-12

    def deviation(self, q: Tensor) -> Tensor:
        """Distance of a state from the exact one, by the range (variable, row, cell)."""
        return (self.primitive(q) - self.exact).abs() / self.span[..., None]

    @functools.cached_property
    def deviations(self) -> Tensor:
        """The policy's (variable, row, cell)."""
        return self.deviation(self.end)

    @functools.cached_property
    def baseline_deviations(self) -> Tensor:
        """The baselines' (scheme, variable, row, cell)."""
        found = torch.stack([self.deviation(self.others[name]) for name in self.baselines])
        return torch.nan_to_num(found, nan=1.0, posinf=1.0)

    @functools.cached_property
    def errors(self) -> Tensor:
        """Mean errors of the policy (variable, row)."""
        return self.deviations.mean(dim=-1)

    @functools.cached_property
    def baseline(self) -> Tensor:
        """Mean errors of the best baseline (variable, row)."""
        return self.baseline_deviations.mean(dim=-1).amin(dim=0)


def _weighed(values: Tensor) -> Tensor:
    """Mean over variables (variable, ...), of which the first counts half."""
    return values[0] if len(values) == 1 else 0.5 * values[0] + 0.5 * values[1:].mean(dim=0)


@dataclass(frozen=True)
class Loss:
    """A loss, and the classical schemes whose end states it needs besides the baselines'."""

    name: str
    function: Callable[[Outcome], Tensor]
    needs: tuple[str, ...] = ()


losses: Registry[Loss] = Registry("loss")


def loss(
    name: str, needs: tuple[str, ...] = ()
) -> Callable[[Callable[[Outcome], Tensor]], Callable[[Outcome], Tensor]]:
    """Decorator that adds a function ``outcome -> Tensor (row,)`` to the losses."""

    def decorate(function: Callable[[Outcome], Tensor]) -> Callable[[Outcome], Tensor]:
        losses.add(name, Loss(name, function, needs))
        return function

    return decorate


@loss("ratio")
def ratio(outcome: Outcome) -> Tensor:
    """Error over the baseline's, capped: each row counts alike, whatever its difficulty."""
    return _weighed(torch.clamp(outcome.errors / (outcome.baseline + FLOOR), max=CAP))


@loss("log_ratio")
def log_ratio(outcome: Outcome) -> Tensor:
    """Logarithm of the error over the baseline's: halving it counts alike at every level."""
    return _weighed(torch.log((outcome.errors + FLOOR) / (outcome.baseline + FLOOR)))


@loss("hinge")
def hinge(outcome: Outcome) -> Tensor:
    """By how much the error exceeds the best baseline's in each window of 8 cells, if it does."""

    def windows(deviations: Tensor) -> Tensor:
        ring = torch.cat((deviations, deviations[..., : WINDOW - 1]), dim=-1)
        return ring.unfold(-1, WINDOW, 1).mean(dim=-1)

    ours = windows(outcome.deviations)
    best = windows(outcome.baseline_deviations).amin(dim=0)
    return _weighed(torch.relu(torch.log((ours + FLOOR) / (best + FLOOR))).mean(dim=-1))


@loss("variation")
def variation(outcome: Outcome) -> Tensor:
    """Total variation above the larger of the initial and the exact one."""

    def total(w: Tensor) -> Tensor:
        return (w - w.roll(1, dims=-1)).abs().sum(dim=-1)

    allowed = torch.maximum(total(outcome.primitive(outcome.start)), total(outcome.exact))
    excess = torch.relu(total(outcome.primitive(outcome.end)) - allowed)
    return _weighed(excess / outcome.span)


@loss("growth")
def growth(outcome: Outcome) -> Tensor:
    """L2 norm about the mean above the larger of the initial and the exact one: waves that grow."""

    def norm(w: Tensor) -> Tensor:
        size = (w - w.mean(dim=-1, keepdim=True)).square().mean(dim=-1)
        # Roots have no gradient at zero.
        return torch.where(size > 0.0, size, torch.ones_like(size)).sqrt() * (size > 0.0)

    allowed = torch.maximum(norm(outcome.primitive(outcome.start)), norm(outcome.exact))
    excess = torch.relu(norm(outcome.primitive(outcome.end)) - allowed)
    return _weighed(excess / (allowed + FLOOR * outcome.span))


@loss("flat")
def flat(outcome: Outcome) -> Tensor:
    """Second differences where the exact solution has none: noise behind shocks."""

    def bend(w: Tensor) -> Tensor:
        return (w.roll(1, dims=-1) - 2.0 * w + w.roll(-1, dims=-1)).abs() / outcome.span[..., None]

    straight = bend(outcome.exact) < FLAT
    straight = straight & straight.roll(1, dims=-1) & straight.roll(-1, dims=-1)
    return _weighed((bend(outcome.primitive(outcome.end)) * straight).mean(dim=-1))


@loss("anchor", needs=(LINEAR,))
def anchor(outcome: Outcome) -> Tensor:
    """Distance from the linear fifth-order scheme on rows of small amplitude, by their range."""
    size = outcome.exact.abs().amax(dim=-1)
    small = (outcome.exact.amax(dim=-1) - outcome.exact.amin(dim=-1)) < SMALL * size
    linear = torch.nan_to_num(outcome.primitive(outcome.others[LINEAR]), posinf=0.0, neginf=0.0)
    away = (outcome.primitive(outcome.end) - linear).abs().mean(dim=-1)
    return _weighed(small * away / outcome.span)
