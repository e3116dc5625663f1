"""Learned policies as functions of tensors: on the device, differentiable, without ONNX Runtime.

Policies of the known families carry their weights in their metadata; with the formula of
:mod:`learnedflux.reconstruction.families` these are the whole policy. A policy of any other family
is run by ONNX Runtime, on the device's own memory where its provider is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from learnedflux.policy import Policy

__all__ = ["OnDevice", "pointwise_policy"]

Layer = tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]


def pointwise_policy(
    policy: Policy, torch: Any, device: Any, dtype: Any
) -> Callable[..., Any] | None:
    """Return a policy as a function of tensors, or None if its family is not known here.

    They are the cells around a face and, of a policy that uses speeds, last a tuple of those.
    """
    if policy.network is None:
        return None
    family, settings, known = policy.network
    layers = tuple(
        (tuple(map(tuple, weight.tolist())), tuple(bias.tolist())) for weight, bias in known
    )
    eps = torch.finfo(dtype).eps
    tensors = [
        tuple(torch.tensor(x, dtype=dtype, device=device) for x in layer) for layer in layers
    ]

    def ask(seen: Any) -> Any:
        if torch.compiler.is_compiling():
            return _unrolled(layers, seen, torch.relu)
        return _by_matrices(tensors, seen, torch)

    def value(*given: Any) -> Any:
        speeds = given[-1] if family.speeds else None
        return family.evaluate(given[: family.cells], speeds, settings, eps, ask)

    return value


def _unrolled(layers: Sequence[Layer], x: Sequence[Any], relu: Any) -> Sequence[Any]:
    """Run a network as plain arithmetic, which a compiler keeps in registers."""
    for i, (weight, bias) in enumerate(layers):
        y = []
        for row, constant in zip(weight, bias, strict=True):
            total = constant
            for w, value in zip(row, x, strict=True):
                total = total + w * value
            y.append(total if i == len(layers) - 1 else relu(total))
        x = y
    return x


def _by_matrices(tensors: Sequence[Any], seen: Sequence[Any], torch: Any) -> Any:
    """Run a network as products of matrices (unit, face): few calls, large temporaries."""
    x = torch.stack(tuple(seen))
    shape = x.shape[1:]
    x = x.reshape(len(seen), -1)
    for i, (weight, bias) in enumerate(tensors):
        x = torch.addmm(bias[:, None], weight, x)
        if i < len(tensors) - 1:
            x = torch.relu(x)
    return x.reshape(len(x), *shape).unbind(0)


class OnDevice:
    """A policy of any family, run by ONNX Runtime on tensors where they lie.

    Parameters
    ----------
    policy : Policy
        What to run.
    torch : module
        PyTorch.
    device : torch.device
        Where the tensors are. On a GPU ``onnxruntime-gpu`` is needed to stay there; without it
        stencils go to the CPU and values come back, at every stage.
    """

    def __init__(self, policy: Policy, torch: Any, device: Any) -> None:
        self.policy, self.torch = policy, torch
        self.session = policy.session_on(device.type, device.index or 0)
        self.at = device if self.session is not None else torch.device("cpu")
        if self.session is None:
            self.session = policy.session_on("cpu")

    def __call__(self, stencils: Any, linear_fields: tuple[bool, ...], speeds: Any = None) -> Any:
        """Return the face values (2, variable, ...) of stencils (2, variable, ..., cell)."""
        torch, shape = self.torch, stencils.shape[:-1]
        cells = stencils.detach().to(self.at, torch.float64).reshape(-1, stencils.shape[-1])
        feed = {"stencil": cells.contiguous()}
        if self.policy.uses_field:
            kind = torch.tensor(linear_fields, dtype=torch.float64, device=self.at)
            kind = kind.reshape(1, -1, *(1,) * (len(shape) - 2)).expand(shape)
            feed["field"] = kind.reshape(-1).contiguous()
        if speeds is not None:
            fast = speeds.detach().to(self.at, torch.float64).reshape(-1, speeds.shape[-1])
            feed["speeds"] = fast.contiguous()
        value = torch.empty(len(cells), dtype=torch.float64, device=self.at)
        binding = self.session.io_binding()
        for name, tensor in feed.items():
            binding.bind_input(name, *self._place(tensor))
        binding.bind_output("value", *self._place(value))
        if self.at.type == "cuda":
            torch.cuda.synchronize(self.at)  # ONNX Runtime has a stream of its own
        self.session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return value.reshape(shape).to(stencils)

    def _place(self, tensor: Any) -> tuple[str, int, Any, tuple[int, ...], int]:
        at = self.at
        return at.type, at.index or 0, np.float64, tuple(tensor.shape), tensor.data_ptr()
