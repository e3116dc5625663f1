"""Evaluations: what is measured, how schemes are compared, how suites are made."""

import numpy as np
import pytest
import xarray as xr

import learnedflux as lf
from learnedflux import evaluation
from learnedflux.evaluation.truth import Truth, refined


def l1(problem, scheme, **settings):
    ds = lf.solve(problem, scheme, **settings)
    errors = lf.metrics.error(ds, problem.exact)
    return float(errors[next(iter(errors.data_vars))][-1]), ds


@pytest.fixture(scope="module")
def measured():
    """Two schemes, two problems with exact solutions, three grids."""
    return evaluation.run(["godunov", "muscl"], ["sod", "tophat"], cells=(25, 50, 100), repeats=2)


@pytest.fixture
def made_up():
    """An evaluation of numbers that are easy to reckon with."""

    def make(error, wall_time, cells=(100, 200, 400)):
        dims = ("scheme", "problem", "cells")
        error = np.array(error, dtype=float)[:, None, :]
        wall_time = np.array(wall_time, dtype=float)[:, None, :]
        return xr.Dataset(
            {
                "error": (dims, error),
                "wall_time": (dims, wall_time),
                "processor_time": (dims, 2.0 * wall_time),
                "failed": (dims, np.isnan(error)),
            },
            {"scheme": ["a", "b"], "problem": ["p"], "cells": list(cells)},
        )

    return make


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", ["sod", "tophat"])
@pytest.mark.parametrize("scheme", ["godunov", "muscl"])
def test_errors_are_those_of_plain_runs(measured, problem, scheme):
    expected, ds = l1(lf.problems.get(problem)(cells=50), scheme)
    one = measured.dataset.sel(problem=problem, scheme=scheme, cells=50)
    assert float(one.error) == expected
    assert int(one.steps) == ds.attrs["steps"]
    assert float(one.time_reached) == ds.time[-1]
    name = next(iter(ds.data_vars))
    kept = measured.solutions[problem][50][scheme]
    np.testing.assert_array_equal(kept[name].values[-1], ds[name].values[-1])


def test_orders_are_between_neighbouring_grids(measured):
    ds = measured.dataset
    assert np.isnan(ds.order.sel(cells=25)).all()
    expected = np.log2(ds.error.sel(cells=50) / ds.error.sel(cells=100))
    np.testing.assert_allclose(ds.order.sel(cells=100), expected)


def test_times_are_of_runs_after_one_to_warm_up(measured):
    ds = measured.dataset
    assert (ds.runs == 2).all()
    assert (ds.wall_time > 0).all()
    # Finer grids take longer; what compiled on the way would hide it.
    assert (ds.wall_time.sel(cells=100) > ds.wall_time.sel(cells=25)).all()
    assert (ds.processor_time <= 1.5 * ds.wall_time + 0.05).all()


def test_compiling_does_not_count(monkeypatch):
    """The first call of each scheme is slow here, as if it compiled."""
    from learnedflux.evaluation import measure

    seen, solve = set(), measure.solve

    def slow_at_first(problem, scheme, **settings):
        if scheme.name not in seen:
            seen.add(scheme.name)
            measure.clock.sleep(0.3)
        return solve(problem, scheme, **settings)

    monkeypatch.setattr(measure, "solve", slow_at_first)
    ds = lf.evaluate(["godunov", "muscl"], ["sod"], cells=20, repeats=1)
    assert seen == {"godunov", "muscl"}
    assert float(ds.wall_time.max()) < 0.3


def test_own_grids_and_multiples_of_them():
    cases = [evaluation.Case("sod", cells=(40,)), evaluation.Case("lax", cells=(20,))]
    ds = lf.evaluate(["godunov"], cases, refine=(0.5, 1), repeats=1)
    ran = ds.steps.sel(scheme="godunov").notnull()
    assert ran.sel(problem="sod").values.tolist() == [False, True, True]
    assert ran.sel(problem="lax").values.tolist() == [True, True, False]
    assert ds.default.sel(problem="sod").values.tolist() == [False, False, True]


def test_problems_of_ones_own():
    mine = lf.Problem(
        lf.Burgers(),
        lf.Grid(x=(0, 1, 32)),
        lambda x: 1.0 + 0.1 * np.sin(2 * np.pi * x),
        "periodic",
        t_end=0.1,
        name="mine",
    )
    ds = lf.evaluate({"upwind": "godunov", "van Leer": "muscl"}, [mine], repeats=1, finer=4)
    assert ds.cells.values.tolist() == [32]
    assert ds.reference.item() == "weno5-z, 128 cells"
    fine = lf.solve(mine.with_cells(128), "weno5-z")
    expected = lf.metrics.error(lf.solve(mine, "muscl"), fine).u[-1]
    assert ds.error.sel(scheme="van Leer").item() == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.slow
def test_a_reference_fits_every_grid():
    assert refined([100, 200], 8) == 1600
    assert refined([50, 80, 100], 4) == 400
    assert refined([30, 50], 2) == 150
    grids = [lf.problems.riemann_2d_3(cells=n).grid for n in (6, 8)]
    truth = Truth(lf.problems.riemann_2d_3(cells=8), grids, finer=2)
    assert truth.description == "weno5-z, 24 x 24 cells"
    for n in (6, 8):
        assert truth.error(lf.solve(lf.problems.riemann_2d_3(cells=n), "godunov")) > 0


def test_every_number_is_explained_and_survives_a_file(measured, tmp_path):
    ds = measured.dataset
    assert all(ds[name].attrs["long_name"] for name in ds.data_vars)
    assert ds.attrs["machine_processor"]
    ds.to_netcdf(tmp_path / "ds.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "ds.nc", engine="h5netcdf") as kept:
        xr.testing.assert_identical(kept.load(), ds)


def test_nothing_names_this_machine(monkeypatch):
    import getpass
    import platform

    monkeypatch.setattr(platform, "node", lambda: "secret-host")
    monkeypatch.setattr(getpass, "getuser", lambda: "secret-user")
    ds = lf.evaluate(["godunov"], ["sod"], cells=20, repeats=1)
    text = str(ds.attrs)
    assert "secret" not in text
    assert "/" not in text.replace("s/cell", "")  # no folder


def test_positivity_is_told():
    ds = lf.evaluate(["muscl"], ["einfeldt_123", "tophat"], cells=40, repeats=1)
    state = lf.solve(lf.problems.einfeldt_123(cells=40), "muscl").isel(time=-1)
    expected = min(float(state.density.min()), float(state.pressure.min()))
    assert ds.lowest.sel(problem="einfeldt_123").item() == pytest.approx(expected)
    assert np.isnan(ds.lowest.sel(problem="tophat").item())  # a scalar may be anything


def test_policies_are_named_with_their_digests():
    ds = lf.evaluate(["learned", "muscl"], ["sod"], cells=20, repeats=1)
    policy = next(row for row in lf.policies() if row["policy"] == "euler")
    told = str(ds.policy.sel(scheme="learned", problem="sod").item())
    assert told == f"{policy['policy']} {policy['digest']}"
    assert ds.policy.sel(scheme="muscl", problem="sod").item() == ""


def test_slow_runs_are_not_repeated(monkeypatch):
    from learnedflux.evaluation import measure

    monkeypatch.setattr(measure, "PATIENCE", 0.0)
    ds = lf.evaluate(["godunov"], ["sod"], cells=20, repeats=5)
    assert int(ds.runs.item()) == 1


# --- comparisons ----------------------------------------------------------------------------------


def test_ratios(made_up):
    ds = made_up([[4.0, 2.0, 1.0], [1.0, 1.0, np.nan]], np.ones((2, 3)))
    found = evaluation.ratios(ds, "a")
    assert found.ratio.sel(scheme="b").values.ravel()[:2].tolist() == [0.25, 0.5]
    assert float(found.geometric_mean.sel(scheme="b")) == pytest.approx(np.sqrt(0.125))
    assert found.geometric_mean.sel(scheme="a") == 1.0
    assert found.compared.values.tolist() == [3, 2]
    assert found.worst.sel(scheme="b") == 0.5
    assert found.failed.values.tolist() == [0, 1]


def test_equal_time_reads_the_curve_between_its_points(made_up):
    """Error falls as time^-1/2 with a, as time^-1 with b, which is four times slower."""
    times = np.array([1.0, 4.0, 16.0])
    ds = made_up([times**-0.5, 1.0 / times], [times, 4.0 * times])
    found = evaluation.equal_time(ds, "a")
    b = found.error.sel(scheme="b").values.ravel()
    # At time 1 scheme b has finished no grid; at 4 its coarsest, at 16 the next.
    assert np.isnan(b[0])
    np.testing.assert_allclose(b[1:], [1.0, 0.25])
    np.testing.assert_allclose(found.ratio.sel(scheme="b").values.ravel()[1:], [2.0, 1.0])
    assert found.compared.sel(scheme="b") == 2
    np.testing.assert_allclose(found.ratio.sel(scheme="a"), 1.0)


def test_equal_time_never_extrapolates(made_up):
    ds = made_up([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]], [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    assert np.isnan(evaluation.equal_time(ds, "a").error.sel(scheme="b")).all()
    assert np.isnan(evaluation.equal_time(ds, "b").error.sel(scheme="a")).all()


def test_equal_time_interpolates_logarithms(made_up):
    ds = made_up([[1.0, 1.0, 1.0], [1.0, 0.01, 0.0001]], [[2.0, 10.0, 20.0], [1.0, 100.0, 1e4]])
    found = evaluation.equal_time(ds, "a", clock="processor_time")
    assert found.error.sel(scheme="b", cells=200).item() == pytest.approx(0.1)


def test_comparisons_say_what_is_wrong(made_up):
    ds = made_up([[1.0, 1.0, 1.0]] * 2, np.ones((2, 3)))
    with pytest.raises(lf.UnknownNameError, match="no scheme in this evaluation named 'teno5'"):
        evaluation.ratios(ds)
    with pytest.raises(lf.UnknownNameError, match="no clock named 'wall'"):
        evaluation.equal_time(ds, "a", clock="wall")
    with pytest.raises(lf.InputError, match=r"needs at least 3 grids .* refine=\(0\.5, 1, 2\)"):
        evaluation.equal_time(ds.isel(cells=[0, 1]), "a")
    with pytest.raises(lf.InputError, match=r"a Dataset that lf\.evaluate returned"):
        evaluation.ratios(xr.Dataset())


def test_rows_of_markdown():
    assert evaluation.markdown_row("p", [0.5, 0.25]) == "| p | 5.00e-01 | **2.50e-01** |"
    assert evaluation.markdown_row("p", [np.nan, np.nan]) == "| p | fails | fails |"


# --- suites ---------------------------------------------------------------------------------------


def test_the_named_suites():
    assert set(evaluation.suites) == {"euler-1d", "scalar", "euler-2d", "smooth", "hard"}
    cells = {c.name: c.cells for c in evaluation.suites["euler-1d"].cases() if c.cells}
    assert cells == {"titarev_toro": (1000,), "blast": (400,), "leblanc": (400,)}
    assert len(evaluation.suites["euler-1d"].cases()) == 13
    wave = next(c for c in evaluation.suites["euler-1d"].cases() if c.name == "composite_wave")
    assert wave.on(50).t_end == 10.0
    assert evaluation.suites["smooth"].cells == (40, 80, 160, 320)
    assert evaluation.table().column("suite") == list(evaluation.suites)


@pytest.mark.parametrize("name", list(evaluation.suites))
def test_every_case_can_be_built(name):
    suite = evaluation.suites[name]
    assert suite.description
    for case in suite.cases():
        problem = case.on(20)
        assert problem.grid.shape[0] == 20
        assert problem.exact is not None or problem.equation.name == "Euler"


def test_error_in_time_does_not_matter_on_smooth_problems():
    """Half the step changes the error by less than a hundredth."""
    suite = evaluation.suites["smooth"]
    for cells in (40, 80):
        problem = lf.problems.sine_advection(cells=cells)
        settings = {"integrator": suite.integrator}
        found, _ = l1(problem, "mp5", cfl=suite.cfl_on(cells), **settings)
        half, _ = l1(problem, "mp5", cfl=0.5 * suite.cfl_on(cells), **settings)
        assert found == pytest.approx(half, rel=0.01)


def test_smooth_runs_the_linear_scheme_besides():
    ds = lf.evaluate(["mp5"], "smooth", cells=20, repeats=1)
    assert ds.scheme.values.tolist() == ["mp5", "linear5"]
    ratio = evaluation.ratios(ds, "linear5").ratio.sel(scheme="mp5", problem="sine_advection")
    assert float(ratio.item()) == pytest.approx(1.0, abs=0.2)


def test_a_suite_of_ones_own():
    @evaluation.register_suite("mine", cells=(20, 40), cfl=0.3)
    def mine():
        """Two tubes."""
        return ["sod", lf.problems.lax(cells=30), evaluation.Case("sod", t_end=0.1, label="early")]

    try:
        ds = lf.evaluate(["godunov"], "mine", repeats=1)
    finally:
        evaluation.suites.remove("mine")
    assert ds.problem.values.tolist() == ["sod", "lax", "early"]
    assert ds.attrs["cfl"] == "0.3"
    assert ds.time_reached.sel(problem="early", cells=40).item() == 0.1
    assert bool(ds.steps.sel(problem="lax", cells=30).notnull().all())
    with pytest.raises(lf.InputError, match="'smooth' is already registered"):
        evaluation.register_suite("smooth")(mine)
