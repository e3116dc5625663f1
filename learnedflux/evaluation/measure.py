"""One grid of one problem: all schemes run, timed and measured; and the table that fills."""

from __future__ import annotations

import contextlib
import itertools
import statistics
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from learnedflux.errors import InadmissibleStateError, UnstableError
from learnedflux.evaluation.truth import Truth
from learnedflux.problem import Problem
from learnedflux.scheme import Scheme
from learnedflux.solver import solve

__all__ = ["Job", "Measurements"]

PATIENCE = 10.0  # seconds after which a slow run is not repeated to be timed
BRIEF = 1e-6  # of the end time: a warm-up run, in which everything is compiled and loaded
FAILURES = (InadmissibleStateError, UnstableError)
NUMBERS = {
    "error": "mean absolute error of the first variable at the end",
    "order": "observed order between this grid and the next coarser one",
    "steps": "time steps",
    "wall_time": "seconds by the clock of a whole run, median of the runs",
    "processor_time": "seconds of processor time of a whole run, median of the runs",
    "runs": "runs that were timed, after one to warm up",
    "faces_limited": "fluxes changed by the positivity limiter",
    "steps_rejected": "attempts at a step that were made again",
    "lowest": "smallest density, pressure or depth at the end",
    "time_reached": "time at the end, or at which the run failed",
}


class Measurements:
    """Numbers by (scheme, problem, cells), NaN where nothing was run."""

    def __init__(
        self,
        schemes: list[str],
        grids: Mapping[str, tuple[int, ...]],
        defaults: Mapping[str, tuple[int, ...]],
    ) -> None:
        self.cells = sorted({n for of_case in grids.values() for n in of_case})
        self.schemes, self.names = schemes, list(grids)
        shape = (len(schemes), len(self.names), len(self.cells))
        self.numbers = {name: np.full(shape, np.nan) for name in NUMBERS}
        self.failed = np.zeros(shape, dtype=bool)
        self.message = np.full(shape, "", dtype=object)
        self.default = np.array([np.isin(self.cells, defaults[name]) for name in self.names])

    def at(self, scheme: str, place: tuple[str, int]) -> tuple[int, int, int]:
        """Return where a run's numbers stand."""
        return (
            self.schemes.index(scheme),
            self.names.index(place[0]),
            self.cells.index(place[1]),
        )

    def _orders(self) -> None:
        """Fill in the order between each grid and the next coarser one of the same problem."""
        for i, j in np.ndindex(len(self.schemes), len(self.names)):
            error = self.numbers["error"][i, j]
            ran = np.flatnonzero(~np.isnan(self.numbers["steps"][i, j]))
            for a, b in itertools.pairwise(ran):
                if error[a] > 0 and error[b] > 0:
                    ratio = self.cells[b] / self.cells[a]
                    order = np.log(error[a] / error[b]) / np.log(ratio)
                    self.numbers["order"][i, j, b] = order

    def dataset(
        self, references: list[str], policies: list[list[str]], attributes: Mapping[str, Any]
    ) -> xr.Dataset:
        """Return everything as a Dataset."""
        self._orders()
        dims = ("scheme", "problem", "cells")
        texts = {"long_name": "why a run failed"}
        return xr.Dataset(
            {
                **{
                    name: (dims, values, {"long_name": NUMBERS[name], "units": "1"})
                    for name, values in self.numbers.items()
                },
                "failed": (dims, self.failed, {"long_name": "whether a run failed"}),
                "message": (dims, self.message.astype(str), texts),
                "default": (
                    dims[1:],
                    self.default,
                    {"long_name": "whether the suite runs the problem on this grid by default"},
                ),
                "reference": (
                    "problem",
                    references,
                    {"long_name": "what results are compared with"},
                ),
                "policy": (
                    dims[:2],
                    policies,
                    {"long_name": "policy of learned schemes, and digest of its file"},
                ),
            },
            {
                "scheme": self.schemes,
                "problem": self.names,
                "cells": ("cells", self.cells, {"long_name": "cells along x"}),
            },
            attributes,
        )


@dataclass
class Job:
    """What is done on every grid of every problem."""

    schemes: Mapping[str, Scheme]
    repeats: int
    settings: Mapping[str, Any]

    def measure(
        self,
        problem: Problem,
        truth: Truth | None,
        how: Mapping[str, Any],
        table: Measurements,
        place: tuple[str, int],
    ) -> dict[str, xr.Dataset]:
        """Run all schemes on one grid, write down what came out, and return the last states."""
        names = problem.equation.conserved_names(problem.grid.dimension)
        averages = dict(zip(names, problem.initial_state(), strict=True))
        start = problem.replace(initial=averages)  # not averaged again in every run
        arguments = {**self.settings, **how, "times": [problem.t_end]}
        states: dict[str, xr.Dataset] = {}
        times: dict[str, list[tuple[float, float]]] = {label: [] for label in self.schemes}
        lost: dict[str, Any] = {}
        for scheme in self.schemes.values():
            self._warm_up(start, scheme, arguments)
        for _ in range(self.repeats):
            for label, scheme in self.schemes.items():
                if label in lost or sum(t for t, _ in times[label]) > PATIENCE:
                    continue
                wall, processor = clock.perf_counter(), clock.process_time()
                try:
                    states[label] = solve(start, scheme, **arguments)
                except FAILURES as failure:
                    lost[label] = failure
                    continue
                wall, processor = clock.perf_counter() - wall, clock.process_time() - processor
                times[label].append((wall, processor))
        for label in self.schemes:
            at = table.at(label, place)
            if label in lost:
                self._note_failure(table, at, lost[label])
            else:
                self._note(table, at, problem, states[label], truth, times[label])
        return states

    @staticmethod
    def _warm_up(start: Problem, scheme: Scheme, arguments: Mapping[str, Any]) -> None:
        brief = start.replace(t_end=BRIEF * start.t_end)
        with contextlib.suppress(*FAILURES):  # the run that counts will say so
            solve(brief, scheme, **{**arguments, "times": [brief.t_end]})

    @staticmethod
    def _note_failure(table: Measurements, at: tuple[int, int, int], failure: Any) -> None:
        table.failed[at], table.message[at] = True, str(failure)
        table.numbers["steps"][at] = np.nan if failure.step is None else failure.step
        table.numbers["time_reached"][at] = np.nan if failure.time is None else failure.time
        if failure.result is not None:
            for name in ("faces_limited", "steps_rejected"):
                table.numbers[name][at] = failure.result.attrs[name]

    @staticmethod
    def _note(
        table: Measurements,
        at: tuple[int, int, int],
        problem: Problem,
        state: xr.Dataset,
        truth: Truth | None,
        times: list[tuple[float, float]],
    ) -> None:
        equation = problem.equation
        lowest = np.nan
        if equation.provides("positive"):
            names = equation.conserved_names(problem.grid.dimension)
            q = tuple(state[name].values[-1] for name in names)
            lowest = float(min(np.min(part) for part in equation.positive(q)))
        found = {
            "error": np.nan if truth is None else truth.error(state),
            "steps": state.attrs["steps"],
            "wall_time": statistics.median(wall for wall, _ in times),
            "processor_time": statistics.median(processor for _, processor in times),
            "runs": len(times),
            "faces_limited": state.attrs["faces_limited"],
            "steps_rejected": state.attrs["steps_rejected"],
            "lowest": lowest,
            "time_reached": float(state.time[-1]),
        }
        for name, value in found.items():
            table.numbers[name][at] = value
