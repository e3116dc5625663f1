"""Random data: fluxes and face values keep what they promise wherever one looks."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import learnedflux as lf
from learnedflux import ops
from learnedflux.integrators import integrators
from learnedflux.positivity import limit_flux, violates
from learnedflux.reconstruction import reconstructions
from learnedflux.riemann import riemann_solvers

GAS = lf.Euler()
SOLVERS = [name for name, found in riemann_solvers.items() if found.supports(GAS)]
NUMBERS = st.floats(-1e3, 1e3, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-9)
CELLS = st.lists(NUMBERS, min_size=7, max_size=7).map(np.array)


def decades(low, high):
    return st.floats(low, high).map(lambda power: 10.0**power)


def gas():
    return st.tuples(decades(-3, 3), st.floats(-5, 5), decades(-3, 3)).map(GAS.to_conserved)


def rule(name, cells):
    found = reconstructions[name]
    first = (7 - found.cells) // 2
    return found.function(*cells[first : first + found.cells])


# --- face values ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(reconstructions))
@given(cells=CELLS)
def test_face_values_are_finite_and_odd(name, cells):
    value = rule(name, cells)
    assert np.isfinite(value)
    assert rule(name, -cells) == -value
    span = cells.max() - cells.min()
    assert cells.min() - span <= value <= cells.max() + span


# TENO switches sub-stencils off, and rounding may throw the switch.
@pytest.mark.parametrize("name", [n for n in reconstructions if n != "teno5"])
@given(cells=CELLS, shift=NUMBERS)
def test_face_values_move_with_the_data(name, cells, shift):
    """Adding a constant changes nothing but the constant, up to what rounding does to the data."""
    span = cells.max() - cells.min()
    size = abs(shift) + np.abs(cells).max()
    assume(span > 1e-3 * size or span == 0)
    gap = rule(name, cells + shift) - shift - rule(name, cells)
    assert abs(gap) <= 1e-8 * size


@pytest.mark.parametrize("name", [n for n in reconstructions if n != "weno5-js"])
@given(cells=CELLS, power=st.integers(-20, 20))
def test_face_values_scale_with_the_data(name, cells, power):
    factor = 2.0**power
    gap = rule(name, factor * cells) / factor - rule(name, cells)
    assert abs(gap) <= 1e-9 * np.abs(cells).max()


@pytest.mark.parametrize(
    "name", [n for n in reconstructions if n == "mp5" or n == "constant" or "muscl" in n]
)
@given(cells=CELLS)
def test_monotone_cells_give_a_value_between_neighbours(name, cells):
    rising = np.sort(cells)
    value = rule(name, rising)
    slack = 1e-15 * np.abs(rising).max()
    assert rising[3] - slack <= value <= rising[4] + slack


# --- fluxes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
@given(q=gas())
def test_a_flux_between_equal_states_is_the_physical_one(solver, q):
    f = riemann_solvers[solver].function(GAS, q, q, 0)
    exact = np.array(GAS.flux(q, 0))
    size = np.abs(exact).max() + GAS.max_speed(q, 0) * np.abs(q).max()
    assert (np.abs(np.array(f) - exact) <= 1e-13 * size).all()


@pytest.mark.parametrize("solver", SOLVERS)
@given(ql=gas(), qr=gas())
def test_mirrored_states_give_the_mirrored_flux(solver, ql, qr):
    function = riemann_solvers[solver].function
    mass, momentum, energy = function(GAS, ql, qr, 0)
    mirrored = function(GAS, GAS.mirror(qr, 0), GAS.mirror(ql, 0), 0)
    assert mirrored == (-mass, momentum, -energy)


@pytest.mark.parametrize("solver", SOLVERS)
@given(ql=gas(), qr=gas(), density=st.integers(-9, 9), speed=st.integers(-9, 9))
def test_fluxes_know_no_units(solver, ql, qr, density, speed):
    function = riemann_solvers[solver].function
    rho, v = 2.0**density, 2.0**speed
    units = rho * np.array([1.0, v, v * v])
    scaled = [tuple(units * np.array(q)) for q in (ql, qr)]
    f = v * units * np.array(function(GAS, ql, qr, 0))
    np.testing.assert_allclose(
        function(GAS, *scaled, 0), f, rtol=1e-12, atol=1e-12 * np.abs(f).max()
    )


@given(ql=st.floats(-5, 5), qr=st.floats(-5, 5))
def test_godunov_is_the_least_or_the_largest_flux_in_between(ql, qr):
    (f,) = lf.riemann.godunov(lf.Burgers(), (ql,), (qr,), 0)
    between = 0.5 * np.append(np.linspace(ql, qr, 1001), np.clip(0.0, *sorted((ql, qr)))) ** 2
    assert f == pytest.approx(between.min() if ql <= qr else between.max(), rel=1e-12, abs=1e-15)


# --- positivity -----------------------------------------------------------------------------------


@given(ql=gas(), qr=gas(), wild=st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_limited_fluxes_leave_positive_states(ql, qr, wild):
    """Whatever flux is proposed, both cells keep positive density and pressure."""
    s = max(GAS.max_speed(ql, 0), GAS.max_speed(qr, 0))
    f = limit_flux(GAS, ql, qr, wild, 0, s)
    left = tuple(q - x / s for q, x in zip(ql, f, strict=True))
    right = tuple(q + x / s for q, x in zip(qr, f, strict=True))
    for q, before in ((left, ql), (right, qr)):
        lost = 1e-13 * (abs(q[-1]) + abs(before[-1]))
        assert q[0] > -1e-13 * before[0]
        assert GAS.pressure(q) > -lost


@given(ql=gas(), qr=gas())
def test_harmless_fluxes_are_not_limited(ql, qr):
    s = max(GAS.max_speed(ql, 0), GAS.max_speed(qr, 0))
    f = lf.riemann.rusanov(GAS, ql, qr, 0)
    if not violates(GAS, ql, qr, f, s):
        np.testing.assert_allclose(limit_flux(GAS, ql, qr, f, 0, s), f, rtol=1e-12, atol=1e-300)


@given(q=gas())
def test_a_smooth_flux_is_left_as_it_is(q):
    f = GAS.flux(q, 0)
    s = GAS.max_speed(q, 0)
    assert not violates(GAS, q, q, f, s)


# --- ops ------------------------------------------------------------------------------------------


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_tuples_behave_like_arrays(numbers):
    a = tuple(x / 1e10 for x in numbers)
    assert ops.least(a) == min(a)
    assert ops.reverse(ops.reverse(a)) == a
    assert ops.subtract(ops.add(a, a), a) == a
    assert ops.fill(3.0, a) == (3.0,) * len(a)


# --- integrators ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, m in integrators.items() if m.ssp > 0])
@given(start=st.lists(st.floats(0, 1), min_size=4, max_size=12), share=st.floats(0, 1))
def test_ssp_methods_keep_what_euler_steps_keep(name, start, share):
    """Upwind advection at up to the SSP limit: no value leaves the range of the data."""
    method, q = integrators[name], np.array(start)
    new = method(lambda t, q: np.roll(q, 1) - q, 0.0, q, share * method.ssp)
    assert new.min() >= q.min() - 1e-13
    assert new.max() <= q.max() + 1e-13
    assert new.sum() == pytest.approx(q.sum(), abs=1e-12)
