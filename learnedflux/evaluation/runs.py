"""Schemes times problems times grids: run, measured, and put into one Dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from learnedflux.errors import InputError
from learnedflux.evaluation.machine import machine
from learnedflux.evaluation.measure import Job, Measurements
from learnedflux.evaluation.suites import Case, Suite, suite_of
from learnedflux.evaluation.truth import Truth
from learnedflux.policy import Policy
from learnedflux.problem import Problem
from learnedflux.scheme import Scheme

__all__ = ["Evaluation", "evaluate", "labelled", "run"]


@dataclass
class Evaluation:
    """Measured numbers and the states behind them.

    Attributes
    ----------
    dataset : xarray.Dataset
        What :func:`lf.evaluate` returns.
    solutions : dict
        Last states by problem, grid and scheme: ``solutions["sod"][200]["mp5"]``.
    truths : dict
        What they were compared with, by problem; no entry where nothing was.
    """

    dataset: xr.Dataset
    solutions: dict[str, dict[int, dict[str, xr.Dataset]]] = field(default_factory=dict)
    truths: dict[str, Truth] = field(default_factory=dict)


def evaluate(
    schemes: Iterable[Any] | Mapping[str, Any],
    suite: Any = "euler-1d",
    *,
    cells: int | Sequence[int] | None = None,
    refine: Sequence[float] = (1,),
    cfl: float | None = None,
    integrator: str | None = None,
    finer: int | None = None,
    repeats: int = 3,
    progress: bool | None = None,
    **settings: Any,
) -> xr.Dataset:
    """Run schemes on a suite of problems and measure errors, orders, costs and failures.

    Parameters
    ----------
    schemes : iterable or mapping
        Anything :func:`lf.solve` takes as a scheme; a mapping gives them names.
    suite : str or iterable
        Name of a suite (see :func:`lf.evaluation.table`), or problems: their names, Problems, or
        :class:`lf.evaluation.Case` objects.
    cells : int or sequence of int, optional
        Cells along x, for every problem alike. Default: each problem's own, which the suite says.
    refine : sequence of float
        Multiples of these default grids: ``(0.5, 1, 2)`` runs each problem on three grids. Not
        together with ``cells``.
    cfl : float, optional
        CFL number. Default: the suite's, 0.4 for most.
    integrator : str, optional
        Runge-Kutta method. Default: the suite's, SSPRK3 for most.
    finer : int, optional
        How many times finer than the finest grid asked for the reference run of problems without
        an exact solution is (WENO5-Z, SSPRK3, CFL 0.4). Default 8 in one dimension, 4 in two.
    repeats : int
        Timed runs, of which the median counts. They follow a short run in which everything is
        compiled, and the schemes take turns, so that other work on the machine hits all alike.
        Runs of more than ten seconds are not repeated.
    progress : bool, optional
        Progress bar. Default: on a terminal.
    **settings
        Other arguments of :func:`lf.solve`: ``backend``, ``device``, ``threads``, ``max_steps``.

    Returns
    -------
    xarray.Dataset
        Dims ``(scheme, problem, cells)``; each variable's ``long_name`` says what it is. NaN where
        a problem was not run on a grid, or a run failed: ``failed`` and ``message`` tell those.

    Notes
    -----
    Runs start from averages computed beforehand, so times do not hold that quadrature; they hold
    all else a call of ``solve`` does. Processor time counts all threads.

    Examples
    --------
    >>> import learnedflux as lf
    >>> ds = lf.evaluate(["godunov", "muscl"], ["sod"], cells=(50, 100), repeats=1)
    >>> dict(ds.sizes)
    {'scheme': 2, 'problem': 1, 'cells': 2}
    >>> bool(ds.error.sel(scheme="muscl", cells=100) < 6e-3)
    True
    """
    return run(
        schemes,
        suite,
        cells=cells,
        refine=refine,
        cfl=cfl,
        integrator=integrator,
        finer=finer,
        repeats=repeats,
        progress=progress,
        **settings,
    ).dataset


def run(
    schemes: Iterable[Any] | Mapping[str, Any],
    suite: Any = "euler-1d",
    *,
    cells: int | Sequence[int] | None = None,
    refine: Sequence[float] = (1,),
    cfl: float | None = None,
    integrator: str | None = None,
    finer: int | None = None,
    repeats: int = 3,
    progress: bool | None = None,
    **settings: Any,
) -> Evaluation:
    """Do what :func:`evaluate` does, and keep the solutions: for pictures and reports."""
    chosen = suite_of(suite)
    asked = labelled(schemes, chosen.always)
    if not isinstance(repeats, int) or repeats < 1:
        raise InputError(f"repeats must be a whole number above 0; got {repeats!r}.")
    cases = chosen.cases()
    grids = {case.name: _grids(chosen, case, cells, refine) for case in cases}
    # Everything is built and bound before anything is computed: a wrong name shall cost nothing.
    plan = {(c.name, n): c.on(n) for c in cases for n in grids[c.name]}
    policies = _bind(asked, cases, plan, grids)
    job = Job(asked, repeats, {**settings, "progress": False})
    table = Measurements(list(asked), grids, {case.name: chosen.grids(case) for case in cases})
    found = Evaluation(xr.Dataset())
    bar = tqdm(
        total=len(plan),
        desc=chosen.name,
        unit="grid",
        disable=None if progress is None else not progress,
    )
    with bar:
        for case in cases:
            bar.set_postfix_str(case.name)
            truth = None
            if case.compared:
                of_case = [plan[case.name, n] for n in grids[case.name]]
                given = {k: v for k, v in settings.items() if k != "max_steps"}
                truth = Truth(of_case[0], [p.grid for p in of_case], finer or case.finer, **given)
                found.truths[case.name] = truth
            for n in grids[case.name]:
                how = {
                    "cfl": chosen.cfl_on(n) if cfl is None else cfl,
                    "integrator": integrator or chosen.integrator,
                }
                states = job.measure(plan[case.name, n], truth, how, table, (case.name, n))
                found.solutions.setdefault(case.name, {})[n] = states
                bar.update()
    attributes = {
        "title": f"suite {chosen.name}",
        "suite": chosen.name,
        "description": chosen.description,
        "baseline": chosen.baseline,
        "cfl": _cfl_in_words(cfl, chosen, [n for _, n in plan]),
        "integrator": integrator or chosen.integrator,
        "repeats": repeats,
        **{f"machine_{key}": text for key, text in machine().items()},
    }
    descriptions = [
        found.truths[c.name].description if c.name in found.truths else "none" for c in cases
    ]
    found.dataset = table.dataset(descriptions, policies, attributes)
    return found


# --- what is asked for ----------------------------------------------------------------------------


def labelled(schemes: Any, always: Iterable[Any] = ()) -> dict[str, Scheme]:
    """Return schemes by the names they have in tables, those in ``always`` besides."""
    if isinstance(schemes, Mapping):
        found = {str(label): Scheme.of(given) for label, given in schemes.items()}
    elif isinstance(schemes, str) or not isinstance(schemes, Iterable):
        raise InputError(
            f"schemes must be a list, ['weno5', 'learned'] say, or a dict that names them; got "
            f"{schemes!r}."
        )
    else:
        found = {}
        for scheme in map(Scheme.of, schemes):
            if scheme.name in found:
                raise InputError(
                    f"two schemes are called {scheme.name!r}; pass a dict that names them, "
                    "{'mine': scheme, ...}."
                )
            found[scheme.name] = scheme
    if not found:
        raise InputError("schemes is empty; give at least one.")
    for scheme in map(Scheme.of, always):
        found.setdefault(scheme.name, scheme)
    return found


def _grids(suite: Suite, case: Case, cells: Any, refine: Sequence[float]) -> tuple[int, ...]:
    if cells is None:
        try:
            grids = [round(f * n) for n in suite.grids(case) for f in refine]
        except TypeError:
            raise InputError(f"refine must be a list of numbers; got {refine!r}.") from None
    elif tuple(refine) != (1,):
        raise InputError("give cells or refine, not both.")
    else:
        try:
            grids = [int(n) for n in ([cells] if np.ndim(cells) == 0 else cells)]
        except (TypeError, ValueError):
            raise InputError(f"cells must be a whole number or a list; got {cells!r}.") from None
    if not grids or min(grids) < 1:
        raise InputError(f"grids must have at least one cell; got {grids!r}.")
    return tuple(sorted(set(grids)))


def _cfl_in_words(cfl: float | None, suite: Suite, grids: Sequence[int]) -> str:
    numbers = [suite.cfl_on(n) if cfl is None else cfl for n in sorted(grids)]
    if min(numbers) == max(numbers):
        return f"{numbers[0]:g}"
    return f"{numbers[0]:.3g} to {numbers[-1]:.3g}, by the number of cells"


def _bind(
    schemes: Mapping[str, Scheme],
    cases: Sequence[Case],
    plan: Mapping[tuple[str, int], Problem],
    grids: Mapping[str, tuple[int, ...]],
) -> list[list[str]]:
    """Return the digest of the policy each scheme means for each problem, if it means one."""
    digests = []
    for scheme in schemes.values():
        row = []
        for case in cases:
            rule = scheme.bind(plan[case.name, grids[case.name][0]].equation).reconstruction
            row.append(f"{rule.name} {rule.digest}" if isinstance(rule, Policy) else "")
        digests.append(row)
    return digests
