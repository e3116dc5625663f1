"""Straight-line programs of pointwise functions, and their gradients by reverse accumulation.

Pointwise functions take scalars of any kind. Given :class:`Symbol` they leave behind the program
they are: operations without branches or loops, which can be differentiated and compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["Program", "Symbol", "reverse"]

FOLD: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "min": min,
    "max": max,
}
UFUNCS = {"minimum": "min", "maximum": "max", "add": "+", "subtract": "-", "multiply": "*"}
UNARY = ("sqrt", "exp")


class Program:
    """Operations in the order of their making; equal ones are made once."""

    def __init__(self) -> None:
        self.nodes: list[Symbol] = []
        self._made: dict[Any, Symbol] = {}

    def make(self, op: str, *args: Any) -> Symbol:
        """Return the result of an operation on symbols (or of a name or number)."""
        key = (op, *((True, a.index) if isinstance(a, Symbol) else (False, a) for a in args))
        if key not in self._made:
            self._made[key] = Symbol(self, len(self.nodes), op, args)
            self.nodes.append(self._made[key])
        return self._made[key]

    def number(self, value: float) -> Symbol:
        """Return a constant."""
        return self.make("number", float(value))

    def input(self, text: str) -> Symbol:
        """Return an input, called ``text`` in the compiled program."""
        return self.make("input", text)

    def needed(self, results: Iterable[Symbol]) -> list[Symbol]:
        """Return the operations that lead to results, in their order."""
        waiting, found = [r.index for r in results], set()
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                waiting += [a.index for a in self.nodes[index].args if isinstance(a, Symbol)]
        return [self.nodes[i] for i in sorted(found)]


class Symbol:
    """A scalar of a program: the word ``float`` of a trace."""

    __slots__ = ("args", "index", "op", "program")

    def __init__(self, program: Program, index: int, op: str, args: tuple[Any, ...]) -> None:
        self.program, self.index, self.op, self.args = program, index, op, args

    @property
    def constant(self) -> float | None:
        """The number this is, if it is one."""
        return self.args[0] if self.op == "number" else None

    def _of(self, x: Any) -> Symbol:
        return x if isinstance(x, Symbol) else self.program.number(x)

    def _binary(self, op: str, first: Any, second: Any) -> Symbol:
        a, b = self._of(first), self._of(second)
        x, y = a.constant, b.constant
        if x is not None and y is not None:
            return self.program.number(FOLD[op](x, y))
        if op == "+" and (x == 0 or y == 0):
            return b if x == 0 else a
        if op == "-" and y == 0:
            return a
        if op == "-" and x == 0:
            return -b
        if (op == "*" and (x == 0 or y == 0)) or (op == "/" and x == 0):
            return self.program.number(0.0)
        if op == "*" and (x == 1 or y == 1):
            return b if x == 1 else a
        if op == "/" and y is not None:
            return self._binary("*", a, 1.0 / y)
        return self.program.make(op, a, b)

    def _compare(self, op: str, other: Any) -> Symbol:
        return self.program.make(op, self, self._of(other))

    def __add__(self, other: Any) -> Symbol:
        return self._binary("+", self, other)

    def __radd__(self, other: Any) -> Symbol:
        return self._binary("+", other, self)

    def __sub__(self, other: Any) -> Symbol:
        return self._binary("-", self, other)

    def __rsub__(self, other: Any) -> Symbol:
        return self._binary("-", other, self)

    def __mul__(self, other: Any) -> Symbol:
        return self._binary("*", self, other)

    def __rmul__(self, other: Any) -> Symbol:
        return self._binary("*", other, self)

    def __truediv__(self, other: Any) -> Symbol:
        return self._binary("/", self, other)

    def __rtruediv__(self, other: Any) -> Symbol:
        return self._binary("/", other, self)

    def __pow__(self, power: Any) -> Symbol:
        if not isinstance(power, int) or power < 1:
            raise TypeError(f"only whole powers above 0 can be traced; got {power!r}")
        half = self ** (power // 2) if power > 1 else None
        square = self if half is None else half * half
        return square * self if half is not None and power % 2 else square

    def __bool__(self) -> bool:
        raise TypeError("pointwise functions do not branch on data")

    def largest(self, other: Any) -> Symbol:
        """Return the larger of this and another."""
        return self._binary("max", self, other)

    def __neg__(self) -> Symbol:
        if self.constant is not None:
            return self.program.number(-self.constant)
        return self.args[0] if self.op == "negate" else self.program.make("negate", self)

    def __abs__(self) -> Symbol:
        return self.program.make("abs", self)

    def __lt__(self, other: Any) -> Symbol:
        return self._compare("<", other)

    def __le__(self, other: Any) -> Symbol:
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> Symbol:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> Symbol:
        return self._compare(">=", other)

    def __eq__(self, other: Any) -> Symbol:  # type: ignore[override]
        # "condition == False" is how pointwise functions say "not".
        return self.program.make("not", self) if other is False else self._compare("==", other)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: Symbol) -> Symbol:
        return self.program.make("&", self, other)

    def __or__(self, other: Symbol) -> Symbol:
        return self.program.make("|", self, other)

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if method != "__call__" or kwargs:
            return NotImplemented
        if name in UFUNCS:
            return self._binary(UFUNCS[name], *args)
        return self.program.make(name, self) if name in UNARY else NotImplemented

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return choose(*args) if function is np.where and not kwargs else NotImplemented


def choose(condition: Symbol, a: Any, b: Any) -> Symbol:
    """Return ``a`` where the condition holds, else ``b``."""
    a, b = condition._of(a), condition._of(b)
    return a if a is b else condition.program.make("where", condition, a, b)


def _parts(x: Symbol, g: Symbol) -> Sequence[tuple[Symbol, Symbol]]:
    """Arguments of an operation, each with what its result's gradient ``g`` gives it."""
    a = x.args
    match x.op:
        case "+":
            return (a[0], g), (a[1], g)
        case "-":
            return (a[0], g), (a[1], -g)
        case "*":
            return (a[0], g * a[1]), (a[1], g * a[0])
        case "/":
            share = g / a[1]
            return (a[0], share), (a[1], -(share * x))
        case "negate":
            return ((a[0], -g),)
        case "abs":
            return ((a[0], choose(a[0] < 0.0, -g, g)),)
        case "sqrt":
            return ((a[0], 0.5 * g / x),)
        case "exp":
            return ((a[0], g * x),)
        case "min" | "max":
            first = a[0] <= a[1] if x.op == "min" else a[0] >= a[1]
            return (a[0], choose(first, g, 0.0)), (a[1], choose(first, 0.0, g))
        case "where":
            return (a[1], choose(a[0], g, 0.0)), (a[2], choose(a[0], 0.0, g))
    return ()


def reverse(
    results: Sequence[Symbol], gradients: Sequence[Symbol], inputs: Sequence[Symbol]
) -> list[Symbol]:
    """Return the gradients of inputs, given those of results, as more of the same program."""
    program = results[0].program
    found: dict[int, Symbol] = {}

    def gather(x: Symbol, g: Symbol) -> None:
        if x.op != "number":
            found[x.index] = found[x.index] + g if x.index in found else g

    operations = program.needed(results)
    for result, gradient in zip(results, gradients, strict=True):
        gather(result, gradient)
    for x in reversed(operations):
        if x.index in found:
            for argument, share in _parts(x, found[x.index]):
                gather(argument, share)
    return [found.get(x.index, program.number(0.0)) for x in inputs]
