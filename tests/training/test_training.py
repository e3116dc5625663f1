"""Training is repeatable, resumable, and exports what it trained."""

import math
import re
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

import xarray as xr  # noqa: E402

import learnedflux as lf  # noqa: E402
from learnedflux import training  # noqa: E402
from learnedflux.shipped import named_policy  # noqa: E402
from learnedflux.table import Table  # noqa: E402
from learnedflux.training.card import write_card  # noqa: E402
from learnedflux.training.export import _check_parity, export  # noqa: E402

TINY = {
    "baselines": ["mp5"],  # fewer kernels to compile
    "name": "tiny",
    "iterations": 4,
    "rows": 2,
    "cells": 32,
    "steps": [2, 4],
    "pool": 3,
    "validate_every": 2,
    "progress": False,
}
STEERED = {"family": "steered6", "equations": ["Euler"]}
SHORT = TINY | {"equations": ["Advection", "Burgers"]}  # no fine-grid runs to wait for


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


def test_resume_needs_a_checkpoint_of_the_same_recipe(run, tmp_path):
    with pytest.raises(lf.InputError, match="nothing to resume"):
        training.train(**TINY, folder=tmp_path, resume=True)
    with pytest.raises(lf.InputError, match="belongs to another recipe"):
        training.train(**TINY | {"rows": 3}, folder=run.folder, resume=True)


def test_history_and_logs_are_kept(run):
    kept = xr.open_dataset(run.folder / "history.nc", engine="h5netcdf")
    assert kept.sizes["iteration"] == 4
    assert np.isfinite(kept.loss).all()
    assert int(np.isfinite(kept.validation).sum()) == 2
    assert list(run.folder.glob("events.out.tfevents*"))
    assert "tiny" in repr(run)


@pytest.mark.slow
def test_export_writes_the_contract_and_a_card(short, tmp_path, monkeypatch):
    from learnedflux.training import card, comparison

    monkeypatch.setattr(card, "PROBLEMS", {"Burgers": ("sawtooth",)})
    monkeypatch.setattr(comparison, "SCHEMES", ("mp5",))
    policy = short.export(tmp_path / "tiny.onnx", scores={0: 0.91, 1: 0.87})
    assert policy.name == "tiny"
    assert policy.metadata["recipe_digest"] == short.recipe.digest
    assert policy.network is not None, "the compiled kernels cannot run it"
    drawn = {"Advection profiles", "Burgers profiles", "Burgers riemann"}
    assert set(policy.metadata["errors"]) == {"sawtooth"} | drawn
    assert policy.metadata["seeds"] == [0, 1]
    text = (tmp_path / "tiny.md").read_text(encoding="utf-8")
    assert policy.digest in text
    assert "seed 0: 0.910, seed 1: 0.870" in text
    assert "| Burgers riemann |" in text
    assert str(tmp_path) not in policy.path.read_bytes().decode("latin-1")


def test_export_refuses_what_differs(run, tmp_path):
    policy = export(run.policy, tmp_path / "a.onnx", run.recipe, card=False)
    with pytest.raises(lf.PolicyError, match="differs from the trained one"):
        _check_parity(training.BoundedPolicy(hidden=(4,), seed=5), policy)
    with pytest.raises(lf.PolicyError, match=r"ends in \.onnx"):
        export(run.policy, tmp_path / "a.txt", run.recipe)


def test_onnx_equals_torch_in_the_solver(run, tmp_path):
    policy = export(run.policy, tmp_path / "a.onnx", run.recipe, card=False)
    problem = lf.problems.sod(cells=64)
    onnx = lf.solve(problem, policy)
    native = lf.solve(problem, run.policy.reconstruction(), backend="torch")
    for name in onnx.data_vars:
        np.testing.assert_allclose(native[name], onnx[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"iteration": 3}, "no recipe setting named 'iteration'. Did you mean 'iterations'"),
        ({"equations": ["Eulr"]}, "Did you mean 'Euler'"),
        ({"equations": []}, "at least one equation"),
        ({"equations": "Euler"}, "equations must be a list"),
        ({"equations": ["Euler", {"name": "Euler", "gamma": 1.2}]}, "must differ in name"),
        ({"equations": [{"name": "Euler", "gama": 1.2}]}, "Did you mean 'gamma'"),
        ({"equations": ["none.py:Law"]}, "there is no file 'none.py'"),
        ({"equations": [3]}, "an equation to train on is an Equation"),
        ({"family": "bounded"}, "Did you mean 'bounded5'"),
        ({"policy": {"hiden": [4]}}, "no setting of policy family 'bounded5' named 'hiden'"),
        ({"hidden": [4]}, "'hidden' is a setting of the policy family: write it in [policy]"),
        ({"steps_last": 4}, "'steps_last' is now part of 'steps'"),
        ({"losses": {"hinges": 1.0}}, "no loss named 'hinges'. Did you mean 'hinge'"),
        ({"losses": {"hinge": -1.0}}, "weight of 'hinge' in losses must be 0 or above"),
        ({"losses": {"hinge": 0.0}}, "losses must have a weight above 0"),
        ({"baselines": ["mp6"]}, "Did you mean 'mp5'"),
        ({"reference": "weno5z"}, "Did you mean 'weno5-z'"),
        ({"distributions": {"Eulr": {"gas_states": 1}}}, "Did you mean 'Euler'"),
        ({"steps": [0]}, "steps must list whole numbers above 0"),
        ({"cfl": [0.5, 0.2]}, "cfl must be [lowest, highest]"),
        ({"segment": -1}, "segment must be a whole number, 0 or above"),
        ({"ramp": 2.0}, "ramp must be a share"),
        ({"policy": {"hidden": []}}, "hidden must list layer widths above 0"),
        ({"rows": 0}, "rows must be a whole number above 0"),
        ({"cells": 8}, "cells must be at least 32"),
        ({"rate": -1.0}, "rate must be"),
        ({"dtype": "float16"}, "no dtype named 'float16'"),
        ({"kinds": {"single": 8}}, "kinds are problems of Euler(gamma=1.4) for the compiled roll"),
        (
            STEERED | {"kinds": {"single": 8}, "equations": [{"name": "Euler", "gamma": 1.2}]},
            "got {'single': 8} for Euler(gamma=1.2)",
        ),
        ({"rollout": "numba"}, "no rollout named 'numba'"),
        (STEERED | {"dtype": "float32"}, "got steered6 in float32. Choose rollout"),
        ({"deployed": {"short": 0.5}}, "no number of policy family 'bounded5' named 'short'"),
        ({"deployed": {"hidden": [3]}}, "no number of policy family 'bounded5' named 'hidden'"),
        ({"deployed": {"alpha": "4"}}, "alpha must be a number, 0 or above; got '4'"),
        (STEERED | {"policy": {"shock": float("nan")}}, "shock must be a number, 0 or above; got"),
        (STEERED | {"policy": {"short": True}}, "short must be a number, 0 or above; got True"),
        ({"deployed": 0.5}, "deployed must be a table; got 0.5"),
        ({"rollout": "compiled", "rows": 6}, "of Advection it got 12: {'profiles': 12}"),
        ({"kinds": {"singel": 8}}, "no kind of gas problem named 'singel'"),
        (STEERED | {"kinds": {"single": 6}}, "a multiple of 8 rows; of Euler it got 6"),
    ],
)
def test_bad_recipes_are_named(setting, text):
    with pytest.raises(lf.InputError, match=re.escape(text)):
        training.Recipe.of(None, **setting)


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler for compiled rollouts")
@pytest.mark.slow
def test_policies_that_see_speeds_are_trained_resumed_and_exported(tmp_path):
    kinds = {"ordinary": 2, "single": 2, "profiles": 2, "waves": 2}
    chosen = {"hidden": [4], "threshold": 0.3, "alpha": 2.0}
    recipe = TINY | STEERED | {"kinds": kinds, "policy": chosen}
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


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler for compiled rollouts")
@pytest.mark.parametrize("family", ["bounded5", "steered6"])
def test_any_equations_are_trained_on_through_the_compiled_rollout(tmp_path, family):
    settings = {
        "family": family,
        "rollout": "compiled",
        "equations": ["Burgers", "Advection"],
        "distributions": {"Advection": {"profiles": 1.0, "waves": 1.0}},
        "policy": {"hidden": [4]},
        "rows": 4,
    }
    run = training.train(**TINY | settings, folder=tmp_path / "a")
    for name in ("loss_Burgers", "loss_Advection", "gradient_norm_Burgers"):
        assert np.isfinite(run.history[name]).all()
    last = run.history.isel(iteration=-1)
    logs = [
        [math.log(last[f"error_{name}"]) for name in ("Burgers_profiles", "Burgers_riemann")],
        [math.log(last[f"error_{name}"]) for name in ("Advection_profiles", "Advection_waves")],
    ]
    assert float(last.validation) == pytest.approx(math.exp(np.mean(logs)))
    again = training.train(**TINY | settings, folder=tmp_path / "b")
    assert torch.equal(weights(again), weights(run))


def test_families_that_see_speeds_train_with_torch_too(tmp_path):
    settings = {"family": "steered6", "rollout": "torch", "equations": ["Burgers"]}
    run = training.train(**TINY | settings, folder=tmp_path)
    assert np.isfinite(run.history.loss).all()


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


@pytest.mark.slow
def test_training_improves_on_an_untrained_policy(tmp_path):
    settings = {"rows": 6, "cells": 48, "steps": [8], "equations": ["Advection"]}

    def validation(**changes):
        run = training.train(**TINY | settings | changes, folder=tmp_path / str(changes))
        return float(run.history.validation.min())

    untrained = validation(iterations=1, rate=1e-12)
    assert validation(iterations=30, validate_every=15) < 0.985 * untrained < 0.9


# --- from the weights of a policy -----------------------------------------------------------------


@pytest.fixture(scope="module")
def file(short, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "begun.onnx"
    short.export(path, card=False)
    return str(path)


def test_training_starts_from_the_weights_of_a_policy(short, file, tmp_path):
    copy = shutil.copy(file, tmp_path / "copy.onnx")
    still = SHORT | {"iterations": 1, "rate": 1e-30, "start": str(copy)}
    run = training.train(**still, folder=tmp_path)
    assert torch.equal(weights(run), weights(short))
    copy.unlink()
    for again in (
        training.load_run(tmp_path),
        training.train(**still, folder=tmp_path, resume=True),
    ):
        assert torch.equal(weights(again), weights(run))
        assert again.start == run.start == f"tiny (digest {lf.Policy(file).digest})"
    policy = run.export(tmp_path / "b.onnx", card=False)
    assert policy.metadata["start"] == run.start
    write_card(policy, Table([]), tmp_path / "b.md")
    told = "- training began with the weights of tiny (digest"
    assert told in (tmp_path / "b.md").read_text(encoding="utf-8")


def test_what_training_makes_worse_is_not_kept(short, file, tmp_path, monkeypatch):
    from learnedflux.training import trainer

    scores = iter([0.5, 0.8, 0.7])
    monkeypatch.setattr(trainer, "_validate", lambda tasks, recipe: {"validation": next(scores)})
    further = SHORT | {"iterations": 2, "validate_every": 1, "start": file}
    run = training.train(**further, folder=tmp_path)
    assert torch.equal(weights(run), weights(short))
    assert run.history.iteration.values.tolist() == [-1, 0, 1]
    assert run.score == 0.5
    assert "iterations: 2\n" in repr(run)


def test_other_settings_than_those_of_the_start_are_told(caplog):
    recipe = training.Recipe(family="steered6", equations=["Burgers"])
    recipe.new_policy().take(named_policy("universal"))
    assert caplog.text.endswith(
        "'universal' with short 0.18 instead of 0.3, shock 2 instead of 4\n"
    )
    caplog.clear()
    theirs = {"short": 0.3, "shock": 4}
    same = training.Recipe(family="steered6", equations=["Burgers"], policy=theirs)
    same.new_policy().take(named_policy("universal"))
    assert not caplog.text


def test_policies_are_deployed_with_other_settings_than_they_are_trained_with(short, tmp_path):
    run = training.train(**SHORT, deployed={"alpha": 3.0}, folder=tmp_path)
    assert torch.equal(weights(run), weights(short))
    assert run.score == short.score
    assert run.recipe.digest != short.recipe.digest
    assert short.policy.config == run.policy.config | {"alpha": 4.0}
    for again in (run, training.load_run(tmp_path)):
        policy = again.export(tmp_path / "a.onnx", card=False)
        assert policy.metadata["config"]["alpha"] == 3.0
        assert policy.metadata["trained_with"] == {"alpha": 4.0}
    write_card(policy, Table([]), tmp_path / "a.md")
    told = "- trained and validated with alpha 4, deployed with what stands above"
    assert told in (tmp_path / "a.md").read_text(encoding="utf-8")
    stencil = np.array([[0.0, 0.0, 0.1, 1.0, 1.0, 1.0]])  # bounds of steepness 3 are felt
    assert policy(stencil) != short.export(tmp_path / "b.onnx", card=False)(stencil)
    # What does not touch the weights may change when training is resumed.
    other = training.train(**SHORT, deployed={"alpha": 2.5}, folder=tmp_path, resume=True)
    assert torch.equal(weights(other), weights(short))
    assert other.policy.config["alpha"] == 2.5


def test_a_start_is_told_by_its_name_in_the_digest(file):
    plain = training.Recipe()
    assert plain.digest == "5e5e15e31c661e92", "that of before there were starts"
    begun, elsewhere = (training.Recipe(start=start) for start in (file, "elsewhere/begun.onnx"))
    assert begun.digest == elsewhere.digest != plain.digest


def test_shipped_policies_are_starts_by_name(tmp_path):
    recipe = training.Recipe.of(None, family="steered6", equations=["Burgers"], start="universal")
    policy = recipe.new_policy()
    policy.take(named_policy(recipe.start))
    shipped = named_policy("universal").network.layers
    layers = [layer for layer in policy.net if isinstance(layer, torch.nn.Linear)]
    for layer, (weight, bias) in zip(layers, shipped, strict=True):
        np.testing.assert_array_equal(layer.weight.detach(), weight)
        np.testing.assert_array_equal(layer.bias.detach(), bias)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "univresal"}, "no policy named 'univresal'. Did you mean 'universal'"),
        ({"start": "none.onnx"}, "no policy file 'none.onnx'"),
        ({"start": 3}, "start must be the name or file of a policy; got 3"),
        ({"start": "euler"}, "of family 'steered6': the recipe's is 'bounded5'"),
        (
            {"start": "euler", "family": "steered6", "rows": 8, "policy": {"hidden": [4]}},
            r"its hidden layers are \[8, 8\], the recipe's \[4\]. Set hidden = \[8, 8\]",
        ),
        ({"start": "paper_euler"}, "of family 'weno_weights': the recipe's is 'bounded5'"),
    ],
)
def test_starts_that_do_not_fit_are_refused_before_anything_is_run(changes, message, tmp_path):
    with pytest.raises(lf.InputError, match=message):
        training.train(**SHORT | changes, folder=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_training_stops_when_validation_no_longer_improves(tmp_path, monkeypatch):
    from learnedflux.training import trainer

    scores = iter([0.9, 0.8, 0.85, 0.81, 0.7, 0.6])
    monkeypatch.setattr(trainer, "_validate", lambda tasks, recipe: {"validation": next(scores)})
    settings = SHORT | {"equations": ["Advection"], "iterations": 6, "validate_every": 1}
    run = training.train(**settings, patience=2, folder=tmp_path)
    assert run.history.validation.values.tolist() == [0.9, 0.8, 0.85, 0.81]
    assert run.score == 0.8
    again = training.train(**settings, patience=2, folder=tmp_path, resume=True)
    assert again.history.sizes["iteration"] == 4, "a run that has stopped stays so"


def test_several_seeds(tmp_path):
    settings = SHORT | {"equations": ["Advection"], "iterations": 2}
    runs = training.train_seeds(None, [3, 4], folder=tmp_path, **settings)
    assert sorted(runs.scores) == [3, 4]
    assert runs.best.score == min(runs.scores.values())
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["seed3", "seed4"]
    assert f"seed 3: {runs.scores[3]:.3f}" in repr(runs)
    policy = runs.export(tmp_path / "a.onnx", card=False)
    assert policy.metadata["seeds"] == [3, 4]
    resumed = training.train_seeds(None, [3, 4], folder=tmp_path, resume=True, **settings)
    assert resumed.scores == runs.scores
    with pytest.raises(lf.InputError, match="seeds must list"):
        training.train_seeds(None, [])


def test_steps_come_in_stages():
    from learnedflux.training.trainer import _schedule

    recipe = training.Recipe(iterations=101, steps=[4, 8, 16], ramp=0.5)
    stages = [_schedule(recipe, i)[1] for i in (0, 24, 25, 49, 50, 100)]
    assert stages == [4, 4, 8, 8, 16, 16]
    rates = [_schedule(recipe, i)[0] for i in range(101)]
    assert rates[0] < max(rates) == max(rates[15:25]) > rates[-1] > 0


def test_overrides_of_tables():
    base = training.Recipe(losses={"ratio": 1.0, "growth": 10.0})
    assert training.Recipe.of(base, **{"losses.growth": 5}).losses == {"ratio": 1.0, "growth": 5}
    assert training.Recipe.of(base, losses={"hinge": 1.0}).losses == {"hinge": 1.0}
    with pytest.raises(lf.InputError, match="'rows' is no table"):
        training.Recipe.of(base, **{"rows.x": 1})


def test_one_bad_row_does_not_hide_the_others():
    """Gradients by a row's state are kept from growing; those of other rows are untouched."""
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    factor = torch.tensor([[1.0], [60.0]], dtype=torch.float64)  # the second row explodes
    q, dt = torch.ones((1, 2, 8), dtype=torch.float64), torch.full((2, 1), 0.1).double()

    def gradient(row, limit):
        end = training.rollout(lambda q, _: weight * factor * q, q, dt, 6, limit=limit)
        return float(torch.autograd.grad(end[0, row].sum(), weight)[0])

    assert gradient(0, 50.0) == gradient(0, math.inf)
    # Its state grows 61-fold per step, so each of six steps adds as much; but for the last two,
    # what comes back to them is held at 50 instead of 61, 61^2 and so on.
    assert gradient(1, 50.0) == pytest.approx(gradient(1, math.inf) * 1.83 / 6, rel=0.05)


def test_shipped_recipes_are_recipes(root):
    for path in (root / "training").glob("*.toml"):
        assert training.Recipe.of(path).name == path.stem


def test_all_losses_and_equations_by_file_train_together(tmp_path, root):
    law = f"{root / 'examples' / 'cubic_law.py'}:CubicLaw"
    settings = SHORT | {
        "equations": [law],
        "distributions": {"CubicLaw": {"riemann": 1.0}},
        "iterations": 2,
        "losses": dict.fromkeys(training.losses, 1.0),
    }
    run = training.train(**settings, folder=tmp_path)
    assert np.isfinite(run.history.loss).all()
    assert training.load_run(tmp_path).recipe.digest == run.recipe.digest
