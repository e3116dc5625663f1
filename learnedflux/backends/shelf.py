"""Arrays whose memory is used again once nobody refers to it."""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np

__all__ = ["Shelf", "aligned"]

MOST = 16  # arrays kept of one size; no integrator has more stages at a time


def aligned(room: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return what begins on the first cache line of a flat array seven entries too long."""
    first = -room.ctypes.data // 8 % 8
    return room[first : first + math.prod(shape)].reshape(shape)


class _Loan:
    """What an array on loan has as its base, and all its views keep alive."""

    def __init__(self, array: np.ndarray) -> None:
        self.__array_interface__ = array.__array_interface__


class Shelf:
    """A store of arrays: a new one costs the time in which the system clears its pages.

    Memory comes back to the shelf when the last array that shows it is gone, views included; what
    a caller still holds is never overwritten.
    """

    def __init__(self) -> None:
        self._free: dict[int, list[np.ndarray]] = {}

    def take(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return an array of float64 with anything in it, on the beginning of a cache line."""
        size = math.prod(shape) + 7
        free = self._free.setdefault(size, [])
        room = free.pop() if free else np.empty(size)
        loan: Any = _Loan(aligned(room, shape))
        # The finalizer is what keeps the memory alive.
        weakref.finalize(loan, _give_back, free, room).atexit = False
        return np.asarray(loan)


def _give_back(free: list[np.ndarray], room: np.ndarray) -> None:
    if len(free) < MOST:
        free.append(room)
