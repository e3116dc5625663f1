"""The policy of Way et al.: weights of WENO's sub-stencils, chosen from one standardised stencil.

Trained and used on split fluxes. Unlike the other families it has no sensor and no bounds: a convex
combination of the sub-stencils is all the safety it needs, and all it can do.

References
----------
.. [1] Way, Kapilavai, Fu and Yu, Backpropagation through time and space: learning numerical methods
   with multi-agent reinforcement learning, arXiv:2203.08937.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor, nn

from learnedflux.errors import InputError, UnknownNameError
from learnedflux.limiters import median_clip
from learnedflux.reconstruction import Reconstruction
from learnedflux.reconstruction.mp import mp_bounds
from learnedflux.reconstruction.stencil import linear5, substencils
from learnedflux.training.nets import family

__all__ = ["FAMILY", "WeightsPolicy"]

FAMILY = "weno_weights"
CLIP = 5.0  # of the standardised stencil
LEAST = 1e-16  # deviation of a stencil that counts as none
STEEPNESS = 4.0  # of the bounds of free values: Suresh and Huynh's own
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


def _pairs(d: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return 0.5 * d[0], 0.5 * d[1]


@family(FAMILY)
class WeightsPolicy(nn.Module):
    """Face value = upwind cell + sum over sub-stencils of weight * increment, by softmax weights.

    Of the ``2r - 1`` cells around the upwind one, standardised by their own mean and deviation and
    clipped at 5 of them, a network chooses the weights of the r sub-stencils, each of which gives
    a value of order r.

    Parameters
    ----------
    r : {3, 2}
        Sub-stencils, and cells in each.
    hidden : sequence of int
        Widths of the hidden layers.
    action : {"weights", "value"}
        What the network chooses. ``"value"`` is a departure from the paper, for comparison: any
        combination of the stencil's differences beside the linear fifth-order one, clipped to the
        monotonicity-preserving bounds of Suresh and Huynh; with ``r=3`` only.
    activation : {"relu", "tanh"}
        Of the hidden layers.
    layer_norm : bool
        Normalise each hidden layer before its activation.
    seed : int
        Seed of the initial weights.
    """

    family = FAMILY
    variables = "split"
    speeds = 0

    def __init__(
        self,
        r: int = 3,
        hidden: tuple[int, ...] = (128, 128),
        action: str = "weights",
        activation: str = "relu",
        layer_norm: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if r not in (2, 3):
            raise InputError(f"r must be 2 or 3 sub-stencils; got {r!r}.")
        if not hidden or not all(isinstance(width, int) and width > 0 for width in hidden):
            raise InputError(f"hidden must list layer widths above 0; got {hidden!r}.")
        if action not in ("weights", "value"):
            raise UnknownNameError("action", action, ("weights", "value"))
        if action == "value" and r != 3:
            raise InputError("action='value' is bounded by five cells: it needs r=3.")
        if activation not in ACTIVATIONS:
            raise UnknownNameError("activation", activation, list(ACTIVATIONS))
        self.r, self.action = r, action
        self.cells, self.stencil, self.order = 2 * r - 1, 2 * r, r
        self.config: dict[str, Any] = {
            "r": r, "hidden": list(hidden), "action": action, "activation": activation,
            "layer_norm": layer_norm,
        }  # fmt: skip
        answers = r if action == "weights" else self.cells - 1
        generator = torch.Generator().manual_seed(seed)
        layers: list[nn.Module] = []
        for fan_in, fan_out in itertools.pairwise((self.cells, *hidden, answers)):
            layer = nn.Linear(fan_in, fan_out, dtype=torch.float64)
            nn.init.orthogonal_(layer.weight, gain=2.0**0.5, generator=generator)
            nn.init.zeros_(layer.bias)
            normal = [nn.LayerNorm(fan_out, dtype=torch.float64)] if layer_norm else []
            layers += [layer, *normal, ACTIVATIONS[activation]()]
        self.net = nn.Sequential(*layers[: -2 - layer_norm], layer)
        # Start near equal weights, or the linear scheme within its bounds.
        with torch.no_grad():
            layer.weight.mul_(0.01)

    def observe(self, cells: tuple[Tensor, ...]) -> Tensor:
        """Return what the network sees (..., cell): the stencil by its own mean and deviation."""
        stencil = torch.stack(cells, dim=-1)
        about = stencil - stencil.mean(dim=-1, keepdim=True)
        deviation = about.square().mean(dim=-1, keepdim=True)
        # Roots have no gradient at zero.
        deviation = deviation.clamp(min=LEAST * LEAST).sqrt()
        return (about / deviation).clamp(-CLIP, CLIP)

    def act(self, observation: Tensor) -> Tensor:
        """Return the actions (..., number): weights of the sub-stencils from left to right."""
        # The network may be of another precision than the states, which need float64.
        weight: Any = self.net[0].weight
        answer: Tensor = self.net(observation.to(weight.dtype)).to(observation.dtype)
        return torch.softmax(answer, dim=-1) if self.action == "weights" else answer

    def value(self, cells: tuple[Tensor, ...], action: Tensor) -> Tensor:
        """Return the left-biased face value that an action leads to."""
        d = tuple(right - left for left, right in itertools.pairwise(cells))
        chosen = action.unbind(-1)
        if self.action == "weights":
            parts = substencils(*d) if self.r == 3 else _pairs(d)
            increment = sum(w * part for w, part in zip(chosen, parts, strict=True))
        else:
            proposed = linear5(*d) + sum(a * step for a, step in zip(chosen, d, strict=True))
            increment = median_clip(proposed, *mp_bounds(*d, STEEPNESS))
        found: Tensor = cells[self.r - 1] + increment
        return found

    def forward(self, *cells: Tensor) -> Tensor:
        """Return left-biased face values from the 2r - 1 cells, tensors of one shape."""
        return self.value(cells, self.act(self.observe(cells)))

    def contract(self, stencil: Tensor) -> Tensor:
        """Return left-biased face values (face,) from (face, cell)."""
        found: Tensor = self(*stencil.unbind(-1)[: self.cells])
        return found

    def metadata(self) -> dict[str, Any]:
        """Return settings, and that it works on split fluxes."""
        return {"config": self.config, "variables": self.variables}

    def reconstruction(self, name: str = "policy") -> Reconstruction:
        """Return this policy as a reconstruction of the torch backend, gradients and all."""
        return Reconstruction(name, self, self.cells, self.order)
