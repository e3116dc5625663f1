"""Export of a trained policy to an ONNX file that keeps the contract."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping
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
from learnedflux.table import Table
from learnedflux.training.card import measure, write_card
from learnedflux.training.comparison import compare
from learnedflux.training.experiment import Experiment
from learnedflux.training.recipe import Recipe

__all__ = ["export"]

PARITY = 1e-12  # largest difference of ONNX Runtime and torch, relative to the stencil's scale
OPSET = 18


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
    """The policy as the contract wants it: stencil (face, cell) in, value (face,) out.

    And speeds (face, number) in, where it uses them.
    """

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, *given: Tensor) -> Tensor:
        with _DoubleConstants():
            value: Tensor = self.policy.contract(*given)
        return value


def _sample_stencils(width: int) -> np.ndarray:
    """Stencils of all kinds and scales: noise, jumps, smooth, flat, monotone."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2000, width))
    monotone = np.cumsum(np.abs(noise) ** 3, axis=1) * rng.choice([-1, 1], (2000, 1))
    jump = np.where(np.arange(width) < rng.integers(1, width, (2000, 1)), 0.0, 1.0)
    smooth = np.sin(0.1 * np.arange(width) + rng.uniform(0, 7, (2000, 1)))
    flat = np.ones((10, width))
    shapes = np.concatenate((noise, monotone, jump, smooth, flat))
    scale = 10.0 ** rng.uniform(-6, 6, (len(shapes), 1))
    return np.asarray(scale * (shapes + rng.normal(size=(len(shapes), 1))))


def _write(policy: Any, path: Path, metadata: dict[str, Any]) -> None:
    module = _Contract(policy.double()).eval()
    widths = {"stencil": policy.stencil} | ({"speeds": policy.speeds} if policy.speeds else {})
    example = tuple(torch.zeros(7, width, dtype=torch.float64) for width in widths.values())
    face = {0: torch.export.Dim("face", min=1)}
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
                input_names=list(widths),
                output_names=["value"],
                dynamic_shapes={"given": tuple(face for _ in widths)},
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


def _check_parity(policy: Any, loaded: Policy) -> None:
    stencils, speeds = _sample_stencils(policy.stencil), None
    if policy.speeds:
        speeds = np.random.default_rng(1).uniform(-1, 1, (len(stencils), policy.speeds))
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
    policy: Any,
    path: str | Path,
    recipe: Recipe,
    *,
    scores: Mapping[int, float] | None = None,
    start: str = "",
    recipe_name: str | None = None,
    version: str = "1",
    licence: str = "Apache-2.0",
    card: bool = True,
) -> Policy:
    """Write a policy as an ONNX file with its contract, check it, and return it loaded.

    Parameters
    ----------
    policy : torch.nn.Module
        What to export, of any :func:`~learnedflux.training.family`; exported in float64.
    path : str or Path
        File to write, ending in ``.onnx``. A card beside it (``.md``) says where the policy comes
        from and how it compares, on the named benchmarks and on fresh problems of its recipe. (A
        recipe with an experiment has neither: it is trained on named problems.)
    recipe : Recipe
        What it was trained by.
    scores : mapping, optional
        Best validation of each seed that was trained, for the card.
    start : str
        The policy whose weights training began with, if any, for metadata and card.
    recipe_name : str, optional
        How the metadata call the recipe; default its name.
    version, licence : str
        For the metadata.
    card : bool
        Measure the errors and write the card (a minute or so).

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
    cfl = list(recipe.cfl)
    if recipe.experiment:
        cfl = Experiment.of(recipe.experiment).cfl(recipe.cells, recipe.equations[0])
    metadata: dict[str, Any] = {
        "contract": CONTRACT,
        "name": recipe.name,
        "version": version,
        "family": policy.family,
        **policy.metadata(),
        "stencil": policy.stencil,
        "order": policy.order,
        "equations": [equation.name for equation in recipe.equations],
        "cfl": cfl,
        "recipe": recipe_name or recipe.name,
        "recipe_digest": recipe.digest,
        "seeds": list(scores or [recipe.seed]),
        "errors": {},
        "licence": licence,
        "library": library_version(),
    }
    if start:
        metadata["start"] = start
    if recipe.deployed:
        trained = recipe.new_policy().config
        metadata["trained_with"] = {key: trained[key] for key in sorted(recipe.deployed)}
    with replace_file(path) as draft:
        _write(policy, draft, metadata)
        loaded = Policy(draft)
        _check_parity(policy, loaded)
        if card:
            unseen = not recipe.experiment
            table = measure(loaded) if unseen else Table([])
            drawn = compare(recipe, loaded) if unseen else Table([])
            metadata["errors"] = {row["problem"]: row[loaded.name] for row in table}
            metadata["errors"] |= {row["problems"]: row[loaded.name] for row in drawn}
            _write(policy, draft, metadata)
    final = Policy(path)
    if card:
        write_card(final, table, path.with_suffix(".md"), drawn, scores)
    return final
