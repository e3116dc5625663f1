"""Burgers: Lax-Hopf against closed forms, characteristics, and what entropy solutions must obey."""

import numpy as np
import pytest
from scipy.optimize import brentq

import learnedflux as lf
from learnedflux.averages import cell_averages
from learnedflux.exact.burgers import EntropySolution, riemann

PROBLEMS = {name: lf.problems.get(name)() for name in lf.problems.names()}
NAMES = [n for n, p in PROBLEMS.items() if p.equation.name == "Burgers" and p.grid.dimension == 1]
X = np.linspace(0.000317, 0.999912, 2001)  # on no jump of any problem


def solution(name):
    return lf.problems.get(name)().exact.function


def shock_position(u, t, low, high):
    """Place between two points across which the solution falls, by bisection."""
    middle = 0.5 * (u(np.array(low), t) + u(np.array(high), t))
    for _ in range(60):
        x = 0.5 * (low + high)
        low, high = (x, high) if u(np.array(x), t) > middle else (low, x)
    return 0.5 * (low + high)


# --- closed forms ---------------------------------------------------------------------------------


def test_riemann_problems():
    xi = np.array([-1.0, 0.9, 1.4, 1.6, 1.9, 2.1, 5.0])
    assert riemann(3.0, 1.0, xi).tolist() == [3, 3, 3, 3, 3, 1, 1]
    assert riemann(1.0, 2.0, xi).tolist() == [1, 1, 1.4, 1.6, 1.9, 2, 2]
    assert riemann(-1.0, 1.0, 0.0) == 0.0  # sonic
    assert riemann([1.0, 2.0], [[0.0], [3.0]], 0.7).tolist() == [[0, 2], [1, 2]]


@pytest.mark.parametrize(("left", "right"), [(3.0, 1.0), (1.0, 2.0), (-1.0, 1.0), (1.0, -1.0)])
def test_lax_hopf_agrees_with_riemann(left, right):
    u = EntropySolution(
        lambda y: np.where(y < 0.5, left, right),
        lambda y: left * np.minimum(y - 0.5, 0.0) + right * np.maximum(y - 0.5, 0.0),
        (min(left, right), max(left, right)),
    )
    for t in (1e-3, 0.1, 2.0):
        x = np.linspace(-6.0, 7.0, 1000)
        exact = riemann(left, right, (x - 0.5) / t)
        np.testing.assert_allclose(u(x, t), exact, atol=2e-15 * 10 / t)


@pytest.mark.parametrize(
    ("name", "position", "near"),
    [
        ("shock", lambda t: 0.25 + 2.0 * t, 0.01),
        ("accelshock", lambda t: 2.0 + 3.0 * t - 1.75 * np.sqrt(1.0 + 3.0 * t), 0.01),
        ("tophat", lambda t: 2.0 / 3.0 + 0.5 * t, 0.01),
        ("sawtooth", lambda t: 0.333 + 0.333 * np.sqrt(1.0 + 2.0 * t / 0.333), 0.01),
    ],
)
@pytest.mark.parametrize("t", [0.05, 0.2])
def test_shock_positions(name, position, near, t):
    place = shock_position(solution(name), t, position(t) - near, position(t) + near)
    assert place == pytest.approx(position(t), abs=1e-13)


@pytest.mark.parametrize(
    ("name", "position"),
    [("smooth_sine", lambda t: 0.5), ("shock_formation", lambda t: 0.25 + t)],
)
@pytest.mark.parametrize("t", [0.12, 0.2])
def test_positions_of_shocks_that_form(name, position, t):
    # By symmetry the shock moves with the centre of the layer.
    place = shock_position(solution(name), t, position(t) - 0.02, position(t) + 0.02)
    assert place == pytest.approx(position(t), abs=1e-11)


@pytest.mark.parametrize("t", [0.0, 0.1, 0.2])
def test_piecewise_linear_solutions(t):
    head = 2.0 / 3.0 + 0.5 * t
    inside = np.minimum(np.maximum((X - 1.0 / 3.0) / max(t, 1e-300), 0.0), 1.0)
    np.testing.assert_allclose(solution("tophat")(X, t), np.where(head > X, inside, 0), atol=1e-14)
    head = 2.0 + 3.0 * t - 1.75 * np.sqrt(1.0 + 3.0 * t)
    ramp = np.where(head > X, 3.0, 3.0 * (X - 1.0) / (1.0 + 3.0 * t))
    np.testing.assert_allclose(solution("accelshock")(X, t), ramp, atol=1e-13)
    fan = np.clip((X - 0.5) / max(t, 1e-300), 1.0, 2.0)
    np.testing.assert_allclose(solution("rarefaction")(X, t), fan, atol=1e-14)


def test_shock_overtakes_shock_and_rarefaction():
    # 2 | 1 | 0: shocks of speed 1.5 from 0 and 0.5 from 1 merge at t = 1, then move at 1.
    values = np.array([2.0, 1.0, 0.0])
    merging = EntropySolution(
        lambda y: values[np.searchsorted([0.0, 1.0], y, side="right")],
        lambda y: np.minimum(y, 0.0) + np.minimum(y, 1.0),
        (0.0, 2.0),
    )
    assert shock_position(merging, 0.5, 0.5, 1.0) == pytest.approx(0.75, abs=1e-13)
    assert shock_position(merging, 3.0, 3.0, 4.0) == pytest.approx(3.5, abs=1e-12)
    # The top hat's rarefaction reaches its shock at t = 2/3; then x = 1/3 + sqrt(2 t / 3).
    late = solution("tophat")
    assert shock_position(late, 3.0, 1.6, 1.9) == pytest.approx(1 / 3 + np.sqrt(2), abs=1e-12)


# --- characteristics ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "t"),
    [
        ("smooth_sine", 0.09),
        ("other_sine", 0.15),
        ("random_sine", 0.15),
        ("gaussian", 0.15),
        ("smooth_rare", 0.2),
        ("shock_formation", 0.09),
    ],
)
def test_smooth_solutions_are_constant_along_characteristics(name, t):
    case = lf.problems.get(name)()
    lower, upper = case.exact.function.bounds
    u = case.exact.function(X, t)
    np.testing.assert_allclose(u, case.initial(X - t * u), atol=2e-14 * 100)
    for x, value in zip(X[::50], u[::50], strict=True):
        root = brentq(
            lambda v, x=x: v - case.initial(np.array(x - t * v)),
            lower - 0.1,
            upper + 0.1,
            xtol=1e-15,
            rtol=1e-15,
        )
        assert value == pytest.approx(root, abs=1e-12)


# --- what every entropy solution obeys ------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("t", [0.02, 0.2])
def test_oleinik_condition(name, t):
    """Solutions may fall steeply but rise at most with slope 1/t: no expansion shocks."""
    u = solution(name)(X, t)
    assert np.diff(u).max() <= (X[1] - X[0]) / t + 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_conservation_over_any_interval(name):
    """d/dt of the integral is the difference of the fluxes at the ends."""
    u = solution(name)
    t, dt = 0.17, 1e-3
    nodes, weights = np.polynomial.legendre.leggauss(8)
    ends = np.array([0.02, 0.55])
    times = t + 0.5 * dt * (1.0 + nodes)
    flux = sum(0.5 * dt * w * 0.5 * u(ends, s) ** 2 for w, s in zip(weights, times, strict=True))
    change = np.diff(u.potential(ends, t + dt))[0] - np.diff(u.potential(ends, t))[0]
    assert change == pytest.approx(flux[0] - flux[1], abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_averages_from_the_potential_equal_quadrature(name):
    case = lf.problems.get(name)(cells=37)
    u = case.exact.function
    quadrature = cell_averages(lambda x: u(x, 0.2), case.grid)
    np.testing.assert_allclose(u.averages(case.grid.edges(0), 0.2), quadrature, atol=1e-12)


@pytest.mark.parametrize("name", ["smooth_sine", "other_sine", "random_sine"])
def test_periodic_solutions_stay_periodic_and_keep_their_mean(name):
    case = lf.problems.get(name)(cells=50)
    u = case.exact.function
    np.testing.assert_allclose(u(X, 0.2), u(X + 1.0, 0.2), atol=1e-12)
    mean = case.exact.cell_averages(case.grid, 0.2)["u"].mean()
    assert mean == pytest.approx(case.initial_state().mean(), abs=1e-13)


def test_constant_states_come_out_exactly():
    assert np.all(solution("shock")(X[X < 0.6], 0.2) == 3.0)
    assert np.all(solution("tophat")(X[X < 0.3], 0.2) == 0.0)


def test_time_zero_shapes_and_bad_bounds():
    u = solution("gaussian")
    assert np.array_equal(u(X, 0.0), 1.0 + np.exp(-60.0 * (X - 0.5) ** 2))
    assert u(0.3, 0.1).shape == ()
    assert u(np.zeros((2, 3)), 0.1).shape == (2, 3)
    assert u(np.zeros(0), 0.1).shape == (0,)
    with pytest.raises(lf.InputError, match=r"bounds must be \(lower, upper\)"):
        EntropySolution(np.sin, np.cos, (1.0, -1.0))
