"""What the family ``steered6`` does whatever its network: when it is awake, and when it is not."""

import numpy as np
import pytest

from learnedflux.reconstruction import steered

EPS = float(np.finfo(np.float64).eps)
SETTINGS = (0.15, 0.1, 0.8, 2.0, 4.0)


def sensor(cells):
    speeds = tuple(np.ones_like(cells[0]) for _ in range(steered.SPEEDS))
    _, (found, _) = steered.look(tuple(cells), speeds, SETTINGS, EPS)
    return found


def jump(width, places):
    """Cells around faces near a jump that has been smeared over some cells."""
    return np.tanh((np.arange(6)[:, None] - 2.5 - places) / width)


@pytest.mark.parametrize("length", [2.5, 3.0, 4.0, 6.0, 9.0, 15.0, 40.0])
@pytest.mark.parametrize("mean", [0.0, 3.0])
def test_it_sleeps_in_every_sine_wave(length, mean):
    phase = np.linspace(0, 2 * np.pi, 50)
    cells = mean + np.sin(2 * np.pi / length * np.arange(6)[:, None] + phase)
    assert (sensor(cells) == 0.0).all()
    assert not steered.awake(tuple(cells), SETTINGS, EPS).any()


def test_it_sleeps_on_slopes_and_parabolas():
    x = np.arange(6.0)[:, None] + np.linspace(-3, 3, 30)
    for cells in (2.0 * x, x * x, 1.0 + 1e-3 * np.exp(x / 8)):
        assert (sensor(cells) == 0.0).all()


@pytest.mark.parametrize("width", [1e-3, 0.5, 1.0, 1.5])
def test_it_wakes_in_jumps_as_wide_as_contacts_become(width):
    assert (sensor(jump(width, np.array([-0.5, 0.0, 0.5]))) > 0.0).all()


def test_waves_on_a_steeper_slope_wake_it_only_if_short():
    phase, slope = np.linspace(0, 2 * np.pi, 100), 1.5
    for length, allowed in ((5.0, True), (10.0, False), (20.0, False)):
        k = 2 * np.pi / length
        x = np.arange(6)[:, None]
        cells = np.sin(k * x + phase) + slope * k * x
        assert (sensor(cells) > 0.0).any() == allowed


def test_awake_says_whether_the_sensor_is_above_zero():
    rng = np.random.default_rng(3)
    cells = np.concatenate([rng.normal(size=(6, 4000)), np.sort(rng.random((6, 4000)), axis=0)], 1)
    awake = steered.awake(tuple(cells), SETTINGS, EPS)
    assert 0.1 < awake.mean() < 0.99
    np.testing.assert_array_equal(awake, sensor(cells) > 0.0)


def test_sleeping_it_is_the_linear_scheme_of_fifth_order():
    # Averages of x^5 over cells: exact but for the derivative that a fifth-order scheme misses.
    edges = np.arange(7.0)[:, None] - 3.0 + np.linspace(40, 60, 5)
    cells = np.diff(edges**5, axis=0) / 5.0  # of x^4
    value = steered.plain(tuple(cells), SETTINGS, EPS)
    np.testing.assert_allclose(value, edges[3] ** 4, rtol=1e-12)
