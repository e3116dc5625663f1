"""How far a rollout ends from the truth, next to how far MP5 does."""

from __future__ import annotations

import torch
from torch import Tensor

from learnedflux.equations import Equation

__all__ = ["error_ratio", "growth", "primitive_errors"]

FLOOR = 1e-4  # of a row's range: errors below it count as none
CAP = 4.0  # a row lost altogether shall not decide the batch


def primitive_errors(equation: Equation, q: Tensor, target: Tensor) -> Tensor:
    """Mean absolute errors (variable, row) in primitive variables, each by its row's range."""
    w = torch.stack(tuple(equation.to_primitive(tuple(q))))
    exact = torch.stack(tuple(equation.to_primitive(tuple(target))))
    span = exact.amax(dim=-1) - exact.amin(dim=-1)
    # A variable that is constant is measured against the size of the whole state.
    span = torch.maximum(span, 0.02 * exact.abs().amax(dim=-1)) + 1e-12
    return (w - exact).abs().mean(dim=-1) / span


def error_ratio(errors: Tensor, baseline: Tensor) -> Tensor:
    """Error over the baseline's, per row; the first variable counts as much as all others.

    Below 1 where the policy is better. Ratios rather than errors: each row counts alike, whatever
    its scale and difficulty.
    """
    ratio = torch.clamp(errors / (baseline + FLOOR), max=CAP)
    if len(ratio) == 1:
        return ratio[0]
    return 0.5 * ratio[0] + 0.5 * ratio[1:].mean(dim=0)


def growth(q: Tensor, start: Tensor) -> Tensor:
    """By how much the L2 norm about the mean has grown, per row; a scheme must never let it."""

    def norm(u: Tensor) -> Tensor:
        return (u - u.mean(dim=-1, keepdim=True)).square().sum(dim=-1).sqrt()

    return torch.relu(norm(q) / (norm(start) + 1e-12) - 1.0).sum(dim=0)
