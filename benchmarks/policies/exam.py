"""What is examined, beside what, on which grids; and whether it did what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

import learnedflux as lf
from benchmarks.tables import head, row
from learnedflux.evaluation.compare import grids_run
from learnedflux.shipped import named_policy

__all__ = ["BASELINES", "NECESSARY", "Exam", "Verdict", "each_run", "scheme_of", "solved"]

BASELINES = ("muscl", "weno5", "teno5", "mp5")
NECESSARY = ("teno5", "mp5")  # what policies are measured against


def scheme_of(given: str) -> Any:
    """Return a scheme for the path of a policy, the name of a shipped one, or "learned"."""
    return lf.Scheme(given if given == "learned" else named_policy(given))


def each_run(ds: xr.Dataset) -> Iterator[tuple[str, int, xr.Dataset]]:
    """Yield name, cells and numbers by scheme of everything in a result of ``lf.evaluate``."""
    ran = grids_run(ds)
    for name in map(str, ds.problem.values):
        for cells in ds.cells.values[ran.sel(problem=name).values]:
            yield name, int(cells), ds.sel(problem=name, cells=cells)


def solved(problem: lf.Problem, scheme: Any, **settings: Any) -> xr.Dataset | None:
    """Solve a problem, or return None where the run ends unphysical."""
    try:
        return lf.solve(problem, scheme, progress=False, **settings)
    except (lf.InadmissibleStateError, lf.UnstableError):
        return None


@dataclass(frozen=True)
class Verdict:
    """Something asked of a policy, and what was found."""

    what: str
    policy: str
    found: float
    asked: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether it is so; not, where nothing could be measured."""
        return bool(self.found >= self.asked if self.at_least else self.found <= self.asked)

    def cells(self) -> tuple[Any, ...]:
        """Return it as a row of a table."""
        sign = "≥" if self.at_least else "≤"
        return (
            self.what,
            self.policy,
            self.found,
            f"{sign} {self.asked:g}",
            "yes" if self.kept else "**no**",
        )


@dataclass
class Exam:
    """Schemes and settings of all sections, and the verdicts so far.

    Parameters
    ----------
    policies, baselines : mapping
        Schemes by the names they have in tables; TENO5 and MP5 must be among the baselines.
    cells, cfl : sequence
        Grids (200 is the sections' own; others scale them) and CFL numbers of the named problems.
        Sections that run on one grid only take the first.
    quick : bool
        Fewer problems, shorter runs.
    reference_cells : int
        Along each side, of the runs that two-dimensional results are compared with.
    reference_device : str
        Where these are made, as ``solve`` takes it.
    cache : Path
        Folder in which these are kept.
    plot : Path, optional
        File for the picture of the waves.
    """

    policies: Mapping[str, Any]
    baselines: Mapping[str, Any]
    cells: Sequence[int] = (200,)
    cfl: Sequence[float] = (0.4,)
    quick: bool = False
    reference_cells: int = 800
    reference_device: str = "cpu"
    cache: Path = Path("build/references")
    plot: Path | None = None
    verdicts: list[Verdict] = field(default_factory=list)

    def __post_init__(self) -> None:
        missing = [name for name in NECESSARY if name not in self.baselines]
        if missing:
            raise lf.InputError(
                f"policies are measured against {' and '.join(NECESSARY)}; add them."
            )
        both = set(self.policies) & set(self.baselines)
        if both:
            raise lf.InputError(f"{sorted(both)} are baselines already; name other policies.")

    @property
    def schemes(self) -> dict[str, Any]:
        """All schemes by name, baselines first."""
        return {**self.baselines, **self.policies}

    def judge(
        self, what: str, policy: str, found: float, asked: float, at_least: bool = False
    ) -> None:
        """Keep what was asked and found for the summary."""
        self.verdicts.append(Verdict(what, policy, float(found), asked, at_least))

    def summary(self) -> None:
        """Print what was asked and found."""
        if self.verdicts:
            head("Asked and found", "what", "policy", "found", "asked", "kept")
            for verdict in self.verdicts:
                row(*verdict.cells())
