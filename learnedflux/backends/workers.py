"""Threads that share the work of one sweep."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Workers"]

SHARED = 1 << 14  # cells below which one thread is faster than two
PARTS = 8  # parts of a sweep per thread

Found = TypeVar("Found")


class Workers:
    """A number of threads, started when there is work for more than one."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool: ThreadPoolExecutor | None = None

    def share(self, count: int, cells: int, work: Callable[[int, int, int], Found]) -> list[Found]:
        """Call ``work(worker, first, last)`` for parts of ``count`` items; return what it returns.

        Each thread takes the next part when it is through with one: where waves are, learned
        schemes have more to do.
        """
        n = min(self.threads, count) if cells >= SHARED else 1
        if n == 1:
            return [work(0, 0, count)]
        parts = min(PARTS * n, count)
        left = deque((count * k // parts, count * (k + 1) // parts) for k in range(parts))

        def serve(worker: int) -> list[Found]:
            found: list[Found] = []
            while True:
                try:
                    first, last = left.popleft()
                except IndexError:
                    return found
                found.append(work(worker, first, last))

        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads)
        waiting = [self._pool.submit(serve, k) for k in range(1, n)]
        return [*serve(0), *(one for w in waiting for one in w.result())]
