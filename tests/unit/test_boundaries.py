"""Ghost cells hold what each boundary says, on both sides, in every backend."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.backends.padding import fill_ghosts
from learnedflux.boundaries import Boundary, boundaries, resolve

GRID = lf.Grid(x=(0.0, 1.0, 6))
PLANE = lf.Grid(x=(0.0, 1.0, 6), y=(0.0, 1.0, 4))
GAS = lf.Euler()
G = 3


def padded(q, boundary, equation=GAS, t=0.0, grid=GRID):
    """State (variable, cell) with G ghost cells on each side, as the Numba backend makes it."""
    full = np.full((len(q), q.shape[1] + 2 * G), np.nan)
    full[:, G:-G] = q
    fill_ghosts(full, resolve(boundary, grid, equation)[0], equation, G, 0, t)
    return full


def state():
    return np.array([[1.0, 2, 3, 4, 5, 6], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [9.0, 8, 7, 6, 5, 4]])


def test_periodic_takes_the_other_side():
    q = state()
    full = padded(q, "periodic")
    np.testing.assert_array_equal(full[:, :G], q[:, -G:])
    np.testing.assert_array_equal(full[:, -G:], q[:, :G])
    np.testing.assert_array_equal(full[:, G:-G], q)


def test_outflow_repeats_the_edge():
    q = state()
    full = padded(q, "outflow")
    np.testing.assert_array_equal(full[:, :G], q[:, :1].repeat(G, axis=1))
    np.testing.assert_array_equal(full[:, -G:], q[:, -1:].repeat(G, axis=1))


def test_wall_mirrors_and_turns_the_velocity_round():
    q = state()
    full = padded(q, "wall")
    for ghosts, cells in ((full[:, :G], q[:, :G]), (full[:, -G:], q[:, -G:])):
        mirrored = cells[:, ::-1] * np.array([[1.0], [-1.0], [1.0]])
        np.testing.assert_array_equal(ghosts, mirrored)


def test_wall_of_burgers_is_odd():
    q = np.arange(1.0, 7.0)[None]
    full = padded(q, "wall", lf.Burgers())
    np.testing.assert_array_equal(full[0], [-3, -2, -1, 1, 2, 3, 4, 5, 6, -6, -5, -4])


def test_inflow_holds_the_state_given():
    inflow = lf.boundaries.inflow(density=2.0, velocity_x=3.0, pressure=0.4)
    full = padded(state(), {"x": (inflow, "outflow")})
    q = GAS.to_conserved((2.0, 3.0, 0.4))
    np.testing.assert_allclose(full[:, :G], np.array(q)[:, None].repeat(G, axis=1), rtol=1e-15)
    np.testing.assert_array_equal(full[:, -G:], state()[:, -1:].repeat(G, axis=1))


def test_inflow_varies_in_time():
    inflow = lf.boundaries.inflow(u=lambda t: 1.0 + t**2)
    for t in (0.0, 0.5, 2.0):
        full = padded(np.zeros((1, 6)), {"x": ("outflow", inflow)}, lf.Burgers(), t)
        np.testing.assert_array_equal(full[0, -G:], 1.0 + t**2)
        np.testing.assert_array_equal(full[0, :G], 0.0)


def test_inflow_is_asked_at_the_time_of_every_stage():
    asked = []

    def u(t):
        asked.append(t)
        return 1.0

    problem = lf.Problem(
        lf.Burgers(),
        lf.Grid(x=(0.0, 1.0, 10)),
        lambda x: 0.0 * x,
        {"x": (lf.boundaries.inflow(u=u), "outflow")},
        t_end=1.0,
    )
    semi = lf.Semidiscretization(problem, "constant")
    asked.clear()
    lf.integrators.ssprk3(semi, 2.0, semi.initial(), 0.1)
    assert asked == pytest.approx([2.0, 2.1, 2.05])


def test_a_function_of_one_s_own():
    def fixed(equation, cells, axis, side, t):
        """Odd about 7: the mean of the two cells beside the face is 7."""
        assert (axis, side, t) == (0, 0, 0.25)
        assert cells[0].shape == (G,)
        return tuple(14.0 - q for q in cells)

    full = padded(np.arange(1.0, 7.0)[None], {"x": (fixed, "outflow")}, lf.Burgers(), 0.25)
    np.testing.assert_array_equal(full[0, :G], [11.0, 12.0, 13.0])  # nearest the side comes last


def test_a_registered_boundary_works_by_name():
    @lf.boundaries.register("test-vacuum")
    def empty(equation, cells, axis, side, t):
        return tuple(0.0 * q for q in cells)

    try:
        full = padded(np.ones((1, 6)), "test-vacuum", lf.Burgers())
        np.testing.assert_array_equal(full[0], [0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0])
        assert resolve("test-vacuum", GRID, GAS)[0][0].name == "test-vacuum"
    finally:
        boundaries.remove("test-vacuum")


@pytest.mark.parametrize("boundary", ["periodic", "outflow", "wall"])
def test_rows_keep_apart(boundary):
    """With other axes or a batch between variable and cell, every row gets its own ghosts."""
    rng = np.random.default_rng(0)
    rows = rng.uniform(1, 2, (3, 4, 6))
    full = np.empty((3, 4, 6 + 2 * G))
    full[..., G:-G] = rows
    fill_ghosts(full, resolve(boundary, GRID, GAS)[0], GAS, G, 0, 0.0)
    for k in range(4):
        np.testing.assert_array_equal(full[:, k], padded(rows[:, k], boundary))


def test_wall_turns_only_the_velocity_across_it():
    q = tuple(np.array([1.0, 2.0]) * (k + 1) for k in range(4))
    assert [float(x[0]) for x in boundaries["wall"].ghost(GAS, q, 1, 0, 0.0)] == [1, 2, -3, 4]


# --- what a user may write ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("wall", [("wall", "wall"), ("wall", "wall")]),
        (("wall", "outflow"), [("wall", "outflow")] * 2),
        ({"x": "periodic", "y": ["outflow", "wall"]}, [("periodic",) * 2, ("outflow", "wall")]),
        ({"y": "wall", "x": boundaries["outflow"]}, [("outflow",) * 2, ("wall",) * 2]),
    ],
    ids=str,
)
def test_ways_to_write_boundaries(given, names):
    found = resolve(given, PLANE, GAS)
    assert [(lower.name, upper.name) for lower, upper in found] == names


def test_inflow_needs_every_variable_of_the_dimension():
    inflow = lf.boundaries.inflow(density=1.0, velocity_x=0.0, pressure=1.0)
    assert resolve(inflow, GRID, GAS)[0][0].name == "inflow"
    with pytest.raises(lf.InputError, match="missing: velocity_y"):
        resolve(inflow, PLANE, GAS)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("wal", "no boundary named 'wal'. Did you mean 'wall'?"),
        ({"x": "wall", "z": "wall"}, "no axis of this grid named 'z'"),
        ({}, "says nothing about axis 'x'"),
        (("wall",), "takes one boundary or a pair (lower, upper); got 1"),
        (("periodic", "wall"), "periodic on one side only"),
        (("wall", "periodic"), "periodic on one side only"),
        (3.0, "a boundary is a name"),
        (lf.boundaries.inflow(density=1.0), "missing: velocity_x, pressure"),
        (lf.boundaries.inflow(u=1.0), "no primitive variable of Euler named 'u'"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_told_of(given, text):
    with pytest.raises(lf.InputError) as caught:
        resolve(given, GRID, GAS)
    assert text in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, "1.0", None])
def test_inflow_takes_numbers_and_functions(value):
    with pytest.raises(lf.InputError, match="finite number or a function of time"):
        lf.boundaries.inflow(density=value)


def test_repr_shows_what_flows_in():
    assert repr(boundaries["wall"]) == "wall"
    assert repr(lf.boundaries.inflow(u=2.0)) == "inflow(u=2.0)"
    assert repr(Boundary("mine", lambda *a: None)) == "mine"


# --- effect on a run ------------------------------------------------------------------------------


def gas(boundary, velocity=0.5, cells=40):
    def initial(x):
        bump = np.exp(-200.0 * (x - 0.5) ** 2)
        return {"density": 1.0 + bump, "velocity_x": velocity, "pressure": 1.0 + 0.0 * x}

    return lf.Problem(GAS, lf.Grid(x=(0.0, 1.0, cells)), initial, boundary, t_end=2.0)


def test_outflow_lets_a_wave_go():
    ds = lf.solve(gas("outflow"), "weno5")
    assert abs(ds.density[-1] - 1.0).max() < 2e-3


def test_wall_reflects():
    """Gas thrown at a wall bounces: the shock it sends back is that of two equal streams."""
    from learnedflux.exact.euler import star_region

    problem = gas("wall", velocity=0.0).replace(
        initial=lambda x: {"density": 1.0, "velocity_x": 1.0, "pressure": 1.0}, t_end=0.3
    )
    ds = lf.solve(problem, "weno5").isel(time=-1)
    star = star_region((1.0, 1.0, 1.0), (1.0, -1.0, 1.0), 1.4)
    assert float(ds.pressure[-1]) == pytest.approx(float(star.pressure), rel=1e-2)
    assert abs(float(ds.velocity_x[-1])) < 3e-2
    assert abs(float(ds.velocity_x[0])) < 3e-2  # the other wall, behind a rarefaction
    assert float(ds.density.sum()) == pytest.approx(40.0, rel=1e-13)


def test_inflow_keeps_a_supersonic_stream():
    inflow = lf.boundaries.inflow(density=1.0, velocity_x=3.0, pressure=1.0)
    problem = gas({"x": (inflow, "outflow")}, velocity=3.0)
    ds = lf.solve(problem, "weno5").isel(time=-1)
    np.testing.assert_allclose(ds.velocity_x, 3.0, rtol=1e-6)
    np.testing.assert_allclose(ds.density, 1.0, rtol=1e-4)
