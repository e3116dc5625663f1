"""The policy network: one agent per face, bounded by construction."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
from torch import Tensor, nn

from learnedflux.limiters import median_clip
from learnedflux.ops import absolute, maximum, minimum, where
from learnedflux.reconstruction import Reconstruction
from learnedflux.reconstruction.mp import ALPHA, mp_bounds
from learnedflux.reconstruction.stencil import differences, linear5, smoothness, tau5

__all__ = ["BoundedPolicy"]

CELLS = 5
FLOOR = 1e-30  # keeps 0/0 away where all cells are zero
ROUND_OFF = 64.0  # differences below so many units in the last place of the cell are no signal
REGULAR = 1e-6  # of the normalised stencil: round-off on flat data is no signal


class BoundedPolicy(nn.Module):
    """Face value = upwind cell + clip(linear5 + sensor * sum_k action_k difference_k).

    The *policy proposes*: from the four differences of the five cells around the upwind one,
    normalised by the largest, a small network chooses four actions, by which the differences
    enter beside the linear fifth-order scheme. The *structure disposes*: where the stencil is
    smooth the sensor is exactly zero and the linear scheme remains; where the differences do not
    all have one sign the network has no say (a wave cannot be pumped); and the bounds of Suresh
    and Huynh clip the result, so that monotone data stay monotone. Any weights whatever therefore
    give a consistent, fifth-order scheme that commutes with adding constants, with scaling and
    with changing the sign of the data.

    Parameters
    ----------
    hidden : sequence of int
        Widths of the hidden layers.
    threshold : float
        Smoothness ratio below which the sensor is zero.
    softness : float
        Smoothness ratio at which the sensor is about one half.
    alpha : float
        Steepness of the monotonicity-preserving bounds.
    seed : int
        Seed of the initial weights.
    """

    family = "bounded5"

    def __init__(
        self,
        hidden: tuple[int, ...] = (16, 16),
        threshold: float = 0.1,
        softness: float = 0.1,
        alpha: float = ALPHA,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "hidden": list(hidden),
            "threshold": threshold,
            "softness": softness,
            "alpha": alpha,
        }
        generator = torch.Generator().manual_seed(seed)
        layers: list[nn.Module] = []
        widths = [CELLS - 1, *hidden, CELLS - 1]
        for fan_in, fan_out in itertools.pairwise(widths):
            layer = nn.Linear(fan_in, fan_out, dtype=torch.float64)
            bound = 1.0 / math.sqrt(fan_in)
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
            layers += [layer, nn.ReLU()]
        self.net = nn.Sequential(*layers[:-1])
        # Start near the linear scheme within its bounds, that is near MP5.
        nn.init.zeros_(layer.bias)
        with torch.no_grad():
            layer.weight.mul_(0.05)

    def forward(self, a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor) -> Tensor:
        """Return left-biased face values from five cells, tensors of one shape."""
        d0, d1, d2, d3 = differences(a, b, c, d, e)
        size = maximum(maximum(absolute(d0), absolute(d1)), maximum(absolute(d2), absolute(d3)))
        least = maximum(ROUND_OFF * torch.finfo(c.dtype).eps * absolute(c), FLOOR)
        inverse = 1.0 / maximum(size, least)
        f = (d0 * inverse, d1 * inverse, d2 * inverse, d3 * inverse)
        beta = smoothness(*f)
        r = tau5(beta) / ((beta[0] + beta[1]) + beta[2] + REGULAR)
        k = self.config
        sensor = maximum(r * r - k["threshold"] ** 2, 0.0) / (r * r + k["softness"] ** 2)
        lowest = minimum(minimum(d0, d1), minimum(d2, d3))
        highest = maximum(maximum(d0, d1), maximum(d2, d3))
        sensor = where(lowest * highest >= 0.0, sensor, 0.0 * sensor)
        action = self.net(torch.stack([absolute(x) for x in f], dim=-1))
        proposed = (
            action[..., 0] * d0 + action[..., 1] * d1 + action[..., 2] * d2 + action[..., 3] * d3
        )
        lower, upper = mp_bounds(d0, d1, d2, d3, k["alpha"])
        increment = median_clip(linear5(d0, d1, d2, d3) + sensor * proposed, lower, upper)
        value: Tensor = c + increment
        return value

    def reconstruction(self, name: str = "policy") -> Reconstruction:
        """Return this policy as a reconstruction of the torch backend, gradients and all."""
        return Reconstruction(name, self, CELLS, 5)
