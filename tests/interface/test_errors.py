"""Bad input is told of in words, by a named error; a failed run hands over what it computed."""

import re
from pathlib import Path

import numpy as np
import pytest

import learnedflux as lf

EULER = {"density": 1.0, "velocity_x": 0.0, "pressure": 1.0}


def gas(cells=20, **changes):
    """A gas at rest, with some parts exchanged."""
    parts = {
        "equation": lf.Euler(),
        "grid": lf.Grid(x=(0, 1, cells)),
        "initial": lambda x: {name: value + 0.0 * x for name, value in EULER.items()},
        "t_end": 0.01,
    }
    return lf.Problem(**{**parts, **changes})


def averages(**changes):
    """Cell averages of a gas at rest, for ``gas()``."""
    return {name: np.full(20, value) for name, value in EULER.items()} | changes


def with_one(value, cell=7):
    array = np.ones(20)
    array[cell] = value
    return array


# --- unknown names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "kind", "given", "meant"),
    [
        (lambda: lf.solve(gas(), "weno-5"), "scheme", "weno-5", "weno5"),
        (lambda: lf.Scheme("tneo5"), "scheme", "tneo5", "teno5"),
        (lambda: lf.Scheme("mp5", riemann="hlcc"), "Riemann solver", "hlcc", "hllc"),
        (lambda: lf.Scheme("mp5", variables="primitives"), "variables", "primitives", "primitive"),
        (lambda: lf.problems.get("sood"), "problem", "sood", "sod"),
        (lambda: gas(boundary="periodical"), "boundary", "periodical", "periodic"),
        (lambda: gas(boundary={"x": ("wall", "outlow")}), "boundary", "outlow", "outflow"),
        (lambda: lf.solve(gas(), integrator="sprk3"), "integrator", "sprk3", "ssprk3"),
        (lambda: lf.solve(gas(), backend="numbra"), "backend", "numbra", "numba"),
        (lambda: lf.solve(gas(), dtype="float46"), "dtype", "float46", "float64"),
        (
            lambda: lf.metrics.error(lf.solve(gas()), lf.problems.sod(), norm="l2"),
            "norm",
            "l2",
            "L2",
        ),
        (
            lambda: gas(initial=averages() | {"presure": np.ones(20)}),
            "variable",
            "presure",
            "pressure",
        ),
        (
            lambda: gas(boundary={"x": (lf.boundaries.inflow(**EULER, velocity=1.0), "outflow")}),
            "variable of Euler",
            "velocity",
            "velocity_x",
        ),
    ],
)
def test_unknown_name_is_met_with_a_suggestion(ask, kind, given, meant):
    with pytest.raises(lf.UnknownNameError) as caught:
        ask()
    text = str(caught.value)
    assert re.match(rf"no .*{kind} named '{given}'\. Did you mean '{meant}'\?", text), text
    assert f"Available: {text.partition('Available: ')[2]}".count(meant) >= 1
    assert isinstance(caught.value, (lf.InputError, ValueError))


def test_a_name_like_nothing_gets_no_suggestion_but_the_list():
    with pytest.raises(lf.UnknownNameError) as caught:
        lf.solve(gas(), "xyzzy")
    assert "Did you mean" not in str(caught.value)
    assert "Available: constant, godunov, learned, mp5" in str(caught.value)


# --- grids, states, times, steps ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda: lf.problems.sod(cells=-5), r"axis 'x' has -5 cells; that must be positive"),
        (lambda: lf.problems.sod(cells=0), r"axis 'x' has 0 cells; that must be positive"),
        (lambda: lf.problems.sod(cells=10.5), r"has 10.5 cells; that must be an integer"),
        (lambda: lf.Grid(x=(1, 0, 10)), r"runs from 1.0 to 0.0; stop must be above start"),
        (lambda: lf.Grid(x=(0, 1)), r"not three numbers. Give x=\(start, stop, cells\)"),
        (lambda: lf.Euler(gamma=1.0), r"gamma must be above 1; got 1.0"),
        (lambda: gas(t_end=0.0), r"t_end must be finite and above 0; got 0.0"),
        (lambda: gas(t_end="soon"), r"t_end must be a number; got 'soon'"),
        (lambda: gas(equation="Euler"), r"equation must be an Equation .*; got 'Euler'"),
        (lambda: gas(grid=100), r"grid must be a Grid\(x=\(start, stop, cells\)\); got 100"),
        (lambda: gas(initial=1.0), r"initial must be a function .* or a dict .*; got float"),
        (lambda: gas(boundary={"x": ("periodic", "wall")}), r"'x' is periodic on one side only"),
        (
            lambda: gas(boundary=lf.boundaries.inflow(density=1.0)),
            r"inflow must prescribe every .*; missing: velocity_x, pressure",
        ),
        (
            lambda: lf.Problem(lf.Advection((1.0, 1.0)), lf.Grid(x=(0, 1, 9)), np.sin, t_end=1.0),
            r"velocity of 2 numbers .* grid has 1 dimension",
        ),
        (lambda: lf.solve("sod"), r"problem must be a Problem; got str"),
        (lambda: lf.solve(gas(), 5), r"reconstruction must be a name, .*; got int"),
        (lambda: lf.solve(gas(), cfl=0.0), r"cfl must be a finite number above 0; got 0.0"),
        (lambda: lf.solve(gas(), cfl=-0.4), r"cfl must be a finite number above 0; got -0.4"),
        (lambda: lf.solve(gas(), cfl=np.nan), r"cfl must be a finite number above 0; got nan"),
        (lambda: lf.solve(gas(), dt=-1.0), r"dt must be a finite number above 0; got -1.0"),
        (lambda: lf.solve(gas(), max_steps=0), r"max_steps must be a whole number above 0; got 0"),
        (lambda: lf.solve(gas(), callback=3), r"callback must be a function .*; got 3"),
        (lambda: lf.solve(gas(), threads=True), r"threads must be a whole number .*; got True"),
        (lambda: lf.solve(gas(), threads=0), r"threads must be a whole number .*; got 0"),
        (lambda: lf.solve(gas(), times=1), r"counts outputs from 0 to t_end; got 1, need 2"),
        (lambda: lf.solve(gas(), times=[0.0, 0.02]), r"within \[0, t_end = 0.01\]"),
        (lambda: lf.solve(gas(), times=[0.01, 0.005]), r"times must rise strictly"),
        (lambda: lf.solve(gas(cells=2), "weno5"), r"'weno5' needs at least 3 cells along 'x'"),
        (lambda: lf.solve(gas(), lf.Scheme("mp5", riemann="godunov")), r"'godunov' needs .* Euler"),
        (
            lambda: lf.solve(gas(), dtype="float32", backend="numba"),
            r"computes in float64 on the CPU; .* need backend='torch'",
        ),
        (
            lambda: lf.Semidiscretization(gas(), "godunov")(0.0, np.ones((3, 21))),
            r"the state must have shape \(3, 20\) \(variable, \*cells\); got \(3, 21\)",
        ),
        (
            lambda: lf.reconstruct(np.ones((2, 20)), "mp5", equation=lf.Euler()),
            r"q must be \(variable, \*cells\) with the variables of Euler; got shape \(2, 20\)",
        ),
        (
            lambda: lf.metrics.error(lf.solve(gas()), None),
            r"has no exact solution; pass a result on a finer grid",
        ),
    ],
)
def test_input_that_makes_no_sense_is_told_of(ask, text):
    with pytest.raises(lf.InputError, match=text):
        ask()


# --- initial states -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initial", "text"),
    [
        (averages(density=with_one(np.nan)), r"'density' is nan in cell \(7,\)"),
        (averages(pressure=with_one(np.inf)), r"'pressure' is inf in cell \(7,\)"),
        (
            averages(density=with_one(-0.5)),
            r"'density' is -0.5 in cell \(7,\); it must be positive",
        ),
        (averages(pressure=with_one(0.0)), r"'pressure' is 0 in cell \(7,\); it must be positive"),
        (averages(density=np.ones(21)), r"'density' .*\(21,\).*\(20,\)"),
        ({"density": np.ones(20)}, r"is neither the conserved variables .* nor the primitive ones"),
        ({"density": np.ones(20), "pressure": np.ones(20)}, r"'velocity_x' missing; give all of"),
        (np.ones((3, 20)), r"a function of the coordinates or a dict of cell averages"),
        (
            lambda x: {**EULER, "density": np.where(x > 0.6, -1.0, 1.0)},
            r"'density' is -1 at x = 0.6",
        ),
        (lambda x: {**EULER, "pressure": np.log(x - 0.1)}, r"'pressure' is nan at x = 0.025"),
        (lambda x: {"density": 1.0, "velocity_x": 0.0}, r"'pressure' missing"),
        (lambda x: x, r"expected a dict with 'density', 'velocity_x', 'pressure'"),
        (lambda x: {**EULER, "density": np.ones(3)}, r"'density' .*\(3,\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in log:RuntimeWarning")
def test_initial_states_are_checked(initial, text):
    with pytest.raises(lf.InputError, match=text):
        gas(initial=initial)


def test_energy_too_small_for_the_motion_is_negative_pressure():
    state = {"density": np.ones(20), "momentum_x": np.full(20, 2.0), "energy": np.full(20, 1.0)}
    with pytest.raises(lf.InputError, match=r"'pressure' is -0.4 in cell \(0,\)"):
        gas(initial=state)


# --- policy files ---------------------------------------------------------------------------------


def test_missing_policy(tmp_path):
    path = tmp_path / "nowhere.onnx"
    for ask in (lf.Policy, lf.Scheme, lambda p: lf.solve(gas(), str(p))):
        with pytest.raises(
            lf.PolicyError, match=r"no policy file '.*nowhere\.onnx'. Give the path"
        ):
            ask(path)


def test_policy_that_is_no_onnx_file(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("weights: 1, 2, 3")
    with pytest.raises(lf.PolicyError, match=r"'.*text\.onnx' is not a readable ONNX model"):
        lf.Policy(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_truncated_policy(policy_file, share):
    path = policy_file()
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(
        lf.PolicyError, match=r"upwind\.onnx' (is not a readable|breaks the policy)"
    ):
        lf.Policy(path)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"contract": 99}, "it follows version 99, this library reads 1"),
        ({"seeds": None}, "metadata entry 'seeds' is missing"),
        ({"name": 3}, "metadata entry 'name' is 3"),
        ({"stencil": 4}, r"'stencil' has shape .*; it must be \(face, 4\)"),
    ],
)
def test_policy_of_the_wrong_contract(policy_file, changes, text):
    path = policy_file(**changes)
    with pytest.raises(lf.PolicyError, match=f"upwind.onnx' breaks the policy contract: {text}"):
        lf.solve(gas(), path)


def test_policy_errors_are_input_errors():
    assert issubclass(lf.PolicyError, lf.InputError)
    assert issubclass(lf.PolicyMismatchError, lf.PolicyError)


# --- runs that fail -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inadmissible():
    """A strong rarefaction with steps far too large, and nothing to keep it positive."""
    problem = lf.problems.double_rarefaction(cells=100)
    scheme = lf.Scheme("mp5", positivity=False)
    with pytest.raises(lf.InadmissibleStateError) as caught:
        lf.solve(problem, scheme, integrator="euler", cfl=3.0, times=[0.0, 0.005, 0.15])
    return caught.value


def test_run_that_turns_unphysical_says_where(inadmissible):
    text = str(inadmissible)
    assert re.match(
        r"(density|pressure) -\S+(, \w+ -\S+)* in cell \(\d+,\) at t = 0\.\d+, step \d+", text
    ), text
    assert "(scheme 'mp5')" in text
    assert "Try a smaller step" in text
    assert inadmissible.time > 0
    assert inadmissible.step > 0
    (cell,) = inadmissible.cell
    assert 0 <= cell < 100
    assert set(inadmissible.state) == {"density", "momentum_x", "energy"}


def test_run_that_turns_unphysical_carries_the_partial_result(inadmissible, tmp_path):
    ds = inadmissible.result
    # The outputs that were reached, then the last good state.
    np.testing.assert_array_equal(ds.time, [0.0, 0.005, inadmissible.time])
    assert np.isfinite(ds.to_array()).all()
    assert (ds.density > 0).all()
    assert (ds.pressure > 0).all()
    assert ds.attrs["steps"] == inadmissible.step
    ds.to_netcdf(tmp_path / "partial.nc", engine="h5netcdf")


def test_run_that_turns_unphysical_is_no_input_error(inadmissible):
    assert isinstance(inadmissible, RuntimeError)
    assert not isinstance(inadmissible, ValueError)


def test_run_that_blows_up():
    def source(q, coordinates, t):
        return (np.where(coordinates[0] > 0.5, np.nan if t > 0.1 else 0.0, 0.0),)

    problem = lf.problems.smooth_sine(cells=20).replace(source=source)
    with pytest.raises(lf.UnstableError, match=r"u is nan in cell \(10,\) at t = 0\.\d+") as caught:
        lf.solve(problem, "godunov", times=5, integrator="euler")
    assert caught.value.cell == (10,)
    assert np.isnan(caught.value.state["u"])
    np.testing.assert_array_equal(caught.value.result.time[:3], [0.0, 0.05, 0.1])
    assert np.isfinite(caught.value.result.u).all()


def test_run_that_is_drained_names_the_cell_and_not_what_limiting_made_of_it():
    def sink(q, coordinates, t):
        return 0.0, 0.0, np.where(np.abs(coordinates[0] - 0.81) < 0.01, -20.0, 0.0)

    problem = lf.problems.sod(cells=50).replace(source=sink)
    with pytest.raises(lf.InadmissibleStateError, match=r"pressure -\S+ in cell \(40,\)"):
        lf.solve(problem, "weno5")


def test_run_with_too_few_steps_allowed():
    with pytest.raises(lf.UnstableError, match=r"5 steps \(max_steps\) were not enough") as caught:
        lf.solve(lf.problems.sod(cells=40), "godunov", max_steps=5)
    assert caught.value.step == 5
    assert caught.value.result.time[-1] == caught.value.time > 0


def test_a_step_that_fails_is_taken_again():
    # The same run as above, but with the limiter: it gets through.
    problem = lf.problems.double_rarefaction(cells=100)
    ds = lf.solve(problem, "mp5", integrator="euler", cfl=3.0)
    assert ds.attrs["steps_rejected"] > 0
    assert ds.time[-1] == problem.t_end


# --- everything has one base ----------------------------------------------------------------------


def test_every_error_has_one_base():
    names = [name for name in lf.__all__ if name.endswith("Error")]
    assert len(names) >= 6
    assert all(issubclass(getattr(lf, name), lf.LearnedFluxError) for name in names)


def test_library_does_not_print_or_exit():
    folder = Path(lf.__file__).parent
    offenders = [
        path.name
        for path in folder.rglob("*.py")
        if "cli" not in path.relative_to(folder).parts
        and re.search(
            r"^\s*(print\(|sys\.exit\(|exit\(|breakpoint\()", path.read_text("utf-8"), re.M
        )
    ]
    assert offenders == []
