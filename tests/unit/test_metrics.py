"""Measures of results: by hand on small ones, and told off where they make no sense."""

import numpy as np
import pytest
import xarray as xr

import learnedflux as lf
from learnedflux import metrics


@pytest.fixture(scope="module")
def case():
    problem = lf.problems.tophat(cells=40)
    return problem, lf.solve(problem, "muscl", times=3)


def exact_error(ds, problem, norm):
    averages = problem.exact.cell_averages(problem.grid, problem.t_end)["u"]
    gap = np.abs(ds.u[-1].values - averages)
    return {"L1": gap.mean(), "L2": np.sqrt((gap**2).mean()), "Linf": gap.max()}[norm]


@pytest.mark.parametrize("norm", ["L1", "L2", "Linf"])
def test_norms(case, norm):
    problem, ds = case
    found = metrics.error(ds, problem.exact, norm=norm)
    assert float(found.u[-1]) == pytest.approx(exact_error(ds, problem, norm), rel=1e-13)
    assert found.attrs["norm"] == norm
    assert found.u.dims == ("time",)
    np.testing.assert_array_equal(found.time, ds.time)


def test_initial_state_has_no_error(case):
    problem, ds = case
    assert float(metrics.error(ds, problem.exact).u[0]) < 1e-14


def test_a_problem_stands_for_its_exact_solution(case):
    problem, ds = case
    xr.testing.assert_identical(metrics.error(ds, problem), metrics.error(ds, problem.exact))


def test_all_variables_of_a_system():
    problem = lf.problems.sod(cells=50)
    ds = lf.solve(problem, "muscl")
    found = metrics.error(ds, problem.exact)
    assert set(found.data_vars) == {"density", "momentum_x", "energy", "velocity_x", "pressure"}
    exact = problem.exact.cell_averages(problem.grid, 0.2)
    for name in found.data_vars:
        gap = np.abs(ds[name][-1].values - exact[name]).mean()
        assert float(found[name][-1]) == pytest.approx(gap, rel=1e-13)


def test_a_finer_result_is_averaged(case):
    problem, ds = case
    fine = lf.solve(problem.with_cells(120), "muscl", times=3)
    means = fine.u[-1].values.reshape(40, 3).mean(axis=1)
    found = metrics.error(ds, fine)
    assert float(found.u[-1]) == pytest.approx(np.abs(ds.u[-1].values - means).mean(), rel=1e-13)
    assert float(metrics.error(ds, ds).u.max()) == 0.0


def test_primitive_variables_of_a_finer_result_come_from_its_averages():
    """The mean of the velocities of three cells is not the velocity of their mean."""
    problem = lf.problems.sod(cells=30)
    ds = lf.solve(problem, "muscl")
    fine = lf.solve(problem.with_cells(90), "muscl")
    means = {n: fine[n][-1].values.reshape(30, 3).mean(axis=1) for n in ("density", "momentum_x")}
    gap = np.abs(ds.velocity_x[-1].values - means["momentum_x"] / means["density"]).mean()
    assert float(metrics.error(ds, fine).velocity_x[-1]) == pytest.approx(gap, rel=1e-12)


def test_what_cannot_be_compared_is_told_of(case):
    problem, ds = case
    with pytest.raises(lf.UnknownNameError, match=r"no norm named 'l1'\. Did you mean"):
        metrics.error(ds, problem.exact, norm="l1")
    with pytest.raises(lf.InputError, match="'tophat' has no exact solution"):
        metrics.error(ds, None)
    with pytest.raises(lf.InputError, match="got function"):
        metrics.error(ds, lambda x, t: 0.0 * x)
    with pytest.raises(lf.InputError, match="finer by a whole factor"):
        metrics.error(ds, lf.solve(problem.with_cells(60), "constant", times=3))
    with pytest.raises(lf.InputError, match=r"no state at t = 0\.1"):
        metrics.error(ds, lf.solve(problem.with_cells(80), "constant"))


# --- order ----------------------------------------------------------------------------------------


def test_observed_order_is_a_slope():
    assert metrics.observed_order([10, 20], [1.0, 1 / 32]) == pytest.approx(5.0)
    assert metrics.observed_order([10, 20, 40], [3.0, 3.0, 3.0]) == pytest.approx(0.0, abs=1e-12)
    # Least squares over all of them, not the last pair.
    assert metrics.observed_order([1, 2, 4], [1.0, 1.0, 0.25]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("cells", "errors"), [([10], [1.0]), ([10, 20], [1.0]), ([10, 20], [1.0, 0.0])]
)
def test_observed_order_needs_two_positive_errors(cells, errors):
    with pytest.raises(lf.InputError, match="observed_order needs"):
        metrics.observed_order(cells, errors)


# --- variation and conservation -------------------------------------------------------------------


def with_values(problem, rows):
    """A result with made-up values, at one time per row."""
    ds = lf.solve(problem, "constant", times=len(rows))
    return ds.assign(u=(("time", "x"), np.array(rows, dtype=float)))


def test_total_variation_by_hand():
    grid = lf.Grid(x=(0.0, 1.0, 5))
    rows = [[0, 1, 0, 1, 0], [0, 0, 1, 2, 3]]
    for boundary, expected in (("outflow", [4.0, 3.0]), ("periodic", [4.0, 6.0])):
        problem = lf.Problem(lf.Burgers(), grid, lambda x: 1.0 + 0 * x, boundary, t_end=1e-3)
        found = metrics.total_variation(with_values(problem, rows))
        assert found.u.values.tolist() == expected


def test_conservation_defect_by_hand():
    grid = lf.Grid(x=(0.0, 1.0, 5))
    problem = lf.Problem(lf.Burgers(), grid, lambda x: 1.0 + 0 * x, "periodic", t_end=1e-3)
    rows = [[1, -1, 2, -2, 0], [1, -1, 2, -2, 3]]
    found = metrics.conservation_defect(with_values(problem, rows))
    assert found.u.values.tolist() == pytest.approx([0.0, 3.0 / 9.0])


def test_conservation_defect_of_a_run_is_round_off():
    ds = lf.solve(lf.problems.smooth_sine(cells=64), "weno5", times=5)
    assert float(abs(metrics.conservation_defect(ds)).u.max()) < 1e-14


def test_a_total_of_zero_is_no_trouble():
    grid = lf.Grid(x=(0.0, 1.0, 5))
    problem = lf.Problem(lf.Burgers(), grid, lambda x: 1.0 + 0 * x, "periodic", t_end=1e-3)
    found = metrics.conservation_defect(with_values(problem, np.zeros((2, 5))))
    assert found.u.values.tolist() == [0.0, 0.0]


def test_what_is_not_finite_shows():
    grid = lf.Grid(x=(0.0, 1.0, 5))
    problem = lf.Problem(lf.Burgers(), grid, lambda x: 1.0 + 0 * x, "periodic", t_end=1e-3)
    ds = with_values(problem, [[0, 1, 0, 1, 0], [0, np.nan, 1, 2, 3]])
    assert np.isnan(metrics.total_variation(ds).u[1])
    assert np.isnan(metrics.conservation_defect(ds).u[1])
