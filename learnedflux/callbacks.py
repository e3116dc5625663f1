"""What may look at a run while it goes on."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm

from learnedflux.problem import Problem

__all__ = ["Progress"]

BAR = "{desc}: {percentage:3.0f}%|{bar}| t = {n:.4g}/{total:.4g} [{elapsed}<{remaining}]"
DELAY = 2.0  # seconds a run may take before a bar is shown


class Progress:
    """Progress bar over physical time: on a terminal, and only where a run takes long.

    Parameters
    ----------
    problem : Problem
        Says how far the run goes.
    shown : bool, optional
        True or False to force it; default only where standard error is a terminal.
    """

    def __init__(self, problem: Problem, shown: bool | None = None) -> None:
        self.shown = sys.stderr.isatty() if shown is None else shown
        self.delay = 0.0 if shown else DELAY
        self.problem = problem

    def __enter__(self) -> Progress:
        self.bar = tqdm(
            total=self.problem.t_end,
            desc=self.problem.name,
            delay=self.delay,
            disable=not self.shown,
            bar_format=BAR,
        )
        return self

    def update(self, t: float) -> None:
        """Move the bar to time ``t``."""
        if self.shown:
            self.bar.update(t - self.bar.n)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.close()
