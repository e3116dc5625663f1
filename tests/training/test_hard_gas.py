"""Gas problems for training: admissible, exact, of the kinds they are called."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

from learnedflux.equations import Euler
from learnedflux.training.hard_gas import KINDS, SIDES, draw, shock_pool

CELLS, STEPS, ROWS, CFL = 48, 10, 6, (0.1, 0.6)


@pytest.fixture(scope="module")
def pool():
    return shock_pool(seed=0, rows=3, cells=32, snapshots=4)


@pytest.fixture(params=[kind for kind in KINDS if kind != "pool"])
def batch(request, pool):
    return draw(np.random.default_rng(1), {request.param: ROWS}, CELLS, STEPS, CFL, pool)


def test_states_are_physical_and_steps_short(batch):
    assert batch.initial.shape == batch.target.shape == (3, ROWS, CELLS)
    for q in (batch.initial, batch.target):
        assert np.isfinite(q).all()
        assert np.all(Euler().admissible(tuple(q)))
    speed = Euler().max_speed(tuple(batch.initial), 0).max(axis=1)
    assert np.all(batch.dt[:, 0] * speed <= 0.72)
    assert np.all(batch.dt > 0)


def test_totals_are_kept_and_every_cell_has_its_problem(batch):
    gap = np.abs(batch.target.sum(axis=-1) - batch.initial.sum(axis=-1))
    # Exact states are sampled at 32 points per cell, so a jump is placed to 1/32 of one.
    size = np.maximum(np.abs(batch.initial), np.abs(batch.target)).max(axis=-1)
    assert np.all(gap <= 0.3 * size)
    assert set(np.unique(batch.first)) == {0.0, 1.0}
    assert np.all(batch.first.sum(axis=1) > 0)


def test_single_waves_are_single(pool):
    rng = np.random.default_rng(5)
    from learnedflux.exact.euler import star_region

    left, right = SIDES["single"][0](rng, 200)
    star = star_region(tuple(left), tuple(right))
    as_left = np.isclose(star.pressure, left[2]) & np.isclose(star.velocity, left[1], atol=1e-9)
    as_right = np.isclose(star.pressure, right[2]) & np.isclose(star.velocity, right[1], atol=1e-9)
    assert np.all(as_left | as_right)


def test_sides_of_faint_problems_hardly_differ():
    left, right = SIDES["faint"][0](np.random.default_rng(5), 500)
    for k in (0, 2):  # density, pressure
        ratio = np.maximum(left[k], right[k]) / np.minimum(left[k], right[k])
        assert 1.04 < ratio.min() < np.median(ratio) < 1.4 < ratio.max() < 2.6
    sound = np.sqrt(Euler().gamma * left[2] / left[0])
    assert np.all(np.abs(right[1] - left[1]) < sound)


def test_batches_are_mixed_in_order(pool):
    mix = {"single": 3, "pool": 2, "waves": 3}
    batch = draw(np.random.default_rng(2), mix, 32, STEPS, CFL, pool)
    assert list(batch.kinds) == ["single"] * 3 + ["pool"] * 2 + ["waves"] * 3
    assert batch.initial.shape == (3, 8, 32)
