"""Small tables that print well and can be iterated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Table"]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) >= 0.01 or value == 0 else f"{value:.2e}"
    return "" if value is None else str(value)


class Table(tuple[dict[str, Any], ...]):
    """A tuple of rows (dicts with the same keys) whose ``repr`` is an aligned text table.

    Examples
    --------
    >>> Table([{"scheme": "weno5", "order": 5}, {"scheme": "mp5", "order": 5}])
    scheme  order
    weno5   5
    mp5     5
    """

    __slots__ = ()

    def __new__(cls, rows: Iterable[Mapping[str, Any]]) -> Table:
        """Make a table of copies of ``rows``."""
        return super().__new__(cls, (dict(row) for row in rows))

    def column(self, name: str) -> list[Any]:
        """Return one column."""
        return [row[name] for row in self]

    def __repr__(self) -> str:
        if not self:
            return "(empty table)"
        names = list(self[0])
        cells = [names, *([_text(row.get(name)) for name in names] for row in self)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
            for line in cells
        )
