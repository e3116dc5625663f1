"""The time loop: steps, output times, rejection, sources, callbacks."""

import logging

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.integrators import Integrator
from learnedflux.timeloop import RETRIES, _step_to


def steps_of(problem, scheme="constant", **options):
    """Times of all states, the first included, and the result."""
    times = [0.0]
    ds = lf.solve(problem, scheme, callback=lambda t, step, q: times.append(t), **options)
    return np.array(times), ds


def sine(cells=20, t_end=1.0, **changes):
    return lf.problems.sine_advection(cells=cells, t_end=t_end).replace(**changes)


# --- output times ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (None, [0.0, 1.0]),
        (2, [0.0, 1.0]),
        (5, [0.0, 0.25, 0.5, 0.75, 1.0]),
        (np.int64(3), [0.0, 0.5, 1.0]),
        ([0.3], [0.3]),
        ([0.0, 0.1, 0.3, 1.0], [0.0, 0.1, 0.3, 1.0]),
        ((1 / 3, 0.7), [1 / 3, 0.7]),
        (np.array([0.5, 1.0]), [0.5, 1.0]),
    ],
    ids=str,
)
def test_output_times_are_hit_exactly(times, expected):
    passed, ds = steps_of(sine(), times=times)
    assert ds.time.values.tolist() == expected
    assert set(expected) <= set(passed.tolist())
    assert passed[-1] == expected[-1]  # and no step is taken beyond


def test_states_at_output_times_are_those_of_the_moment():
    problem = sine(cells=100)
    ds = lf.solve(problem, "mp5", times=[0.0, 0.37, 1.0])
    for k, t in enumerate(ds.time.values):
        exact = problem.exact.cell_averages(problem.grid, t)["u"]
        np.testing.assert_allclose(ds.u[k], exact, atol=2e-4)


def test_more_outputs_change_the_result_only_by_the_steps():
    one = lf.solve(sine(), "weno5").u[-1]
    other = lf.solve(sine(), "weno5", times=50).u[-1]
    assert 0 < float(abs(one - other).max()) < 1e-3


@pytest.mark.parametrize(
    "times", [1, 0, -3, True, [], [[0.0, 1.0]], [0.5, 0.5], [0.5, 0.2], [-0.1, 1.0], [0.0, 1.1],
              [0.0, np.nan], "all", ["a"], 2.5, {"a": 1}],
    ids=str,
)  # fmt: skip
def test_output_times_that_make_no_sense(times):
    with pytest.raises(lf.InputError, match="times"):
        lf.solve(sine(), "constant", times=times)


def test_results_do_not_share_memory():
    ds = lf.solve(sine(), "constant", times=3)
    ds.u[0] = 7.0
    assert not (ds.u[1] == 7.0).any()
    assert not (ds.u[2] == 7.0).any()


# --- steps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("t", "dt", "target", "expected"),
    [
        (0.0, 0.1, 1.0, 0.1),  # far away
        (0.0, 1.0, 1.0, 1.0),  # exactly there
        (0.0, 5.0, 1.0, 1.0),  # beyond
        (0.0, 0.6, 1.0, 0.5),  # two equal steps, not a full one and a sliver
        (0.5, 0.3, 1.0, 0.25),
        (0.0, 0.5, 1.0, 0.5),
        (0.9, 0.1, 1.0, 1.0 - 0.9),  # round-off makes no step of its own
        (0.0, 1.0 - 1e-14, 1.0, 1.0),
    ],
)
def test_steps_towards_an_output(t, dt, target, expected):
    assert _step_to(t, dt, target) == expected


def test_fixed_steps():
    passed, ds = steps_of(sine(), dt=0.02)
    np.testing.assert_allclose(np.diff(passed), 0.02, rtol=1e-12)
    assert ds.attrs["steps"] == 50
    assert ds.attrs["dt"] == 0.02


def test_fixed_steps_that_do_not_fit():
    passed, _ = steps_of(sine(), dt=0.03)
    steps = np.diff(passed)
    np.testing.assert_allclose(steps[:-2], 0.03, rtol=1e-12)
    assert steps[-2] == pytest.approx(steps[-1], rel=1e-12)
    assert 0.015 < steps[-1] <= 0.03


@pytest.mark.parametrize("cfl", [0.2, 0.4, 0.8])
def test_steps_have_the_cfl_number_asked_for(cfl):
    passed, ds = steps_of(sine(cells=40), "muscl", cfl=cfl)
    steps, h = np.diff(passed), 2.0 / 40
    np.testing.assert_allclose(steps[:-2], cfl * h, rtol=1e-12)
    assert (steps <= cfl * h * (1 + 1e-12)).all()
    assert steps.min() > 0.49 * cfl * h
    assert ds.attrs["cfl"] == cfl
    assert "dt" not in ds.attrs


def test_steps_follow_the_waves():
    """Burgers: as the crest falls the steps grow."""
    passed, _ = steps_of(lf.problems.tophat(cells=50).replace(t_end=2.0), cfl=0.5)
    steps = np.diff(passed)
    assert steps[0] == pytest.approx(0.5 / 50)
    assert steps[-3] > 1.1 * steps[0]


def test_a_state_at_rest_takes_one_step_to_each_output():
    problem = lf.Problem(lf.Burgers(), lf.Grid(x=(0.0, 1.0, 10)), lambda x: 0.0 * x, t_end=3.0)
    passed, ds = steps_of(problem, "weno5", times=4)
    assert passed.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert float(abs(ds.u).max()) == 0.0


def test_waves_that_come_in_are_followed():
    """A box at rest, then a fast stream enters: steps must not be those of the box."""
    inflow = lf.boundaries.inflow(u=lambda t: 1.0 if t < 0.5 else 20.0)
    problem = lf.Problem(
        lf.Burgers(),
        lf.Grid(x=(0.0, 1.0, 50)),
        lambda x: 1.0 + 0.0 * x,
        {"x": (inflow, "outflow")},
        t_end=0.55,
    )
    passed, ds = steps_of(problem, "weno5", cfl=0.5)
    late = np.diff(passed)[passed[:-1] > 0.502]
    assert (late * 20.0 * 50 <= 1.0 + 1e-9).all()
    assert float(ds.u.max()) < 20.0 + 1e-3  # nothing has blown up
    assert float(ds.u[-1, 0]) == pytest.approx(20.0, rel=1e-2)


@pytest.mark.parametrize("name", list(lf.integrators.integrators))
def test_every_integrator_runs_by_name(name):
    cfl = 0.9 if name == "ssprk104" else 0.4
    ds = lf.solve(lf.problems.sod(cells=50), "muscl", integrator=name, cfl=cfl)
    assert ds.attrs["integrator"] == name
    assert float(lf.metrics.error(ds, lf.problems.sod(cells=50).exact).density[-1]) < 1.3e-2


# --- rejected steps -------------------------------------------------------------------------------


def test_a_step_that_turns_out_bad_is_halved():
    """An integrator that spoils every step longer than a limit: found out, halved, counted."""

    class Picky(Integrator):
        def __call__(self, rhs, t, q, dt):
            return super().__call__(rhs, t, q, dt) if dt <= 0.011 else np.nan * q

    picky = Picky("picky", 1, lf.integrators.euler.rows, 1.0)
    passed, ds = steps_of(sine(t_end=0.2), integrator=picky, dt=0.04)
    steps = np.diff(passed)
    np.testing.assert_allclose(steps[:10], 0.01, rtol=1e-12)  # 0.04 halved twice, each time
    assert steps.max() <= 0.011
    assert passed[-1] == 0.2
    assert ds.attrs["steps"] == len(steps)
    assert len(steps) < ds.attrs["steps_rejected"] <= 2 * len(steps)
    same = lf.solve(sine(t_end=0.2), "constant", integrator="euler", dt=0.01)
    np.testing.assert_allclose(ds.u[-1], same.u[-1], atol=2e-3)


def test_halving_has_an_end():
    calls = []

    def source(q, x, t):
        calls.append(t)
        return (np.nan * x[0],)

    with pytest.raises(lf.UnstableError, match="u is nan"):
        lf.solve(sine(source=source), "constant", integrator="euler")
    assert len(calls) == RETRIES + 1


def test_positivity_is_tried_before_smaller_steps():
    problem = lf.problems.double_rarefaction(cells=100)
    ds = lf.solve(problem, "mp5", integrator="euler", cfl=0.45)
    assert ds.attrs["faces_limited"] > 0
    assert (ds.density > 0).all()
    assert (ds.pressure > 0).all()
    # One attempt more for a step that fails, not several ever smaller ones.
    assert ds.attrs["steps_rejected"] < ds.attrs["steps"]
    off = lf.Scheme("mp5", positivity=False)
    with pytest.raises(lf.InadmissibleStateError):
        lf.solve(problem, off, integrator="euler", cfl=0.45)


# --- sources --------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_a_source_is_added(backend):
    """Growth everywhere: u' = u along the flow, so the sine is exp(t) times its old self."""
    if backend == "torch":
        pytest.importorskip("torch", reason="needs the extra 'train'")
    problem = sine(cells=80, source=lambda q, x, t: (q[0],))
    ds = lf.solve(problem, "mp5", backend=backend)
    exact = np.exp(1.0) * sine(cells=80).exact.cell_averages(problem.grid, 1.0)["u"]
    np.testing.assert_allclose(ds.u[-1], exact, atol=1e-3)


def test_a_source_knows_place_and_time():
    seen = []

    def source(q, x, t):
        seen.append((len(q), len(x), x[0].copy(), t))
        return (np.cos(t) * x[0],)

    problem = lf.Problem(
        lf.Burgers(), lf.Grid(x=(0.0, 1.0, 4)), lambda x: 0.0 * x, t_end=0.3, source=source
    )
    ds = lf.solve(problem, "constant", dt=0.3)
    assert [s[3] for s in seen][:3] == pytest.approx([0.0, 0.3, 0.15])
    assert all(s[:2] == (1, 1) for s in seen)
    np.testing.assert_array_equal(seen[0][2], problem.grid.centers(0))
    assert float(ds.u[-1, 2]) == pytest.approx(np.sin(0.3) * 0.625, rel=0.1)


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_a_source_may_be_one_array_or_numbers(backend):
    arrays = np
    if backend == "torch":
        arrays = pytest.importorskip("torch", reason="needs the extra 'train'")
    problem = lf.problems.sod(cells=20)

    def solved(source):
        return lf.solve(problem.replace(source=source), "weno5", backend=backend)

    whole = solved(lambda q, x, t: arrays.full((3, 20), 0.5, dtype=arrays.float64))
    expected = solved(lambda q, x, t: (0.5, np.float64(0.5), 0.0 * x[0] + 0.5))
    np.testing.assert_array_equal(whole.energy, expected.energy)


@pytest.mark.parametrize("backend", ["numba", "torch"])
@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ((0.0, 0.0), r"it returned 2"),
        (None, r"it returned 1"),
        ((0.0, 0.0, np.ones(7)), r"'energy'.*shape \(20,\).*it returned shape \(7,\)"),
        ((0.0, np.ones((20, 1)), 0.0), r"'momentum_x'.*it returned shape \(20, 1\)"),
        (("much", 0.0, 0.0), r"'density'.*it returned 'much'"),
    ],
)
def test_what_a_source_must_return_is_said(returned, told, backend):
    if backend == "torch":
        pytest.importorskip("torch", reason="needs the extra 'train'")
    problem = lf.problems.sod(cells=20).replace(source=lambda q, x, t: returned)
    with pytest.raises(lf.InputError, match=told):
        lf.solve(problem, "weno5", backend=backend)


def test_a_source_for_each_variable_of_a_system():
    """Gravity: momentum and energy gain what the force gives, mass nothing."""
    problem = lf.problems.density_wave(cells=32)

    def gravity(q, x, t):
        return 0.0 * q[0], -0.1 * q[0], -0.1 * q[1]

    ds = lf.solve(problem.replace(source=gravity, t_end=0.5), "weno5")
    np.testing.assert_allclose(ds.velocity_x[-1], 1.0 - 0.1 * 0.5, atol=1e-6)
    np.testing.assert_allclose(ds.pressure[-1], 1.0, atol=1e-6)
    assert float(ds.density.sum("x")[-1]) == pytest.approx(float(ds.density.sum("x")[0]), rel=1e-13)


def test_a_source_of_the_wrong_length_is_told_of():
    problem = lf.problems.sod(cells=20).replace(source=lambda q, x, t: (q[0], q[1]))
    with pytest.raises(lf.InputError, match=r"one array per conserved variable .* returned 2"):
        lf.solve(problem, "constant")


# --- callback, counters, messages -----------------------------------------------------------------


def test_callback_sees_every_step():
    seen = []
    ds = lf.solve(sine(), "constant", callback=lambda t, step, q: seen.append((t, step, q.shape)))
    assert [step for _, step, _ in seen] == list(range(1, ds.attrs["steps"] + 1))
    assert seen[-1][0] == 1.0
    assert all(shape == (1, 20) for _, _, shape in seen)
    assert (np.diff([t for t, _, _ in seen]) > 0).all()


def test_callback_may_stop_the_run():
    class Enough(Exception):
        pass

    def callback(t, step, q):
        if step == 3:
            raise Enough

    with pytest.raises(Enough):
        lf.solve(sine(), "constant", callback=callback)


def test_runs_repeat_themselves_to_the_last_bit():
    one, other = (lf.solve(lf.problems.sod(cells=60), "weno5", times=4) for _ in range(2))
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize(
    ("size", "told"), [({"cfl": 1.5}, "cfl = 1.5 is"), ({"dt": 0.05}, "CFL number 2.5, is")]
)
def test_a_step_beyond_stability_is_warned_of(caplog, size, told):
    problem = lf.Problem(lf.Advection(), lf.Grid(x=(0, 1, 50)), np.sin, t_end=0.05)
    with caplog.at_level(logging.WARNING, logger="learnedflux"):
        lf.solve(problem, "constant", **size)
    assert f"{told} beyond what ssprk3 is stable for" in caplog.text


def test_threads_may_be_an_integer_of_any_kind():
    one, other = (lf.solve(sine(), "constant", threads=n) for n in (1, np.int64(1)))
    np.testing.assert_array_equal(one.u, other.u)


def test_max_steps_is_a_limit_not_a_number_of_steps():
    assert lf.solve(sine(), "constant", max_steps=1000).attrs["steps"] < 100


@pytest.mark.parametrize(
    "options",
    [{"cfl": True}, {"cfl": "0.4"}, {"dt": 0.0}, {"dt": np.inf}, {"max_steps": 1.5},
     {"integrator": "rk45"}, {"integrator": 3}, {"backend": "cuda"}, {"dtype": "float16"}],
    ids=str,
)  # fmt: skip
def test_options_that_make_no_sense(options):
    with pytest.raises(lf.InputError):
        lf.solve(sine(), "constant", **options)
