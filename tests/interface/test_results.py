"""What a result holds, how it is written and read, and how things show themselves."""

import json

import h5py
import numpy as np
import pytest
import xarray as xr

import learnedflux as lf
from learnedflux.dataset import grid_of

EULER = ["density", "momentum_x", "energy", "velocity_x", "pressure"]


@pytest.fixture(scope="module")
def problem():
    return lf.problems.sod(cells=40)


@pytest.fixture(scope="module")
def ds(problem):
    return lf.solve(problem, "mp5", times=3)


def saved_and_read(ds, path):
    ds.to_netcdf(path, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        return opened.load()


# --- contents -------------------------------------------------------------------------------------


def test_dimensions_and_variables(ds, problem):
    assert dict(ds.sizes) == {"time": 3, "x": 40}
    assert list(ds.data_vars) == EULER
    assert all(v.dims == ("time", "x") and v.dtype == np.float64 for v in ds.data_vars.values())
    np.testing.assert_array_equal(ds.x, problem.grid.centers(0))
    np.testing.assert_array_equal(ds.time, [0.0, 0.1, 0.2])


def test_a_scalar_law_has_one_variable():
    ds = lf.solve(lf.problems.shock(cells=20), "godunov")
    assert list(ds.data_vars) == ["u"]


def test_default_output_is_the_initial_and_the_final_state(problem):
    ds = lf.solve(problem, "godunov")
    np.testing.assert_array_equal(ds.time, [0.0, problem.t_end])
    np.testing.assert_array_equal(ds.energy[0], problem.initial_state()[2])


def test_given_times_are_hit_exactly(problem):
    given = [0.01, 1 / 7, 0.2]
    np.testing.assert_array_equal(lf.solve(problem, "godunov", times=given).time, given)


def test_primitive_variables_follow_from_conserved_ones(ds):
    np.testing.assert_array_equal(ds.velocity_x, ds.momentum_x * (1.0 / ds.density))
    kinetic = 0.5 * ds.momentum_x**2 / ds.density
    np.testing.assert_allclose(ds.pressure, 0.4 * (ds.energy - kinetic), rtol=1e-14)


def test_variables_say_what_they_are(ds):
    for variable in (*ds.data_vars.values(), *ds.coords.values()):
        assert variable.attrs["long_name"]
        assert variable.attrs["units"] == "1"
    assert all(v.attrs["cell_methods"] == "x: mean" for v in ds.data_vars.values())


def test_attributes_hold_what_repeats_the_run(ds, problem):
    a = ds.attrs
    again = lf.solve(
        lf.problems.get(a["problem"])(cells=grid_of(ds).shape[0]),
        lf.Scheme(
            a["reconstruction"],
            riemann=a["riemann"],
            variables=a["variables"],
            positivity=bool(a["positivity"]),
        ),
        times=ds.time.values,
        cfl=a["cfl"],
        integrator=a["integrator"],
        backend=a["backend"],
    )
    assert again.attrs["steps"] == a["steps"]
    xr.testing.assert_equal(again, ds)
    assert grid_of(ds) == problem.grid
    assert json.loads(a["equation_parameters"]) == {"gamma": 1.4}
    assert json.loads(a["boundary"]) == {"x": ["outflow", "outflow"]}
    assert set(json.loads(a["versions"])) >= {"learnedflux", "python", "numpy", "numba"}


def test_attributes_say_what_the_run_took(ds):
    assert ds.attrs["steps"] > 10
    assert ds.attrs["steps_rejected"] == 0
    assert ds.attrs["seconds_stepping"] > 0
    assert ds.attrs["cell_updates_per_second"] > 0


def test_a_policy_is_named_with_its_digest(problem, policy_file):
    policy = lf.Policy(policy_file())
    ds = lf.solve(problem, policy)
    assert ds.attrs["scheme"] == "upwind"
    assert ds.attrs["policy_digest"] == policy.digest
    assert ds.attrs["policy_version"] == "1"


# --- files ----------------------------------------------------------------------------------------


def test_round_trip(ds, tmp_path):
    again = saved_and_read(ds, tmp_path / "sod.nc")
    xr.testing.assert_identical(again, ds)
    assert grid_of(again) == grid_of(ds)


def test_readable_by_plain_h5py(ds, tmp_path):
    path = tmp_path / "sod.nc"
    ds.to_netcdf(path, engine="h5netcdf")
    with h5py.File(path) as file:
        assert set(file) == {"time", "x", *EULER}
        np.testing.assert_array_equal(file["density"][:], ds.density)
        np.testing.assert_array_equal(file["x"][:], ds.x)
        assert file["pressure"].attrs["cell_methods"] == "x: mean"
        assert file.attrs["scheme"] == "mp5"
        # Dimension scales: what lets ParaView and others find the axes.
        assert file["density"].dims[1][0].name == "/x"


def test_errors_can_be_taken_of_a_file(ds, problem, tmp_path):
    again = saved_and_read(ds, tmp_path / "sod.nc")
    before = lf.metrics.error(ds, problem.exact)
    xr.testing.assert_equal(lf.metrics.error(again, problem.exact), before)


class Cubic(lf.Equation):
    """With parameters that JSON does not know."""

    strength: float = 1.0
    powers: object = ()
    variables = ("u",)

    def flux(self, q, axis):
        return (self.strength * (q[0] * q[0] * q[0]),)

    def max_speed(self, q, axis):
        return 3.0 * self.strength * (q[0] * q[0])


def test_parameters_of_any_kind_are_recorded(tmp_path):
    equation = Cubic(strength=np.float32(0.5), powers=np.array([1, 2]))
    grid = lf.Grid(x=(0, 1, 10))
    problem = lf.Problem(equation, grid, lambda x: 0.5 + 0.0 * x, t_end=0.01)
    from learnedflux.dataset import Statistics, to_dataset

    semi = lf.Semidiscretization(problem, "godunov", backend="numba")
    ds = to_dataset(semi, [(0.0, semi.initial())], {"cfl": np.float64(0.4)}, Statistics())
    again = saved_and_read(ds, tmp_path / "cubic.nc")
    assert json.loads(again.attrs["equation_parameters"]) == {"strength": 0.5, "powers": [1, 2]}


def test_boundaries_of_any_kind_are_recorded(tmp_path):
    def closed(equation, cells, axis, side, t):
        return equation.mirror(cells, axis)

    state = {"density": 1.0, "velocity_x": lambda t: 0.1 + t, "pressure": 1.0}
    problem = lf.problems.sod(cells=20).replace(
        boundary={"x": (lf.boundaries.inflow(**state), closed)}
    )
    again = saved_and_read(lf.solve(problem, "godunov"), tmp_path / "sod.nc")
    assert json.loads(again.attrs["boundary"])["x"][1] == "closed"


# --- how things show themselves -------------------------------------------------------------------


def test_result_shows_its_variables_and_origin(ds):
    shown = repr(ds)
    assert all(name in shown for name in EULER)
    assert "sod by mp5" in shown


def test_problem_shows_a_tree(problem):
    lines = repr(problem).splitlines()
    assert lines[0] == "Problem 'sod': Sod's shock tube"
    assert lines[1] == "├── equation: Euler(gamma=1.4)"
    assert lines[2] == "├── grid: Grid(x=(0.0, 1.0, 40))"
    assert lines[-1].startswith("└── ")


def test_scheme_shows_a_tree():
    lines = repr(lf.Scheme("teno5", riemann="roe")).splitlines()
    assert lines[:3] == [
        "Scheme",
        "├── reconstruction: teno5, order 5, 5 cells",
        "├── riemann: roe",
    ]
    assert lines[-1].startswith("└── ")


def test_policy_shows_a_tree(policy_file):
    lines = repr(lf.Policy(policy_file())).splitlines()
    assert lines[0] == "Policy 'upwind' version 1 (family test)"
    assert "├── trained on: Advection; CFL 0.1 to 0.8" in lines
    assert "├── errors: sod 0.01" in lines
    assert lines[-1].startswith("└── file: upwind.onnx, digest ")


def test_semidiscretization_shows_a_tree(problem):
    assert "├── scheme: mp5, hllc, characteristic variables" in repr(
        lf.Semidiscretization(problem, "mp5")
    )


def test_solving_prints_nothing(problem, capfd):
    lf.solve(problem, "mp5")
    assert capfd.readouterr().out == ""
