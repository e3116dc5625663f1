"""Backends: the same pointwise numerics compiled for the CPU or evaluated on tensors."""

from __future__ import annotations

import numbers

from learnedflux.backends.numba_cpu import NumbaBackend
from learnedflux.backends.torch_array import TorchBackend
from learnedflux.boundaries import Boundary
from learnedflux.equations import Equation
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.grid import Grid
from learnedflux.scheme import BoundScheme

__all__ = ["BACKENDS", "NumbaBackend", "TorchBackend", "make_backend"]

BACKENDS = ("auto", "numba", "torch")


def make_backend(
    name: str,
    device: str,
    dtype: str,
    equation: Equation,
    grid: Grid,
    scheme: BoundScheme,
    boundaries: tuple[tuple[Boundary, Boundary], ...],
    compile: bool | None = None,
    threads: int | None = None,
) -> NumbaBackend | TorchBackend:
    """Return the backend called ``name``; "auto" is numba on the CPU, torch on any other device."""
    if name not in BACKENDS:
        raise UnknownNameError("backend", name, BACKENDS)
    if dtype not in ("float64", "float32"):
        raise UnknownNameError("dtype", dtype, ("float64", "float32"))
    if name == "auto":
        name = "numba" if device == "cpu" else "torch"
    whole = isinstance(threads, numbers.Integral) and not isinstance(threads, bool)
    if threads is not None and not (whole and threads >= 1):
        raise InputError(f"threads must be a whole number above 0, or None; got {threads!r}.")
    if name == "torch":
        if threads is not None:
            raise InputError(
                "threads is for backend='numba'; torch has torch.set_num_threads for it."
            )
        return TorchBackend(equation, grid, scheme, boundaries, device, dtype, compile)
    if compile is not None:
        raise InputError("compile is for backend='torch'; numba always compiles.")
    if device != "cpu" or dtype != "float64":
        raise InputError(
            f"backend 'numba' computes in float64 on the CPU; device={device!r}, dtype={dtype!r} "
            "need backend='torch'."
        )
    return NumbaBackend(equation, grid, scheme, boundaries, threads)
