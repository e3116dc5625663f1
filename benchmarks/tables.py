"""Markdown tables, printed row by row as numbers come in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from learnedflux.evaluation import markdown_row

__all__ = ["errors", "head", "row"]


def _text(cell: Any) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return "–" if math.isnan(cell) else f"{cell:.3g}"
    return str(cell)


def row(*cells: Any) -> None:
    """Print one row; None and NaN as a dash."""
    print("| " + " | ".join(map(_text, cells)) + " |", flush=True)


def head(title: str, *cells: Any) -> None:
    """Print a title and the head of a table."""
    print(f"\n**{title}**\n")
    row(*cells)
    print("|---" * len(cells) + "|", flush=True)


def errors(name: str, found: Mapping[str, float]) -> None:
    """Print errors of several schemes, the lowest bold."""
    print(markdown_row(name, list(found.values())), flush=True)
