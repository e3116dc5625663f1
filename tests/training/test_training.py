"""Training is repeatable, resumable, and exports what it trained."""

import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

import xarray as xr  # noqa: E402

import learnedflux as lf  # noqa: E402
from learnedflux import training  # noqa: E402
from learnedflux.training.export import _check_parity, export  # noqa: E402

TINY = {
    "name": "tiny",
    "iterations": 4,
    "rows": 2,
    "cells": 32,
    "steps_first": 2,
    "steps_last": 4,
    "pool": 3,
    "validate_every": 2,
    "progress": False,
}
STEERED = {"family": "steered6", "equations": ["Euler"]}
SHORT = TINY | {"equations": ["Advection"]}  # no fine-grid runs to wait for, one kernel to compile


def weights(run):
    return torch.cat([p.detach().ravel() for p in run.policy.parameters()])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return training.train(**TINY, folder=tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    return training.train(**SHORT, folder=tmp_path_factory.mktemp("short"))


def test_a_seed_repeats_and_another_does_not(short, tmp_path):
    again = training.train(**SHORT, folder=tmp_path / "again")
    other = training.train(**SHORT, folder=tmp_path / "other", seed=1)
    assert torch.equal(weights(again), weights(short))
    assert not torch.equal(weights(other), weights(short))


def test_resume_gives_what_an_uninterrupted_run_gives(short, tmp_path, monkeypatch):
    from learnedflux.training import trainer

    class Stop(Exception):
        pass

    iterate = trainer._iterate

    def interrupted(tasks, state, recipe, iteration):
        if iteration == 3:
            raise Stop
        return iterate(tasks, state, recipe, iteration)

    monkeypatch.setattr(trainer, "_iterate", interrupted)
    with pytest.raises(Stop):
        training.train(**SHORT, folder=tmp_path)
    monkeypatch.setattr(trainer, "_iterate", iterate)
    resumed = training.train(**SHORT, folder=tmp_path, resume=True)
    assert torch.equal(weights(resumed), weights(short))
    xr.testing.assert_identical(resumed.history, short.history)


def test_resume_needs_a_checkpoint_of_the_same_recipe(short, tmp_path):
    with pytest.raises(lf.InputError, match="nothing to resume"):
        training.train(**SHORT, folder=tmp_path, resume=True)
    with pytest.raises(lf.InputError, match="belongs to another recipe"):
        training.train(**SHORT | {"rows": 3}, folder=short.folder, resume=True)


def test_history_and_logs_are_kept(short):
    kept = xr.open_dataset(short.folder / "history.nc", engine="h5netcdf")
    assert kept.sizes["iteration"] == 4
    assert np.isfinite(kept.loss).all()
    assert int(np.isfinite(kept.validation).sum()) == 2
    assert list(short.folder.glob("events.out.tfevents*"))
    assert "tiny" in repr(short)


@pytest.mark.slow
def test_export_writes_the_contract_and_a_card(run, tmp_path, monkeypatch):
    from learnedflux.training import card

    monkeypatch.setattr(card, "PROBLEMS", {"Burgers": ("sawtooth",), "Euler": ("sod",)})
    policy = run.export(tmp_path / "tiny.onnx")
    assert policy.name == "tiny"
    assert policy.metadata["recipe_digest"] == run.recipe.digest
    assert set(policy.metadata["errors"]) == {"sod", "sawtooth"}
    assert policy.digest in (tmp_path / "tiny.md").read_text(encoding="utf-8")
    assert str(tmp_path) not in policy.path.read_bytes().decode("latin-1")


def test_export_refuses_what_differs(short, tmp_path):
    policy = export(short.policy, tmp_path / "a.onnx", short.recipe, card=False)
    with pytest.raises(lf.PolicyError, match="differs from the trained one"):
        _check_parity(training.BoundedPolicy(hidden=(4,), seed=5), policy)
    with pytest.raises(lf.PolicyError, match=r"ends in \.onnx"):
        export(short.policy, tmp_path / "a.txt", short.recipe)


def test_onnx_equals_torch_in_the_solver(short, tmp_path):
    policy = export(short.policy, tmp_path / "a.onnx", short.recipe, card=False)
    problem = lf.problems.sod(cells=64)
    onnx = lf.solve(problem, policy)
    native = lf.solve(problem, short.policy.reconstruction(), backend="torch")
    for name in onnx.data_vars:
        np.testing.assert_allclose(native[name], onnx[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"iteration": 3}, "no recipe setting named 'iteration'. Did you mean 'iterations'"),
        ({"equations": ["Eulr"]}, "Did you mean 'Euler'"),
        ({"equations": []}, "at least one equation"),
        ({"rows": 0}, "rows must be a whole number above 0"),
        ({"hidden": []}, "hidden must list"),
        ({"cells": 8}, "cells must be at least 32"),
        ({"rate": -1.0}, "rate must be"),
        ({"dtype": "float16"}, "no dtype named 'float16'"),
        ({"family": "steered5"}, "no family of policies named 'steered5'. Did you mean"),
        ({"family": "steered6"}, "trained on Euler alone"),
        ({"mix": {"single": 8}}, "mix is for family 'steered6'"),
        ({"mix": {"singel": 8}}, "no kind of gas problem named 'singel'"),
        (STEERED | {"mix": {"single": 6}}, "a multiple of 8 altogether"),
    ],
)
def test_bad_recipes_are_named(setting, text):
    with pytest.raises(lf.InputError, match=text.replace("(", r"\(")):
        training.Recipe.of(None, **setting)


def test_recipe_files(tmp_path):
    with pytest.raises(lf.InputError, match="cannot read recipe"):
        training.Recipe.of(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("rows = ", encoding="utf-8")
    with pytest.raises(lf.InputError, match="is not TOML"):
        training.Recipe.of(tmp_path / "bad.toml")
    (tmp_path / "good.toml").write_text('name = "x"\nrows = 5', encoding="utf-8")
    recipe = training.Recipe.of(tmp_path / "good.toml", rows=7)
    assert (recipe.name, recipe.rows) == ("x", 7)
    assert recipe.digest != training.Recipe.of(tmp_path / "good.toml").digest


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler for compiled rollouts")
def test_policies_that_see_speeds_are_trained_resumed_and_exported(tmp_path):
    mix = {"ordinary": 2, "single": 2, "profiles": 2, "waves": 2}
    recipe = TINY | STEERED | {"mix": mix, "hidden": [4], "threshold": 0.3, "alpha": 2.0}
    run = training.train(**recipe, folder=tmp_path / "a")
    assert np.isfinite(run.history.loss).all()
    assert int(np.isfinite(run.history.score).sum()) == 2
    again = training.train(**recipe, folder=tmp_path / "a", resume=True)
    assert torch.equal(weights(again), weights(run))
    assert torch.equal(weights(training.load_run(tmp_path / "a")), weights(run))
    policy = export(run.policy, tmp_path / "a.onnx", run.recipe, card=False)
    assert policy.uses_speeds
    problem = lf.problems.sod(cells=32)
    onnx = lf.solve(problem, policy)
    native = lf.solve(problem, run.policy.reconstruction(), backend="torch")
    for name in onnx.data_vars:
        np.testing.assert_allclose(native[name], onnx[name], rtol=0, atol=1e-11)


def test_settings_added_later_leave_old_digests_alone():
    plain = training.Recipe.of(None)
    assert plain.digest == training.Recipe.of(None, theta=0.8).digest
    assert plain.digest != training.Recipe.of(None, theta=0.7).digest


@pytest.mark.slow
def test_training_improves_on_mp5(tmp_path):
    settings = {"iterations": 60, "rows": 8, "cells": 64, "steps_last": 16, "validate_every": 20}
    run = training.train(**TINY | settings, folder=tmp_path, equations=["Advection"])
    assert float(run.history.validation.min()) < 0.85
