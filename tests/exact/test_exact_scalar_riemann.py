"""Riemann problems of scalar laws that need not be convex."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.exact.burgers import riemann as burgers
from learnedflux.exact.scalar_riemann import riemann, riemann_solution

XI = np.linspace(-3.0, 3.0, 1201) + 1e-4


def law(equation, slope):
    return (
        lambda u: equation.flux((u,), 0)[0],
        lambda u: getattr(equation, slope)((u,)),
    )


OIL = {m: law(lf.BuckleyLeverett(mobility=m), "flux_slope") for m in (0.25, 0.5, 2.0)}
ROAD = law(lf.LighthillWhithamRichards(), "signal_speed")
CUBIC = (lambda u: u**3, lambda u: 3 * u**2)


# --- scalar laws ----------------------------------------------------------------------------------


@pytest.mark.parametrize("states", [(1.0, 2.0), (2.0, -1.0), (-1.0, 1.5), (0.3, 0.3), (-1, -2)])
def test_burgers_is_one_of_them(states):
    found = riemann(lambda u: 0.5 * u * u, lambda u: u, *states, XI)
    np.testing.assert_allclose(found, burgers(*states, XI), atol=1e-14)


@pytest.mark.parametrize("mobility", OIL)
def test_oil_and_water(mobility):
    """Welge's tangent: a fan from 1 to s*, then a shock from s* to 0."""
    flux, slope = OIL[mobility]
    star = np.sqrt(mobility / (1.0 + mobility))
    speed = slope(star)
    assert flux(star) / star == pytest.approx(speed, rel=1e-14)
    found = riemann(flux, slope, 1.0, 0.0, XI)
    assert (found[XI < 0] == 1.0).all()
    assert (found[speed < XI] == 0.0).all()
    fan = (XI > 0) & (speed > XI)
    assert (found[fan] >= star - 1e-12).all()
    np.testing.assert_allclose(slope(found[fan]), XI[fan], rtol=1e-10)
    assert (np.diff(found) <= 1e-13).all()


@pytest.mark.parametrize("mobility", OIL)
def test_the_shock_stands_where_it_should_to_round_off(mobility):
    flux, slope = OIL[mobility]
    star = np.sqrt(mobility / (1.0 + mobility))
    before, behind = riemann(flux, slope, 1.0, 0.0, slope(star) * (1 + np.array([-1e-11, 1e-11])))
    assert before == pytest.approx(star, abs=1e-6)
    assert behind == 0.0


def test_oil_drives_water():
    """From the other side the roles of the two ends are exchanged."""
    flux, slope = OIL[0.5]
    found = riemann(flux, slope, 0.0, 1.0, XI)
    # f_M(s) = 1 - f_{1/M}(1 - s)
    other_flux, other_slope = OIL[2.0]
    np.testing.assert_allclose(found, 1.0 - riemann(other_flux, other_slope, 1.0, 0.0, XI))


def test_traffic():
    queue = riemann(*ROAD, 0.25, 1.0, XI)
    np.testing.assert_array_equal(queue, np.where(XI < -0.25, 0.25, 1.0))
    np.testing.assert_allclose(riemann(*ROAD, 1.0, 0.0, XI), np.clip(0.5 - 0.5 * XI, 0, 1))
    thin = riemann(*ROAD, 0.6, 0.2, XI)
    np.testing.assert_allclose(thin, np.clip(0.5 - 0.5 * XI, 0.2, 0.6), atol=1e-14)


def test_a_cubic_flux():
    """Between 1 and -1: a shock that touches a fan at u = -1/2, of speed 3/4."""
    found = riemann(*CUBIC, 1.0, -1.0, XI)
    expected = np.where(XI < 0.75, 1.0, np.where(XI < 3.0, -np.sqrt(np.abs(XI) / 3.0), -1.0))
    np.testing.assert_allclose(found, expected, atol=1e-13)


@pytest.mark.parametrize("states", [(1.0, 0.0), (0.0, 1.0), (0.2, 0.9), (0.9, 0.1), (0.4, 0.3)])
def test_scalars_conserve(states):
    """The integral over [-3, 3] at t = 1 is 3 (ul + ur) + f(ul) - f(ur)."""
    for flux, slope in (*OIL.values(), ROAD, CUBIC):
        xi = np.linspace(-3.5, 3.5, 7_001)
        middles = 0.5 * (xi[1:] + xi[:-1])
        total = riemann(flux, slope, *states, middles).sum() * (xi[1] - xi[0])
        expected = 3.5 * sum(states) + flux(states[0]) - flux(states[1])
        assert total == pytest.approx(expected, abs=1e-3)


def test_scalar_solution_in_space_and_time():
    solution = riemann_solution(*ROAD, 1.0, 0.0, jump=0.5)
    assert solution(np.array([0.4, 0.6]), 0.0).tolist() == [1.0, 0.0]
    np.testing.assert_allclose(solution(np.array([[0.5], [1.0]]), 2.0), [[0.5], [0.375]])
    with pytest.raises(lf.InputError, match="must be finite"):
        riemann(*ROAD, np.nan, 0.0, 0.0)
