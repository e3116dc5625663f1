"""Policy families by name: one agent per face, bounded by construction."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from learnedflux.errors import InputError
from learnedflux.reconstruction import Reconstruction
from learnedflux.reconstruction.bounded import CELLS, FAMILY, INPUTS, face_value, features
from learnedflux.reconstruction.mp import ALPHA
from learnedflux.reconstruction.stencil import differences
from learnedflux.registry import Registry

__all__ = ["BoundedPolicy", "families", "family"]

families: Registry[Any] = Registry("policy family")


def family(name: str) -> Callable[[type], type]:
    """Decorator that adds a class of policies under the name recipes and policy files call it by.

    Parameters
    ----------
    name : str
        Name of the family.

    Notes
    -----
    The class is a :class:`torch.nn.Module` with

    - a constructor whose arguments are the settings of ``[policy]`` in a recipe, and ``seed``;
    - ``family``, ``stencil`` (cells around a face that the exported file takes) and ``order``;
    - ``reconstruction()``, the policy as a :class:`~learnedflux.reconstruction.Reconstruction` of
      the torch backend, gradients and all;
    - ``contract(stencil)``, the map of the policy file: (face, stencil) to (face,);
    - ``metadata()``, what the file says of it besides.
    """

    def decorate(kind: type) -> type:
        families.add(name, kind)
        return kind

    return decorate


@family(FAMILY)
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

    family = FAMILY
    stencil = CELLS + 1
    order = 5

    def __init__(
        self,
        hidden: tuple[int, ...] = (16, 16),
        threshold: float = 0.1,
        softness: float = 0.1,
        alpha: float = ALPHA,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not hidden or not all(isinstance(width, int) and width > 0 for width in hidden):
            raise InputError(f"hidden must list layer widths above 0; got {hidden!r}.")
        self.config: dict[str, Any] = {
            "hidden": list(hidden),
            "threshold": threshold,
            "softness": softness,
            "alpha": alpha,
        }
        generator = torch.Generator().manual_seed(seed)
        layers: list[nn.Module] = []
        widths = [INPUTS, *hidden, INPUTS]
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
        steps = differences(a, b, c, d, e)
        k, eps = self.config, torch.finfo(c.dtype).eps
        seen, sensor = features(steps, c, k["threshold"], k["softness"], eps)
        action = self.net(torch.stack(seen, dim=-1))
        value: Tensor = face_value(c, steps, sensor, action.unbind(-1), k["alpha"])
        return value

    def contract(self, stencil: Tensor) -> Tensor:
        """Return left-biased face values (face,) from the cells around each face (face, cell)."""
        value: Tensor = self(*(stencil[:, j] for j in range(CELLS)))
        return value

    def metadata(self) -> dict[str, Any]:
        """Return settings and weights, by which the compiled kernels run a policy file."""
        layers = [layer for layer in self.net if isinstance(layer, nn.Linear)]
        weights = [
            {"weight": layer.weight.tolist(), "bias": layer.bias.tolist()} for layer in layers
        ]
        return {"config": self.config, "weights": weights}

    def reconstruction(self, name: str = "policy") -> Reconstruction:
        """Return this policy as a reconstruction of the torch backend, gradients and all."""
        return Reconstruction(name, self, CELLS, 5)
