"""The right-hand side in loops that are not the library's, and interface states alone."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import learnedflux as lf
from learnedflux.reconstruction import reconstructions


@pytest.fixture(scope="module")
def semi():
    return lf.Semidiscretization(lf.problems.sod(cells=40), "weno5")


# --- right-hand side ------------------------------------------------------------------------------


def test_shape_and_names(semi):
    q = semi.initial()
    assert q.shape == semi(0.0, q).shape == (3, 40)
    assert semi.names == ("density", "momentum_x", "energy")
    np.testing.assert_array_equal(q, semi.problem.initial_state())


def test_calls_do_not_touch_the_state_nor_each_other(semi):
    q = semi.initial()
    kept = q.copy()
    first = semi(0.0, q)
    first_kept = first.copy()
    second = semi(0.0, 2.0 * q)
    np.testing.assert_array_equal(q, kept)
    np.testing.assert_array_equal(first, first_kept)
    assert not np.shares_memory(first, second)
    assert not np.shares_memory(semi.initial(), semi.initial())


def test_a_state_in_another_layout_is_the_same_state(semi):
    q = semi.initial()
    expected = semi(0.0, q)
    for other in (np.asfortranarray(q), q[:, ::-1].copy()[:, ::-1], np.repeat(q, 2, 1)[:, ::2]):
        np.testing.assert_array_equal(semi(0.0, other), expected)
    np.testing.assert_array_equal(semi(0.0, q.tolist()), expected)


def test_integers_and_single_precision_are_numbers_too():
    problem = lf.Problem(lf.Burgers(), lf.Grid(x=(0, 1, 6)), np.sin, "periodic", t_end=1.0)
    semi = lf.Semidiscretization(problem, "muscl")
    whole = np.array([[1, 2, 3, 4, 3, 2]])
    expected = semi(0.0, whole.astype(float))
    np.testing.assert_array_equal(semi(0.0, whole), expected)
    np.testing.assert_array_equal(semi(0.0, whole.astype(np.float32)), expected)


def test_rate_by_hand():
    """First-order upwind of advection: -(u_i - u_(i-1)) / h."""
    problem = lf.Problem(
        lf.Advection(velocity=2.0), lf.Grid(x=(0.0, 1.0, 5)), np.sin, "periodic", t_end=1.0
    )
    u = np.array([[1.0, 4.0, 2.0, 0.0, -3.0]])
    rate = lf.Semidiscretization(problem, "godunov")(0.0, u)
    np.testing.assert_allclose(rate[0], -2.0 * (u[0] - np.roll(u[0], 1)) * 5, rtol=1e-14)


def test_the_grid_scales_the_rate():
    narrow, wide = (
        lf.Semidiscretization(
            lf.Problem(lf.Burgers(), lf.Grid(x=(0.0, length, 20)), lambda x: 0 * x, t_end=1.0),
            "weno5",
        )
        for length in (1.0, 4.0)
    )
    u = np.random.default_rng(0).normal(size=(1, 20))
    np.testing.assert_allclose(narrow(0.0, u), 4.0 * wide(0.0, u), rtol=1e-14)


@pytest.mark.parametrize("shape", [(3, 41), (2, 40), (40,), (3, 1, 40), (3, 40, 1)])
def test_states_of_another_shape_are_told_of(semi, shape):
    with pytest.raises(lf.InputError, match=r"must have shape \(3, 40\)"):
        semi(0.0, np.ones(shape))


# --- steps ----------------------------------------------------------------------------------------


def test_stable_step_by_hand():
    problem = lf.Problem(lf.Burgers(), lf.Grid(x=(0.0, 1.0, 10)), lambda x: -3.0 * x, t_end=1.0)
    semi = lf.Semidiscretization(problem, "godunov")
    q = semi.initial()
    assert semi.stable_dt(q, cfl=0.5) == pytest.approx(0.5 * 0.1 / np.abs(q).max(), rel=1e-14)
    assert semi.stable_dt(0.0 * q) == np.inf
    gas = lf.Semidiscretization(lf.problems.sod(cells=40), "godunov")
    assert gas.stable_dt(gas.initial(), cfl=1.0) == pytest.approx(1 / 40 / np.sqrt(1.4), rel=1e-12)


def test_what_flows_in_counts_for_the_step():
    problem = lf.Problem(
        lf.Burgers(),
        lf.Grid(x=(0.0, 1.0, 10)),
        lambda x: 1.0 + 0.0 * x,
        {"x": (lf.boundaries.inflow(u=lambda t: 1.0 + t), "outflow")},
        t_end=1.0,
    )
    semi = lf.Semidiscretization(problem, "godunov")
    q = semi.initial()
    assert semi.stable_dt(q, cfl=1.0, t=0.0) == pytest.approx(0.1)
    assert semi.stable_dt(q, cfl=1.0, t=4.0) == pytest.approx(0.1 / 5)


@pytest.mark.parametrize("cfl", [0.0, -1.0, np.nan])
def test_step_needs_a_cfl_number_above_zero(semi, cfl):
    with pytest.raises(lf.InputError, match="cfl must be above 0"):
        semi.stable_dt(semi.initial(), cfl=cfl)


# --- foreign loops --------------------------------------------------------------------------------


def test_a_loop_of_one_s_own_gives_what_solve_gives():
    problem = lf.problems.sod(cells=40)
    semi = lf.Semidiscretization(problem, "weno5")
    q, t, dt = semi.initial(), 0.0, 0.004
    while t < 0.2 - 1e-12:
        q = lf.integrators.ssprk3(semi, t, q, dt)
        t += dt
    ds = lf.solve(problem, "weno5", dt=dt)
    for k, name in enumerate(semi.names):
        np.testing.assert_allclose(q[k], ds[name][-1], rtol=1e-12, atol=1e-14)


def test_solve_ivp():
    problem = lf.problems.sod(cells=40)
    semi = lf.Semidiscretization(problem, "weno5")
    result = solve_ivp(
        semi.rhs_flat, (0.0, 0.2), semi.initial().ravel(), method="RK45", rtol=1e-8, atol=1e-8
    )
    assert result.success
    ds = lf.solve(problem, "weno5", cfl=0.05)
    density = result.y[:, -1].reshape(3, 40)[0]
    np.testing.assert_allclose(density, ds.density[-1], atol=1e-5)


def test_flat_states_are_rows_of_variables(semi):
    q = semi.initial()
    flat = semi.rhs_flat(0.0, q.ravel())
    np.testing.assert_array_equal(flat, semi(0.0, q).ravel())
    assert flat.shape == (120,)


def test_flat_states_on_tensors():
    pytest.importorskip("torch", reason="needs the extra 'train'")
    problem = lf.problems.sod(cells=40)
    numba, tensor = (lf.Semidiscretization(problem, "weno5", backend=b) for b in ("numba", "torch"))
    y = problem.initial_state().ravel()
    found = tensor.rhs_flat(0.0, y)
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, numba.rhs_flat(0.0, y), atol=1e-11)


def test_gradients_flow_through_a_call():
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    problem = lf.problems.sod(cells=20).replace(source=lambda q, x, t: tuple(0.1 * v for v in q))
    semi = lf.Semidiscretization(problem, "mp5", backend="torch")
    q = semi.initial().requires_grad_()
    (gradient,) = torch.autograd.grad(semi(0.0, q).pow(2).sum(), q)
    assert torch.isfinite(gradient).all()
    assert gradient.abs().max() > 0


def test_grids_too_small_for_the_stencil():
    for cells, scheme in ((2, "weno5"), (1, "muscl")):
        with pytest.raises(lf.InputError, match=rf"needs at least {cells + 1} cells along 'x'"):
            lf.Semidiscretization(lf.problems.sod(cells=cells), scheme)
    # As many cells as ghosts are enough.
    for cells, scheme in ((3, "weno5"), (2, "muscl"), (1, "godunov")):
        problem = lf.problems.density_wave(cells=cells)
        rate = lf.Semidiscretization(problem, scheme)(0.0, problem.initial_state())
        assert np.isfinite(rate).all()


# --- interface states alone -----------------------------------------------------------------------


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", [*reconstructions, "learned"])
def test_reconstruct_gives_the_states_the_solver_uses(scheme):
    problem = lf.problems.sod(cells=30)
    semi = lf.Semidiscretization(problem, scheme)
    q = semi.initial()
    r = semi.scheme.radius
    padded = np.concatenate([q[:, :1].repeat(r, 1), q, q[:, -1:].repeat(r, 1)], axis=1)
    found = lf.reconstruct(padded, scheme, equation=problem.equation)
    for ours, theirs in zip(found, semi.backend.face_states(0.0, q, 0), strict=True):
        assert ours.shape == (3, 31)
        np.testing.assert_array_equal(ours, theirs.reshape(3, 31))


def test_reconstruct_by_hand():
    q = np.array([[0.0, 1.0, 2.0, 3.0, 4.0]])
    left, right = lf.reconstruct(q, "muscl", equation=lf.Burgers())
    # Faces with two cells on each side: between 1 | 2 and 2 | 3.
    np.testing.assert_allclose(left, [[1.5, 2.5]], rtol=1e-15)
    np.testing.assert_allclose(right, [[1.5, 2.5]], rtol=1e-15)
    left, right = lf.reconstruct(q, "godunov", equation=lf.Burgers())
    np.testing.assert_array_equal(left, q[:, :-1])
    np.testing.assert_array_equal(right, q[:, 1:])


def test_reconstruct_leaves_its_input_alone_and_gives_arrays_of_their_own():
    q = np.linspace(0.0, 1.0, 12)[None] ** 2
    kept = q.copy()
    left, right = lf.reconstruct(q, "weno5", equation=lf.Burgers())
    again = lf.reconstruct(2.0 * q, "weno5", equation=lf.Burgers())
    np.testing.assert_array_equal(q, kept)
    assert not np.shares_memory(left, again[0])
    assert not np.shares_memory(right, again[1])
    assert not np.shares_memory(left, right)


@pytest.mark.parametrize("axis", [1, 2, -1, -2])
def test_reconstruct_along_any_axis(axis):
    rng = np.random.default_rng(0)
    w = rng.uniform(0.5, 1.5, (4, 9, 10))
    q = np.array(lf.Euler().to_conserved(tuple(w)))
    left, right = lf.reconstruct(q, "muscl", equation=lf.Euler(), axis=axis)
    along = axis % 3
    expected = list(q.shape)
    expected[along] -= 3
    assert left.shape == right.shape == tuple(expected)
    # The other axis is only carried along.
    other = 3 - along
    part = np.take(q, [4, 5, 6], axis=other)
    for whole, some in zip((left, right), lf.reconstruct(part, "muscl", equation=lf.Euler(),
                                                          axis=axis), strict=True):  # fmt: skip
        np.testing.assert_array_equal(np.take(whole, [4, 5, 6], axis=other), some)


@pytest.mark.parametrize(
    ("q", "options", "text"),
    [
        (np.ones((2, 20)), {}, r"variables of Euler; got shape \(2, 20\)"),
        (np.ones(20), {}, "q must be"),
        (np.ones((3, 20)), {"axis": 0}, r"cell axes 1\.\.1; got 0"),
        (np.ones((3, 20)), {"axis": 2}, "got 2"),
        (np.ones((3, 20)), {"axis": -3}, "got -3"),
        (np.ones((3, 6)), {}, "needs 7 cells along the axis; the array has 6"),
        (np.ones((3, 20)), {"equation": "Euler"}, "equation must be an Equation"),
        (np.ones((3, 20)), {"scheme": "weno6"}, "no scheme named 'weno6'"),
    ],
)
def test_reconstruct_tells_what_makes_no_sense(q, options, text):
    with pytest.raises(lf.InputError, match=text):
        lf.reconstruct(q, **({"scheme": "weno5", "equation": lf.Euler()} | options))
