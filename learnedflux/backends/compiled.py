"""Compiled kernels: copies of the templates, filled in, kept on disk and found again."""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import logging
import os
import sys
import tempfile
import types
from pathlib import Path
from typing import Any, cast

import numpy as np

from learnedflux.backends.digest import digest
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.reconstruction import Variables
from learnedflux.reconstruction.families import Family
from learnedflux.riemann.base import from_primitive

__all__ = [
    "ALONG",
    "LANES",
    "cache_folder",
    "frame_length",
    "kernels",
    "row_length",
    "stage_kernels",
    "survey_kernels",
]

log = logging.getLogger("learnedflux")
FOLDER = Path(__file__).parent
LANES = 256  # faces per row across a contiguous axis: the cells around them stay in cache
ALONG = 520  # faces per row along one, whole vectors included


def cache_folder() -> Path:
    """Folder of compiled kernels: ``LEARNEDFLUX_CACHE``, or the user's cache folder."""
    given = os.environ.get("LEARNEDFLUX_CACHE")
    if given:
        return Path(given)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "learnedflux"


def _write_template(template: str, name: str, folder: Path) -> Path:
    """Put a copy of a template under ``name``; safe against other processes doing the same."""
    path = folder / f"{name}.py"
    text = (FOLDER / f"{template}.py").read_bytes()
    if not path.exists() or path.read_bytes() != text:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(text)
        os.replace(file.name, path)
    return path


@functools.cache
def _private_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="learnedflux-")


def _give_address(equation: Any) -> None:
    """Let the type of a user equation's parameters be imported, wherever it was written.

    Numba finds a kernel on disk by its argument types, and a type by its module and name. A class
    of a script or a notebook has none that another process could import.
    """
    found = digest((equation,))
    if found is None or equation.__module__.split(".")[0] == "learnedflux":
        return
    module = types.ModuleType(f"learnedflux_equation_{found}")
    parameters = equation._parameters
    parameters.__module__, parameters.__qualname__ = module.__name__, "Parameters"
    vars(module)["Parameters"] = parameters
    sys.modules[module.__name__] = module


def _module(template: str, what: str, pieces: Any, names: dict[str, Any]) -> types.ModuleType:
    """Return a copy of a template with its names in capitals set, from disk where possible."""
    found = digest((template, *pieces))
    name = f"{template}_{found}" if found else f"{template}_{abs(hash(pieces)):x}_{os.getpid()}"
    folder = cache_folder() if found else Path(_private_folder().name)
    try:
        path = _write_template(template, name, folder)
    except OSError as error:
        log.warning(
            "cannot write kernels to %s (%s); they are compiled anew each time", folder, error
        )
        path = _write_template(template, name, Path(_private_folder().name))
    if what and not any((path.parent / "__pycache__").glob(f"{name}.*.nbi")):
        log.warning("compiling %s (some seconds%s)", what, ", once; kept on disk" * bool(found))
    spec = importlib.util.spec_from_file_location(f"learnedflux_{name}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"cannot load compiled kernels from {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where Numba looks when it reads a kernel from disk
    spec.loader.exec_module(module)
    vars(module).update(names, KEPT=bool(found))
    return module


def row_length(lanes: int, radius: int) -> int:
    """Numbers between rows of so many faces: whole cache lines, but no power of two."""
    return (lanes + 2 * radius + 7) // 8 * 8 + 8


def frame_length(equation: Equation, chosen: Variables, dimension: int) -> int:
    """Return how many numbers a face's frame has."""
    one = tuple(np.ones((len(equation.conserved_names(dimension)), 1)))
    with np.errstate(all="ignore"):
        return len(cast(Any, chosen.frame)(equation, one, one, 0))


@functools.lru_cache(maxsize=256)
def kernels(
    equation: Any,
    reconstruct: Any,
    family: Family | None,
    radius: int,
    chosen: Variables,
    solver: Any,
    axis: int,
    length: int,
    contiguous: bool = True,
    pair: Any = None,
    between: Any = None,
    widths: tuple[int, ...] = (),
    compound: bool = False,
) -> types.ModuleType:
    """Return the kernels of one scheme along one axis.

    ``equation`` is a class; ``reconstruct`` a pointwise function, or None where a policy gives the
    face values, whose ``family`` is told if it is known, and the ``widths`` of its network's
    layers; ``solver`` the pointwise numerical flux; None where fluxes are split; ``length`` that of
    a frame; ``contiguous`` says whether cells along the axis are neighbours in memory; ``pair`` is
    what gives a cell's values at both of its faces at once, if not ``reconstruct`` called twice,
    and ``between`` the flux of primitive states, if not ``solver`` of conserved ones; ``compound``
    whether a policy's values are looked after where waves may be compound.
    """
    _give_address(equation)
    learned = dataclasses.astuple(family) if family else ()
    pieces = (
        equation,
        reconstruct,
        *learned,
        radius,
        *chosen,
        solver,
        axis,
        length,
        contiguous,
        pair,
        between,
        widths,
        compound,
    )
    framed, lanes = chosen.name.startswith("characteristic"), ALONG if contiguous else LANES
    names = {
        "AXIS": axis,
        "CONTIGUOUS": contiguous,
        "RADIUS": radius,
        "OFFSETS": tuple(range(2 * radius)),
        "SPLIT": chosen.split is not None,
        "HALVES": chosen.split,
        "PARTS": 1 if chosen.split is None else 3,
        "BALANCED": equation.balance is not Equation.balance,
        "LEARNED": family is not None,
        "SPEEDS": family is not None and family.speeds > 0,
        "COMPOUND": compound,
        "BY_CELL": not (reconstruct is None or framed),
        "PREPARE": chosen.prepare,
        "FRAME": chosen.frame,
        "FRAME_LIKE": (0.0,) * length,
        "FRAMED": framed,
        "INTO": chosen.into,
        "OUT": chosen.out,
        "RECONSTRUCT": reconstruct,
        "PAIR": pair,
        "PRIMITIVE": chosen.primitive,
        "RIEMANN": solver,
        "BETWEEN": between or (solver and from_primitive(solver)),
        "RING": 1 if contiguous else 2 * radius,
        "STEP": 1 if contiguous else 0,
        "LANES": lanes,
        "WIDE": row_length(lanes, radius),
    }
    if family:
        names |= {
            "AWAKE": family.awake,
            "PLAIN": family.plain,
            "LOOK": family.look,
            "HEARD": family.heard,
            "DECIDE": family.decide,
            "LAYERS": tuple((0.0,) * width for width in widths),
            "SPEEDS_LIKE": (0.0,) * family.speeds,
        }
    # What is compiled of these is announced with the stage into which it goes.
    return _module("sweep", "", pieces, names)


@functools.lru_cache(maxsize=256)
def stage_kernels(sweeps: tuple[types.ModuleType, ...]) -> types.ModuleType:
    """Return the kernel of a whole stage from those of all axes."""
    # A kernel that must not be found again makes a stage that must not either.
    pieces = tuple(module.__name__ if module.KEPT else object() for module in sweeps)
    names = {
        "DIMENSION": len(sweeps),
        "SWEEP_X": sweeps[0].sweep,
        "SWEEP_Y": sweeps[len(sweeps) // 2].sweep,
        "SWEEP_Z": sweeps[-1].sweep,
    }
    return _module("march", f"kernels in {len(sweeps)}D", pieces, names)


@functools.lru_cache(maxsize=256)
def survey_kernels(equation: Any, dimension: int) -> types.ModuleType:
    """Return the kernels that look at states of an equation, a class; any scheme's."""
    _give_address(equation)
    names = {"DIMENSION": dimension, "LANES": LANES}
    return _module("survey", "", (equation, dimension), names)
