"""Problems: initial states, exact solutions, variants, and bad input told at the door."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.problem import ExactSolution

CELLS = 10


def shock_tube(x):
    return {
        "density": np.where(x < 0.5, 1.0, 0.125),
        "velocity_x": 0.5,
        "pressure": np.where(x < 0.5, 1.0, 0.1),
    }


def problem(**changes):
    given = {
        "equation": lf.Euler(gamma=1.4),
        "grid": lf.Grid(x=(0.0, 1.0, CELLS)),
        "initial": shock_tube,
        "t_end": 0.2,
    }
    return lf.Problem(**{**given, **changes})


def fields(**changes):
    given = {"density": np.ones(CELLS), "velocity_x": np.full(CELLS, 2.0), "pressure": 1.0}
    given.update(changes)
    return {name: value for name, value in given.items() if value is not None}


# --- initial states -------------------------------------------------------------------------------


def test_function_is_averaged_in_conserved_variables():
    # density = 1 + x and velocity = x: momentum x + x^2 is not the product of their averages.
    wave = problem(
        initial=lambda x: {"density": 1.0 + x, "velocity_x": x, "pressure": 1.0},
        grid=lf.Grid(x=(0.0, 1.0, 2)),
    )
    q = wave.initial_state()
    assert q.shape == (3, 2)
    assert q.dtype == np.float64
    np.testing.assert_allclose(q[0], [1.25, 1.75], rtol=1e-14)
    np.testing.assert_allclose(q[1], [0.25 + 1 / 12, 0.75 + 7 / 12], rtol=1e-14)
    energy = [2.5 + (1 / 12 + 1 / 32) / 2, 2.5 + (7 / 12 + 15 / 32) / 2]
    np.testing.assert_allclose(q[2], energy, rtol=1e-14)


def test_jump_inside_a_cell():
    q = problem(grid=lf.Grid(x=(0.0, 1.0, 5))).initial_state()
    np.testing.assert_allclose(q[0], [1, 1, 0.5625, 0.125, 0.125], rtol=1e-12)


def test_scalar_law_takes_a_bare_array_or_number():
    for initial in (lambda x: np.sin(x), lambda x: 1.5, lambda x: {"u": x}):
        burgers = problem(equation=lf.Burgers(), initial=initial)
        assert burgers.initial_state().shape == (1, CELLS)


def test_arrays_of_conserved_or_primitive_averages():
    primitive = problem(initial=fields()).initial_state()
    np.testing.assert_allclose(primitive[:, 0], [1.0, 2.0, 4.5])
    conserved = {"density": np.ones(CELLS), "momentum_x": np.full(CELLS, 2.0), "energy": 4.5}
    assert np.array_equal(problem(initial=conserved).initial_state(), primitive)


def test_initial_state_is_a_copy():
    density = np.ones(CELLS)
    tube = problem(initial=fields(density=density))
    tube.initial_state()[0] = 7.0
    assert density[0] == 1.0
    assert tube.initial_state()[0, 0] == 1.0


def test_two_dimensions():
    square = lf.Problem(
        equation=lf.Euler(),
        grid=lf.Grid(x=(0, 1, 4), y=(0, 1, 3)),
        initial=lambda x, y: {"density": 1 + x, "velocity_x": 0, "velocity_y": y, "pressure": 1},
        boundary={"x": "periodic", "y": ("wall", "outflow")},
        t_end=1.0,
    )
    assert square.initial_state().shape == (4, 4, 3)
    assert "boundary: x: periodic | periodic, y: wall | outflow" in repr(square)


# --- exact solutions ------------------------------------------------------------------------------


def test_exact_function_is_wrapped():
    moving = problem(
        equation=lf.Advection(2.0), initial=np.sin, exact=lambda x, t: np.sin(x - 2.0 * t)
    )
    assert isinstance(moving.exact, ExactSolution)
    assert moving.exact(1.0, t=0.5)["u"] == 0.0
    averages = moving.exact.cell_averages(moving.grid, 0.5)
    expected = -np.diff(np.cos(moving.grid.edges(0) - 1.0)) * CELLS
    np.testing.assert_allclose(averages["u"], expected, atol=1e-14)
    assert problem().exact is None


def test_exact_primitive_variables_come_from_conserved_averages():
    def shear(x, t):
        return {"density": 1.0 + x, "velocity_x": x, "pressure": 1.0}

    averages = problem(exact=shear).exact.cell_averages(lf.Grid(x=(0.0, 1.0, 1)), 0.1)
    assert set(averages) == {"density", "momentum_x", "energy", "velocity_x", "pressure"}
    assert averages["density"][0] == pytest.approx(1.5, abs=1e-14)
    assert averages["velocity_x"][0] == pytest.approx((1 / 2 + 1 / 3) / 1.5, abs=1e-14)
    kinetic = (5 / 6) ** 2 / 1.5 / 2
    energy = 2.5 + (1 / 3 + 1 / 4) / 2
    assert averages["pressure"][0] == pytest.approx(0.4 * (energy - kinetic), abs=1e-14)


def test_exact_vacuum_has_no_velocity():
    empty = problem(exact=lambda x, t: {"density": 0.0, "velocity_x": x, "pressure": 0.0})
    averages = empty.exact.cell_averages(empty.grid, 0.1)
    assert np.all(averages["velocity_x"] == 0.0)
    assert np.all(averages["pressure"] == 0.0)


# --- variants and printing ------------------------------------------------------------------------


def test_replace_and_with_cells():
    tube = problem(exact=lambda x, t: shock_tube(x))
    finer = tube.with_cells(40)
    assert finer.grid == lf.Grid(x=(0.0, 1.0, 40))
    assert finer.exact is tube.exact
    assert tube.replace(t_end=1).t_end == 1.0
    # An exact solution does not survive a change of what it solves, unless a new one is given.
    assert tube.replace(equation=lf.Euler(gamma=1.6)).exact is None
    assert tube.replace(boundary="wall").exact is None
    assert tube.replace(boundary="wall", exact=tube.exact).exact is tube.exact


def test_frozen():
    with pytest.raises(AttributeError):
        problem().t_end = 3.0


def test_repr_is_a_tree():
    text = repr(problem(name="tube", description="A tube", reference="Someone (1999)"))
    assert text.splitlines() == [
        "Problem 'tube': A tube",
        "├── equation: Euler(gamma=1.4)",
        "├── grid: Grid(x=(0.0, 1.0, 10))",
        "├── initial: function of x",
        "├── boundary: x: outflow | outflow",
        "├── t_end: 0.2",
        "├── exact: not known",
        "└── reference: Someone (1999)",
    ]
    assert "cell averages of density, velocity_x, pressure" in repr(problem(initial=fields()))


# --- bad input ------------------------------------------------------------------------------------


def spoiled(value, cell=3):
    array = np.ones(CELLS)
    array[cell] = value
    return array


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"t_end": 0.0}, "t_end must be finite and above 0; got 0.0"),
        ({"t_end": np.inf}, "t_end must be finite and above 0; got inf"),
        ({"t_end": "late"}, "t_end must be a number; got 'late'"),
        ({"grid": (0, 1, 10)}, r"grid must be a Grid\(x=\(start, stop, cells\)\)"),
        ({"equation": "euler"}, r"equation must be an Equation such as Euler\(gamma=1.4\)"),
        ({"initial": 1.0}, "initial must be a function .* or a dict of cell averages; got float"),
        ({"source": 3}, "source must be a function or None; got 3"),
        ({"exact": 3}, r"exact must be a function of \(x\[, y\[, z\]\], t\); got 3"),
        ({"boundary": "priodic"}, "no boundary named 'priodic'. Did you mean 'periodic'?"),
        ({"equation": lf.Advection((1.0, 2.0)), "initial": np.sin}, "2 numbers"),
        # initial functions
        ({"initial": lambda x: x}, "expected a dict with 'density', 'velocity_x', 'pressure'"),
        (
            {"initial": lambda x: {"density": 1.0, "velocity_x": 0.0}},
            "initial state: 'pressure' missing; give all of",
        ),
        (
            {"initial": lambda x: {"density": 1.0, "velocity": 0.0, "pressure": 1.0}},
            "no initial state variable named 'velocity'. Did you mean 'velocity_x'?",
        ),
        (
            {"initial": lambda x: {"density": x - 0.2, "velocity_x": 0.0, "pressure": 1.0}},
            r"'density' is -0.15 at x = 0.05 in cell \(0,\); it must be positive everywhere for E",
        ),
        (
            {"initial": lambda x: {"density": 1.0, "velocity_x": 0.0, "pressure": 0.5 - x}},
            r"'pressure' is -0.05 at x = 0.55 in cell \(5,\); it must be positive",
        ),
        (
            {
                "initial": lambda x: {
                    "density": 1.0,
                    "velocity_x": np.where(x > 0.7, np.nan, 0.0),
                    "pressure": 1.0,
                }
            },
            r"'velocity_x' is nan at x = 0.75 in cell \(7,\); give a finite number everywhere",
        ),
        ({"initial": lambda x: 1.0 if x < 0.5 else 0.0}, "use numpy.where"),
        # arrays
        ({"initial": fields(density=spoiled(np.nan))}, r"'density' is nan in cell \(3,\)"),
        ({"initial": fields(pressure=spoiled(-2.0))}, r"'pressure' is -2 in cell \(3,\)"),
        ({"initial": fields(density=spoiled(0.0))}, r"'density' is 0 in cell \(3,\); it must be p"),
        (
            {"initial": {"density": 1.0, "momentum_x": 0.0, "energy": spoiled(-1.0, 7)}},
            r"'pressure' is -0.4 in cell \(7,\); it must be positive everywhere for Euler",
        ),
        (
            {"initial": fields(density=np.ones(4))},
            r"'density' has shape \(4,\) instead of \(10,\)",
        ),
        ({"initial": fields(pressure=None)}, "'pressure' missing; give all of 'density', 'velo"),
        ({"initial": fields(preasure=1.0, pressure=None)}, "'preasure'. Did you mean 'pressure'"),
        ({"initial": {"rho": 1.0}}, "'rho' is neither the conserved variables .* nor the primi"),
        ({"initial": fields(density="heavy")}, "'density' is 'heavy', not numbers"),
    ],
)
def test_refuses(changes, message):
    with pytest.raises(lf.InputError, match=message):
        problem(**changes)


def test_places_between_cell_centers_are_found_with_the_state():
    # Positive at every centre, negative between them: only the averages can know.
    dip = problem(
        initial=lambda x: {
            "density": 1.0 - 1.5 * np.exp(-(((x - 0.298) / 0.01) ** 2)),
            "velocity_x": 0.0,
            "pressure": 1.0,
        }
    )
    with pytest.raises(lf.InputError, match=r"'density' is -0\.\d+ at x = 0.29\d* in cell \(2,\)"):
        dip.initial_state()


def test_replace_refuses_unknown_parts():
    with pytest.raises(lf.UnknownNameError, match=r"named 'tend'\. Did you mean 't_end'"):
        problem().replace(tend=1.0)


def test_exact_of_the_wrong_shape_or_name():
    wrong = problem(exact=lambda x, t: {"density": 1.0, "velocity_x": 0.0, "p": 1.0})
    with pytest.raises(lf.UnknownNameError, match="no exact solution variable named 'p'"):
        wrong.exact(0.5, t=0.1)


def test_inadmissible_state_of_another_equation_is_told_in_full():
    class Bounded(lf.Equation):
        variables = ("saturation",)

        def flux(self, q, axis):
            return (q[0] * q[0],)

        def max_speed(self, q, axis):
            return 2.0 * abs(q[0])

        def admissible(self, q):
            return (q[0] >= 0.0) & (q[0] <= 1.0)

    with pytest.raises(lf.InputError, match=r"the state \(saturation 1.05\) is not admissible at"):
        problem(equation=Bounded(), initial=lambda x: 1.0 + x)
