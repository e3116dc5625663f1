"""Equations to train on: found by name, class or file, written down again, and looked at."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from learnedflux import equations
from learnedflux.equations import Equation
from learnedflux.errors import InputError, UnknownNameError

__all__ = ["describe", "find", "flux", "shape", "slope"]

BUILT_IN = {name: getattr(equations, name) for name in equations.__all__ if name != "Equation"}
SAMPLES = 257
ROUND_OFF = 1e-9  # of the slopes' size: differences below it are none


def find(given: Any) -> Equation:
    """Return an equation from what a user may name it by.

    Parameters
    ----------
    given : Equation, type, str or dict
        An equation; a class of them; the name of a built-in one; ``"file.py:Class"`` or
        ``"package.module:Class"``; or a dict with such a ``name`` and parameters beside it.

    Returns
    -------
    Equation

    Examples
    --------
    >>> find("Burgers"), find({"name": "Euler", "gamma": 1.6})
    (Burgers(), Euler(gamma=1.6))
    """
    if isinstance(given, Equation):
        return given
    parameters: dict[str, Any] = {}
    if isinstance(given, Mapping):
        parameters = {key: value for key, value in given.items() if key != "name"}
        if "name" not in given:
            raise InputError(f"an equation to train on needs a name; got {dict(given)!r}.")
        given = given["name"]
    kind = _class(given) if isinstance(given, str) else given
    if not (isinstance(kind, type) and issubclass(kind, Equation)):
        raise InputError(
            "an equation to train on is an Equation, a class of them, the name of a built-in one, "
            f"or 'file.py:Class'; got {given!r}."
        )
    known = inspect.signature(kind).parameters
    for key in parameters:
        if key not in known:
            raise UnknownNameError(f"parameter of {kind.__name__}", key, known)
    equation: Equation = kind(**parameters)
    return equation


def _class(text: str) -> Any:
    """Return the class that ``text`` names."""
    # The last colon: a path may have one of its own.
    place, colon, name = text.rpartition(":")
    if not colon:
        if text not in BUILT_IN:
            raise UnknownNameError(
                "equation to train on", text, [*BUILT_IN, "FILE.py:Class", "module:Class"]
            )
        return BUILT_IN[text]
    module = _file(Path(place)) if place.endswith(".py") else _module(place)
    classes = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Equation) and value is not Equation
    }
    if name not in classes:
        raise UnknownNameError(f"equation in {place!r}", name, classes)
    return classes[name]


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f"cannot import {name!r} for an equation: {error}.") from error


def _file(path: Path) -> ModuleType:
    """Import a file of the user's, once: the same class must come out every time."""
    if not path.is_file():
        raise InputError(f"there is no file {str(path)!r} to take an equation from.")
    path = path.resolve()
    name = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a user's file raises
        del sys.modules[name]
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{str(path)!r} cannot be imported ({reason}).") from error
    return module


def describe(equation: Equation) -> dict[str, Any]:
    """Return what :func:`find` finds this equation by again: its name and its parameters."""
    kind = type(equation)
    name = kind.__name__
    if BUILT_IN.get(name) is not kind:
        source = getattr(sys.modules.get(kind.__module__), "__file__", None)
        name = f"{source or kind.__module__}:{kind.__qualname__}"
    return {"name": name, **equation.parameters()}


# --- scalar laws ----------------------------------------------------------------------------------


def flux(equation: Equation, u: np.ndarray) -> np.ndarray:
    """Flux of a scalar law along x."""
    return np.asarray(equation.flux((np.asarray(u, dtype=np.float64),), 0)[0])


def slope(equation: Equation, u: np.ndarray) -> np.ndarray:
    """Derivative of a scalar law's flux along x, exact, by differentiating what it is written in.

    Examples
    --------
    >>> slope(find("Burgers"), np.array([0.5, 2.0])).tolist()
    [0.5, 2.0]
    """
    with torch.enable_grad():
        at = torch.tensor(np.asarray(u, dtype=np.float64), requires_grad=True)
        (gradient,) = torch.autograd.grad(equation.flux((at,), 0)[0].sum(), at)
    return gradient.numpy()


@functools.cache
def shape(equation: Equation) -> str:
    """Return what a scalar law's flux is on its range: linear, convex, concave or neither.

    Examples
    --------
    >>> shape(find("Advection")), shape(find("Burgers")), shape(find("BuckleyLeverett"))
    ('linear', 'convex', 'neither')
    """
    speeds = slope(equation, np.linspace(*equation.value_range, SAMPLES))
    change, size = np.diff(speeds), ROUND_OFF * (np.abs(speeds).max() + 1e-300)
    rises, falls = bool((change > size).any()), bool((change < -size).any())
    if rises and falls:
        return "neither"
    return "convex" if rises else "concave" if falls else "linear"
