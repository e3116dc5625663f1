"""The exact Riemann solver for shallow water, against the equations themselves."""

import numpy as np
import pytest

from learnedflux.errors import InputError
from learnedflux.exact.shallow_water import riemann, riemann_solution, star_region

G = 9.81
CASES = {
    "stoker": ((1.0, 0.0), (0.1, 0.0)),
    "two bores": ((1.0, 2.0), (1.5, -3.0)),
    "two fans": ((1.0, -1.0), (0.5, 1.5)),
    "toro 1": ((1.0, 2.5), (0.1, 0.0)),
    "toro 2, nearly dry": ((1.0, -5.0), (1.0, 5.0)),
    "ritter": ((1.0, 0.0), (0.0, 0.0)),
    "dry on the left": ((0.0, 0.0), (1.0, 0.3)),
    "falls dry": ((0.5, -6.0), (0.3, 5.0)),
}


def random_states(size=400, seed=0):
    rng = np.random.default_rng(seed)
    h, u = 10.0 ** rng.uniform(-3, 1, (2, size)), rng.normal(0, 3, (2, size))
    return (h[0], u[0]), (h[1], u[1])


# --- star region ----------------------------------------------------------------------------------


def wave(h, h0):
    return np.where(
        h > h0,
        (h - h0) * np.sqrt(0.5 * G * (h + h0) / (h * h0)),
        2 * (np.sqrt(G * h) - np.sqrt(G * h0)),
    )


def test_both_waves_end_in_the_star_region():
    left, right = random_states()
    star = star_region(left, right, G)
    wet = ~star.dry
    assert 0.5 < wet.mean() < 1.0
    h, u = star.depth[wet], star.velocity[wet]
    size = np.abs(left[1]) + np.abs(right[1]) + np.sqrt(G * np.maximum(left[0], right[0]))
    gap = (left[1][wet] - wave(h, left[0][wet])) - u
    assert (np.abs(gap) <= 4e-14 * size[wet]).all()
    gap = (right[1][wet] + wave(h, right[0][wet])) - u
    assert (np.abs(gap) <= 4e-14 * size[wet]).all()


def test_dry_land_opens_where_fans_cannot_meet():
    left, right = random_states(seed=1)
    limit = 2 * (np.sqrt(G * left[0]) + np.sqrt(G * right[0]))
    np.testing.assert_array_equal(star_region(left, right, G).dry, right[1] - left[1] >= limit)


def test_equal_states_stay():
    left, _ = random_states(seed=2)
    star = star_region(left, left, G)
    np.testing.assert_allclose(star.depth, left[0], rtol=1e-14)
    np.testing.assert_allclose(star.velocity, left[1], rtol=1e-13, atol=1e-14)


def test_weak_waves_keep_their_accuracy():
    star = star_region((1.0 + 1e-9, 0.0), (1.0, 0.0), 1.0)
    assert star.depth - 1.0 == pytest.approx(0.5e-9, rel=1e-6)
    assert star.velocity == pytest.approx(0.5e-9, rel=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "h", "u"),
    [
        # Toro (2001), table 7.1 and section 7.3; those with two fans follow from invariants.
        ((1.0, -5.0), (1.0, 5.0), (np.sqrt(G) - 2.5) ** 2 / G, 0.0),
        ((1.0, 0.0), (1.0, 0.0), 1.0, 0.0),
        ((4.0, 0.0), (1.0, 2 * np.sqrt(G)), 1.0, 2 * np.sqrt(G)),  # one fan, nothing else
    ],
)
def test_known_star_regions(left, right, h, u):
    star = star_region(left, right, G)
    assert star.depth == pytest.approx(h, rel=1e-12)
    assert star.velocity == pytest.approx(u, abs=1e-12)


# --- the whole solution ---------------------------------------------------------------------------


def integral(left, right, flux_of, reach=20.0, pieces=4000):
    """Integral of conserved variables over [-reach, reach] at t = 1, by fine midpoints."""
    edges = np.linspace(-reach, reach, 100 * pieces + 1)
    h, u = riemann(left, right, 0.5 * (edges[1:] + edges[:-1]), G)
    return np.array([h.sum(), (h * u).sum()]) * (edges[1] - edges[0])


@pytest.mark.parametrize("name", CASES)
def test_mass_and_momentum_are_conserved(name):
    """What is there at t = 1 is what was there, and what came in through the ends."""
    left, right = CASES[name]
    reach = 20.0

    def f(h, u):
        return np.array([h * u, h * u * u + 0.5 * G * h * h])

    was = reach * sum(np.array([h, h * u]) for h, u in (left, right))
    expected = was + f(*left) - f(*right)
    np.testing.assert_allclose(integral(left, right, f), expected, atol=2e-3)


@pytest.mark.parametrize("name", CASES)
def test_mirrored_problems_have_mirrored_solutions(name):
    left, right = CASES[name]
    xi = np.linspace(-9.0, 9.0, 1001) + 1e-3
    h, u = riemann(left, right, xi, G)
    turned = riemann((right[0], -right[1]), (left[0], -left[1]), -xi, G)
    np.testing.assert_array_equal(turned[0], h)
    np.testing.assert_array_equal(0.0 - turned[1], u)


@pytest.mark.parametrize("name", CASES)
def test_smooth_parts_solve_the_equations(name):
    """Inside fans and constant states -xi q' + f' = 0."""
    left, right = CASES[name]
    xi, eps = np.linspace(-9.0, 9.0, 2001), 1e-5
    q, f = [], []
    for at in (xi - eps, xi + eps):
        h, u = riemann(left, right, at, G)
        q.append(np.array([h, h * u]))
        f.append(np.array([h * u, h * u * u + 0.5 * G * h * h]))
    rest = (-xi * (q[1] - q[0]) + (f[1] - f[0])) / (2 * eps)
    # All but the few points that a shock or a kink falls between.
    assert np.mean(np.abs(rest) < 1e-4) > 0.99


def test_ritter():
    c = np.sqrt(G)
    xi = np.linspace(-c, 2 * c, 50)[1:-1]
    h, u = riemann((1.0, 0.0), (0.0, 0.0), xi, G)
    np.testing.assert_allclose(h, (2 * c - xi) ** 2 / (9 * G), rtol=1e-13)
    np.testing.assert_allclose(u, 2 * (c + xi) / 3, rtol=1e-13)
    h, u = riemann((1.0, 0.0), (0.0, 7.0), [-c - 0.1, 2 * c + 0.1], G)
    np.testing.assert_array_equal(h, [1.0, 0.0])
    np.testing.assert_array_equal(u, 0.0)


def test_no_water_anywhere():
    h, u = riemann((0.0, 1.0), (0.0, -1.0), np.linspace(-1, 1, 5), G)
    np.testing.assert_array_equal(h, 0.0)
    np.testing.assert_array_equal(u, 0.0)


def test_solution_in_space_and_time():
    solution = riemann_solution((2.0, 0.0), (1.0, 0.0), gravity=1.0, jump=0.5)
    assert solution(np.array([0.4, 0.6]), 0.0)["depth"].tolist() == [2.0, 1.0]
    h, _ = riemann((2.0, 0.0), (1.0, 0.0), 0.5, 1.0)
    assert solution(1.0, 1.0)["depth"] == h


def test_wrong_states():
    with pytest.raises(InputError, match="right depth of a Riemann problem must be 0"):
        riemann((1.0, 0.0), (-0.1, 0.0), 0.0)
    with pytest.raises(InputError, match="gravity must be above 0"):
        star_region((1.0, 0.0), (1.0, 0.0), 0.0)
    with pytest.raises(InputError, match=r"\(depth, velocity\)"):
        star_region((1.0, 0.0, 1.0), (1.0, 0.0))
