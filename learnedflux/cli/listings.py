"""``learnedflux problems | schemes | policies``: what there is."""

from __future__ import annotations

import argparse
import inspect
from typing import Any

from learnedflux import problems
from learnedflux.cli.common import write, write_pairs
from learnedflux.errors import UnknownNameError
from learnedflux.reconstruction import reconstructions
from learnedflux.riemann import riemann_solvers
from learnedflux.scheme import schemes
from learnedflux.shipped import named_policy, policies
from learnedflux.table import Table

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the subcommands."""
    for name, function, what in (
        ("problems", _problems, "list the named problems, or describe one"),
        ("schemes", _schemes, "list the flux schemes and Riemann solvers, or describe one scheme"),
        ("policies", _policies, "list the learned policies shipped, or describe one"),
    ):
        parser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        parser.add_argument("name", nargs="?", help="what to describe; default: list all")
        parser.set_defaults(function=function)


def _columns(table: Table, *names: str) -> Table:
    return Table([{name: row[name] for name in names} for row in table])


def _problems(given: argparse.Namespace) -> None:
    if given.name is None:
        write(_columns(problems.table(), "problem", "equation", "t_end", "exact", "description"))
        return
    factory = problems.get(given.name)
    write(factory())
    write()
    write(inspect.getdoc(factory) or "")


def _schemes(given: argparse.Namespace) -> None:
    if given.name is None:
        write(_columns(schemes(), "scheme", "also", "order", "stencil", "judgement"))
        write()
        rows = [{"riemann": n, "judgement": s.judgement} for n, s in riemann_solvers.items()]
        write(Table(rows))
        return
    name = given.name
    if name in reconstructions:
        name = reconstructions.canonical(name)
    found = [row for row in schemes() if row["scheme"] == name]
    if not found:
        aliases = [alias for known in reconstructions for alias in reconstructions.aliases(known)]
        raise UnknownNameError("scheme", name, [*schemes().column("scheme"), *aliases])
    write_pairs({key: value for key, value in found[0].items() if value})


def _policies(given: argparse.Namespace) -> None:
    if given.name is None:
        write(_columns(policies(), "policy", "version", "equations", "order", "stencil", "digest"))
        return
    write(named_policy(given.name))
