"""What several dimensions must have in common with one, and with each other."""

import numpy as np
import pytest

import learnedflux as lf

GAS = lf.Euler()
DEFAULT = ("weno5-z", "learned")  # the rest is slow, as each is compiled anew
SCHEMES = [
    pytest.param(name, marks=() if name in DEFAULT else pytest.mark.slow)
    for name in dict.fromkeys([*lf.schemes().column("scheme"), "learned"])
]


def gas(dimension, density, velocity, pressure):
    named = {f"velocity_{a}": v for a, v in zip("xyz", velocity, strict=False)}
    return {"density": density, **dict(list(named.items())[:dimension]), "pressure": pressure}


def stepped(problem, scheme, steps, dt=None):
    """Conserved state after some steps of the solver's integrator."""
    semi = lf.Semidiscretization(problem, scheme)
    q, t = semi.initial(), 0.0
    for _ in range(steps):
        step = dt or float(semi.stable_dt(q, cfl=0.4, t=t))
        q = np.array(lf.integrators.ssprk3(semi, t, q, step))
        t += step
    return q


# --- uniform flow ---------------------------------------------------------------------------------


def through(*primitive):
    """Every kind of boundary through which a uniform stream may pass."""
    names = ("density", *(f"velocity_{a}" for a in "xyz"[: len(primitive) - 2]), "pressure")
    state = dict(zip(names, primitive, strict=True))
    inflow = lf.boundaries.inflow(**state)
    prescribed = lf.boundaries.prescribed(lambda *point: dict(state))
    return {
        "periodic": "periodic",
        "outflow": "outflow",
        "inflow": (inflow, "outflow"),
        "prescribed": prescribed,
        "piecewise": lf.boundaries.piecewise(lambda x, *rest: x < 0.5, inflow, prescribed),
    }


@pytest.mark.parametrize("kind", ["periodic", "outflow", "inflow", "prescribed", "piecewise"])
@pytest.mark.parametrize("dimension", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_uniform_flow_stays_uniform(dimension, kind):
    state = (1.3, *(0.7, -0.4, 0.2)[:dimension], 0.9)
    grid = lf.Grid(
        **dict(list({"x": (0, 1, 9), "y": (0, 2, 8), "z": (-1, 1, 10)}.items())[:dimension])
    )
    problem = lf.Problem(
        GAS,
        grid,
        lambda *x: gas(dimension, state[0], state[1:-1], state[-1]),
        through(*state)[kind],
        t_end=1.0,
    )
    q = stepped(problem, "weno5", 5)
    start = problem.initial_state()
    assert np.abs(q - start).max() < 5e-14


@pytest.mark.parametrize("along", [0, 1])
def test_uniform_flow_along_walls_stays_uniform(along):
    velocity = [0.0, 0.0]
    velocity[along] = 0.8
    sides = {"xy"[along]: "periodic", "xy"[1 - along]: "wall"}
    problem = lf.Problem(
        GAS,
        lf.Grid(x=(0, 1, 9), y=(0, 2, 8)),
        lambda x, y: gas(2, 1.3, velocity, 0.9),
        sides,
        t_end=1.0,
    )
    assert np.abs(stepped(problem, "weno5", 5) - problem.initial_state()).max() < 5e-14


# --- one dimension in several ---------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("axis", [0, 1])
def test_extruded_problem_is_that_of_one_dimension(scheme, axis):
    sod, dt, steps = lf.problems.sod(cells=40), 2e-3, 20
    tube = stepped(sod, scheme, steps, dt)

    def initial(*point):
        w = sod.initial(point[axis])
        velocity = [0.0 * point[axis], 0.0 * point[axis]]
        velocity[axis] = w["velocity_x"]
        return gas(2, w["density"], velocity, w["pressure"])

    extents = [(0.0, 0.7, 8), (0.0, 0.7, 8)]
    extents[axis] = (0.0, 1.0, 40)
    sides = {"xy"[axis]: "outflow", "xy"[1 - axis]: "periodic"}
    plane = lf.Problem(GAS, lf.Grid(*extents), initial, sides, t_end=1.0)
    q = np.moveaxis(stepped(plane, scheme, steps, dt), 1 + axis, -1)
    expected = np.stack([tube[0], np.zeros(40), np.zeros(40), tube[2]])
    expected[1 + axis] = tube[1]
    np.testing.assert_allclose(q, np.broadcast_to(expected[:, None], q.shape), atol=3e-14)


@pytest.mark.slow
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_extruded_problem_in_space(axis):
    sod, dt, steps = lf.problems.sod(cells=30), 2e-3, 10
    tube = stepped(sod, "weno5", steps, dt)

    def initial(*point):
        w = sod.initial(point[axis])
        velocity = [0.0 * point[axis] for _ in range(3)]
        velocity[axis] = w["velocity_x"]
        return gas(3, w["density"], velocity, w["pressure"])

    extents = [(0.0, 0.7, 6)] * 3
    extents[axis] = (0.0, 1.0, 30)
    sides = {a: "outflow" if i == axis else "periodic" for i, a in enumerate("xyz")}
    space = lf.Problem(GAS, lf.Grid(*extents), initial, sides, t_end=1.0)
    q = np.moveaxis(stepped(space, "weno5", steps, dt), 1 + axis, -1)
    expected = np.zeros((5, 30))
    expected[[0, 1 + axis, 4]] = tube
    np.testing.assert_allclose(q, np.broadcast_to(expected[:, None, None], q.shape), atol=3e-14)


# --- x and y exchanged ----------------------------------------------------------------------------


def swirl(x, y):
    """Shocks, slip lines and smooth flow, without any symmetry."""
    disc = (x - 0.3) ** 2 + (y - 0.6) ** 2 < 0.06
    return gas(
        2,
        np.where(disc, 2.0, 1.0 + 0.3 * np.sin(5 * x + 2 * y)),
        (0.4 * np.cos(3 * y), 0.3 * np.sin(4 * x)),
        np.where(disc, 3.0, 1.0),
    )


def exchanged(function):
    def other(x, y):
        w = function(y, x)
        return {**w, "velocity_x": w["velocity_y"], "velocity_y": w["velocity_x"]}

    return other


def transposed(q):
    return q[[0, 2, 1, 3]].swapaxes(1, 2)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_exchanged_axes_give_exchanged_results_to_the_last_bit(scheme):
    sides = ("wall", "outflow")
    one = lf.Problem(
        GAS, lf.Grid(x=(0, 1, 24), y=(0, 0.8, 17)), swirl, {"x": sides, "y": "wall"}, t_end=1.0
    )
    other = lf.Problem(
        GAS,
        lf.Grid(x=(0, 0.8, 17), y=(0, 1, 24)),
        exchanged(swirl),
        {"x": "wall", "y": sides},
        t_end=1.0,
    )
    a, b = stepped(one, scheme, 12), stepped(other, scheme, 12)
    assert not np.array_equal(a, one.initial_state())
    np.testing.assert_array_equal(a, transposed(b))


@pytest.mark.slow
@pytest.mark.parametrize("variables", ["primitive", "conserved", "characteristic-conserved"])
def test_exchanged_axes_with_other_variables(variables):
    scheme = lf.Scheme("weno5", variables=variables)
    grid = lf.Grid(x=(0, 1, 20), y=(0, 1, 20))
    one = lf.Problem(GAS, grid, swirl, "periodic", t_end=1.0)
    other = lf.Problem(GAS, grid, exchanged(swirl), "periodic", t_end=1.0)
    a, b = stepped(one, scheme, 8), stepped(other, scheme, 8)
    np.testing.assert_array_equal(a, transposed(b))


# --- symmetric problems ---------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
def test_implosion_stays_symmetric_to_the_last_bit(scheme):
    problem = lf.problems.implosion(cells=30, t_end=0.2)
    ds = lf.solve(problem, scheme).isel(time=-1)
    np.testing.assert_array_equal(ds.density.values, ds.density.values.T)
    np.testing.assert_array_equal(ds.momentum_x.values, ds.momentum_y.values.T)
    np.testing.assert_array_equal(ds.energy.values, ds.energy.values.T)
    assert float(ds.pressure.max()) > 1.01


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("cells", [(12, 48), (9, 36)], ids=str)
def test_rayleigh_taylor_stays_symmetric_to_the_last_bit(scheme, cells):
    problem = lf.problems.rayleigh_taylor(cells=cells, t_end=0.4)
    ds = lf.solve(problem, scheme).isel(time=-1)
    np.testing.assert_array_equal(ds.density.values, ds.density.values[:, ::-1])
    np.testing.assert_array_equal(ds.momentum_x.values, -ds.momentum_x.values[:, ::-1])
    np.testing.assert_array_equal(ds.momentum_y.values, ds.momentum_y.values[:, ::-1])
    np.testing.assert_array_equal(ds.energy.values, ds.energy.values[:, ::-1])
    assert float(ds.velocity_y.max()) > 0.01


@pytest.mark.parametrize("name", ["riemann_2d_12", "sedov_2d"])
def test_other_problems_stay_symmetric_about_the_diagonal(name):
    problem = lf.problems.get(name)(cells=24).replace(t_end=0.05)
    ds = lf.solve(problem, "weno5").isel(time=-1)
    np.testing.assert_array_equal(ds.density.values, ds.density.values.T)
    np.testing.assert_array_equal(ds.momentum_x.values, ds.momentum_y.values.T)


def test_jet_stays_symmetric():
    problem = lf.problems.mach2000_jet(cells=40, t_end=3e-4)
    ds = lf.solve(problem, "weno5").isel(time=-1)
    np.testing.assert_array_equal(ds.density.values, ds.density.values[::-1])
    assert float(ds.density.min()) > 0
    assert float(ds.pressure.min()) > 0
