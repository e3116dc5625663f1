"""Digest of everything that enters a compiled kernel, so that a stale one is never found again."""

from __future__ import annotations

import functools
import hashlib
import inspect
import platform
import sys
import types
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import llvmlite
import numba
import numpy as np

__all__ = ["digest"]

PACKAGE = "learnedflux"
KNOWN = ("math", "numpy", PACKAGE)  # modules whose contents are fixed by the versions above
POINTWISE = (
    "ops.py",
    "tuples.py",
    "limiters.py",
    "parts.py",
    "positivity.py",
    "equations",
    "reconstruction",
    "riemann",
    "backends",
)


@functools.cache
def _library() -> str:
    """Digest of the library's own pointwise sources and of the compiler."""
    found = hashlib.sha256()
    for word in (
        numba.__version__,
        llvmlite.__version__,
        np.__version__,
        platform.python_version(),
    ):
        found.update(word.encode())
    for name in POINTWISE:
        path = resources.files(PACKAGE) / name
        for file in sorted([path] if path.is_file() else path.iterdir(), key=lambda f: f.name):
            if file.name.endswith(".py") and not file.name.startswith("torch_"):
                found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()


def _own(thing: Any) -> bool:
    return (getattr(thing, "__module__", None) or "").split(".")[0] == PACKAGE


class _Unknown(Exception):
    """Something whose value cannot be pinned down is used; do not keep the kernel on disk."""


def _function(function: Callable[..., Any], seen: set[int]) -> Iterable[str]:
    if _own(function):
        yield f"{function.__module__}.{function.__qualname__}"
        return
    if function.__module__ not in sys.modules:
        raise _Unknown  # Numba could not load the kernel again
    if id(function) in seen:
        return
    seen.add(id(function))
    yield from _code(function.__code__, seen)
    yield repr((function.__defaults__, function.__kwdefaults__))
    known = function.__globals__
    used = {name: known[name] for name in _names(function.__code__) if name in known}
    for name, value in sorted({**used, **inspect.getclosurevars(function).nonlocals}.items()):
        yield name
        yield from _value(value, seen)


def _names(code: types.CodeType) -> Iterable[str]:
    """Names that code looks up, functions defined inside it included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _code(code: types.CodeType, seen: set[int]) -> Iterable[str]:
    yield code.co_code.hex()
    yield repr(code.co_names)
    for constant in code.co_consts:
        yield from (
            _code(constant, seen) if isinstance(constant, types.CodeType) else [repr(constant)]
        )


def _value(value: Any, seen: set[int]) -> Iterable[str]:
    if isinstance(value, (bool, int, float, str, type(None))):
        yield repr(value)
    elif isinstance(value, tuple):
        yield f"{len(value)} entries"
        for entry in value:
            yield from _value(entry, seen)
    elif isinstance(value, types.ModuleType) and value.__name__.split(".")[0] in KNOWN:
        yield value.__name__
    elif isinstance(value, types.FunctionType):
        yield from _function(value, seen)
    elif isinstance(value, type):
        yield from _class(value, seen)
    elif isinstance(value, types.BuiltinFunctionType) or type(value).__name__ == "ufunc":
        yield repr(value)
    else:
        raise _Unknown


def _class(cls: type, seen: set[int]) -> Iterable[str]:
    # Compiled code knows a parameter of an equation by its place.
    yield repr(getattr(getattr(cls, "_parameters", None), "_fields", ()))
    for base in cls.__mro__:
        yield f"{base.__module__}.{base.__qualname__}"
        if _own(base) or base is object or id(base) in seen:
            continue
        seen.add(id(base))
        for name, value in sorted(vars(base).items()):
            if isinstance(value, types.FunctionType) and not name.startswith("__"):
                yield name
                yield from _function(value, seen)


def digest(pieces: Iterable[Any]) -> str | None:
    """Return a digest of pointwise pieces (functions, classes, plain values).

    None if one of them uses a value that cannot be told from its text, in which case its kernel
    must not be reused by another process.
    """
    found = hashlib.sha256(_library().encode())
    try:
        for piece in pieces:
            for text in _value(piece, set()):
                found.update(text.encode() + b"\0")
    except _Unknown:
        return None
    return found.hexdigest()[:20]
