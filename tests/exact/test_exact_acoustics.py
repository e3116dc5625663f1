"""Waves of sound: d'Alembert's on a line, a round pulse in the plane."""

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.special import j0, j1

import learnedflux as lf
from learnedflux.exact.acoustics import dalembert, round_pulse


def test_d_alembert_solves_the_equations():
    rho, bulk, eps = 2.0, 0.5, 1e-5
    wave = dalembert(np.sin, lambda x: np.exp(-x * x), rho, bulk)
    x, t = np.linspace(-2, 2, 41), 0.7

    def rate(name):
        return (wave(x, t + eps)[name] - wave(x, t - eps)[name]) / (2 * eps)

    def slope(name):
        return (wave(x + eps, t)[name] - wave(x - eps, t)[name]) / (2 * eps)

    np.testing.assert_allclose(rate("pressure"), -bulk * slope("velocity_x"), atol=1e-9)
    np.testing.assert_allclose(rate("velocity_x"), -slope("pressure") / rho, atol=1e-9)
    np.testing.assert_allclose(wave(x, 0.0)["pressure"], np.sin(x), atol=1e-15)
    np.testing.assert_allclose(wave(x, 0.0)["velocity_x"], np.exp(-x * x), atol=1e-15)


def test_a_periodic_wave_returns():
    box = lf.Grid(x=(0.0, 2.0, 10))
    wave = dalembert(lambda x: np.cos(np.pi * x), lambda x: x, 1.0, 4.0, periodic=box)
    x = np.linspace(0.05, 1.95, 20)
    np.testing.assert_allclose(wave(x, 1.0)["velocity_x"], x, atol=1e-14)


@pytest.mark.parametrize(("r", "t"), [(0.0, 0.2), (0.3, 0.6), (0.62, 0.6), (1.4, 0.6), (2.5, 2.5)])
def test_round_pulse_against_simpson_s_rule(r, t):
    w, (rho, bulk) = 0.1, (2.0, 8.0)

    k = np.linspace(0.0, 95.0, 200_001)

    def transform(f):
        return simpson(w * w * k * np.exp(-0.5 * (k * w) ** 2) * f, x=k)

    t = 0.5 * t  # sound travels at 2
    found = round_pulse(w, rho, bulk)(-0.6 * r, 0.8 * r, t)
    speed = transform(j1(k * r) * np.sin(2 * k * t)) / 4.0
    assert found["pressure"] == pytest.approx(transform(j0(k * r) * np.cos(2 * k * t)), abs=1e-12)
    assert found["velocity_x"] == pytest.approx(-0.6 * speed, abs=1e-12)
    assert found["velocity_y"] == pytest.approx(0.8 * speed, abs=1e-12)


def test_round_pulse_starts_as_it_should():
    pulse = round_pulse(0.1)
    x = np.linspace(-1, 1, 21)
    start, soon = pulse(x, 0.3, 0.0), pulse(x, 0.3, 1e-9)
    np.testing.assert_allclose(start["pressure"], np.exp(-50 * (x * x + 0.09)))
    for name in start:
        np.testing.assert_allclose(soon[name], start[name], atol=1e-8)
