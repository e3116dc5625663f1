"""Figures of what schemes do on the way, a set of files per problem."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from learnedflux.errors import InadmissibleStateError, InputError, UnstableError
from learnedflux.evaluation.decisions import BESIDE, actions, course, truth_at
from learnedflux.evaluation.runs import labelled
from learnedflux.evaluation.suites import Case, suite_of
from learnedflux.evaluation.truth import REFERENCE, REFINEMENT
from learnedflux.problem import Problem
from learnedflux.scheme import Scheme
from learnedflux.solver import solve

__all__ = ["require_actions", "write_actions"]

log = logging.getLogger("learnedflux")
TIMES = 61


def require_actions(suite: Any = "euler-1d") -> None:
    """Raise InputError if figures of a suite's actions cannot be drawn here."""
    for package, extra in (("matplotlib", "plot"), ("torch", "train")):
        if importlib.util.find_spec(package) is None:
            raise InputError(
                f"figures of actions need {package}; python -m pip install 'learnedflux[{extra}]'."
            )
    for case in suite_of(suite).cases():
        dimension = case.on(16).grid.dimension
        if dimension != 1:
            raise InputError(
                f"actions are drawn in one dimension, and {case.name!r} has {dimension}; choose "
                "others by --problems."
            )


def write_actions(
    schemes: Iterable[Any] | Mapping[str, Any],
    suite: Any,
    folder: str | Path,
    *,
    beside: Any = BESIDE,
    cells: int | None = None,
    finer: int | None = None,
    **settings: Any,
) -> list[Path]:
    """Draw what schemes do on the problems of a suite, and write the figures.

    Parameters
    ----------
    schemes : iterable or mapping
        As of :func:`lf.evaluate`.
    suite : str or iterable
        Name of a suite, or problems, in one dimension.
    folder : str or Path
        Where to; made if missing.
    beside : str, Path, Policy or Reconstruction
        Whose actions are drawn beside the schemes'.
    cells : int, optional
        Cells of the grid. Default: the first of each problem's own.
    finer : int, optional
        How many times finer the run is that replaces an exact solution; default 8.
    **settings
        Of :func:`lf.solve`; ``cfl`` and ``integrator`` default to the suite's.

    Returns
    -------
    list of Path
        Per problem five figures: ``..._state.png`` (the end), ``..._evolution.png`` (states over
        time), ``..._course.png`` (error and total variation over time), ``..._actions.png``
        (over space, at the end) and ``..._scatter.png`` (against those of ``beside``). Of
        schemes that act on different variables the last two are drawn apart. A scheme that fails
        is left out, with a warning in the log.
    """
    chosen = suite_of(suite)
    require_actions(chosen)
    asked, written = labelled(schemes, chosen.always), []
    for case in chosen.cases():
        problem = case.on(cells or chosen.grids(case)[0])
        how = {
            "cfl": chosen.cfl_on(problem.grid.shape[0]),
            "integrator": chosen.integrator,
            **{key: value for key, value in settings.items() if value is not None},
            "times": TIMES,
            "progress": False,
        }
        results = _results(problem, asked, how)
        if results:
            truth = _truth(problem, case, finer, how)
            written += _figures(problem, asked, results, truth, Path(folder) / case.name, beside)
    return written


def _results(
    problem: Problem, schemes: Mapping[str, Scheme], how: Mapping[str, Any]
) -> dict[str, xr.Dataset]:
    found = {}
    for label, scheme in schemes.items():
        try:
            found[label] = solve(problem, scheme, **how)
        except (InadmissibleStateError, UnstableError) as failure:
            log.warning("%s fails on %s and is left out: %s", label, problem.name, failure)
    return found


def _truth(problem: Problem, case: Case, finer: int | None, how: Mapping[str, Any]) -> Any:
    if problem.exact is not None or not case.compared:
        return problem.exact
    factor = finer or case.finer or REFINEMENT[0]
    return solve(problem.with_cells(factor * problem.grid.shape[0]), Scheme(REFERENCE), **how)


def _figures(
    problem: Problem,
    schemes: Mapping[str, Scheme],
    results: Mapping[str, xr.Dataset],
    truth: Any,
    stem: Path,
    beside: Any,
) -> list[Path]:
    from learnedflux import plot  # matplotlib, only where something is drawn

    title = f"{problem.name}, {problem.grid.shape[0]} cells"
    first = next(iter(results.values()))
    known = None if truth is None else truth_at(first, truth)  # once: it takes longer than a run
    drawn = {
        "state": plot.compare(results, exact=truth),
        "evolution": plot.evolution(results, exact=truth),
        "course": plot.course({k: course(ds, known) for k, ds in results.items()}, title),
    }
    groups: dict[str, dict[str, xr.Dataset]] = {}
    for label, ds in results.items():
        found = actions(ds, problem, schemes[label], beside)
        groups.setdefault(found.variables_acted_on, {})[label] = found
    for kind, group in groups.items():
        suffix = f"_{kind}" if len(groups) > 1 else ""
        drawn[f"actions{suffix}"] = plot.actions(group)
        drawn[f"scatter{suffix}"] = plot.action_scatter(group)
    paths = []
    for what, figure in drawn.items():
        paths.append(stem.parent / f"{stem.name}_{what}.png")
        plot.save(figure, paths[-1])
    return paths
