"""Where numbers were measured: processor, versions, load. No names of hosts, users or folders."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import numba

from learnedflux.dataset import versions

__all__ = ["machine", "processor"]


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def machine() -> dict[str, str]:
    """Return what a reader of timings must know, in words.

    Examples
    --------
    >>> sorted(machine())[:3]
    ['cores', 'date', 'load']
    """
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "threads": str(numba.config.NUMBA_NUM_THREADS),
        "load": load,
        "system": f"{platform.system()} {platform.machine()}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions().items()),
    }
