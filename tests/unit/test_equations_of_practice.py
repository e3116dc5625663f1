"""Shallow water, acoustics, Buckley and Leverett's equation and traffic: numbers by hand."""

import numpy as np
import pytest

import learnedflux as lf

EVERY = [
    (lf.ShallowWater(), 1),
    (lf.ShallowWater(gravity=2.0), 2),
    pytest.param(lf.ShallowWater(gravity=2.0), 3, marks=pytest.mark.slow),
    (lf.Acoustics(density=2.0, bulk_modulus=3.0), 1),
    (lf.Acoustics(density=2.0, bulk_modulus=3.0), 2),
    (lf.BuckleyLeverett(), 1),
    (lf.BuckleyLeverett(mobility=4.0), 1),
    (lf.LighthillWhithamRichards(free_speed=2.0, jam_density=3.0), 1),
]


@pytest.mark.parametrize(("equation", "dimension"), EVERY, ids=repr)
def test_the_report_on_each_is_good(equation, dimension):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    report = lf.check_equation(equation, dimension=dimension)
    assert report.ok, report
    assert all(check.passed for check in report)


# --- shallow water --------------------------------------------------------------------------------


def test_water_by_hand():
    water = lf.ShallowWater(gravity=10.0)
    q = water.to_conserved((2.0, 3.0, 0.5))
    assert q == (2.0, 6.0, 0.5)
    assert water.to_primitive(q) == (2.0, 3.0, 0.5)
    assert water.flux(q, 0) == (6.0, 18.0 + 20.0, 0.0)
    assert water.celerity(q) == pytest.approx(np.sqrt(20.0))
    assert water.max_speed(q, 0) == pytest.approx(3.0 + np.sqrt(20.0))
    assert water.mirror(q, 0) == (2.0, -6.0, 0.5)
    assert water.flux((2.0, 4.0, -6.0, 1.0), 1) == (-6.0, -12.0, 18.0 + 20.0, 0.0)


def test_names_of_water():
    water = lf.ShallowWater()
    assert water.conserved_names(2) == ("depth", "momentum_x", "momentum_y", "bottom")
    assert water.primitive_names(2) == ("depth", "velocity_x", "velocity_y", "bottom")
    assert water.linear_fields(2) == (False, True, True, False)
    assert water.balanced
    assert not lf.Euler().balanced


def test_dry_land_has_no_velocity_and_no_flux():
    water = lf.ShallowWater()
    for momentum in (0.0, 1e-12, -3.0):
        q = (0.0, momentum, 2.0)
        assert water.to_primitive(q) == (0.0, 0.0, 2.0)
        assert [abs(f) for f in water.flux(q, 0)] == [0.0, 0.0, 0.0]
        assert water.max_speed(q, 0) < 1e-14
        assert bool(water.admissible(tuple(map(np.float64, q))))
    assert not bool(water.admissible(tuple(map(np.float64, (-1e-300, 0.0, 0.0)))))
    assert not bool(water.admissible(tuple(map(np.float64, (np.nan, 0.0, 0.0)))))


def test_next_to_no_water_slows_down():
    water = lf.ShallowWater(dry_depth=1e-6)
    depth = 10.0 ** np.arange(-12.0, 1.0)
    _, velocity, _ = water.to_primitive((depth, 3.0 * depth, 0.0 * depth))
    np.testing.assert_allclose(velocity[depth > 1e-6], 3.0, rtol=1e-15)
    assert (np.diff(velocity) >= -1e-15).all()
    assert velocity[0] < 1e-5
    # The flux carries what moves at that velocity, so that no more leaves than there is.
    mass = water.flux((depth, 3.0 * depth, 0.0 * depth), 0)[0]
    np.testing.assert_allclose(mass, depth * velocity, rtol=1e-15)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan])
def test_parameters_are_positive(wrong):
    for make in (
        lambda: lf.ShallowWater(gravity=wrong),
        lambda: lf.ShallowWater(dry_depth=wrong),
        lambda: lf.Acoustics(density=wrong),
        lambda: lf.Acoustics(bulk_modulus=wrong),
        lambda: lf.BuckleyLeverett(mobility=wrong),
        lambda: lf.LighthillWhithamRichards(free_speed=wrong),
        lambda: lf.LighthillWhithamRichards(jam_density=wrong),
    ):
        with pytest.raises(lf.InputError, match="must be above 0"):
            make()


def test_the_balanced_states_are_cut_off_at_the_higher_bottom():
    water = lf.ShallowWater(gravity=1.0)
    ql, qr = water.to_conserved((1.0, 2.0, -1.0, 0.25)), water.to_conserved((0.5, -1.0, 3.0, 0.5))
    left, right = water.balance(ql, qr, 0)
    np.testing.assert_allclose(water.to_primitive(left), (0.75, 2.0, -1.0, 0.5))
    assert right == qr  # to the last bit: nothing is cut off of the higher one
    np.testing.assert_allclose(water.jump(ql, left, 1), (0, 0, 0.5 * (1 - 0.75**2), 0))
    assert water.jump(qr, right, 0) == (0.0, 0.0, 0.0, 0.0)
    # A wall of land holds all of the water back.
    left, right = water.balance((1.0, 2.0, 0.0), (0.0, 0.0, 1.5), 0)
    assert left == (0.0, 0.0, 1.5)
    assert right == (0.0, 0.0, 1.5)
    np.testing.assert_allclose(water.jump((1.0, 2.0, 0.0), left, 0), (0.0, 0.5, 0.0))


def test_the_inner_term_is_the_integral_for_straight_lines_and_parabolas():
    """-g times the integral of h b_x over the cell."""
    g = 10.0
    water, x = lf.ShallowWater(gravity=g), np.polynomial.Polynomial([0.0, 1.0])
    for h, b in (
        (2.0 - 0.5 * x, 1.0 + 0.25 * x),
        (2.0 + x, 1.0 - x * x),
        (1.0 + x * x, 3.0 * x - x * x),
    ):
        mean = [(p.integ()(1.0) - p.integ()(0.0)) for p in (h, b)]
        lower, upper, cell = (h(0.0), 0.0, b(0.0)), (h(1.0), 0.0, b(1.0)), (mean[0], 0.0, mean[1])
        push = (h * b.deriv()).integ()
        exact = -g * (push(1.0) - push(0.0))
        bent = h.degree() == 2 and b.degree() == 2  # the only product it does not get exactly
        got = water.inner(lower, upper, cell, 0)
        assert got[1] == pytest.approx(exact, rel=1e-14 if not bent else 0.05)
        assert got[0] == got[2] == 0.0


def test_the_inner_term_of_still_water_is_the_difference_of_pressures():
    water = lf.ShallowWater(gravity=9.81)
    for b_lower, b_upper, b in np.random.default_rng(0).uniform(-1, 0.5, (20, 3)):
        lower, upper, cell = ((1.0 - z, 0.0, z) for z in (b_lower, b_upper, b))
        expected = 0.5 * 9.81 * (upper[0] ** 2 - lower[0] ** 2)
        assert water.inner(lower, upper, cell, 0)[1] == pytest.approx(expected, abs=2e-14)
        # Seen in a mirror it pushes the other way, to the last bit.
        assert water.inner(upper, lower, cell, 0)[1] == -water.inner(lower, upper, cell, 0)[1]


def test_a_bottom_that_is_not_given_is_flat():
    grid = lf.Grid(x=(0, 1, 4))
    for initial in (
        lambda x: {"depth": 1.0, "velocity_x": 2.0},
        {"depth": np.ones(4), "velocity_x": np.full(4, 2.0)},
        {"depth": np.ones(4), "momentum_x": np.full(4, 2.0)},
    ):
        q = lf.Problem(lf.ShallowWater(), grid, initial, t_end=1.0).initial_state()
        np.testing.assert_array_equal(q, np.array([1.0, 2.0, 0.0])[:, None] + np.zeros(4))
    with pytest.raises(lf.InputError, match="'velocity_x' missing"):
        lf.Problem(lf.ShallowWater(), grid, lambda x: {"depth": 1.0}, t_end=1.0)


def test_faces_of_dry_cells_are_dry():
    water = lf.ShallowWater(gravity=1.0)
    wet, dry = (1.0, 0.5, 0.0), (0.0, 0.0, 0.0)
    assert water.represents((0.9, 0.5, 0.0), wet)
    assert not water.represents((0.009, 0.0, 0.0), wet)
    assert not water.represents((-0.1, 0.0, 0.0), wet)
    assert not water.represents((0.1, 0.0, 0.0), dry)
    assert not water.represents((2e-11, 0.0, 0.0), (1e-11, 0.0, 0.0))  # below dry_depth
    assert water.represents((5.9, 3.0, 0.0), wet)
    assert not water.represents((6.1, 3.0, 0.0), wet)  # no parabola without dry parts has it
    assert not water.represents((0.02, 25.0, 0.0), wet)  # 25 times as fast as the cell


@pytest.mark.parametrize("axis", [0, 1])
def test_the_roe_mean_turns_the_jump_of_states_into_that_of_fluxes(axis):
    """Over one bottom: sum of speed times wave over all waves is the difference of fluxes."""
    water, rng = lf.ShallowWater(gravity=2.0), np.random.default_rng(1)
    ql, qr = (
        water.to_conserved((rng.uniform(0.1, 3, 50), *rng.normal(size=(2, 50)), np.full(50, 0.4)))
        for _ in range(2)
    )
    frame = water.roe_frame(ql, qr, axis)
    jump = water.linear_primitive(frame, tuple(b - a for a, b in zip(ql, qr, strict=True)), axis)
    a = water.to_characteristic(frame, jump, axis)
    waves = tuple(s * x for s, x in zip(water.eigenvalues(frame, axis), a, strict=True))
    got = water.linear_conserved(frame, water.from_characteristic(frame, waves, axis), axis)
    assert np.abs(water.eigenvalues(frame, axis)[1 + axis]).max() == 0.0  # the bottom's
    expected = np.array(water.flux(qr, axis)) - np.array(water.flux(ql, axis))
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


# --- acoustics ------------------------------------------------------------------------------------


def test_acoustics_by_hand():
    gas = lf.Acoustics(density=2.0, bulk_modulus=8.0)
    assert gas.speed_of_sound() == 2.0
    assert gas.impedance() == 4.0
    assert gas.flux((3.0, 0.5, -1.0), 0) == (4.0, 1.5, 0.0)
    assert gas.flux((3.0, 0.5, -1.0), 1) == (-8.0, 0.0, 1.5)
    assert gas.max_speed((3.0, 0.5), 0) == 2.0
    assert gas.mirror((3.0, 0.5, -1.0), 1) == (3.0, 0.5, 1.0)
    assert gas.conserved_names(2) == gas.primitive_names(2)
    assert gas.conserved_names(2) == ("pressure", "velocity_x", "velocity_y")


# --- scalar laws ----------------------------------------------------------------------------------


def test_oil_and_water_by_hand():
    law = lf.BuckleyLeverett(mobility=0.25)
    assert law.flux((0.0,), 0) == (0.0,)
    assert law.flux((1.0,), 0) == (1.0,)
    assert law.flux((0.5,), 0) == (0.8,)
    assert law.flux_slope((0.5,)) == pytest.approx(1.28)


@pytest.mark.parametrize("mobility", [1e-3, 0.1, 0.5, 1.0, 3.0, 1e3])
def test_the_fastest_wave_between_oil_and_water(mobility):
    law = lf.BuckleyLeverett(mobility=mobility)
    s = np.linspace(0.0, 1.0, 400_001)
    speeds = law.flux_slope((s,))
    assert law.max_speed((0.3,), 0) == pytest.approx(speeds.max(), rel=1e-8)
    assert law.fastest_saturation() == pytest.approx(s[speeds.argmax()], abs=1e-4)
    assert law.max_speed((0.0,), 0) == law.max_speed((1.0,), 0) > 0


def test_traffic_by_hand():
    road = lf.LighthillWhithamRichards(free_speed=30.0, jam_density=0.2)
    assert road.critical_density() == 0.1
    assert road.flux((0.1,), 0) == (1.5,)
    assert road.flux((0.2,), 0) == (0.0,)
    assert road.car_speed((0.05,)) == 22.5
    assert road.max_speed((0.2,), 0) == 30.0
    assert road.signal_speed((0.1,)) == 0.0
