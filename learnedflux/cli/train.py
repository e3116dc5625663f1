"""``learnedflux train | export``: make a policy by a recipe, and a file of it."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
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
        epilog="examples: learnedflux train training/universal.toml --set seed=1 --set rows=8; "
        "learnedflux train --equation my_law.py:MyLaw; "
        "torchrun --nproc-per-node 2 -m learnedflux train --equation Burgers",
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
    train.add_argument(
        "--equation",
        action="append",
        metavar="NAME",
        help="train on this equation instead of the recipe's: a built-in one's name, FILE.py:Class "
        "or module:Class; may be given many times",
    )
    train.add_argument(
        "--seeds", type=_seeds, metavar="N,N", help="train once per seed and take the best"
    )
    train.add_argument(
        "-o",
        "--output",
        metavar="FILE.onnx",
        help="export the policy, with its card; with --equation default NAME.onnx",
    )
    train.add_argument("--device", default="cpu", metavar="NAME", help="cpu (default) or cuda")
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


def _seeds(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _require(command: str) -> None:
    missing = [name for name in NEEDED[command] if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"'learnedflux {command}' needs {', '.join(missing)}; "
            "python -m pip install 'learnedflux[train]'."
        )


def changes(texts: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` words; a value that is not TOML is a string, a dot leads into a table.

    Examples
    --------
    >>> changes(["rows=4", "name=mine", "policy.hidden=[8, 8]"])
    {'rows': 4, 'name': 'mine', 'policy.hidden': [8, 8]}
    """
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not all(part.isidentifier() for part in key.split(".")):
            raise InputError(f"--set takes KEY=VALUE, rows=8 say; got {text!r}.")
        try:
            found[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[key] = value.strip()
    return found


def _train(given: argparse.Namespace) -> None:
    overrides = changes(given.set)
    if given.equation:
        overrides = {"equations": given.equation, "name": _policy_name(given.equation)} | overrides
    _require("train")
    output = given.output or (f"{overrides['name']}.onnx" if given.equation else None)
    if output:
        _require("export")
    from learnedflux import training

    _log_unless_bars_show()
    where = {"folder": given.folder, "resume": given.resume, "device": given.device}
    run: Any
    try:
        if given.seeds:
            run = training.train_seeds(given.recipe, given.seeds, **where, **overrides)
        else:
            run = training.train(given.recipe, **where, **overrides)
    except KeyboardInterrupt:
        sys.stderr.write("learnedflux: interrupted; the same command with --resume goes on.\n")
        raise
    if not training.first_rank():
        return
    write(run)
    if output:
        run.export(output)
        write()
        write(Path(output).with_suffix(".md").read_text(encoding="utf-8").rstrip())
        write()
        write(f"wrote {output} and its card; use it as scheme={output!r}")
    else:
        best = run.best if given.seeds else run
        write(f"export it: learnedflux export {best.folder} -o {best.recipe.name}.onnx")


def _log_unless_bars_show() -> None:
    """Say what goes on in lines where standard error is no terminal, and no bar is shown."""
    log = logging.getLogger("learnedflux")
    if not sys.stderr.isatty() and not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)


def _policy_name(equations: Sequence[str]) -> str:
    """Name a policy after the classes it is trained on: CubicLaw becomes cubic_law."""
    classes = [text.rpartition(":")[2] for text in equations]
    return "_".join(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() for name in classes)


def _export(given: argparse.Namespace) -> None:
    _require("export")
    from learnedflux import training

    policy = training.load_run(given.folder).export(given.output, card=not given.no_card)
    write(policy)
    write()
    write(f"wrote {given.output}")
