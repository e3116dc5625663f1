"""Boundaries that differ along a side: where their cells lie, what they hold, in both worlds."""

import logging

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.boundaries import resolve

GAS = lf.Euler()
PLANE = lf.Grid(x=(0.0, 2.0, 6), y=(-1.0, 1.0, 4))
SPACE = lf.Grid(x=(0.0, 2.0, 4), y=(-1.0, 1.0, 5), z=(0.0, 3.0, 6))
G = 2
STATE = {"density": 2.0, "velocity_x": 0.5, "velocity_y": -0.5, "pressure": 3.0}


def place(x, y, t):
    """A state that tells where and when it was asked for."""
    return {"density": 10.0 + x, "velocity_x": y, "velocity_y": 0.0 * x + t, "pressure": 5.0}


def world(name, shape, fill=1.0):
    """Cells of one variable, as the backends hand them over."""
    if name == "numpy":
        return np.full(shape, fill)
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    return torch.full(shape, fill, dtype=torch.float64)


def ghosts(boundary, grid, axis, side, name="numpy", t=0.0, batch=()):
    """Ghost cells (variable, *batch, *others, ghost) beside uniform gas."""
    others = [n for a, n in enumerate(grid.shape) if a != axis]
    q = GAS.to_conserved((1.0, *(0.25 for _ in grid.axes), 1.0))
    cells = tuple(world(name, (*batch, *others, G), c) for c in q)
    bound = resolve(
        {grid.axes[axis]: boundary}
        | dict.fromkeys([a for i, a in enumerate(grid.axes) if i != axis], "outflow"),
        grid,
        GAS,
    )[axis][side]
    return [np.asarray(c) for c in bound.ghost(GAS, cells, axis, side, t)]


@pytest.mark.parametrize("name", ["numpy", "torch"])
@pytest.mark.parametrize(("axis", "side"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_prescribed_states_are_asked_for_where_the_ghost_cells_are(name, axis, side):
    q = ghosts(lf.boundaries.prescribed(place, points=1), PLANE, axis, side, name, t=0.25)
    w = [np.asarray(c) for c in GAS.to_primitive(tuple(q))]
    dx = PLANE.spacing[axis]
    beyond = {
        0: PLANE.start[axis] - dx * np.array([0.5, 1.5]),
        1: PLANE.stop[axis] + dx * np.array([0.5, 1.5]),
    }[side]
    along = PLANE.centers(1 - axis)
    # Axes: the other one, then outward.
    x, y = (
        np.broadcast_arrays(beyond, along[:, None])
        if axis == 0
        else (np.broadcast_arrays(along[:, None], beyond))
    )
    np.testing.assert_allclose(w[0], 10.0 + x, rtol=1e-15)
    np.testing.assert_allclose(w[1], y, atol=1e-15)
    np.testing.assert_allclose(w[2], 0.25, rtol=1e-14)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_prescribed_in_space_keeps_the_order_of_the_other_axes(axis):
    def where_am_i(x, y, z, t):
        return {
            "density": 100.0 + x + 10.0 * y + 0.1 * z,
            "velocity_x": 0.0,
            "velocity_y": 0.0,
            "velocity_z": 0.0,
            "pressure": 1.0,
        }

    q = ghosts(lf.boundaries.prescribed(where_am_i), SPACE, axis, 1)
    beyond = SPACE.stop[axis] + SPACE.spacing[axis] * (np.arange(G) + 0.5)
    centers = [beyond if a == axis else SPACE.centers(a) for a in range(3)]
    x, y, z = np.meshgrid(*centers, indexing="ij")
    expected = np.moveaxis(100.0 + x + 10.0 * y + 0.1 * z, axis, -1)
    np.testing.assert_allclose(q[0], expected, rtol=1e-14)


def test_prescribed_states_are_cell_averages():
    """Of conserved variables, to sixth order."""
    errors = []
    for cells in (4, 8):
        grid = lf.Grid(x=(0.0, 1.0, cells), y=(0.0, 1.0, cells))

        def wave(x, y, t):
            return {**STATE, "density": 2.0 + np.sin(2 * x + 3 * y), "velocity_x": np.cos(y)}

        q = ghosts(lf.boundaries.prescribed(wave), grid, 0, 0)
        h = grid.spacing[0]
        ghost = lf.Grid(x=(-G * h, 0.0, G), y=grid.y)
        exact = lf.Problem(GAS, ghost, lambda x, y: wave(x, y, 0.0), t_end=1.0).initial_state()
        errors.append(np.abs(np.stack(q) - exact[:, ::-1].swapaxes(1, 2)).max())
    assert errors[1] < 1e-7
    assert np.log2(errors[0] / errors[1]) > 5.5


def test_prescribed_constants_are_held_to_the_last_bit():
    q = ghosts(lf.boundaries.prescribed(lambda x, y, t: dict(STATE)), PLANE, 1, 0)
    for found, value in zip(q, GAS.to_conserved(tuple(STATE.values())), strict=True):
        np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_batches_share_a_boundary(name):
    one = ghosts(lf.boundaries.prescribed(place), PLANE, 0, 1, name)
    many = ghosts(lf.boundaries.prescribed(place), PLANE, 0, 1, name, batch=(3,))
    for a, b in zip(one, many, strict=True):
        assert b.shape == (3, *a.shape)
        np.testing.assert_array_equal(b, np.broadcast_to(a, b.shape))


def test_scalar_laws_may_return_an_array():
    boundary = lf.boundaries.prescribed(lambda x, t: 1.0 + x * t, points=1)
    grid = lf.Grid(x=(0.0, 1.0, 4))
    bound = resolve({"x": ("outflow", boundary)}, grid, lf.Burgers())[0][1]
    (u,) = bound.ghost(lf.Burgers(), (np.zeros(2),), 0, 1, 2.0)
    np.testing.assert_allclose(u, 1.0 + 2.0 * np.array([1.125, 1.375]))


def test_a_function_that_takes_no_tensors_gets_arrays(caplog):
    pytest.importorskip("torch", reason="needs the extra 'train'")

    def picky(x, y, t):
        if not isinstance(x, np.ndarray):
            raise TypeError("arrays only")
        return {**STATE, "density": np.where(y > 0.0, 1.0, 2.0)}

    with caplog.at_level(logging.WARNING, logger="learnedflux"):
        q = ghosts(lf.boundaries.prescribed(picky), PLANE, 0, 0, "torch")
    assert "picky cannot take tensors (arrays only)" in caplog.text
    np.testing.assert_array_equal(q[0], ghosts(lf.boundaries.prescribed(picky), PLANE, 0, 0)[0])


# --- piecewise ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["numpy", "torch"])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_piecewise_chooses_cell_by_cell(name, batch):
    inflow = lf.boundaries.inflow(**STATE)
    boundary = lf.boundaries.piecewise(lambda x, y, t: x < 1.0, inflow, "wall")
    q = ghosts(boundary, PLANE, 1, 0, name, batch=batch)
    left = ghosts(inflow, PLANE, 1, 0, name, batch=batch)
    right = ghosts("wall", PLANE, 1, 0, name, batch=batch)
    assert not np.array_equal(left[2], right[2])
    for found, a, b in zip(q, left, right, strict=True):
        np.testing.assert_array_equal(found[..., :3, :], a[..., :3, :])
        np.testing.assert_array_equal(found[..., 3:, :], b[..., 3:, :])


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_piecewise_moves_with_time_and_nests(name):
    inner = lf.boundaries.piecewise(lambda x, y, t: x < 1.5, "wall", "outflow")
    boundary = lf.boundaries.piecewise(
        lambda x, y, t: x < t, lf.boundaries.prescribed(place), inner
    )
    for t, count in ((0.0, 0), (0.6, 2), (5.0, 6)):
        q = ghosts(boundary, PLANE, 1, 1, name, t)
        wall, open_end = (ghosts(kind, PLANE, 1, 1, name) for kind in ("wall", "outflow"))
        assert np.count_nonzero(q[0][:, 0] > 5.0) == count
        np.testing.assert_array_equal(q[2][count:4], wall[2][count:4])
        np.testing.assert_array_equal(q[2][max(count, 4) :], open_end[2][max(count, 4) :])


def test_condition_may_be_one_for_all():
    always = lf.boundaries.piecewise(lambda x, y, t: np.True_, "wall", "outflow")
    np.testing.assert_array_equal(ghosts(always, PLANE, 0, 0), ghosts("wall", PLANE, 0, 0))


def test_they_say_what_they_are():
    inflow = lf.boundaries.inflow(**STATE)

    def on_plate(x, y, t):
        return x > 0.5

    assert repr(lf.boundaries.prescribed(place)) == "prescribed(place)"
    boundary = lf.boundaries.piecewise(on_plate, "wall", inflow)
    assert repr(boundary).startswith("piecewise(on_plate, 'wall', inflow(density=2.0, ")
    problem = lf.Problem(GAS, PLANE, lambda x, y: dict(STATE), boundary, t_end=1.0)
    assert problem.boundaries[0][0].name == "piecewise"
    assert "x: piecewise | piecewise" in repr(problem)


def test_another_grid_binds_anew():
    problem = lf.Problem(
        GAS, PLANE, lambda x, y: dict(STATE), lf.boundaries.prescribed(place), t_end=1.0
    )
    finer = problem.with_cells(12)
    cells = tuple(np.ones((8, G)) for _ in range(4))
    assert finer.boundaries[0][0].ghost(GAS, cells, 0, 0, 0.0)[0].shape == (8, G)
    with pytest.raises(lf.InputError, match=r"was given cells of shape \(8, 2\)"):
        problem.boundaries[0][0].ghost(GAS, cells, 0, 0, 0.0)


# --- what makes no sense --------------------------------------------------------------------------


def some(**changes):
    return lf.boundaries.prescribed(lambda x, y, t: {**STATE, **changes})


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: some(presure=1.0), "no primitive variable of Euler named 'presure'. Did you mean"),
        (lambda: lf.boundaries.prescribed(lambda x, y, t: {"density": x}), "missing: velocity_x"),
        (lambda: some(density=np.ones(7)), r"'density' has shape \(7,\), the points \(4, 3, 9\)"),
        (lambda: some(pressure=-1.0), "not an admissible state of Euler at x = .* pressure -1"),
        (lambda: some(density=np.nan), "not an admissible state of Euler at x = .* density nan"),
        (lambda: lf.boundaries.prescribed(3.0), "prescribed takes a function .* got 3.0"),
        (lambda: lf.boundaries.prescribed(place, points=0), "points must be a whole number above"),
        (lambda: lf.boundaries.piecewise("wall", "wall", "outflow"), "takes a function .* first"),
        (
            lambda: lf.boundaries.piecewise(lambda x, y, t: x < 1, "wall", "periodic"),
            "cannot be periodic in part",
        ),
        (
            lambda: lf.boundaries.piecewise(lambda x, y, t: x, "wall", "outflow"),
            "must return true and false, .* got float64 of shape",
        ),
        (
            lambda: lf.boundaries.piecewise(lambda x, y, t: np.ones(5, bool), "wall", "outflow"),
            r"must return true and false, .* got bool of shape \(5,\)",
        ),
        (
            lambda: lf.boundaries.piecewise(lambda x, y, t: x < 1, "wal", "outflow"),
            "no boundary named 'wal'. Did you mean 'wall'?",
        ),
    ],
)
def test_what_makes_no_sense_is_told_of(make, text):
    with pytest.raises(lf.InputError, match=text):
        resolve({"x": make(), "y": "outflow"}, PLANE, GAS)


def test_a_wall_in_a_part_needs_a_mirror():
    class Mirrorless(lf.Equation):
        variables = ("u",)

        def flux(self, q, axis):
            return q

        def max_speed(self, q, axis):
            return 1.0 + 0.0 * q[0]

    boundary = lf.boundaries.piecewise(lambda x, t: x < 1, "wall", "outflow")
    with pytest.raises(lf.InputError, match="a wall needs Mirrorless to define mirror"):
        resolve(boundary, lf.Grid(x=(0, 1, 4)), Mirrorless())


# --- effect on a run ------------------------------------------------------------------------------


def test_exact_solution_may_be_prescribed_at_every_side():
    """A vortex that leaves a box leaves it, to the accuracy of the scheme."""
    exact = lf.problems.isentropic_vortex(8).exact.function
    problem = lf.Problem(
        GAS,
        lf.Grid(x=(-4.0, 4.0, 32), y=(-4.0, 4.0, 32)),
        lambda x, y: exact(x, y, 0.0),
        lf.boundaries.prescribed(exact),
        t_end=3.0,
        exact=exact,
    )
    error = lf.metrics.error(lf.solve(problem, "weno5"), problem.exact)
    assert float(error.density[-1]) < 1.5e-3


def test_oblique_shock_follows_the_side():
    """Along the upper side of the double Mach reflection the shock stays where it should be."""
    problem = lf.problems.double_mach(cells=60, t_end=0.1)
    ds = lf.solve(problem, "weno5").isel(time=-1)
    top = ds.isel(y=-1)
    front = float(top.x[np.flatnonzero(top.density.values > 4.0)[-1]])
    exact = 1 / 6 + (float(top.y) + 20 * 0.1) / np.sqrt(3.0)
    assert front == pytest.approx(exact, abs=1.5 * problem.grid.spacing[0])
    # Before the foot of the wall nothing is reflected; behind it the gas is compressed.
    np.testing.assert_allclose(ds.density.values[:, 0], 8.0, rtol=1e-6)
    assert float(ds.density[0].max()) > 14.0
