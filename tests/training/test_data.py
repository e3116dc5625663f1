"""Training problems: admissible, conservative, and with true answers."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

from learnedflux.backends import NumbaBackend
from learnedflux.boundaries import boundaries
from learnedflux.exact.burgers import riemann
from learnedflux.grid import Grid
from learnedflux.integrators import ssprk3
from learnedflux.scheme import Scheme
from learnedflux.training import data
from learnedflux.training.profiles import FINE
from learnedflux.training.reference import FinePool

CELLS, STEPS, ROWS = 64, 20, 8


@pytest.fixture(scope="module")
def pool():
    return FinePool(seed=0, rows=4, cells=CELLS, snapshots=12)


@pytest.fixture(params=["advected_profiles", "burgers_profiles", "euler_riemann", "euler_states"])
def batch(request, pool):
    draw = getattr(data, request.param)
    if request.param == "euler_states":
        draw = draw(pool)
    return draw(np.random.default_rng(3), ROWS, CELLS, STEPS)


def test_shapes_and_admissibility(batch):
    number = len(batch.equation.conserved_names(1))
    assert batch.initial.shape == batch.target.shape == (number, ROWS, CELLS)
    assert batch.dt.shape == (ROWS, 1)
    for q in (batch.initial, batch.target):
        assert np.isfinite(q).all()
        assert np.all(batch.equation.admissible(tuple(q)))


def test_cfl_numbers_stay_in_range(batch):
    speed = np.broadcast_to(batch.equation.max_speed(tuple(batch.initial), 0), (ROWS, CELLS))
    cfl = batch.dt[:, 0] * speed.max(axis=1)
    assert (cfl <= data.CFL[1] * 1.0001).all()
    assert (cfl > 0).all()


def test_totals_are_conserved(batch):
    gap = np.abs(batch.target.sum(axis=-1) - batch.initial.sum(axis=-1))
    size = np.abs(batch.initial).sum(axis=-1) + 1e-12
    # Exact gas states are sampled at 64 points per cell, so a jump is placed to 1/64 of one.
    assert (gap / size).max() < 5e-3


def test_targets_are_what_a_good_scheme_comes_close_to(batch):
    periodic = boundaries["periodic"]
    backend = NumbaBackend(
        batch.equation,
        Grid(x=(0, CELLS, CELLS)),
        Scheme("mp5").bind(batch.equation),
        ((periodic, periodic),),
    )
    q = batch.initial
    for _ in range(batch.steps):
        q = ssprk3(lambda t, state: backend.rhs(t, state), 0.0, q, batch.dt)
    moved = np.abs(batch.target - batch.initial)[0].mean()
    missed = np.abs(q - batch.target)[0].mean()
    assert missed < 0.35 * moved


def test_lax_oleinik_meets_the_exact_riemann_solution():
    cells, fine, t = 40, FINE, 6.0
    values = np.zeros((cells, fine))
    values[10:30] = 1.0  # a fan at 10 and a shock at 30
    found = data._lax_oleinik(values, t)
    points = 200
    x = (np.arange(cells * points) + 0.5) / points
    exact = np.where(x < 20, riemann(0.0, 1.0, (x - 10) / t), riemann(1.0, 0.0, (x - 30) / t))
    np.testing.assert_allclose(found, exact.reshape(cells, points).mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(found.sum(), values.mean(axis=1).sum(), rtol=1e-12)
