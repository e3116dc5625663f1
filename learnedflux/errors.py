"""Named errors. Bad input and a failed run are told apart, as a caller must react differently."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = [
    "InadmissibleStateError",
    "InputError",
    "LearnedFluxError",
    "PolicyError",
    "PolicyMismatchError",
    "UnknownNameError",
    "UnstableError",
]


class LearnedFluxError(Exception):
    """Base of every error this library raises on purpose."""


class InputError(LearnedFluxError, ValueError):
    """What the caller gave cannot be used; nothing was computed."""


class UnknownNameError(InputError):
    """A name is in no registry; the message suggests the nearest one and lists all."""

    def __init__(self, kind: str, name: object, available: Iterable[str]) -> None:
        known = sorted(available)
        close = difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"no {kind} named {name!r}.{hint} Available: {', '.join(known)}.")


class PolicyError(InputError):
    """A policy file is missing, broken or breaks the policy contract."""


class PolicyMismatchError(PolicyError):
    """A sound policy is used where it does not fit."""


class _RunError(LearnedFluxError, RuntimeError):
    """A run failed on the way; carries where, and what was computed until then."""

    def __init__(
        self,
        message: str,
        *,
        time: float | None = None,
        step: int | None = None,
        cell: tuple[int, ...] | None = None,
        state: dict[str, float] | None = None,
        result: Any = None,
    ) -> None:
        super().__init__(message)
        self.time = time
        self.step = step
        self.cell = cell
        self.state = state
        self.result = result


class InadmissibleStateError(_RunError):
    """A cell is not admissible (density, pressure ... not positive) at every step size tried."""


class UnstableError(_RunError):
    """The run produced non-finite values, or its step size collapsed."""
