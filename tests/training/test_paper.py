"""The experiment of Way et al.: its baseline, its reward, its policies and how it is trained."""

import math

import numpy as np
import pytest

import learnedflux as lf

torch = pytest.importorskip("torch", reason="torch is not installed")
from learnedflux import training  # noqa: E402
from learnedflux.training.episodes import Rows, baseline  # noqa: E402
from learnedflux.training.experiment import Experiment  # noqa: E402
from learnedflux.training.paper import PaperTraining, l2_errors, rewards  # noqa: E402
from learnedflux.training.weights import WeightsPolicy  # noqa: E402

STATES = ("smooth_sine", "rarefaction", "accelshock")


def recipe(**changes):
    settings = {
        "name": "short",
        "equations": ["Burgers"],
        "family": "weno_weights",
        "cells": 32,
        "steps": [4],
        "iterations": 3,
        "segment": 0,
        "rate": 3e-3,
        "policy.hidden": [8],
        "experiment.states": list(STATES),
    }
    return training.Recipe.of(None, **(settings | changes))


def test_baseline_has_the_errors_of_the_paper():
    """Forward Euler, 128 cells, t = 0.2: 5.03e-2, 6.59e-3, 1.71e-1."""
    rows = Rows(Experiment().problems(128, lf.Burgers()), baseline(), 4e-4)
    errors = l2_errors(rows, rows.march(rows.initial(), 500), 0.2)
    np.testing.assert_allclose(errors, [5.03e-2, 6.59e-3, 1.71e-1], rtol=2e-3)


def test_rows_have_boundaries_and_widths_of_their_own():
    """Each row is what the solver gives of its problem alone."""
    problems = [
        lf.problems.smooth_sine(cells=32),
        lf.problems.rarefaction(cells=32).replace(grid=lf.Grid(x=(-1.0, 1.0, 32))),
    ]
    problems[1] = problems[1].replace(exact=lf.problems.rarefaction().exact.function)
    rows = Rows(problems, baseline(), 1e-3)
    q = rows.initial()
    found = rows.march(q, 5).numpy()
    for number, problem in enumerate(problems):
        scheme = lf.Scheme(baseline(), variables="split")
        semi = lf.Semidiscretization(problem, scheme, backend="torch")
        state = q[:, number]
        for _ in range(5):
            state = state + 1e-3 * semi(0.0, state)
        np.testing.assert_allclose(found[:, number], state, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, -math.atan(1000.0 * 0.5 * (3e-3 + 1e-3))),
        ({"sharpness": 10.0}, -math.atan(10.0 * 2e-3)),
        ({"squash": "none"}, -2e-3),
        ({"squash": "none", "combine": "L1"}, -4e-3),
        ({"squash": "none", "combine": "max"}, -3e-3),
        ({"squash": "none", "combine": "L2"}, -math.hypot(3e-3, 1e-3)),
        ({"squash": "log", "combine": "L1"}, -math.log(4e-3)),
        ({"squash": "none", "conservation": 2.0}, -2e-3 - 2.0 * 2e-3),
    ],
)
def test_reward(settings, expected):
    error = torch.tensor([[[3e-3, -1e-3]]], dtype=torch.float64)
    reward = rewards(error, Experiment.of(settings))
    assert reward.shape == (1, 1, 1)
    assert float(reward) == pytest.approx(expected, rel=1e-12)


def test_weights_are_convex_and_follow_scale_and_shift():
    policy = WeightsPolicy(hidden=(8,), seed=1)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.mul_(3.0)
        cells = torch.randn(5, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        seen = policy.observe(tuple(cells))
        weights = policy.act(seen)
        np.testing.assert_allclose(weights.sum(dim=-1), 1.0, rtol=1e-14)
        assert float(weights.min()) > 0.0
        assert float(weights.std()) > 0.01
        np.testing.assert_allclose(seen.mean(dim=-1), 0.0, atol=1e-14)
        moved = policy(*(7.0 - 3.0 * cells))
        np.testing.assert_allclose(
            policy(*(7.0 + 3.0 * cells)), 7.0 + 3.0 * policy(*cells), rtol=1e-12
        )
        assert not np.allclose(moved, 7.0 - 3.0 * policy(*cells))  # signs are seen, as in the paper


def test_equal_weights_at_the_start():
    weights = WeightsPolicy(seed=3).act(torch.randn(9, 5, dtype=torch.float64))
    np.testing.assert_allclose(weights.detach(), 1.0 / 3.0, atol=0.05)


def test_observation_is_clipped():
    far = torch.zeros(31, dtype=torch.float64)
    far[0] = 1.0
    policy = WeightsPolicy()
    assert float(policy.observe(tuple(far)).max()) == 5.0


@pytest.mark.slow
@pytest.mark.parametrize("r", [2, 3])
def test_exported_policy_runs_in_the_solver(tmp_path, r):
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    from learnedflux.training.export import export

    made = recipe(**{"policy.r": r, "policy.layer_norm": r == 2, "policy.activation": "tanh"})
    policy = made.new_policy()
    loaded = export(policy, tmp_path / "short.onnx", made, card=False)
    assert loaded.stencil == 2 * r
    line = lf.problems.smooth_sine(cells=24)
    plane = lf.problems.burgers_sine_2d(cells=16)
    for problem in (line, plane):
        ds = lf.solve(problem, str(loaded.path), dt=1e-3, times=[2e-3], threads=1)
        assert ds.attrs["variables"] == "split"
        ours = lf.Scheme(policy.reconstruction(), variables="split", positivity=False)
        semi = lf.Semidiscretization(problem, ours, backend="torch")
        q = semi.initial()
        with torch.no_grad():
            for _ in range(2):
                q = lf.integrators.ssprk3(semi, 0.0, q, 1e-3)
        np.testing.assert_allclose(ds.u[-1].values.T, q[0].numpy(), rtol=0, atol=1e-13)
    tensor = lf.solve(line, loaded, dt=1e-3, times=[2e-3], backend="torch")
    np.testing.assert_allclose(
        tensor.u, lf.solve(line, loaded, dt=1e-3, times=[2e-3]).u, atol=1e-13
    )
    with pytest.raises(lf.PolicyError, match="policy 'short' was trained to reconstruct split fl"):
        lf.solve(line, lf.Scheme(loaded, variables="characteristic"))


@pytest.mark.parametrize("changes", [{}, {"experiment.target": "exact"}, {"segment": 2}])
def test_gradient_is_that_of_the_whole_episode(changes):
    """Against finite differences, WENO's own step from the agents' state included."""
    given = recipe(**changes, **{"experiment.squash": "none"})
    policy = given.new_policy()
    episodes = PaperTraining(given, policy)
    bias = policy.net[0].bias
    episodes.episode(0, 4).backward()
    step, found = 1e-6, []
    for sign in (1.0, -1.0):
        with torch.no_grad():
            bias[2] += sign * step
            found.append(float(episodes.episode(0, 4)))
            bias[2] -= sign * step
    assert float(bias.grad[2]) == pytest.approx((found[0] - found[1]) / (2 * step), rel=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"experiment.draw": "schedule"},
        {"experiment.draw": "sample", "experiment.viscosity": 1e-3},
        {"experiment.target": "fine", "experiment.refinement": 3},
        {"experiment.total_variation": 1.0, "dtype": "float32"},
        {"policy.action": "value", "experiment.integrator": "ssprk3"},
    ],
)
def test_every_kind_of_experiment_trains(tmp_path, changes):
    run = training.train(recipe(**changes), folder=tmp_path, validate_every=3)
    assert np.isfinite(run.history.reward).all()
    assert not run.history.skipped.any()
    assert set(run.history) >= {f"error_{name}" for name in STATES}
    again = training.load_run(tmp_path)
    assert again.recipe.experiment == run.recipe.experiment


def test_reward_rises(tmp_path):
    run = training.train(recipe(iterations=60, rate=1e-2), folder=tmp_path, validate_every=60)
    reward = run.history.reward.values
    assert reward[-1] > 0.8 * reward[0]  # rewards are below zero
    assert "of the error of WENO" in repr(run)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"experiment.states": ["sod"]}, "'sod' is no problem of Burgers in one dimension"),
        ({"experiment.targt": "weno"}, "Did you mean 'target'"),
        ({"experiment.target": "best"}, "no target of the experiment named 'best'"),
        ({"experiment": {}}, "trained on split fluxes: say how in"),
        ({"family": "bounded5", "policy": {}}, "'bounded5' are trained on states"),
        ({"experiment.refinement": 4}, "refinement must be odd"),
        ({"experiment.viscosity": 0.1, "experiment.target": "exact"}, "without viscosity"),
        ({"policy.r": 4}, "r must be 2 or 3"),
        ({"policy.r": 2, "policy.action": "value"}, "needs r=3"),
        ({"equations": ["Burgers", "Euler"]}, "an experiment has one equation; got 2"),
    ],
)
def test_wrong_settings_are_told(changes, told):
    with pytest.raises(lf.InputError, match=told):
        recipe(**changes)
