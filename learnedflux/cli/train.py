"""``learnedflux train | export``: make a policy by a recipe, and a file of it."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tomllib
from collections.abc import Sequence
from typing import Any

from learnedflux.cli.common import write
from learnedflux.errors import InputError

__all__ = ["add_to"]

NEEDED = {"train": ("torch",), "export": ("torch", "onnx", "onnxscript")}


def add_to(commands: Any) -> None:
    """Add the subcommands."""
    train = commands.add_parser(
        "train",
        help="train a policy by a recipe",
        description="Train a policy through the unrolled solver, as a recipe says. Checkpoints, "
        "history and TensorBoard logs go to a folder, from which --resume goes on and "
        "'learnedflux export' makes a policy file.",
        epilog="example: learnedflux train training/universal.toml --set seed=1 --set rows=8",
    )
    train.add_argument("recipe", nargs="?", help="recipe, FILE.toml; default: the defaults")
    train.add_argument("--folder", metavar="F", help="default runs/NAME-seedSEED")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint there")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a setting of the recipe; the value as in TOML; may be given many times",
    )
    train.set_defaults(function=_train)
    export = commands.add_parser(
        "export",
        help="write the policy of a training run as an ONNX file",
        description="Write the best policy of a run, finished or interrupted, as an ONNX file with "
        "its contract, checked against torch, and its card beside it.",
        epilog="example: learnedflux export runs/policy-seed0 -o my_policy.onnx",
    )
    export.add_argument("folder", help="folder of the training run")
    export.add_argument("-o", "--output", required=True, metavar="FILE.onnx", help="file to write")
    export.add_argument("--no-card", action="store_true", help="measure nothing and write no card")
    export.set_defaults(function=_export)


def _require(command: str) -> None:
    missing = [name for name in NEEDED[command] if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"'learnedflux {command}' needs {', '.join(missing)}; "
            "python -m pip install 'learnedflux[train]'."
        )


def changes(texts: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` words; a value that is not TOML is a string.

    Examples
    --------
    >>> changes(["rows=4", "name=mine", "hidden=[8, 8]"])
    {'rows': 4, 'name': 'mine', 'hidden': [8, 8]}
    """
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not key.isidentifier():
            raise InputError(f"--set takes KEY=VALUE, rows=8 say; got {text!r}.")
        try:
            found[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[key] = value.strip()
    return found


def _train(given: argparse.Namespace) -> None:
    overrides = changes(given.set)
    _require("train")
    from learnedflux import training

    try:
        run = training.train(given.recipe, folder=given.folder, resume=given.resume, **overrides)
    except KeyboardInterrupt:
        sys.stderr.write("learnedflux: interrupted; the same command with --resume goes on.\n")
        raise
    write(run)
    write(f"export it: learnedflux export {run.folder} -o {run.recipe.name}.onnx")


def _export(given: argparse.Namespace) -> None:
    _require("export")
    from learnedflux import training

    policy = training.load_run(given.folder).export(given.output, card=not given.no_card)
    write(policy)
    write()
    write(f"wrote {given.output}")
