"""C++ of the unrolled solver: pointwise functions of an equation and a policy, and gradients.

They are traced into straight-line programs (:mod:`~learnedflux.training.trace`), differentiated,
and written as functions on vectors of eight rows, around which ``rollout.hpp`` makes the solver.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from learnedflux.equations import Equation
from learnedflux.positivity import limit_flux, violates
from learnedflux.reconstruction import variables
from learnedflux.reconstruction.families import UPWIND, Family
from learnedflux.reconstruction.interface import face_speeds, from_fields, to_fields
from learnedflux.reconstruction.stencil import differences
from learnedflux.riemann import default_riemann, riemann_solvers
from learnedflux.training.trace import Program, Symbol, choose, reverse

__all__ = ["Source"]

EPS = float(np.finfo(np.float64).eps)
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


def _by_axis(name: str, arguments: str, bodies: Sequence[str]) -> str:
    """Return one function per axis, and an array of them."""
    each = [f"{name}_{axis}" for axis in range(len(bodies))]
    text = "".join(_function(n, arguments, b) for n, b in zip(each, bodies, strict=True))
    return f"{text}static decltype(&{each[0]}) const {name}[] = {{{', '.join(each)}}};\n"


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


class Source:
    """The generated functions of an equation and a policy."""

    def __init__(
        self,
        equation: Equation,
        family: Family,
        settings: tuple[float, ...],
        widths: Sequence[int],
        dimension: int = 1,
    ) -> None:
        self.equation, self.family, self.settings, self.widths = equation, family, settings, widths
        self.count, self.axes = len(equation.conserved_names(dimension)), range(dimension)
        kind = "characteristic" if equation.provides("to_characteristic") else "conserved"
        self.variables: Any = variables[kind]
        self.weights = sum((a + 1) * b for a, b in itertools.pairwise(widths))
        parts = [self._prepare(), self._project(), self._value(), self._flux(), self._limit()]
        names = {
            "DIMENSION": dimension,
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
        there, back = zip(*(self._project_along(axis) for axis in self.axes), strict=True)
        return _by_axis(
            "project",
            "const lanes (*w)[VARIABLES], lanes *frame, lanes (*field)[6], "
            "lanes (*seen)[VARIABLES]",
            there,
        ) + _by_axis(
            "project_back",
            "const lanes (*w)[VARIABLES], const lanes *gframe, const lanes (*gfield)[6], "
            "const lanes (*gseen)[VARIABLES], lanes **gw",
            back,
        )

    def _project_along(self, axis: int) -> tuple[str, str]:
        eq, v, n, p = self.equation, self.variables, self.count, Program()
        w = tuple(self._inputs(p, f"w[{j}]") for j in range(6))
        frame, fields = to_fields(eq, w, axis, v.frame, v.into)
        speeds: Any = ((0.0,) * n, (0.0,) * n)
        if self.family.speeds:
            speeds = face_speeds(eq, w[2], w[3], axis, v.frame)
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
        return _body(results), _body((), places)

    def _value(self) -> str:
        """The face value, with and without the network."""
        f, settings = self.family, self.settings
        p = Program()
        c = self._inputs(p, "c", 6)
        awake = choose(f.awake(differences(*c), c[UPWIND], c[UPWIND + 1], settings, EPS), 1.0, 0.0)
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
                value = f.plain(differences(*c), c[UPWIND], settings, EPS)
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
        there, back = zip(*(self._flux_along(axis) for axis in self.axes), strict=True)
        arguments = (
            "const lanes *frame, const lanes *left, const lanes *right, const lanes *wl, "
            "const lanes *wr"
        )
        return _by_axis("flux", f"{arguments}, lanes *f", there) + _by_axis(
            "flux_back",
            f"{arguments}, const lanes *gf, lanes *gframe, lanes *gleft, lanes *gright, "
            "lanes *gwl, lanes *gwr",
            back,
        )

    def _flux_along(self, axis: int) -> tuple[str, str]:
        eq, v, p = self.equation, self.variables, Program()
        frame = self._inputs(p, "frame", self.frame)
        left, right = self._inputs(p, "left"), self._inputs(p, "right")
        wl, wr = self._inputs(p, "wl"), self._inputs(p, "wr")
        a = from_fields(eq, frame, left, v.primitive(eq, wl), axis, v.out)
        b = from_fields(eq, frame, right, v.primitive(eq, wr), axis, v.out)
        f = self._places("f", self._between(a, b, axis), p)
        inputs = [*frame, *left, *right, *wl, *wr]
        back = iter(reverse([x for _, x in f], self._inputs(p, "gf"), inputs))
        stored: list[tuple[str, Symbol]] = []
        for name, group in (("gframe", frame), ("gleft", left), ("gright", right)):
            stored += self._places(name, [next(back) for _ in group], p)
        added = self._places("gwl", [next(back) for _ in wl], p)
        added += self._places("gwr", [next(back) for _ in wr], p)
        return _body(f), _body(stored, added)

    def _between(self, wl: Any, wr: Any, axis: int) -> Any:
        """Flux between primitive states; over a flat bottom a balance law has no other terms."""
        eq: Any = self.equation
        solver: Any = riemann_solvers[default_riemann(eq)]
        if not eq.balanced:
            return solver.between(eq, wl, wr, axis)
        sides = eq.balance(eq.to_conserved(wl), eq.to_conserved(wr), axis)
        return solver.function(eq, *sides, axis)

    def _limit(self) -> str:
        """The positivity limiter, and what is physical; all is where the equation says nothing."""
        eq, p = self.equation, Program()
        q = self._inputs(p, "q")
        fine = choose(eq.admissible(q), 1.0, 0.0) if eq.provides("positive") else p.number(1.0)
        text = _function("physical", "const lanes *q, lanes *to", _body([("*to", fine)]))
        speeds = [_body(self._places("to", [eq.max_speed(q, axis)], p)) for axis in self.axes]
        text += _by_axis("fastest", "const lanes *q, lanes *to", speeds)
        arguments = "const lanes *ql, const lanes *qr, const lanes *f, const lanes *speed"
        flags, there, back = zip(*(self._limit_along(axis) for axis in self.axes), strict=True)
        text += _function("violated", f"{arguments}, lanes *to", flags[0])  # whatever the axis
        text += _by_axis("limit", f"{arguments}, lanes *to", there)
        return text + _by_axis(
            "limit_back",
            f"{arguments}, const lanes *gf, lanes *share, lanes *gql, lanes *gqr",
            back,
        )

    def _limit_along(self, axis: int) -> tuple[str, str, str]:
        eq, n, p = self.equation, self.count, Program()
        ql, qr, f = self._inputs(p, "ql"), self._inputs(p, "qr"), self._inputs(p, "f")
        top = p.input("*speed")
        if eq.provides("positive"):
            bad = violates(eq, ql, qr, f, top)
            flag = choose(bad, 1.0, 0.0)
            limited = limit_flux(eq, ql, qr, f, axis, top)
            better = [choose(bad, x, y) for x, y in zip(limited, f, strict=True)]
        else:
            flag, better = p.number(0.0), list(f)
        back = reverse(better, self._inputs(p, "gf"), [*f, *ql, *qr])
        sides = self._places("gql", back[n : 2 * n], p) + self._places("gqr", back[2 * n :], p)
        there = _body(self._places("to", better, p))
        return _body([("*to", flag)]), there, _body(self._places("share", back[:n], p), sides)
