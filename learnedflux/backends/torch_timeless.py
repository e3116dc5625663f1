"""Whether a function looks at the time: it is given one that cannot be looked at."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["NO_TIME", "TimeUsedError"]


class TimeUsedError(Exception):
    """A function has used the time it was given."""


class _NoTime:
    """A time that raises whatever is done with it, by Python, NumPy or torch."""

    def _used(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TimeUsedError("the function depends on time")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):  # asked by tools that look around, not by functions of time
            raise AttributeError(name)
        self._used()

    @classmethod
    def __torch_function__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise TimeUsedError("the function depends on time")


USES = """
    add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow divmod rdivmod
    matmul rmatmul neg pos abs round floor ceil trunc float int index complex bool str format hash
    eq ne lt le gt ge len iter contains getitem array array_ufunc
"""
for _name in USES.split():
    setattr(_NoTime, f"__{_name}__", _NoTime._used)

NO_TIME: Any = _NoTime()
