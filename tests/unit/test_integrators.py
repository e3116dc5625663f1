"""Runge-Kutta tables: consistent, of their order, and strongly stable where they say so."""

import math

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.integrators import Integrator, integrators
from learnedflux.metrics import observed_order

METHODS = list(integrators.values())
SSP = [method for method in METHODS if method.ssp > 0]


def by_name(method):
    return method.name


def butcher(method):
    """Butcher's coefficients (A, b) of a table in Shu and Osher's form."""
    stages = method.stages
    states = np.zeros((stages + 1, stages))  # of each state, the weights of the slopes
    for i, row in enumerate(method.rows, start=1):
        for j, alpha, beta in row:
            states[i] += alpha * states[j]
            states[i, j] += beta
    return states[:-1], states[-1]


@pytest.mark.parametrize("method", METHODS, ids=by_name)
def test_each_stage_is_a_mean_of_earlier_ones(method):
    for i, row in enumerate(method.rows):
        assert all(j <= i for j, _, _ in row)
        assert sum(alpha for _, alpha, _ in row) == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("method", METHODS, ids=by_name)
def test_times_of_stages_follow_from_the_table(method):
    a, b = butcher(method)
    np.testing.assert_allclose(method.times[:-1], a.sum(axis=1), rtol=0, atol=1e-15)
    assert method.times[-1] == pytest.approx(b.sum(), abs=1e-15)
    assert b.sum() == pytest.approx(1.0, abs=1e-15)
    assert len(method.times) == method.stages + 1


@pytest.mark.parametrize("method", METHODS, ids=by_name)
def test_order_conditions(method):
    """One per rooted tree; the first beyond the order must fail, or the order is understated."""
    a, b = butcher(method)
    c = a.sum(axis=1)
    conditions = {
        1: [(b.sum(), 1)],
        2: [(b @ c, 1 / 2)],
        3: [(b @ c**2, 1 / 3), (b @ a @ c, 1 / 6)],
        4: [
            (b @ c**3, 1 / 4),
            ((b * c) @ a @ c, 1 / 8),
            (b @ a @ c**2, 1 / 12),
            (b @ a @ a @ c, 1 / 24),
        ],
    }
    for order in range(1, method.order + 1):
        for found, expected in conditions[order]:
            assert found == pytest.approx(expected, abs=1e-14)
    beyond = conditions.get(method.order + 1, [])
    assert not beyond or any(abs(found - expected) > 1e-6 for found, expected in beyond)


@pytest.mark.parametrize("method", SSP, ids=by_name)
def test_ssp_coefficient_of_the_table(method):
    """Every stage is a mean of Euler steps of at most 1 / ssp: the least alpha / beta."""
    ratios = [alpha / beta for row in method.rows for _, alpha, beta in row if beta > 0]
    assert all(alpha >= 0 and beta >= 0 for row in method.rows for _, alpha, beta in row)
    assert min(ratios) == pytest.approx(method.ssp, rel=1e-14)


@pytest.mark.parametrize("method", METHODS, ids=by_name)
def test_observed_order(method):
    """A nonlinear equation that depends on time: q' = -q^2 + cos t."""

    def rhs(t, q):
        return -q * q + math.cos(t)

    def at_one(steps, chosen=method):
        q, dt = 0.3, 1.0 / steps
        for k in range(steps):
            q = chosen(rhs, k * dt, q, dt)
        return q

    exact = at_one(4000, integrators["rk4"])
    steps = (20, 40, 80)
    errors = [abs(at_one(n) - exact) for n in steps]
    assert observed_order(steps, errors) == pytest.approx(method.order, abs=0.15)


@pytest.mark.parametrize("method", METHODS, ids=by_name)
def test_growth_of_the_linear_equation(method):
    """One step multiplies by the Taylor polynomial of the exponential up to the order."""
    for z in (-0.3, 0.1 + 0.4j):
        factor = method(lambda t, q, z=z: z * q, 0.0, 1.0, 1.0)
        taylor = sum(z**k / math.factorial(k) for k in range(method.order + 1))
        allowed = abs(z) ** (method.order + 1) / math.factorial(method.order)
        assert abs(factor - taylor) <= allowed
        if method.stages == method.order:
            assert factor == pytest.approx(taylor, abs=1e-15)


@pytest.mark.parametrize("method", METHODS, ids=by_name)
def test_right_hand_side_is_asked_once_per_stage_at_the_right_times(method):
    asked = []

    def rhs(t, q):
        asked.append(t)
        return 0.0 * q

    method(rhs, 2.0, np.ones(3), 0.5)
    assert asked == pytest.approx([2.0 + 0.5 * c for c in method.times[:-1]])


@pytest.mark.parametrize("method", METHODS, ids=by_name)
def test_the_old_state_is_left_as_it_was(method):
    q = np.arange(4.0)
    new = method(lambda t, q: q, 0.0, q, 0.1)
    np.testing.assert_array_equal(q, np.arange(4.0))
    assert new is not q


@pytest.mark.parametrize("method", METHODS, ids=by_name)
def test_states_may_be_tensors_and_steps_may_differ_by_row(method):
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    q = torch.ones((2, 3), dtype=torch.float64)
    dt = torch.tensor([[0.1], [0.2]], dtype=torch.float64)
    new = method(lambda t, q: -q, 0.0, q, dt)
    for row, step in enumerate((0.1, 0.2)):
        assert new[row].tolist() == pytest.approx([method(lambda t, q: -q, 0.0, 1.0, step)] * 3)


def test_stage_numbers_and_orders():
    found = {method.name: (method.stages, method.order, method.ssp) for method in METHODS}
    expected = {
        "euler": (1, 1, 1.0),
        "ssprk2": (2, 2, 1.0),
        "ssprk3": (3, 3, 1.0),
        "ssprk104": (10, 4, 6.0),
        "rk4": (4, 4, 0.0),
    }
    assert {name: found[name] for name in expected} == expected


def test_methods_are_at_hand_by_name():
    for name in ("euler", "ssprk2", "ssprk3", "ssprk104", "rk4"):
        assert getattr(lf.integrators, name) is integrators[name]


def test_a_method_of_one_s_own():
    """Heun's method, given as an object: the same as ssprk2 in another form."""
    heun = Integrator("heun", 2, (((0, 1.0, 1.0),), ((0, 1.0, 0.5), (1, 0.0, 0.5))), 0.0)
    problem = lf.problems.sine_advection(cells=20)
    one = lf.solve(problem, "muscl", integrator=heun)
    other = lf.solve(problem, "muscl", integrator="ssprk2")
    assert one.attrs["integrator"] == "heun"
    np.testing.assert_allclose(one.u, other.u, rtol=0, atol=1e-13)


def test_steps_are_made_of_forward_euler_steps_of_known_size():
    found = {m.name: m.forward_cfl(0.6) for m in integrators.values()}
    assert found == pytest.approx(dict.fromkeys(found, 0.6) | {"ssprk104": 0.1})


def test_total_variation_is_kept_up_to_the_ssp_limit():
    """Upwind differences of a step, where an Euler step keeps the variation up to dt = dx."""

    def rhs(t, q):
        return np.roll(q, 1) - q

    def variation(q):
        return np.abs(np.diff(q, append=q[:1])).sum()

    start = np.where(np.arange(50) < 20, 1.0, 0.0)
    for method in SSP:
        q = start
        for _ in range(30):
            q = method(rhs, 0.0, q, method.ssp)
        assert variation(q) <= variation(start) * (1 + 1e-13)
    beyond = integrators["euler"](rhs, 0.0, integrators["euler"](rhs, 0.0, start, 1.2), 1.2)
    assert variation(beyond) > 1.1 * variation(start)
