"""Settings and fixtures of all tests."""

import gc
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

# Set before anything imports matplotlib, tqdm or torch; inherited by processes that tests start.
os.environ["MPLBACKEND"] = "Agg"
os.environ["TQDM_DISABLE"] = "1"
# Tensors of tests are small: threads gain nothing, and those of two workers wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

ROOT = Path(__file__).resolve().parents[1]


# --- marks ----------------------------------------------------------------------------------------


@cache
def _reason_not_to_run(mark: str) -> str | None:
    """Return why tests with ``mark`` cannot run on this machine, or None where they can."""
    if mark == "gpu":
        if importlib.util.find_spec("torch") is None:
            return "gpu: torch is not installed"
        import torch

        return None if torch.cuda.is_available() else "gpu: no CUDA device"
    if mark == "mpi":
        try:
            from mpi4py import MPI  # noqa: F401
        except (ImportError, RuntimeError) as error:  # RuntimeError: mpi4py without an MPI
            return f"mpi: {error}"
    if mark == "pyclaw" and importlib.util.find_spec("clawpack") is None:
        return "pyclaw: clawpack is not installed"
    return None


USUAL = ("weno5-z", "weno5", "learned")  # schemes whose kernels the default run compiles anyway


def _is_usual(item: pytest.Item) -> bool:
    """Whether a test is given no scheme or part of one but the usual; compiling takes seconds."""
    import learnedflux as lf

    usual = [lf.Scheme(name) for name in USUAL]
    schemes = lf.schemes().column("scheme")
    given = getattr(item, "callspec", None)
    for value in given.params.values() if given else ():
        part = isinstance(value, str) and (value in schemes or value in lf.riemann.riemann_solvers)
        if part and value not in USUAL:
            return False
        if isinstance(value, lf.Scheme) and value not in usual:
            return False
    return True


# Files that take longest, default and slow tests together. They are begun first, so that no process
# of pytest-xdist is left alone with one of them at the end; neighbours compile different kernels.
LONGEST = (
    "consistency/test_dimensions.py",
    "consistency/test_lakes.py",
    "examples/test_examples.py",
    "parity/test_torch_runs.py",
    "parity/test_backends.py",
    "parity/test_water_and_sound.py",
    "consistency/test_schemes.py",
    "exact/test_scalar_laws.py",
    "interface/test_benchmarks.py",
    "consistency/test_splitting.py",
    "exact/test_water.py",
    "policy/test_shipped.py",
    "order/test_schemes.py",
    "order/test_water_and_sound.py",
    "training/test_training.py",
    "parity/test_tiles.py",
    "exact/test_hard_problems.py",
)


def _place(item: pytest.Item) -> int:
    """Where a test stands in the order of begin."""
    name = item.nodeid.split("::")[0].removeprefix("tests/")
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def pytest_configure(config: pytest.Config) -> None:
    """Have pytest-xdist, where it is used, keep to the order of the tests."""
    config.option.loadscopereorder = False
    # A compiler makes and drops small objects by the million; looking for cycles among them after
    # every few hundred takes a tenth of its time.
    gc.set_threshold(100_000)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long files first; skip what was not asked for or cannot run here, with a reason."""
    slow_wanted = "slow" in config.option.markexpr
    items.sort(key=_place)
    for item in items:
        if item.get_closest_marker("compiles") and not _is_usual(item):
            item.add_marker("slow")
        if item.get_closest_marker("slow") and not slow_wanted:
            item.add_marker(pytest.mark.skip(reason="slow: run with -m slow"))
        for mark in ("gpu", "mpi", "pyclaw"):
            if item.get_closest_marker(mark) and (reason := _reason_not_to_run(mark)):
                item.add_marker(pytest.mark.skip(reason=reason))


# --- fixtures -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def root() -> Path:
    """Top folder of the source tree."""
    return ROOT


@pytest.fixture(scope="session")
def backend_of() -> Callable[[object], str]:
    """Return the backend on which a test of results shall run a scheme.

    Kernels take ten seconds to compile, a small run on tensors takes one: only the schemes that
    most tests use are compiled. That the backends agree is what ``tests/parity`` is for.
    """
    return lambda scheme: "numba" if scheme in ("weno5-z", "learned") else "torch"


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``python *arguments`` in a process of its own, in a temporary folder by default.

    It imports the same learnedflux as the tests do, installed or not, and must end well.
    """
    package = Path(importlib.util.find_spec("learnedflux").origin).parents[1]

    def run(
        *arguments: str | Path, cwd: Path = tmp_path, timeout: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        process = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(package)},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if process.returncode != 0:
            pytest.fail(
                f"exit code {process.returncode}\n{process.stdout}\n{process.stderr}",
                pytrace=False,
            )
        return process

    return run
