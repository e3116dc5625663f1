"""The unrolled solver with its gradient, compiled: ten times as many iterations in an hour.

The pointwise functions of equation, Riemann solver, limiter and policy family are traced into
straight-line programs (:mod:`~learnedflux.training.trace`), differentiated, written as C++ on
vectors of eight rows, and compiled around ``rollout.hpp`` by the machine's C++ compiler. It gives
what :func:`~learnedflux.training.rollout.rollout` gives, to round-off, and gradients row by row.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import math
import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from learnedflux.backends.compiled import cache_folder
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.reconstruction.families import Family
from learnedflux.training.source import Source

__all__ = ["LANES", "CompiledRollout"]

log = logging.getLogger("learnedflux")
LANES = 8  # rows that run side by side
LEAST = 3  # cells along an axis: a face looks at three on either side
FLAGS = ("-O2", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")


@cache
def _library(text: str) -> ctypes.CDLL:
    """Compile a source, or find what was made of it before."""
    name = f"rollout_{hashlib.sha256((text + repr(FLAGS)).encode()).hexdigest()[:16]}"
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{name}.so"
    if not made.is_file():
        log.warning("compiling the unrolled solver (some seconds, once; kept on disk)")
        compiler = os.environ.get("CXX", "c++")
        with tempfile.TemporaryDirectory(dir=folder) as place:
            source, target = Path(place) / "rollout.cpp", Path(place) / "rollout.so"
            source.write_text(text, encoding="utf-8")
            try:
                subprocess.run(
                    [compiler, *FLAGS, str(source), "-o", str(target)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
            except FileNotFoundError as error:
                raise InputError(
                    f"the compiled rollout needs a C++ compiler, and there is no {compiler!r}; "
                    "install one or name it in the environment variable CXX."
                ) from error
            except subprocess.CalledProcessError as error:
                lines = error.stderr.strip().splitlines() or ["it says nothing"]
                raise InputError(f"{compiler!r} cannot compile the rollout: {lines[0]}") from error
            os.replace(target, made)
    return ctypes.CDLL(str(made))


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Return an array that starts at a multiple of 64 bytes."""
    flat = np.zeros(int(np.prod(shape)) + 8)
    start = -flat.ctypes.data // 8 % 8
    return flat[start : start + int(np.prod(shape))].reshape(shape)


def _at(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class CompiledRollout:
    """Runs of a policy on periodic grids of cells of width one, and their gradients.

    A row is a problem; its cells are a row indeed in one dimension.

    Parameters
    ----------
    equation : Equation
        Conservation law, written in the words of :mod:`learnedflux.ops`. Of a balance law it knows
        flat bottoms only, over which its terms besides the flux vanish.
    family : Family
        Formula of the policy.
    settings : tuple of float
        Its settings.
    widths : sequence of int
        Widths of the network's layers, from what it sees to what it answers.
    dimension : int
        Axes of the grid.
    """

    def __init__(
        self,
        equation: Equation,
        family: Family,
        settings: tuple[float, ...],
        widths: Sequence[int],
        dimension: int = 1,
    ) -> None:
        try:
            source = Source(equation, family, settings, widths, dimension)
        except (AttributeError, NotImplementedError, TypeError) as error:
            raise InputError(
                f"{equation.name} cannot be traced for the compiled rollout ({error}); write it in "
                'the words of learnedflux.ops, or train with rollout = "torch".'
            ) from error
        self.equation = equation
        self.variables, self.weights, self.dimension = source.count, source.weights, dimension
        self._library = _library(source.text)
        self._run: tuple[Any, ...] | None = None
        self._tape = np.zeros(0)

    def __call__(
        self, q: np.ndarray, dt: np.ndarray, steps: int, weights: np.ndarray, keep: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run all rows; return their ends and which became unphysical (those end as they began).

        Parameters
        ----------
        q : ndarray, shape (variable, row, *cells)
            Starts; rows are a multiple of eight.
        dt : ndarray, shape (row, 1)
            Step of each row.
        steps : int
            Number of steps.
        weights : ndarray, shape (weight,)
            Each layer's matrix, row by row, and then its bias.
        keep : bool
            Keep what :meth:`gradient` needs.

        Returns
        -------
        tuple of ndarray, shapes (variable, row, *cells) and (row,)

        Raises
        ------
        InputError
            If shapes do not fit, rows are no multiple of eight, or a bottom is not flat.
        """
        self._check_shapes(q, dt)
        variables, rows, *shape = q.shape
        cells = math.prod(shape)
        uneven = np.ptp(q[-1].reshape(rows, -1), axis=-1)
        if self.equation.balanced and uneven.any():
            raise InputError(
                f"compiled rollouts of {self.equation.name} know flat bottoms only; got one that "
                f"is not in row {int(uneven.argmax())}. Train on such problems "
                'with rollout = "torch".'
            )
        groups = rows // LANES
        state, step = _aligned((groups, cells, variables, LANES)), _aligned((groups, LANES))
        state[:] = q.reshape(variables, groups, LANES, cells).transpose(1, 3, 0, 2)
        step[:] = dt.reshape(groups, LANES)
        given = _aligned(weights.shape)
        given[:] = weights
        size = steps * 3 * cells * variables * LANES
        if keep and self._tape.size < groups * size:
            self._tape = _aligned((groups * size,))
        flags, sizes = np.zeros((2, groups), dtype=np.uint8), np.array(shape, dtype=np.int32)
        for k in range(groups):
            tape = _at(self._tape[k * size :]) if keep else None
            self._library.forward(
                _at(state[k]), _at(step[k]), _at(sizes), steps, _at(given), tape,
                _at(flags[0, k:]), _at(flags[1, k:]),
            )  # fmt: skip
        self._run = (step, sizes, steps, given, groups, size, flags[0]) if keep else None
        end = state.transpose(2, 0, 3, 1).reshape(q.shape)
        return end.copy(), np.unpackbits(flags[1], bitorder="little").astype(bool)

    def _check_shapes(self, q: np.ndarray, dt: np.ndarray) -> None:
        """Compiled code would read, and write, wherever a wrong shape leads it."""
        axes = self.dimension
        if q.ndim != axes + 2 or len(q) != self.variables or min(q.shape[2:]) < LEAST:
            raise InputError(
                f"this rollout takes states of {self.variables} variables, rows, and {axes} axes "
                f"of at least {LEAST} cells; got shape {q.shape}."
            )
        if q.shape[1] % LANES:
            raise InputError(
                f"compiled rollouts take a multiple of {LANES} rows; got {q.shape[1]}."
            )
        if dt.shape != (q.shape[1], 1):
            raise InputError(f"steps must have shape ({q.shape[1]}, 1); got {dt.shape}.")

    def gradient(self, g: np.ndarray) -> np.ndarray:
        """Return the gradient (row, weight) of the last run kept, given that of its ends.

        Where the positivity limiter acts, the wave speed that it works with counts as a constant.
        """
        if self._run is None:
            raise InputError("nothing was kept of the last run; call it with keep=True first.")
        step, sizes, steps, given, groups, size, limited = self._run
        cells = int(sizes.prod())
        expected = (self.variables, groups * LANES, *sizes.tolist())
        if g.shape != expected:
            raise InputError(f"the gradient of ends has shape {expected}; got {g.shape}.")
        state = _aligned((groups, cells, self.variables, LANES))
        state[:] = g.reshape(self.variables, groups, LANES, cells).transpose(1, 3, 0, 2)
        found = _aligned((groups, self.weights, LANES))
        for k in range(groups):
            self._library.backward(
                _at(state[k]), _at(step[k]), _at(sizes), steps, _at(given),
                _at(self._tape[k * size :]), _at(found[k]), ctypes.c_ubyte(limited[k]),
            )  # fmt: skip
        return found.transpose(0, 2, 1).reshape(groups * LANES, self.weights)
