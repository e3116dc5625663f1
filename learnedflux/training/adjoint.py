"""The unrolled solver with its gradient, compiled: ten times as many iterations in an hour.

The pointwise functions of equation, Riemann solver, limiter and policy family are traced into
straight-line programs (:mod:`~learnedflux.training.trace`), differentiated, written as C++ on
vectors of eight rows, and compiled around ``rollout.hpp`` by the machine's C++ compiler. It gives
what :func:`~learnedflux.training.rollout.rollout` gives, to round-off, and gradients row by row.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import logging
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
from learnedflux.positivity import limit_flux, violates
from learnedflux.reconstruction import variables
from learnedflux.reconstruction.families import Family
from learnedflux.reconstruction.interface import face_speeds, from_fields, to_fields
from learnedflux.riemann import Riemann, default_riemann, riemann_solvers
from learnedflux.training.trace import Program, Symbol, choose, reverse

__all__ = ["LANES", "CompiledRollout"]

log = logging.getLogger("learnedflux")
LANES = 8  # rows that run side by side
EPS = float(np.finfo(np.float64).eps)
FLAGS = ("-O2", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
HEAD = """\
typedef double lanes __attribute__((vector_size(64)));
typedef long long mask __attribute__((vector_size(64)));
static inline lanes all(double x) { return lanes{} + x; }
static inline lanes smaller(lanes a, lanes b) { return ((b < a) | (b != b)) ? b : a; }
static inline lanes larger(lanes a, lanes b) { return ((b > a) | (b != b)) ? b : a; }
static inline lanes size(lanes x) { return (lanes)((mask)x & 0x7fffffffffffffffLL); }
static inline lanes root(lanes x) {
  lanes y;
  for (int i = 0; i < 8; i++) y[i] = __builtin_sqrt(x[i]);
  return y;
}
static inline lanes power_of_e(lanes x) {
  lanes y;
  for (int i = 0; i < 8; i++) y[i] = __builtin_exp(x[i]);
  return y;
}
static inline unsigned char set_in(mask m) {
  unsigned char found = 0;
  for (int i = 0; i < 8; i++) found |= (m[i] & 1) << i;
  return found;
}
"""
WORDS = {
    "negate": "-{0}",
    "abs": "size({0})",
    "sqrt": "root({0})",
    "exp": "power_of_e({0})",
    "min": "smaller({0}, {1})",
    "max": "larger({0}, {1})",
    "where": "{0} ? {1} : {2}",
    "not": "~{0}",
}
CONDITIONS = ("<", "<=", ">", ">=", "==", "&", "|", "not")


def _is_condition(x: Symbol) -> bool:
    return x.op in CONDITIONS or (x.op == "where" and _is_condition(x.args[1]))


def _body(stored: Sequence[tuple[str, Symbol]], added: Sequence[tuple[str, Symbol]] = ()) -> str:
    """Return a program as C++ that stores results, and adds others to what is there."""
    lines, results = [], [*stored, *added]
    for x in results[0][1].program.needed([r for _, r in results]):
        a = [f"t{y.index}" if isinstance(y, Symbol) else y for y in x.args]
        if x.op == "number":
            text = f"all({a[0]!r})"
        elif x.op == "input":
            text = a[0]
        else:
            text = WORDS.get(x.op, "{0} " + x.op + " {1}").format(*a)
        kind = "mask" if _is_condition(x) else "lanes"
        lines.append(f"  const {kind} t{x.index} = {text};")
    lines += [f"  {place} = t{r.index};" for place, r in stored]
    lines += [f"  {place} += t{r.index};" for place, r in added if r.constant != 0.0]
    return "\n".join(lines)


def _function(name: str, arguments: str, body: str) -> str:
    return f"static __attribute__((noinline)) void {name}({arguments}) {{\n{body}\n}}\n"


def _network(weights: list[Symbol], widths: Sequence[int], seen: tuple[Symbol, ...]) -> Any:
    """Run a network of layers on symbols; ``weights`` are each layer's matrix and then its bias."""
    x: list[Symbol] = list(seen)
    rest = iter(weights)
    for number, width in enumerate(widths[1:]):
        rows = [[next(rest) for _ in x] for _ in range(width)]
        y = []
        for row in rows:
            total = next(rest)
            for w, value in zip(row, x, strict=True):
                total = total + w * value
            y.append(total if number == len(widths) - 2 else total.largest(0.0))
        x = y
    return tuple(x)


class _Source:
    """The generated functions of an equation and a policy."""

    def __init__(
        self, equation: Equation, family: Family, settings: tuple[float, ...], widths: Sequence[int]
    ) -> None:
        self.equation, self.family, self.settings, self.widths = equation, family, settings, widths
        self.count = len(equation.conserved_names(1))
        kind = "characteristic" if equation.provides("to_characteristic") else "conserved"
        self.variables: Any = variables[kind]
        self.weights = sum((a + 1) * b for a, b in itertools.pairwise(widths))
        parts = [self._prepare(), *self._project(), self._value(), self._flux(), self._limit()]
        names = {
            "VARIABLES": self.count,
            "FRAME": self.frame,
            "WEIGHTS": self.weights,
            "LIMITER": int(equation.provides("positive")),
        }
        enums = "".join(f"enum {{ {key} = {value} }};\n" for key, value in names.items())
        main = Path(__file__).with_name("rollout.hpp").read_text(encoding="utf-8")
        self.text = HEAD + enums + "".join(parts) + main

    def _inputs(self, program: Program, name: str, n: int | None = None) -> tuple[Symbol, ...]:
        return tuple(program.input(f"{name}[{k}]") for k in range(n or self.count))

    def _places(self, name: str, results: Sequence[Any], program: Program) -> list[tuple[str, Any]]:
        return [
            (f"{name}[{k}]", x if isinstance(x, Symbol) else program.number(x))
            for k, x in enumerate(results)
        ]

    def _prepare(self) -> str:
        """From a cell's state what all faces around it need."""
        p = Program()
        q = self._inputs(p, "q")
        w = self._places("w", self.variables.prepare(self.equation, q), p)
        back = reverse([x for _, x in w], self._inputs(p, "gw"), q)
        return _function("prepare", "const lanes *q, lanes *w", _body(w)) + _function(
            "prepare_back",
            "const lanes *q, const lanes *gw, lanes *gq",
            _body((), self._places("gq", back, p)),
        )

    def _project(self) -> str:
        """From prepared cells around a face its frame, fields and speeds."""
        eq, v, n, p = self.equation, self.variables, self.count, Program()
        w = tuple(self._inputs(p, f"w[{j}]") for j in range(6))
        frame, fields = to_fields(eq, w, 0, v.frame, v.into)
        speeds: Any = ((0.0,) * n, (0.0,) * n)
        if self.family.speeds:
            speeds = face_speeds(eq, w[2], w[3], 0, v.frame)
        self.frame = len(frame)
        results = self._places("frame", frame, p)
        for k in range(n):
            results += self._places(f"field[{k}]", [cell[k] for cell in fields], p)
        for side in range(2):
            results += self._places(f"seen[{side}]", speeds[side], p)
        given = [p.input("g" + place) for place, _ in results]
        back = reverse([x for _, x in results], given, [x for cell in w for x in cell])
        places: list[tuple[str, Symbol]] = []
        for j in range(6):
            places += self._places(f"gw[{j}]", back[j * n : (j + 1) * n], p)
        return _function(
            "project",
            "const lanes (*w)[VARIABLES], lanes *frame, lanes (*field)[6], "
            "lanes (*seen)[VARIABLES]",
            _body(results),
        ) + _function(
            "project_back",
            "const lanes (*w)[VARIABLES], const lanes *gframe, const lanes (*gfield)[6], "
            "const lanes (*gseen)[VARIABLES], lanes **gw",
            _body((), places),
        )

    def _value(self) -> str:
        """The face value, with and without the network."""
        f, settings = self.family, self.settings
        p = Program()
        c = self._inputs(p, "c", 6)
        awake = choose(f.awake(c[: f.cells], settings, EPS), 1.0, 0.0)
        text = _function("awake", "const lanes *c, lanes *to", _body([("*to", awake)]))
        arguments = "const lanes *c, const lanes *s"
        for asked in (False, True):
            p = Program()
            c, s = self._inputs(p, "c", 6), self._inputs(p, "s", 6)
            weights = [p.input(f"all(weights[{k}])") for k in range(self.weights)]
            if asked:
                value = f.evaluate(
                    c[: f.cells],
                    s[: f.speeds],
                    settings,
                    EPS,
                    lambda seen, w=weights: _network(w, self.widths, seen),
                )
            else:
                value = f.plain(c[: f.cells], settings, EPS)
            back = reverse([value], [p.input("g")], [*c, *s, *weights])
            places = self._places("gc", back[:6], p) + self._places("gs", back[6:12], p)
            name, more, gmore = "plain", "", ""
            if asked:
                name, more, gmore = "asked", ", const double *weights", ", lanes *gweights"
                places += self._places("gweights", back[12:], p)
            text += _function(name, f"{arguments}{more}, lanes *to", _body([("*to", value)]))
            text += _function(
                f"{name}_back",
                f"{arguments}{more}, lanes g, lanes *gc, lanes *gs{gmore}",
                _body((), places),
            )
        return text

    def _flux(self) -> str:
        """From face values and the prepared cells beside the face the numerical flux."""
        eq, v, p = self.equation, self.variables, Program()
        solver = riemann_solvers[default_riemann(eq)]
        frame = self._inputs(p, "frame", self.frame)
        left, right = self._inputs(p, "left"), self._inputs(p, "right")
        wl, wr = self._inputs(p, "wl"), self._inputs(p, "wr")
        a = from_fields(eq, frame, left, v.primitive(eq, wl), 0, v.out)
        b = from_fields(eq, frame, right, v.primitive(eq, wr), 0, v.out)
        f = self._places("f", self._between(solver, a, b), p)
        inputs = [*frame, *left, *right, *wl, *wr]
        back = iter(reverse([x for _, x in f], self._inputs(p, "gf"), inputs))
        stored: list[tuple[str, Symbol]] = []
        for name, group in (("gframe", frame), ("gleft", left), ("gright", right)):
            stored += self._places(name, [next(back) for _ in group], p)
        added = self._places("gwl", [next(back) for _ in wl], p)
        added += self._places("gwr", [next(back) for _ in wr], p)
        arguments = (
            "const lanes *frame, const lanes *left, const lanes *right, const lanes *wl, "
            "const lanes *wr"
        )
        return _function("flux", f"{arguments}, lanes *f", _body(f)) + _function(
            "flux_back",
            f"{arguments}, const lanes *gf, lanes *gframe, lanes *gleft, lanes *gright, "
            "lanes *gwl, lanes *gwr",
            _body(stored, added),
        )

    def _between(self, solver: Riemann, wl: Any, wr: Any) -> Any:
        """Flux between primitive states; over a flat bottom a balance law has no other terms."""
        eq: Any = self.equation
        if not eq.balanced:
            between: Any = solver.between
            return between(eq, wl, wr, 0)
        return solver.function(eq, *eq.balance(eq.to_conserved(wl), eq.to_conserved(wr), 0), 0)

    def _limit(self) -> str:
        """The positivity limiter, and what is physical; all is where the equation says nothing."""
        eq, p = self.equation, Program()
        q = self._inputs(p, "q")
        fine = choose(eq.admissible(q), 1.0, 0.0) if eq.provides("positive") else p.number(1.0)
        text = _function("physical", "const lanes *q, lanes *to", _body([("*to", fine)]))
        (speed,) = self._places("to", [eq.max_speed(q, 0)], p)
        text += _function("fastest", "const lanes *q, lanes *to", _body([speed]))
        p = Program()
        ql, qr, f = self._inputs(p, "ql"), self._inputs(p, "qr"), self._inputs(p, "f")
        top = p.input("*speed")
        if eq.provides("positive"):
            bad = violates(eq, ql, qr, f, top)
            flag = choose(bad, 1.0, 0.0)
            better = [
                choose(bad, x, y) for x, y in zip(limit_flux(eq, ql, qr, f, 0, top), f, strict=True)
            ]
        else:
            flag, better = p.number(0.0), list(f)
        arguments = "const lanes *ql, const lanes *qr, const lanes *f, const lanes *speed"
        text += _function("violated", f"{arguments}, lanes *to", _body([("*to", flag)]))
        text += _function("limit", f"{arguments}, lanes *to", _body(self._places("to", better, p)))
        back = reverse(better, self._inputs(p, "gf"), [*f, *ql, *qr])
        n = self.count
        sides = self._places("gql", back[n : 2 * n], p) + self._places("gqr", back[2 * n :], p)
        return text + _function(
            "limit_back",
            f"{arguments}, const lanes *gf, lanes *share, lanes *gql, lanes *gqr",
            _body(self._places("share", back[:n], p), sides),
        )


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
    """Runs of a policy on periodic rows of cells, and their gradients.

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
    """

    def __init__(
        self, equation: Equation, family: Family, settings: tuple[float, ...], widths: Sequence[int]
    ) -> None:
        try:
            source = _Source(equation, family, settings, widths)
        except (AttributeError, NotImplementedError, TypeError) as error:
            raise InputError(
                f"{equation.name} cannot be traced for the compiled rollout ({error}); write it in "
                'the words of learnedflux.ops, or train with rollout = "torch".'
            ) from error
        self.equation = equation
        self.variables, self.weights = source.count, source.weights
        self._library = _library(source.text)
        self._run: tuple[Any, ...] | None = None
        self._tape = np.zeros(0)

    def __call__(
        self, q: np.ndarray, dt: np.ndarray, steps: int, weights: np.ndarray, keep: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run all rows; return their ends and which became unphysical (those end as they began).

        Parameters
        ----------
        q : ndarray, shape (variable, row, cell)
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
        tuple of ndarray, shapes (variable, row, cell) and (row,)
        """
        variables, rows, cells = q.shape
        if rows % LANES:
            raise InputError(f"compiled rollouts take a multiple of {LANES} rows; got {rows}.")
        if self.equation.balanced and np.ptp(q[-1], axis=-1).any():
            raise InputError(
                f"compiled rollouts of {self.equation.name} know flat bottoms only; got one that "
                f"is not in row {int(np.ptp(q[-1], axis=-1).argmax())}. Train on such problems "
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
        flags = np.zeros((2, groups), dtype=np.uint8)
        for k in range(groups):
            tape = _at(self._tape[k * size :]) if keep else None
            self._library.forward(
                _at(state[k]), _at(step[k]), cells, steps, _at(given), tape,
                _at(flags[0, k:]), _at(flags[1, k:]),
            )  # fmt: skip
        self._run = (step, cells, steps, given, groups, size, flags[0]) if keep else None
        end = state.transpose(2, 0, 3, 1).reshape(variables, rows, cells)
        return end.copy(), np.unpackbits(flags[1], bitorder="little").astype(bool)

    def gradient(self, g: np.ndarray) -> np.ndarray:
        """Return the gradient (row, weight) of the last run kept, given that of its ends."""
        if self._run is None:
            raise InputError("nothing was kept of the last run; call it with keep=True first.")
        step, cells, steps, given, groups, size, limited = self._run
        state = _aligned((groups, cells, self.variables, LANES))
        state[:] = g.reshape(self.variables, groups, LANES, cells).transpose(1, 3, 0, 2)
        found = _aligned((groups, self.weights, LANES))
        for k in range(groups):
            self._library.backward(
                _at(state[k]), _at(step[k]), cells, steps, _at(given),
                _at(self._tape[k * size :]), _at(found[k]), ctypes.c_ubyte(limited[k]),
            )  # fmt: skip
        return found.transpose(0, 2, 1).reshape(groups * LANES, self.weights)
