"""Runs that are interrupted and taken up again end where they would have."""

import dataclasses
import functools
import shutil

import numpy as np
import pytest
import xarray as xr

import learnedflux as lf

TOOK = (
    "steps", "steps_rejected", "faces_limited", "integrator", "scheme", "reconstruction", "riemann",
    "variables", "positivity", "title",
)  # fmt: skip


class PowerCutError(Exception):
    """Ends a run from outside."""


def cut_after(steps):
    def callback(t, step, q):
        if step >= steps:
            raise PowerCutError

    return callback


def interrupted(problem, scheme, path, steps, every=13, **settings):
    with pytest.raises(PowerCutError):
        lf.solve(
            problem,
            scheme,
            checkpoint=lf.Checkpoint(path, every),
            callback=cut_after(steps),
            **settings,
        )


def assert_same(found, whole):
    xr.testing.assert_identical(found.drop_attrs(), whole.drop_attrs())
    assert {k: found.attrs[k] for k in TOOK} == {k: whole.attrs[k] for k in TOOK}
    assert "checkpoint" not in found.attrs


def burning(q, x, t):
    return 0.0, 0.0, 0.1 * t * q[0]


@pytest.mark.parametrize("steps", [1, 40])
@pytest.mark.parametrize(
    ("name", "scheme", "settings"),
    [
        ("sod", "weno5", {"times": 5}),
        ("sod", "learned", {"times": [0.02, 0.1], "cfl": 0.6}),
        ("leblanc", "weno5", {"integrator": "ssprk104", "cfl": 2.0}),
        ("einfeldt_123", "weno5", {"cfl": 0.9, "times": 9}),  # with rejected steps
        ("sod", "muscl", {"dt": 2e-3}),
        ("riemann_2d_3", "weno5", {"threads": 1}),
        ("tophat", lf.Scheme("weno5-js", variables="split"), {"backend": "torch"}),
        (
            "lax",
            lf.Scheme("muscl-mc", "hll", "primitive", positivity=False),
            {"backend": "torch", "times": [0.1]},
        ),
    ],
)
def test_a_resumed_run_is_the_whole_run(name, scheme, settings, steps, tmp_path):
    if settings.get("backend") == "torch":
        pytest.importorskip("torch")
    problem = lf.problems.get(name)(cells=50)
    if problem.grid.dimension == 2:
        problem = problem.with_cells(24, 17)
    whole = lf.solve(problem, scheme, **settings)
    interrupted(problem, scheme, tmp_path / "run.h5", min(steps, whole.steps - 1), **settings)
    assert_same(lf.resume(tmp_path / "run.h5", problem), whole)


def test_sources_and_boundaries_know_what_time_it_is(tmp_path):
    inflow = lf.boundaries.prescribed(
        lambda x, t: {"density": 1.0 + 0.1 * np.sin(9 * t), "velocity_x": 0.5, "pressure": 1.0}
    )
    problem = lf.problems.sod(cells=40).replace(source=burning, boundary=(inflow, "outflow"))
    whole = lf.solve(problem, "weno5", times=3)
    interrupted(problem, "weno5", tmp_path / "run.h5", 20, times=3)
    assert_same(lf.resume(tmp_path / "run.h5", problem), whole)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_steps_taken_in_bursts_are_kept_too(dtype, tmp_path):
    pytest.importorskip("torch")
    problem = lf.problems.sod(cells=30)
    settings = {"backend": "torch", "dtype": dtype, "times": 3}
    whole = lf.solve(problem, "weno5", **settings)
    with pytest.raises(lf.UnstableError, match="max_steps"):
        lf.solve(
            problem,
            "weno5",
            max_steps=whole.steps // 2,
            checkpoint=lf.Checkpoint(tmp_path / "run.h5", 4),
            **settings,
        )
    kept = xr.load_dataset(tmp_path / "run.h5", engine="h5netcdf")
    assert kept.steps == whole.steps // 2 // 4 * 4
    found = lf.resume(tmp_path / "run.h5", problem, max_steps=10_000)
    assert_same(found, whole)
    assert found.dtype == dtype


def test_a_checkpoint_is_a_result_of_outputs_and_state(tmp_path):
    problem, path = lf.problems.sod(cells=30), tmp_path / "runs" / "run.h5"
    interrupted(problem, "weno5", path, 19, every=5, times=[0.0, 0.01, 0.2])
    ds = xr.load_dataset(path, engine="h5netcdf")
    seen = []
    lf.solve(problem, "weno5", times=[0.0, 0.01, 0.2], callback=lambda t, n, q: seen.append((t, q)))
    t, q = seen[14]
    assert ds.steps == 15
    np.testing.assert_array_equal(ds.time, [0.0, 0.01, t])
    np.testing.assert_array_equal(ds.density[-1], q[0])
    assert [p.name for p in path.parent.iterdir()] == ["run.h5"]


def test_a_resumed_run_goes_on_writing_unless_told_otherwise(tmp_path):
    problem, path = lf.problems.sod(cells=60), tmp_path / "run.h5"
    interrupted(problem, "muscl", path, 8, every=8)
    steps = []
    for checkpoint in (False, lf.Checkpoint(tmp_path / "other.h5", 9), True):
        with pytest.raises(PowerCutError):
            lf.resume(path, problem, callback=cut_after(35), checkpoint=checkpoint)
        files = sorted(tmp_path.glob("*.h5"))
        steps.append([xr.load_dataset(f, engine="h5netcdf").steps for f in files])
    assert steps == [[8], [35, 8], [35, 32]]


def test_a_run_with_a_policy_of_its_own_needs_its_file(tmp_path, monkeypatch):
    shipped = {row["policy"]: row["path"] for row in lf.policies()}
    mine, problem = tmp_path / "mine.onnx", lf.problems.sod(cells=40)
    shutil.copy(shipped["euler"], mine)
    whole = lf.solve(problem, mine)
    interrupted(problem, mine, tmp_path / "run.h5", 20)
    assert_same(lf.resume(tmp_path / "run.h5", problem, scheme=mine), whole)
    with pytest.raises(lf.InputError, match="policy_digest was"):
        lf.resume(tmp_path / "run.h5", problem, scheme=shipped["universal"])
    monkeypatch.setattr("learnedflux.checkpoint.policies", list)
    with pytest.raises(lf.InputError, match=r"was by 'euler', digest .*scheme="):
        lf.resume(tmp_path / "run.h5", problem)


def test_integrators_and_reconstructions_may_be_objects(tmp_path):
    problem, own = lf.problems.sod(cells=30), lf.integrators.integrators["ssprk2"]
    # Of a name that means something else in the tables.
    method = dataclasses.replace(own, name="ssprk3")
    rule = dataclasses.replace(lf.reconstruction.reconstructions["weno5-js"], name="muscl")
    whole = lf.solve(problem, rule, integrator=method, backend="torch")
    path = tmp_path / "run.h5"
    interrupted(problem, rule, path, 20, integrator=method, backend="torch")
    with pytest.raises(lf.InputError, match=r"by 'muscl', which is not among.*scheme="):
        lf.resume(path, problem)
    assert_same(lf.resume(path, problem, scheme=rule), whole)


def test_other_parts_of_a_scheme_are_in_the_file(tmp_path):
    shipped = {row["policy"]: row["path"] for row in lf.policies()}
    mine, problem = shutil.copy(shipped["euler"], tmp_path / "mine.onnx"), lf.problems.sod(cells=40)
    scheme = lf.Scheme(mine, riemann="hll", positivity=False)
    whole = lf.solve(problem, scheme, backend="torch")
    interrupted(problem, scheme, tmp_path / "run.h5", 20, backend="torch")
    assert_same(lf.resume(tmp_path / "run.h5", problem, scheme=mine), whole)


def test_the_initial_state_plays_no_part_any_more(tmp_path):
    problem = lf.problems.sod(cells=40)
    whole = lf.solve(problem, "learned", dt=0.01)  # above the CFL number where bounds are narrow
    interrupted(problem, "learned", tmp_path / "run.h5", 14, dt=0.01)
    calm = problem.replace(
        initial=lambda x: {"density": 1 + 0 * x, "velocity_x": 0.0, "pressure": 1e-3}
    )
    assert_same(lf.resume(tmp_path / "run.h5", calm), whole)


def test_a_file_that_is_there_is_not_replaced(tmp_path):
    problem, path = lf.problems.sod(cells=30), tmp_path / "run.h5"
    interrupted(problem, "weno5", path, 20)
    before = path.read_bytes()
    with pytest.raises(lf.InputError, match=r"run\.h5 is there already; go on .* lf.resume"):
        lf.solve(problem, "weno5", checkpoint=lf.Checkpoint(path))
    assert path.read_bytes() == before


def test_a_checkpoint_that_cannot_be_written_on_the_way_is_a_warning(tmp_path, monkeypatch, caplog):
    problem, full = lf.problems.sod(cells=30), OSError("no space left")
    path = tmp_path / "run.h5"
    written = lf.Checkpoint.write

    def write(self, loop):
        if loop.stats.steps > 10:
            raise full
        written(self, loop)

    monkeypatch.setattr(lf.Checkpoint, "write", write)
    whole = lf.solve(problem, "weno5", checkpoint=lf.Checkpoint(path, 9))
    assert "no space left" in caplog.text
    monkeypatch.undo()
    assert_same(lf.resume(path, problem), whole)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"t_end": 0.3}, "t_end was 0.2, is 0.3"),
        ({"boundary": "wall"}, "boundary was"),
        ({"equation": lf.Euler(gamma=1.3)}, "equation_parameters was"),
        ({"source": burning}, "source was none, is burning"),
        ({"source": functools.partial(burning, t=0.0)}, r"is burning\(t=0.0\)"),
        ({"grid": lf.Grid(x=(0, 1, 31))}, "grid was"),
    ],
)
def test_another_problem_is_refused(change, told, tmp_path):
    problem, path = lf.problems.sod(cells=30), tmp_path / "run.h5"
    interrupted(problem, "weno5", path, 10)
    before = path.read_bytes()
    with pytest.raises(lf.InputError, match=told):
        lf.resume(path, problem.replace(**change))
    with pytest.raises(lf.InputError, match="reconstruction was weno5-z, is teno5"):
        lf.resume(path, problem, scheme="teno5")
    assert path.read_bytes() == before


def test_other_files_are_refused(tmp_path):
    problem, path = lf.problems.sod(cells=30), tmp_path / "sod.nc"
    with pytest.raises(lf.InputError, match=r"no checkpoint .*sod\.nc"):
        lf.resume(path, problem)
    path.write_text("density")
    with pytest.raises(lf.InputError, match="is no checkpoint"):
        lf.resume(path, problem)
    lf.solve(problem, "godunov").to_netcdf(path, engine="h5netcdf")
    with pytest.raises(lf.InputError, match="is no checkpoint"):
        lf.resume(path, problem)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((3,), "path of a file"),
        (("",), "path of a file"),
        ((".",), "is a folder"),
        (("run.h5", 0), "1 or more"),
        (("run.h5", 2.5), "1 or more"),
        (("run.h5", True), "1 or more"),
    ],
)
def test_a_checkpoint_that_makes_no_sense_is_refused(arguments, told):
    with pytest.raises(lf.InputError, match=told):
        lf.Checkpoint(*arguments)


def test_what_is_no_checkpoint_and_where_none_can_be_written(tmp_path):
    problem, file = lf.problems.sod(cells=30), tmp_path / "file"
    with pytest.raises(lf.InputError, match="must be a Checkpoint"):
        lf.solve(problem, checkpoint="run.h5")
    file.write_text("")
    seen = []
    with pytest.raises(OSError, match="file"):
        lf.solve(
            problem,
            checkpoint=lf.Checkpoint(file / "run.h5"),
            callback=lambda *given: seen.append(given),
        )
    assert not seen, "told before the first step"
