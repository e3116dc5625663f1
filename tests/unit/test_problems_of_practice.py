"""Problems of water, oil, traffic and sound: numbers, symmetry, and the boxes they are posed in."""

import inspect

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.problems.catalogue import box

PLANE = ["acoustic_pulse_2d", "circular_dam_break", "drop", "small_perturbation_2d"]


@pytest.mark.parametrize("name", PLANE)
def test_problems_in_the_plane_are_complete(name):
    factory = lf.problems.get(name)
    problem = factory(cells=20)
    assert problem.name == name
    assert problem.grid.shape[0] == 20
    assert problem.grid.spacing[0] == pytest.approx(problem.grid.spacing[1], rel=1e-12)
    assert factory(cells=(12, 8)).grid.shape == (12, 8)
    assert problem.reference
    assert "Expected behaviour" in inspect.getdoc(factory)
    q = problem.initial_state()
    assert np.isfinite(q).all()
    assert np.all(problem.equation.admissible(tuple(q)))
    np.testing.assert_allclose(q[0], q[0][:, ::-1], rtol=1e-15)
    if name != "small_perturbation_2d":
        np.testing.assert_array_equal(q[0], q[0][:, ::-1])
        np.testing.assert_array_equal(q[0], q[0][::-1])
        np.testing.assert_array_equal(q[0], q[0].T)


def test_lakes_in_one_dimension_and_two():
    for name in ("lake_at_rest", "island"):
        factory = lf.problems.get(name)
        assert factory(cells=30).grid.shape == (30,)
        assert factory(cells=(30, 20)).grid.shape == (30, 20)
        with pytest.raises(lf.InputError, match="cells"):
            factory(cells=(4, 4, 4))


@pytest.mark.parametrize("cells", [40, (12, 10)])
def test_the_surface_of_lakes(cells):
    q = lf.problems.lake_at_rest(cells).initial_state()
    np.testing.assert_allclose(q[0] + q[-1], 1.0, rtol=0, atol=1e-15)
    q = lf.problems.island(cells, surface=0.4).initial_state()
    wet = q[0] > 0.0
    assert 0 < wet.sum() < wet.size
    np.testing.assert_allclose((q[0] + q[-1])[wet], 0.4, rtol=0, atol=1e-15)
    assert (q[-1][~wet] >= 0.4).all()


def test_the_dams():
    stoker, ritter = lf.problems.dam_break_stoker(), lf.problems.dam_break_ritter()
    for case, depth in ((stoker, 0.1), (ritter, 0.0)):
        q = case.initial_state()
        assert (q[0, 0], q[0, -1]) == (1.0, depth)
        assert case.equation == lf.ShallowWater(gravity=9.81)
        np.testing.assert_array_equal(q[1:], 0.0)
        # No wave has left the domain at the end.
        ends = case.exact(np.array([-5.0, 5.0]), t=case.t_end)
        np.testing.assert_array_equal(ends["depth"], [1.0, depth])
    front = ritter.exact(np.array([4.38, 4.39]), t=0.7)["depth"]
    assert front[0] > 0.0 == front[1]


def test_the_bowl_is_at_its_turning_points():
    bowl = lf.problems.parabolic_bowl()
    period = bowl.t_end / 1.25
    assert period == pytest.approx(2.006, abs=1e-3)
    x = np.linspace(0.0, 4.0, 101)
    start, later = bowl.exact(x, t=0.0), bowl.exact(x, t=0.5 * period)
    np.testing.assert_allclose(later["depth"], start["depth"][::-1], atol=1e-14)
    wet = start["depth"] > 0
    assert x[wet].min() > 0.5 - 1e-12
    assert x[wet].max() < 2.5 + 1e-12
    surface = (start["depth"] + start["bottom"])[wet]
    np.testing.assert_allclose(np.diff(surface, 2), 0.0, atol=1e-14)  # a straight line


def test_oil_and_traffic():
    oil = lf.problems.buckley_leverett(mobility=0.25)
    assert oil.equation == lf.BuckleyLeverett(mobility=0.25)
    assert oil.initial(np.array([0.1, 0.3])).tolist() == [1.0, 0.0]
    assert lf.problems.red_light().initial(np.array([-0.1, 0.1])).tolist() == [0.25, 1.0]
    assert lf.problems.green_light().initial(np.array([-0.1, 0.1])).tolist() == [1.0, 0.0]


# --- boxes ----------------------------------------------------------------------------------------


def test_boxes_have_square_cells_or_those_asked_for():
    assert box(480, x=(0, 4), y=(0, 1)).shape == (480, 120)
    assert box(np.int64(6), x=(0, 1), y=(0, 2), z=(-1, 0)).shape == (6, 12, 6)
    assert box((5, 7), x=(0, 1), y=(0, 1)).shape == (5, 7)
    assert box([5, 7], x=(0, 1), y=(0, 1)).shape == (5, 7)
    assert box(2, x=(0, 10), y=(0, 1)).shape == (2, 1)
    with pytest.raises(lf.InputError, match="3 numbers for the 2 axes x, y"):
        box((1, 2, 3), x=(0, 1), y=(0, 1))
    for wrong in (0, 2.5, "many"):
        with pytest.raises(lf.InputError, match="cells"):
            box(wrong, x=(0, 1), y=(0, 1))
