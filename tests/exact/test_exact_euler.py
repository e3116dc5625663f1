"""Euler Riemann problems: published values, jump conditions, vacuum, mirror symmetry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import learnedflux as lf
from learnedflux.averages import cell_averages
from learnedflux.exact.euler import riemann, riemann_solution, star_region

# Toro, 3rd ed., 2009, table 4.1 (data), 4.2 and 4.3 (pressure, velocity, densities between waves).
TORO = {
    "1": ((1.0, 0.0, 1.0), (0.125, 0.0, 0.1), (0.30313, 0.92745, 0.42632, 0.26557)),
    "2": ((1.0, -2.0, 0.4), (1.0, 2.0, 0.4), (0.00189, 0.0, 0.02185, 0.02185)),
    "3": ((1.0, 0.0, 1000.0), (1.0, 0.0, 0.01), (460.894, 19.5975, 0.57506, 5.99924)),
    "4": ((1.0, 0.0, 0.01), (1.0, 0.0, 100.0), (46.0950, -6.19633, 5.99242, 0.57511)),
    "5": (
        (5.99924, 19.5975, 460.894),
        (5.99242, -6.19633, 46.0950),
        (1691.64, 8.68975, 14.2823, 31.0426),
    ),
}
RANDOM = {"density": (1e-3, 1e3), "velocity": (-10.0, 10.0), "pressure": (1e-4, 1e4)}


def conserved(w, gamma):
    rho, u, p = w
    return np.array([rho, rho * u, p / (gamma - 1.0) + 0.5 * rho * u * u])


def flux(w, gamma):
    rho, u, p = w
    energy = conserved(w, gamma)[2]
    return np.array([rho * u, rho * u * u + p, u * (energy + p)])


def wave_speeds(left, right, gamma):
    """Largest extent of the waves of a Riemann problem, for choosing a domain."""
    star = star_region(left, right, gamma)
    speeds = [abs(float(star.velocity))]
    for (rho, u, p), sign in ((left, -1.0), (right, 1.0)):
        ratio = max(float(star.pressure) / p, 1.0)
        c = np.sqrt(gamma * p / rho)
        speeds.append(abs(u) + c * np.sqrt(1.0 + (gamma + 1.0) / (2.0 * gamma) * (ratio - 1.0)))
        speeds.append(abs(u + sign * -2.0 * c / (gamma - 1.0)))
    return max(speeds)


# --- published values -----------------------------------------------------------------------------


@pytest.mark.parametrize("test", TORO)
def test_toro_tables(test):
    left, right, published = TORO[test]
    star = star_region(left, right, 1.4)
    np.testing.assert_allclose(star[:4], published, rtol=1.5e-5, atol=5e-6)
    assert not star.vacuum


def test_leblanc_published_values():
    # As used by Guermond, Nazarov, Popov & Tomas, SIAM J. Sci. Comput. 40, A3211 (2018).
    star = star_region((1.0, 0.0, 0.2 / 3.0), (1e-3, 0.0, 2e-10 / 3.0), 5.0 / 3.0)
    assert star.pressure == pytest.approx(0.515577927650970e-3, rel=1e-13)
    assert star.velocity == pytest.approx(0.621838671391735, rel=1e-13)
    assert star.density_left == pytest.approx(0.0540793353493162, rel=1e-13)
    assert star.density_right == pytest.approx(0.00399999806043000, rel=1e-13)


def test_sod_waves_are_where_they_belong():
    left, right, _ = TORO["1"]
    x = np.array([0.2633, 0.2634, 0.4858, 0.4861, 0.6854, 0.6855, 0.8504, 0.8505])
    rho, u, _ = riemann(left, right, (x - 0.5) / 0.2)
    assert rho[0] == 1.0
    assert rho[1] < 1.0  # head of the rarefaction
    assert rho[2] > rho[3] == rho[4]  # its tail
    np.testing.assert_allclose(rho[4:6], [0.42632, 0.26557], atol=5e-6)  # contact
    assert rho[6] == rho[5]
    assert (rho[7], u[7]) == (0.125, 0.0)  # ahead of the shock


# --- what every solution obeys --------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [1.1, 1.4, 5.0 / 3.0, 3.0])
@pytest.mark.parametrize("test", TORO)
def test_weak_solution(test, gamma):
    """The integral over the fan changes by the difference of the fluxes, to round-off."""
    left, right, _ = TORO[test]
    size = 1.1 * wave_speeds(left, right, gamma)

    def averaged(xi):
        return tuple(conserved(riemann(left, right, xi, gamma), gamma))

    grid = lf.Grid(x=(-size, size, 50))
    total = np.array([q.mean() * 2.0 * size for q in cell_averages(averaged, grid)])
    before = size * (conserved(left, gamma) + conserved(right, gamma))
    change = flux(left, gamma) - flux(right, gamma)
    scale = np.abs(before) + size * np.abs(conserved(left, gamma)).max()
    np.testing.assert_allclose((total - before - change) / scale, 0.0, atol=2e-13)


@pytest.mark.parametrize("test", ["1", "3", "4", "5"])
def test_shocks_obey_rankine_hugoniot(test):
    left, right, _ = TORO[test]
    star = star_region(left, right)
    gamma = 1.4
    for outer, density, sign in ((left, star.density_left, -1), (right, star.density_right, 1)):
        if star.pressure <= outer[2]:
            continue
        inner = (float(density), float(star.velocity), float(star.pressure))
        mass = (inner[0] * inner[1] - outer[0] * outer[1]) / (inner[0] - outer[0])
        jump_q = conserved(inner, gamma) - conserved(outer, gamma)
        jump_f = flux(inner, gamma) - flux(outer, gamma)
        np.testing.assert_allclose(jump_f, mass * jump_q, rtol=1e-11)
        # and the sampled solution jumps just there
        just = mass * (1.0 + np.array([-1e-9, 1e-9]) * np.sign(mass))
        seen = riemann(left, right, just)[2]
        wanted = (outer[2], inner[2]) if sign < 0 else (inner[2], outer[2])
        np.testing.assert_allclose(seen, wanted, rtol=1e-12)


@pytest.mark.parametrize("test", ["1", "2", "3"])
def test_rarefactions_are_isentropic_and_keep_their_invariant(test):
    left, right, _ = TORO[test]
    star = star_region(left, right)
    c = np.sqrt(1.4 * left[2] / left[0])
    tail = star.velocity - np.sqrt(1.4 * star.pressure / star.density_left)
    xi = np.linspace(left[1] - c, tail, 101)
    rho, u, p = riemann(left, right, xi)
    np.testing.assert_allclose(p / rho**1.4, left[2] / left[0] ** 1.4, rtol=1e-13)
    np.testing.assert_allclose(u + 5.0 * np.sqrt(1.4 * p / rho), left[1] + 5.0 * c, rtol=1e-13)
    np.testing.assert_allclose(u - np.sqrt(1.4 * p / rho), xi, atol=1e-12 * c)
    assert np.all(np.diff(rho) <= 0.0)


def test_equal_states_stay_exactly_as_they_are():
    state = (0.3, -1.7, 2.9)
    xi = np.linspace(-9.0, 9.0, 50)
    for got, want in zip(riemann(state, state, xi), state, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-15)
    # A contact moves, nothing else happens.
    rho, u, p = riemann((1.0, 0.5, 2.0), (3.0, 0.5, 2.0), np.array([0.49, 0.51]))
    assert rho.tolist() == [1.0, 3.0]
    np.testing.assert_allclose(u, 0.5, rtol=1e-15)
    np.testing.assert_allclose(p, 2.0, rtol=1e-15)


# --- vacuum ---------------------------------------------------------------------------------------


def test_vacuum_opens_between_two_rarefactions():
    left, right = (1.0, -10.0, 1.0), (0.5, 10.0, 2.0)
    star = star_region(left, right)
    assert star.vacuum
    assert (star.pressure, star.density_left, star.density_right) == (0.0, 0.0, 0.0)
    fronts = left[1] + 5.0 * np.sqrt(1.4), right[1] - 5.0 * np.sqrt(5.6)
    xi = np.linspace(*fronts, 7)
    rho, u, p = riemann(left, right, xi[1:-1])
    assert np.all(rho == 0.0)
    assert np.all(p == 0.0)
    np.testing.assert_allclose(u, xi[1:-1])
    inside = riemann(left, right, np.array([fronts[0] - 0.1, fronts[1] + 0.1]))
    assert np.all(inside[0] > 0.0)
    np.testing.assert_allclose(inside[1], [fronts[0] - 0.1 / 6, fronts[1] + 0.1 / 6], atol=0.1)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((1.0, -10.0, 1.0), (0.5, 10.0, 2.0)),
        ((1.0, 0.3, 1.0), (0.0, 0.0, 0.0)),
        ((0.0, 0.0, 0.0), (2.0, -0.3, 1.0)),
    ],
)
def test_vacuum_solutions_conserve(left, right):
    size = 30.0

    def averaged(xi):
        return tuple(conserved(riemann(left, right, xi), 1.4))

    total = [q.mean() * 2 * size for q in cell_averages(averaged, lf.Grid(x=(-size, size, 64)))]
    before = size * (conserved(left, 1.4) + conserved(right, 1.4))
    change = flux(left, 1.4) - flux(right, 1.4)
    np.testing.assert_allclose(total, before + change, rtol=1e-12, atol=1e-10)


def test_vacuum_at_its_threshold():
    c = np.sqrt(1.4)
    for gap, vacuum in ((1.0 - 1e-12, False), (1.0 + 1e-12, True)):
        speed = 5.0 * c * gap
        assert star_region((1.0, -speed, 1.0), (1.0, speed, 1.0)).vacuum == vacuum
    nearly = star_region((1.0, -5.0 * c * 0.999, 1.0), (1.0, 5.0 * c * 0.999, 1.0))
    assert 0.0 < nearly.pressure == pytest.approx(1e-21, rel=1e-6)  # (1 - 0.999)^7


# --- many at once ---------------------------------------------------------------------------------


def random_states(count, seed):
    rng = np.random.default_rng(seed)
    return (
        10.0 ** rng.uniform(-4, 4, count),
        3.0 * rng.normal(size=count),
        10.0 ** rng.uniform(-6, 6, count),
    )


def test_thousands_of_problems_at_once_equal_one_by_one():
    left, right = random_states(2000, 1), random_states(2000, 2)
    xi = np.linspace(-5.0, 5.0, 11)[:, None]
    many = riemann(left, right, xi)
    assert many[0].shape == (11, 2000)
    assert all(np.isfinite(w).all() for w in many)
    assert (many[0] >= 0.0).all()
    for i in range(0, 2000, 97):
        one = riemann([w[i] for w in left], [w[i] for w in right], xi[:, 0])
        for a, b in zip(one, many, strict=True):
            np.testing.assert_allclose(a, b[:, i], rtol=1e-9, atol=1e-300)


def test_pressure_is_found_to_round_off():
    left, right = random_states(20000, 3), random_states(20000, 4)
    star = star_region(left, right)
    kept = ~star.vacuum & (star.pressure > 1e-8 * np.minimum(left[2], right[2]))
    assert kept.mean() > 0.8

    def speed_change(p, w):
        rho, _, p0 = w
        shock = (p - p0) * np.sqrt(2.0 / (2.4 * rho) / (p + p0 / 6.0))
        fan = 5.0 * np.sqrt(1.4 * p0 / rho) * ((p / p0) ** (1.0 / 7.0) - 1.0)
        return np.where(p > p0, shock, fan)

    def residual(p):
        return speed_change(p, left) + speed_change(p, right) + right[1] - left[1]

    # The sign changes within a few ulps of the answer.
    assert np.all(residual(star.pressure * (1 - 1e-12))[kept] <= 0.0)
    assert np.all(residual(star.pressure * (1 + 1e-12))[kept] >= 0.0)


def test_mirrored_problems_have_mirrored_solutions_to_the_last_bit():
    left, right = random_states(5000, 5), random_states(5000, 6)
    xi = 5.0 * np.random.default_rng(7).normal(size=5000)
    rho, u, p = riemann(left, right, xi)
    mirror = riemann((right[0], -right[1], right[2]), (left[0], -left[1], left[2]), -xi)
    assert np.array_equal(rho, mirror[0])
    assert np.array_equal(u, -mirror[1])
    assert np.array_equal(p, mirror[2])


state = st.tuples(
    *(st.floats(*RANDOM[name], allow_nan=False) for name in ("density", "velocity", "pressure"))
)


@settings(max_examples=50, deadline=None)
@given(left=state, right=state)
def test_solutions_are_admissible_and_galilean_invariant(left, right):
    xi = np.linspace(-20.0, 20.0, 41)
    rho, u, p = riemann(left, right, xi)
    assert np.isfinite([rho, u, p]).all()
    assert (rho >= 0.0).all()
    assert (p >= 0.0).all()
    base, moving = (
        star_region((left[0], left[1] + v, left[2]), (right[0], right[1] + v, right[2]))
        for v in (0.0, 3.0)
    )
    if not base.vacuum and base.pressure > 1e-6:
        assert moving.pressure == pytest.approx(base.pressure, rel=1e-7)
        assert moving.velocity == pytest.approx(base.velocity + 3.0, abs=1e-8)


# --- as a solution in x and t ---------------------------------------------------------------------


def test_riemann_solution_at_time_zero_and_later():
    sod = riemann_solution((1.0, 0.0, 1.0), (0.125, 0.0, 0.1), jump=0.5)
    x = np.linspace(0.0, 1.0, 11)
    assert sod(x, 0.0)["density"].tolist() == [1.0] * 5 + [0.125] * 6
    later = sod(x, 0.2)
    assert list(later) == ["density", "velocity_x", "pressure"]
    assert np.array_equal(later["density"], riemann((1, 0, 1), (0.125, 0, 0.1), (x - 0.5) / 0.2)[0])


@pytest.mark.parametrize(
    ("left", "right", "gamma", "message"),
    [
        ((-1.0, 0.0, 1.0), (1.0, 0.0, 1.0), 1.4, "the left state .* positive density and pressure"),
        ((1.0, 0.0, 1.0), (1.0, 0.0, 0.0), 1.4, "the right state .* positive density and pressure"),
        ((1.0, 0.0, np.nan), (1.0, 0.0, 1.0), 1.4, "the left state"),
        ((1.0, 0.0), (1.0, 0.0, 1.0), 1.4, r"is \(density, velocity, pressure\)"),
        ((1.0, 0.0, 1.0), (1.0, 0.0, 1.0), 1.0, "gamma must be above 1"),
    ],
)
def test_refuses(left, right, gamma, message):
    with pytest.raises(lf.InputError, match=message):
        star_region(left, right, gamma)
