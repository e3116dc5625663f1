"""Schemes of split fluxes: what they are, that they need no Riemann solver, and what is refused."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.metrics import observed_order
from learnedflux.reconstruction import linear5_scheme, variables

SPLIT = [name for name, kind in variables.items() if kind.split is not None]


def semi(problem, reconstruction="weno5-z", kind="split", **settings):
    return lf.Semidiscretization(problem, lf.Scheme(reconstruction, variables=kind), **settings)


def test_cell_values_split_by_the_fastest_wave_of_the_grid():
    """With the cell's own values the flux is the global Lax-Friedrichs flux."""
    u = np.array([0.5, -2.0, 1.0, 0.25])
    problem = lf.Problem(lf.Burgers(), lf.Grid(x=(0, 4, 4)), {"u": u}, "periodic", t_end=1.0)
    left, right, fastest = np.roll(u, 1), u, 2.0
    flux = 0.5 * (0.5 * left**2 + 0.5 * right**2) - 0.5 * fastest * (right - left)
    rate = semi(problem, "godunov")(0.0, u[None])[0]
    np.testing.assert_allclose(rate, flux - np.roll(flux, -1), rtol=1e-14)


@pytest.mark.parametrize("name", ["burgers_half_sine", "density_wave"])
def test_order_of_values_at_cell_centres(name):
    """Fifth order of point values, in a nonlinear law too, as finite differences are.

    By the linear scheme: at crests of the fastest wave all derivatives of a half of the flux up to
    the third vanish, where nonlinear weights lose an order.
    """
    pytest.importorskip("torch", reason="torch is not installed")
    kind = "split" if name == "burgers_half_sine" else "characteristic-split"
    grids, t_end, found = (40, 80), 0.05, []
    for cells in grids:
        problem = lf.problems.get(name)(cells=cells)
        x, h = problem.grid.centers(0), problem.grid.spacing[0]

        def exact(t, problem=problem, x=x):
            return np.stack(problem.equation.to_conserved(tuple(problem.exact(x, t=t).values())))

        rhs, steps = semi(problem, linear5_scheme, kind, backend="torch"), round(0.1 / h ** (5 / 3))
        q = rhs.backend.asarray(exact(0.0))
        for _ in range(steps):
            q = lf.integrators.ssprk3(rhs, 0.0, q, t_end / steps)
        found.append(float(np.abs(rhs.to_numpy(q)[0] - exact(t_end)[0]).mean()))
    assert observed_order(grids, found) == pytest.approx(5.1, abs=0.25)


@pytest.mark.compiles
@pytest.mark.parametrize("kind", SPLIT)
@pytest.mark.parametrize(
    "name",
    [
        "smooth_sine",
        "accelshock",
        "paper_sod",
        pytest.param("riemann_2d_3", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("rule", ["weno5-z", "weno3-z"])
def test_backends_agree(name, kind, rule):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    problem = lf.problems.get(name)(cells=24)
    compiled, tensor = (semi(problem, rule, kind, backend=b) for b in ("numba", "torch"))
    q = compiled.initial()
    for limiting in (False, compiled.scheme.positivity):
        compiled.backend.limiting = tensor.backend.limiting = limiting
        ours = compiled(0.0, q)
        theirs = tensor(0.0, torch.tensor(q)).numpy()
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-13 * np.abs(ours).max())
    for axis in range(problem.grid.dimension):
        ours = compiled.backend.face_fluxes(0.0, q, axis)
        theirs = tensor.backend.face_fluxes(0.0, torch.tensor(q), axis).numpy()
        np.testing.assert_allclose(theirs.ravel(), ours.ravel(), rtol=0, atol=1e-13)


def test_a_batch_is_split_entry_by_entry():
    """The fastest wave of one problem is nothing to another beside it."""
    problem = lf.problems.smooth_sine(cells=32)
    rhs = semi(problem)
    slow = rhs.initial()
    both = np.stack((slow, 10.0 * slow), axis=1)
    rate = rhs.backend.rhs(0.0, both)
    np.testing.assert_array_equal(rate[:, 0], rhs(0.0, slow))
    np.testing.assert_array_equal(rate[:, 1], rhs(0.0, 10.0 * slow))


def test_result_says_that_there_is_no_riemann_solver():
    ds = lf.solve(lf.problems.smooth_sine(cells=24), lf.Scheme("weno5-z", variables="split"))
    assert (ds.attrs["variables"], ds.attrs["riemann"]) == ("split", "none")


def test_riemann_solver_is_refused():
    with pytest.raises(lf.InputError, match="need no Riemann solver; leave riemann='hllc' out"):
        lf.Scheme("weno5-z", riemann="hllc", variables="split")


def test_fluxes_of_two_sides_are_refused():
    with pytest.raises(lf.InputError, match="ShallowWater has fluxes of two sides"):
        lf.Scheme("weno5-z", variables="split").bind(lf.ShallowWater())


def test_there_are_no_states_to_ask_for():
    scheme = lf.Scheme("weno5-z", variables="split")
    with pytest.raises(lf.InputError, match="splits fluxes and has no states at faces"):
        lf.reconstruct(np.ones((1, 8)), scheme, equation=lf.Burgers())


def test_policy_of_states_is_refused_by_name():
    path = next(row["path"] for row in lf.policies() if row["policy"] == "euler")
    told = r"policy 'euler' was trained to reconstruct states.* variables='characteristic' \(or"
    with pytest.raises(lf.PolicyError, match=told):
        lf.Scheme(path, variables="split").bind(lf.Euler())
