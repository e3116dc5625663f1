"""The problems in two and three dimensions: as published, symmetric to the last bit, exact."""

import inspect
import itertools

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.exact.euler import star_region

GAS = lf.Euler()
CELLS = {2: 20, 3: 6}
CASES = {
    name: case
    for name, case in ((name, lf.problems.get(name)) for name in lf.problems.names())
    if case().grid.dimension > 1
}
SOLVED = {
    "burgers_gaussian_bump",
    "burgers_product",
    "burgers_sine_2d",
    "burgers_sum",
    "density_wave_3d",
    "isentropic_vortex",
    "sedov_2d",
    "sedov_3d",
}
UNSOLVED = {
    "double_mach",
    "implosion",
    "kelvin_helmholtz",
    "mach2000_jet",
    "rayleigh_taylor",
    "riemann_2d_3",
    "riemann_2d_4",
    "riemann_2d_6",
    "riemann_2d_12",
    "riemann_2d_13",
    "shock_bubble",
    "taylor_green",
}
MINE = sorted(SOLVED | UNSOLVED)


def small(name, **arguments):
    case = CASES[name]
    return case(cells=CELLS[case().grid.dimension], **arguments)


# --- every problem --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MINE)
def test_complete_and_sound(name):
    problem = small(name)
    assert problem.name == name
    assert problem.grid.shape[0] == CELLS[problem.grid.dimension]
    assert np.ptp(problem.grid.spacing) < 1e-12 * max(problem.grid.spacing)  # square cells
    assert problem.reference
    assert problem.description
    text = inspect.getdoc(CASES[name])
    assert "Expected behaviour" in text
    assert "References" in text
    q = problem.initial_state()
    assert np.isfinite(q).all()
    assert np.all(problem.equation.admissible(tuple(q)))
    assert (problem.exact is not None) == (name in SOLVED)


@pytest.mark.parametrize("name", MINE)
def test_cells_may_be_given_per_axis(name):
    shape = (8, 12, 10)[: CASES[name]().grid.dimension]
    assert CASES[name](cells=shape).grid.shape == shape
    with pytest.raises(lf.InputError, match="one number per axis"):
        CASES[name](cells=(8,))


@pytest.mark.parametrize("name", sorted(SOLVED))
def test_exact_solution_starts_at_the_initial_state(name):
    problem = small(name)
    averages = problem.exact.cell_averages(problem.grid, 0.0)
    names = problem.equation.conserved_names(problem.grid.dimension)
    for variable, q in zip(names, problem.initial_state(), strict=True):
        np.testing.assert_allclose(averages[variable], q, atol=1e-10 * np.abs(q).max())


@pytest.mark.parametrize("alias", ["vortex", "double_mach_reflection"])
def test_aliases(alias):
    assert lf.problems.get(alias)(cells=8).grid.dimension == 2


# --- symmetry -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [10, 37])
@pytest.mark.parametrize("name", ["rayleigh_taylor", "mach2000_jet", "shock_bubble"])
def test_mirrored_cells_are_equal_to_the_last_bit(name, cells):
    axis = 0 if name == "rayleigh_taylor" else 1
    q = CASES[name](cells=cells).initial_state()
    mirrored = np.flip(q, axis + 1)
    mirrored[1 + axis] *= -1.0
    np.testing.assert_array_equal(q, mirrored)


@pytest.mark.parametrize("cells", [20, 37])
@pytest.mark.parametrize(
    "name", ["implosion", "sedov_2d", "riemann_2d_3", "riemann_2d_4", "riemann_2d_12"]
)
def test_cells_across_the_diagonal_are_equal_to_the_last_bit(name, cells):
    q = CASES[name](cells=cells).initial_state()
    np.testing.assert_array_equal(q, q[[0, 2, 1, 3]].swapaxes(1, 2))


def test_sedov_3d_is_symmetric_under_every_exchange_of_axes():
    q = lf.problems.sedov_3d(cells=9).initial_state()
    for order in itertools.permutations(range(3)):
        swapped = q[[0, *(1 + a for a in order), 4]].transpose(0, *(1 + a for a in order))
        np.testing.assert_array_equal(q, swapped)


def test_taylor_green_is_antisymmetric():
    q = lf.problems.taylor_green(cells=10).initial_state()
    mirrored = q[:, ::-1] * np.array([1, -1, 1, 1, 1])[:, None, None, None]
    np.testing.assert_array_equal(q, mirrored)
    kinetic = 0.5 * (q[1:4] ** 2).sum(axis=0) / q[0]
    assert kinetic.mean() == pytest.approx(0.125, rel=0.1)


# --- as published ---------------------------------------------------------------------------------

WAVES = {
    # configuration: kinds of wave between (1, 2), (2, 3), (3, 4), (4, 1); S shock, J contact
    3: ("S", "S", "S", "S"),
    4: ("S", "S", "S", "S"),
    6: ("J", "J", "J", "J"),
    12: ("S", "J", "J", "S"),
    13: ("J", "S", "J", "S"),
}


@pytest.mark.parametrize("configuration", WAVES)
def test_riemann_2d_neighbours_are_joined_by_one_wave(configuration):
    """The digits given are those of single shocks, rarefactions and slip lines."""
    problem = lf.problems.get(f"riemann_2d_{configuration}")()
    x, y = np.array([0.75, 0.25, 0.25, 0.75]), np.array([0.75, 0.75, 0.25, 0.25])
    w = problem.initial(x, y)
    states = [{k: float(v[i]) for k, v in w.items()} for i in range(4)]
    for k, kind in enumerate(WAVES[configuration]):
        a, b = states[k], states[(k + 1) % 4]
        # From 1 to 2 leftward, from 2 to 3 down, from 3 to 4 rightward, from 4 to 1 up.
        axis, other = ("x", "y") if k % 2 == 0 else ("y", "x")
        lower, upper = (b, a) if k < 2 else (a, b)
        left, right = ((s["density"], s[f"velocity_{axis}"], s["pressure"]) for s in (lower, upper))
        star = star_region(left, right)
        p, u = float(star.pressure), float(star.velocity)
        outer = [left[2], right[2]]
        if kind == "J":
            assert outer[0] == outer[1]
            assert left[1] == right[1]
            assert lower[f"velocity_{other}"] != upper[f"velocity_{other}"] or left[0] != right[0]
            continue
        # One wave only: beside it the contact is weak and the star state one of the outer ones.
        assert lower[f"velocity_{other}"] == upper[f"velocity_{other}"]
        near = min(outer, key=lambda q: abs(q - p))
        assert p == pytest.approx(near, rel=2e-3)
        assert u == pytest.approx((left, right)[outer.index(near)][1], abs=2e-3)
        densities = {float(star.density_left), float(star.density_right)}
        assert max(densities) == pytest.approx(min(densities), rel=3e-3)
        assert left[1] > right[1]  # and it is a shock, not a rarefaction


def test_riemann_2d_end_times():
    ends = [lf.problems.get(f"riemann_2d_{k}")().t_end for k in WAVES]
    assert ends == [0.3, 0.25, 0.3, 0.25, 0.3]


def assert_moving_shock(behind, ahead, normal, speed, rtol):
    """Rankine-Hugoniot for a shock of a given speed along a unit normal."""
    jump = speed * np.subtract(behind, ahead)
    fluxes = sum(
        n * np.subtract(GAS.flux(behind, axis), GAS.flux(ahead, axis))
        for axis, n in enumerate(normal)
    )
    np.testing.assert_allclose(fluxes, jump, rtol=rtol, atol=rtol)


def test_double_mach_is_a_shock_of_mach_10():
    problem = lf.problems.double_mach()
    x = np.array([0.1, 1.5])
    w = problem.initial(x, np.array([0.5, 0.5]))
    behind, ahead = (GAS.to_conserved(tuple(float(v[i]) for v in w.values())) for i in (0, 1))
    assert float(GAS.sound_speed(ahead)) == 1.0
    normal = (np.sqrt(0.75), -0.5)  # 60 degrees between the shock and the wall
    assert_moving_shock(behind, ahead, normal, 10.0, 1e-13)
    # The foot of the shock and of the wall.
    y = np.zeros(2)
    w = problem.initial(1 / 6 + np.array([-1e-9, 1e-9]), y)
    assert w["density"].tolist() == [8.0, 1.4]
    below, above = problem.boundaries[1]
    assert [below.name, above.name] == ["piecewise", "prescribed"]


def test_shock_bubble_starts_with_one_shock():
    problem = lf.problems.shock_bubble()
    w = problem.initial(np.array([0.1, 0.25, 0.5]), np.zeros(3))
    assert w["density"].tolist()[1:] == [1.0, 0.1]
    behind, ahead = (
        GAS.to_conserved(tuple(float(np.broadcast_to(v, 3)[i]) for v in w.values())) for i in (0, 1)
    )
    speed = behind[1] / (behind[0] - ahead[0])
    assert_moving_shock(behind, ahead, (1.0, 0.0), speed, 1e-13)


def test_rayleigh_taylor_is_in_balance_but_for_its_push():
    problem = lf.problems.rayleigh_taylor(cells=8)
    y = np.linspace(0.01, 0.99, 50)
    w = problem.initial(np.zeros_like(y), y)
    h = 1e-6
    slope = (
        problem.initial(0 * y, y + h)["pressure"] - problem.initial(0 * y, y - h)["pressure"]
    ) / (2 * h)
    np.testing.assert_allclose(slope, w["density"], rtol=1e-8)
    assert problem.equation == lf.Euler(gamma=5 / 3)
    q = problem.initial_state()
    rates = problem.source(tuple(q), (), 0.0)
    np.testing.assert_array_equal(rates[2], q[0])
    np.testing.assert_array_equal(rates[3], q[2])
    middle = problem.initial(np.array([0.0]), np.array([0.25]))
    assert float(middle["velocity_y"][0]) == pytest.approx(0.025 * np.sqrt(5 / 3 * 1.5 / 2))


def test_implosion_and_jet_are_those_published():
    w = lf.problems.implosion().initial(np.array([0.07, 0.08]), np.array([0.07, 0.08]))
    assert w["density"].tolist() == [0.125, 1.0]
    assert w["pressure"].tolist() == [0.14, 1.0]
    jet = lf.problems.mach2000_jet(cells=40)
    sound = np.sqrt(5 / 3 * 0.4127 / 5.0)
    assert 800.0 / sound == pytest.approx(2157, abs=1)
    cells = tuple(np.ones((20, 2)) for _ in range(4))
    ghost = jet.boundaries[0][0].ghost(jet.equation, cells, 0, 0, 0.0)
    inside = np.abs(jet.grid.centers(1)) < 0.05
    np.testing.assert_array_equal(ghost[0], np.where(inside, 5.0, 0.5)[:, None] * np.ones(2))


@pytest.mark.parametrize(("name", "parts"), [("sedov_2d", 4), ("sedov_3d", 8)])
@pytest.mark.parametrize("cells", [8, 17])
def test_sedov_energy_is_put_down_whole_on_every_grid(name, parts, cells):
    problem = CASES[name](cells=cells)
    size = problem.grid.stop[0] ** problem.grid.dimension
    background = 1e-5 / 0.4 * size
    total = problem.initial_state()[-1].sum() * problem.grid.volume - background
    energy = inspect.signature(CASES[name]).parameters["energy"].default
    assert total * parts == pytest.approx(energy, rel=1e-6)


def test_kelvin_helmholtz_layers():
    y = np.array([0.0, 0.25, 0.5, 0.75])
    w = lf.problems.kelvin_helmholtz().initial(np.zeros(4), y)
    np.testing.assert_allclose(w["density"], [1.0, 1.5, 2.0, 1.5], atol=1e-4)
    np.testing.assert_allclose(w["velocity_x"], [0.5, 0.0, -0.5, 0.0], atol=1e-4)


def test_burgers_sum_takes_other_states():
    problem = lf.problems.burgers_sum(cells=10, x="tophat", y="rarefaction")
    assert [side[0].name for side in problem.boundaries] == ["outflow", "outflow"]
    assert float(problem.initial(np.array([0.5]), np.array([0.7]))[0]) == 1.5
    assert lf.problems.burgers_sum(cells=10, x="tophat").boundaries[1][0].name == "periodic"
    for wrong in ("accelshock", "sod", "burgers_product"):
        with pytest.raises(lf.InputError, match="is not a Burgers problem in one dimension"):
            lf.problems.burgers_sum(x=wrong)
