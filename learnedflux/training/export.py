"""Export of a trained policy to an ONNX file that keeps the contract."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from learnedflux.dataset import library_version
from learnedflux.errors import PolicyError
from learnedflux.files import replace_file
from learnedflux.policy import CONTRACT, CONTRACT_KEY, Policy
from learnedflux.training.card import measure, write_card
from learnedflux.training.data import CFL
from learnedflux.training.nets import FamilyPolicy
from learnedflux.training.recipe import Recipe

__all__ = ["export"]

PARITY = 1e-12  # largest difference of ONNX Runtime and torch, relative to the stencil's scale
OPSET = 18
STENCIL = 6


class _DoubleConstants(TorchFunctionMode):
    """Turn plain numbers into float64 tensors while exporting.

    The exporter stores a Python float as float32, even in a graph of doubles: 0.1 would lose half
    its digits, and 1e-30 squared would vanish.
    """

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        def double(x: Any) -> Any:
            return torch.tensor(x, dtype=torch.float64) if isinstance(x, float) else x

        named = {key: double(value) for key, value in (kwargs or {}).items()}
        return function(*(double(x) for x in args), **named)


class _Contract(nn.Module):
    """The policy as the contract wants it: stencil (face, 6) in, value (face,) out.

    And speeds (face, 6) in, where it uses them.
    """

    def __init__(self, policy: FamilyPolicy) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, stencil: Tensor, speeds: Tensor | None = None) -> Tensor:
        cells = tuple(stencil[:, j] for j in range(self.policy.rules.cells))
        given = cells if speeds is None else (*cells, speeds.unbind(1))
        with _DoubleConstants():
            value: Tensor = self.policy(*given)
        return value


def _sample_stencils() -> np.ndarray:
    """Stencils of all kinds and scales: noise, jumps, smooth, flat, monotone."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2000, STENCIL))
    monotone = np.cumsum(np.abs(noise) ** 3, axis=1) * rng.choice([-1, 1], (2000, 1))
    jump = np.where(np.arange(STENCIL) < rng.integers(1, STENCIL, (2000, 1)), 0.0, 1.0)
    smooth = np.sin(0.1 * np.arange(STENCIL) + rng.uniform(0, 7, (2000, 1)))
    flat = np.ones((10, STENCIL))
    shapes = np.concatenate((noise, monotone, jump, smooth, flat))
    scale = 10.0 ** rng.uniform(-6, 6, (len(shapes), 1))
    return np.asarray(scale * (shapes + rng.normal(size=(len(shapes), 1))))


def _layers(policy: FamilyPolicy) -> list[dict[str, Any]]:
    """Return the weights as the metadata hold them, for executors other than ONNX Runtime."""
    layers = [layer for layer in policy.net if isinstance(layer, nn.Linear)]
    return [{"weight": x.weight.tolist(), "bias": x.bias.tolist()} for x in layers]


def _write(policy: FamilyPolicy, path: Path, metadata: dict[str, Any]) -> None:
    module = _Contract(policy.double()).eval()
    metadata = metadata | {"weights": _layers(policy)}
    face = {0: torch.export.Dim("face", min=1)}
    example: tuple[Tensor, ...] = (torch.zeros(7, STENCIL, dtype=torch.float64),)
    names, shapes = ["stencil"], {"stencil": face}
    if policy.rules.speeds:
        example = (*example, torch.zeros(7, policy.rules.speeds, dtype=torch.float64))
        names, shapes = ["stencil", "speeds"], {"stencil": face, "speeds": face}
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter warns of its own insides
            program = torch.onnx.export(
                module,
                example,
                dynamo=True,
                opset_version=OPSET,
                input_names=names,
                output_names=["value"],
                dynamic_shapes=shapes,
                verbose=False,
            )
    finally:
        quiet.setLevel(level)
    if program is None:
        raise PolicyError("the ONNX exporter returned nothing.")
    model = program.model_proto
    # Traces of the exporter name files of this machine and are five sixths of the size.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    for graph_part in (model, model.graph):
        del graph_part.metadata_props[:]
    for function in model.functions:
        del function.metadata_props[:]
    onnx.helper.set_model_props(model, {CONTRACT_KEY: json.dumps(metadata, sort_keys=True)})
    onnx.checker.check_model(model)
    with replace_file(path) as file:
        file.write_bytes(model.SerializeToString())


def _check_parity(policy: FamilyPolicy, loaded: Policy) -> None:
    stencils, speeds = _sample_stencils(), None
    if policy.rules.speeds:
        shape = (len(stencils), policy.rules.speeds)
        speeds = np.random.default_rng(1).uniform(-1, 1, shape)
    given = [torch.as_tensor(x) for x in (stencils, speeds) if x is not None]
    with torch.no_grad():
        expected = _Contract(policy)(*given).numpy()
    scale = np.abs(stencils).max(axis=1)
    gap = float(np.max(np.abs(loaded(stencils, speeds=speeds) - expected) / scale))
    if not gap <= PARITY:
        raise PolicyError(
            f"the exported policy differs from the trained one by {gap:.1e} of the stencil's "
            f"scale (allowed {PARITY:.0e}); the file is not to be trusted."
        )


def export(
    policy: FamilyPolicy,
    path: str | Path,
    recipe: Recipe,
    *,
    recipe_name: str | None = None,
    version: str = "1",
    licence: str = "Apache-2.0",
    card: bool = True,
) -> Policy:
    """Write a policy as an ONNX file with its contract, check it, and return it loaded.

    Parameters
    ----------
    policy : FamilyPolicy
        What to export; exported in float64.
    path : str or Path
        File to write, ending in ``.onnx``. A card beside it (``.md``) says where the policy comes
        from and how it compares on the named benchmarks.
    recipe : Recipe
        What it was trained by.
    recipe_name : str, optional
        How the metadata call the recipe; default its name.
    version, licence : str
        For the metadata.
    card : bool
        Measure the errors on named problems and write the card (some seconds).

    Returns
    -------
    Policy

    Raises
    ------
    PolicyError
        If ONNX Runtime and torch disagree.
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise PolicyError(f"a policy file ends in .onnx; got {str(path)!r}.")
    metadata: dict[str, Any] = {
        "contract": CONTRACT,
        "name": recipe.name,
        "version": version,
        "family": policy.family,
        "config": policy.config,
        "stencil": STENCIL,
        "order": 5,
        "equations": list(recipe.equations),
        "cfl": list(CFL),
        "recipe": recipe_name or recipe.name,
        "recipe_digest": recipe.digest,
        "seeds": [recipe.seed],
        "errors": {},
        "licence": licence,
        "library": library_version(),
    }
    with replace_file(path) as draft:
        _write(policy, draft, metadata)
        loaded = Policy(draft)
        _check_parity(policy, loaded)
        if card:
            table = measure(loaded)
            metadata["errors"] = {row["problem"]: row[loaded.name] for row in table}
            _write(policy, draft, metadata)
    final = Policy(path)
    if card:
        write_card(final, table, path.with_suffix(".md"))
    return final
