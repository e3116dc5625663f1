"""Linear advection: the initial state, moved."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.exact.advection import moved


def test_whole_line():
    solution = moved(np.sin, 2.0)
    np.testing.assert_allclose(solution(np.array([1.0, 3.0]), 0.25), np.sin([0.5, 2.5]))


@pytest.mark.parametrize("velocity", [1.0, -1.0, 0.3, -7.7])
@pytest.mark.parametrize("t", [0.0, 0.1, 3.7])
def test_periodic(velocity, t):
    box = lf.Grid(x=(-1.0, 1.0, 10))
    solution = moved(lambda x: np.sin(np.pi * x), velocity, periodic=box)
    seen = []
    watched = moved(lambda x: seen.append(x), velocity, periodic=box)
    x = np.linspace(-1.0, 1.0, 101)
    np.testing.assert_allclose(solution(x, t), np.sin(np.pi * (x - velocity * t)), atol=1e-13)
    watched(x, t)
    assert seen[0].min() >= -1.0
    assert seen[0].max() <= 1.0


def test_after_whole_periods_nothing_is_rounded():
    box = lf.Grid(x=(-1.0, 1.0, 10))
    x = np.random.default_rng(0).uniform(-1.0, 1.0, 100)
    for t in (2.0, 8.0, 10.0, 40.0):
        assert np.array_equal(moved(lambda x: x, 1.0, periodic=box)(x, t), x)


def test_moves_jumps_to_where_they_belong():
    box = lf.Grid(x=(0.0, 1.0, 10))
    step = lf.Problem(
        equation=lf.Advection(0.5),
        grid=box,
        initial=lambda x: 1.0 * (x < 0.5),
        boundary="periodic",
        t_end=0.5,
        exact=moved(lambda x: 1.0 * (x < 0.5), 0.5, periodic=box),
    )
    averages = step.exact.cell_averages(box, 0.5)["u"]
    np.testing.assert_allclose(averages, [0, 0, 0.5, 1, 1, 1, 1, 0.5, 0, 0], atol=1e-12)


def test_two_dimensions_and_dicts():
    box = lf.Grid(x=(0.0, 1.0, 4), y=(0.0, 2.0, 4))
    solution = moved(lambda x, y: {"u": x + 10.0 * y}, (1.0, -1.0), periodic=box)
    assert solution(np.array([0.25]), np.array([0.5]), 0.5)["u"].tolist() == [10.75]
