"""The hand-written solver that benchmarks measure against computes what the library computes."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import learnedflux as lf

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "handwritten.py"
SHAPE = (24, 21)  # rows that do not fill whole vectors
STEPS, DT = 10, 2e-4
pytestmark = pytest.mark.slow  # compiles for some ten seconds


@pytest.fixture(scope="module")
def handwritten():
    spec = importlib.util.spec_from_file_location("benchmarks_handwritten", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("reconstruction", "variables"),
    [("weno5-z", "primitive"), ("muscl", "primitive"), ("weno5-z", "characteristic")],
)
def test_same_numbers_as_the_library(handwritten, reconstruction, variables):
    rng = np.random.default_rng(0)
    problem = lf.Problem(
        equation=lf.Euler(gamma=1.3),
        grid=lf.Grid(x=(0, 1, SHAPE[0]), y=(0, 1.5, SHAPE[1])),
        # Rough enough that face states must be replaced by those of cells.
        initial={
            "density": 10 ** rng.uniform(-1, 0, SHAPE),
            "velocity_x": rng.normal(size=SHAPE),
            "velocity_y": rng.normal(size=SHAPE),
            "pressure": 10 ** rng.uniform(-1, 0, SHAPE),
        },
        boundary="periodic",
        t_end=STEPS * DT,
    )
    ds = lf.solve(problem, lf.Scheme(reconstruction, variables=variables), dt=DT, progress=False)
    assert (ds.attrs["steps"], ds.attrs["faces_limited"]) == (STEPS, 0)

    q = problem.initial_state()
    by_hand = handwritten.Yardstick(q, problem.grid.spacing, reconstruction, variables, gamma=1.3)
    for _ in range(STEPS):
        by_hand.step(DT)
    names = ("density", "momentum_x", "momentum_y", "energy")
    end = np.stack([ds[name].isel(time=-1).transpose("x", "y").values for name in names])
    assert np.abs(end - q).max() > 0.01
    np.testing.assert_allclose(by_hand.state, end, rtol=0, atol=1e-12)
