"""Policy families by name: one agent per face, bounded by construction."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from learnedflux.errors import InputError
from learnedflux.policy import Policy
from learnedflux.reconstruction import Reconstruction, bounded, steered
from learnedflux.reconstruction import families as formulas
from learnedflux.reconstruction.mp import ALPHA
from learnedflux.registry import Registry

__all__ = ["BoundedPolicy", "FamilyPolicy", "SteeredPolicy", "families", "family"]

log = logging.getLogger("learnedflux")
STENCIL = 6  # cells around a face that the policy files of these families take


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
    - ``contract(stencil)``, the map of the policy file: (face, stencil) to (face,); and
      ``contract(stencil, speeds)`` with ``speeds`` (face, number) if its attribute ``speeds``,
      that number, is not 0;
    - ``metadata()``, what the file says of it besides;
    - optionally ``take(policy)``, which takes the weights of a :class:`~learnedflux.Policy` for
      training to start from (``start`` of a recipe).
    """

    def decorate(kind: type) -> type:
        families.add(name, kind)
        return kind

    return decorate


class FamilyPolicy(nn.Module):
    """A network of one of the known families; everything else is the family's formula.

    Parameters
    ----------
    family : Family
        What the network sees and answers.
    hidden : sequence of int
        Widths of the hidden layers.
    seed : int
        Seed of the initial weights.
    **settings : float
        The family's numbers by name.
    """

    order = 5
    stencil = STENCIL

    def __init__(
        self, family: formulas.Family, hidden: tuple[int, ...], seed: int, **settings: float
    ) -> None:
        super().__init__()
        if not hidden or not all(isinstance(width, int) and width > 0 for width in hidden):
            raise InputError(f"hidden must list layer widths above 0; got {hidden!r}.")
        for name, number in settings.items():
            plain = isinstance(number, (int, float)) and not isinstance(number, bool)
            if not (plain and 0.0 <= number < math.inf):
                raise InputError(f"{name} must be a number, 0 or above; got {number!r}.")
        self.rules = family
        self.family, self.speeds = family.name, family.speeds
        self.config: dict[str, Any] = {"hidden": list(hidden), **settings}
        generator = torch.Generator().manual_seed(seed)
        layers: list[nn.Module] = []
        for fan_in, fan_out in itertools.pairwise((family.inputs, *hidden, family.answers)):
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

    def _answer(self, seen: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return self.net(torch.stack(seen, dim=-1)).unbind(-1)  # type: ignore[no-any-return]

    def forward(self, *given: Any) -> Tensor:
        """Return left-biased face values from cells, tensors of one shape.

        Of a family that takes speeds the last argument is a tuple of those, also such tensors.
        """
        rules, eps = self.rules, torch.finfo(given[0].dtype).eps
        speeds = given[-1] if rules.speeds else None
        settings = tuple(self.config[key] for key in rules.settings)
        value: Tensor = rules.evaluate(given[: rules.cells], speeds, settings, eps, self._answer)
        return value

    def contract(self, stencil: Tensor, speeds: Tensor | None = None) -> Tensor:
        """Return left-biased face values (face,) from (face, cell), and speeds (face, number)."""
        cells = tuple(stencil[:, j] for j in range(self.rules.cells))
        value: Tensor = self(*(cells if speeds is None else (*cells, speeds.unbind(1))))
        return value

    def metadata(self) -> dict[str, Any]:
        """Return settings and weights, by which the compiled kernels run a policy file."""
        layers = [layer for layer in self.net if isinstance(layer, nn.Linear)]
        weights = [
            {"weight": layer.weight.tolist(), "bias": layer.bias.tolist()} for layer in layers
        ]
        return {"config": self.config, "weights": weights}

    def take(self, given: Policy) -> None:
        """Take the weights of a policy file, which must be of the same family and widths.

        Settings are not taken; those that differ are told.
        """
        layers = [layer for layer in self.net if isinstance(layer, nn.Linear)]
        own = [tuple(layer.weight.shape) for layer in layers]
        network = given.network
        if network is None or network.family is not self.rules:
            raise InputError(
                f"training cannot start from policy {given.name!r} of family "
                f"{given.metadata['family']!r}: the recipe's is {self.family!r}."
            )
        if [weight.shape for weight, _ in network.layers] != own:
            hidden = [len(bias) for _, bias in network.layers[:-1]]
            raise InputError(
                f"training cannot start from policy {given.name!r}: its hidden layers are "
                f"{hidden}, the recipe's {self.config['hidden']}. Set hidden = {hidden} in "
                "[policy]."
            )
        other = [
            f"{key} {self.config[key]:g} instead of {theirs:g}"
            for key, theirs in zip(self.rules.settings, network.settings, strict=True)
            if self.config[key] != theirs
        ]
        if other:
            log.warning("starting from policy %r with %s", given.name, ", ".join(other))
        with torch.no_grad():
            for layer, (weight, bias) in zip(layers, network.layers, strict=True):
                layer.weight.copy_(torch.as_tensor(weight))
                layer.bias.copy_(torch.as_tensor(bias))

    def reconstruction(self, name: str = "policy") -> Reconstruction:
        """Return this policy as a reconstruction of the torch backend, gradients and all."""
        return Reconstruction(
            name, self, self.rules.cells, self.order, speeds=bool(self.rules.speeds)
        )


@family(steered.FAMILY)
class SteeredPolicy(FamilyPolicy):
    """Policy of the family :mod:`~learnedflux.reconstruction.steered`: it sees wave speeds.

    Parameters
    ----------
    hidden : sequence of int
        Widths of the hidden layers.
    threshold : float
        Roughness (zero in every sine wave, about one at jumps) below which the sensor is zero.
    softness : float
        Roughness at which the sensor is about one half.
    short : float
        Share of the roughness of short waves that counts in what is carried along, where sound does
        not tell that they are contacts. The larger it is, the sharper contacts in scalar laws, weak
        ones in gases, and shear, and the more waves on slopes grow: see docs/policies.md.
    theta : float
        Share of the sixth-order central value in the linear scheme.
    alpha, loose : float
        Steepness of the monotonicity-preserving bounds where the network acts in full, and where it
        does not.
    shock : float
        Steepness in place of ``alpha`` in shocks that run over the grid. Policies are best trained
        with 2 and deployed with 4.
    seed : int
        Seed of the initial weights.
    """

    def __init__(
        self,
        hidden: tuple[int, ...] = (8, 8),
        threshold: float = 0.15,
        softness: float = 0.1,
        short: float = 0.18,
        theta: float = 0.8,
        alpha: float = 2.0,
        loose: float = ALPHA,
        shock: float = 2.0,
        seed: int = 0,
    ) -> None:
        super().__init__(
            formulas.families[steered.FAMILY],
            hidden,
            seed,
            threshold=threshold,
            softness=softness,
            short=short,
            theta=theta,
            alpha=alpha,
            loose=loose,
            shock=shock,
        )


@family(bounded.FAMILY)
class BoundedPolicy(FamilyPolicy):
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

    def __init__(
        self,
        hidden: tuple[int, ...] = (16, 16),
        threshold: float = 0.1,
        softness: float = 0.1,
        alpha: float = ALPHA,
        seed: int = 0,
    ) -> None:
        super().__init__(
            formulas.families[bounded.FAMILY],
            hidden,
            seed,
            threshold=threshold,
            softness=softness,
            alpha=alpha,
        )
