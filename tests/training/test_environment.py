"""The Gymnasium environment: its interface, its physics, its rewards, its agents."""

import importlib.util
import json
import sys
import warnings

import numpy as np
import pytest

import learnedflux as lf

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
gymnasium = pytest.importorskip("gymnasium", reason="needs the extra 'rl'")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from learnedflux.training.environment import ConservationLawEnv, InterfaceAgents  # noqa: E402
from learnedflux.training.episodes import Rows  # noqa: E402
from learnedflux.training.interfaces import WORST, Interfaces, reward, rewards  # noqa: E402
from learnedflux.training.weights import WeightsPolicy  # noqa: E402

NAME = "learnedflux/ConservationLaw-v0"


def play(env, choose, **reset):
    """Play an episode; return what each step returned."""
    env.reset(**reset)
    found = []
    while not found or not (found[-1][2] or found[-1][3]):
        found.append(env.step(choose(env)))
    return found


def equal(env):
    return np.zeros(env.action_space.shape)


def noise(env):
    return env.np_random.normal(size=env.action_space.shape)


def rewards_of(steps):
    return np.stack([info["rewards"] for *_, info in steps])


# --- Gymnasium's interface ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"problems": ["sod", "lax"], "dt": 1e-4, "order": "sample"},
        {"reward": "full", "steps": 2},
        {"reward": "total-variation", "render_mode": "rgb_array"},
        {"reward": "conservation", "cells": None, "problems": ["tophat"]},
    ],
)
def test_gymnasium_finds_nothing_wrong(settings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(NAME, **settings).unwrapped)


def test_episodes_end_after_their_steps():
    env = ConservationLawEnv(["smooth_sine"], cells=32, steps=7)
    steps = play(env, equal)
    assert [truncated for *_, truncated, _ in steps] == [False] * 6 + [True]
    assert steps[-1][4]["time"] == pytest.approx(7 * 4e-4)
    with pytest.raises(lf.InputError, match=r"no episode is under way; call reset\(\) first"):
        env.step(equal(env))


def test_a_lost_state_ends_the_episode_at_the_worst_reward():
    env = ConservationLawEnv(["sod"], cells=32, dt=0.05, steps=9)
    *before, last = play(env, noise, seed=0)
    assert (last[2], last[3]) == (True, False)
    assert last[1] == pytest.approx((9 - len(before)) * WORST)
    assert np.isfinite(last[0]).all()
    assert np.isfinite(env.state).all()


def test_problems_come_in_rotation_which_a_seed_begins_anew():
    env = ConservationLawEnv(["smooth_sine", "rarefaction"], cells=16)
    names = [env.reset(seed=seed)[1]["problem"] for seed in (3, None, None, 3)]
    assert names == ["smooth_sine", "rarefaction", "smooth_sine", "smooth_sine"]
    assert env.reset(options={"problem": "tophat"})[1]["problem"] == "tophat"


def test_a_seed_decides_what_is_drawn():
    def draw(rng):
        height = rng.normal()
        return lf.Problem(
            lf.Burgers(), lf.Grid(x=(0, 1, 16)), lambda x: height * (x < 0.5), t_end=1.0
        )

    def heights(seed):
        env = ConservationLawEnv(["smooth_sine", draw], cells=16, order="sample")
        return [env.reset(seed=seed if k == 0 else None) and env.state[0, 0] for k in range(8)]

    assert heights(1) == heights(1)
    assert heights(1) != heights(2)
    assert len(set(heights(1))) > 3


def test_a_picture_is_drawn_only_if_asked_for():
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    env = ConservationLawEnv(["sod"], cells=16, render_mode="rgb_array")
    env.reset()
    first, _ = env.render(), env.step(noise(env))
    assert first.shape[2] == 3
    assert not np.array_equal(first, env.render())
    assert ConservationLawEnv(["sod"], cells=16).render() is None


# --- physics --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "error"),
    [("smooth_sine", 5.03e-2), ("rarefaction", 6.59e-3), ("accelshock", 1.71e-1)],
)
def test_the_weno_action_is_the_papers_weno(problem, error):
    env = ConservationLawEnv([problem], steps=500)
    play(env, ConservationLawEnv.weno_action)
    grid = env.problem.grid
    exact = env.problem.exact(grid.centers(0), t=0.2)["u"]
    assert np.sqrt(np.mean((env.state[0] - exact) ** 2)) == pytest.approx(error, rel=0.01)


@pytest.mark.parametrize("problem", ["random_sine", "isolated"])
def test_no_action_makes_or_loses_mass(problem):
    isolated = lf.Problem(
        lf.Euler(),
        lf.Grid(x=(0, 1, 32)),
        lambda x: {"density": 1.0 + (x < 0.5), "velocity_x": 0.0, "pressure": 1.0 + (x < 0.5)},
        boundary="periodic",
        t_end=1.0,
    )
    env = ConservationLawEnv([isolated if problem == "isolated" else problem], cells=32, dt=1e-3)
    env.reset(seed=0)
    before, start = env.state.sum(axis=1), env.state
    for _ in range(20):
        env.step(5 * noise(env))
    assert abs(env.state - start).max() > 0.01
    np.testing.assert_allclose(env.state.sum(axis=1), before, rtol=1e-13, atol=1e-13)


def test_states_are_values_at_cell_centres():
    env = ConservationLawEnv(["sod"], cells=20)
    env.reset()
    assert env.state[:, 0].tolist() == pytest.approx([1.0, 0.0, 2.5])
    env = ConservationLawEnv(["smooth_sine"], cells=20)
    env.reset()
    x = env.problem.grid.centers(0)
    np.testing.assert_allclose(env.state[0], np.sin(2 * np.pi * x) / (0.2 * np.pi), atol=1e-14)


def test_agents_see_shapes_not_levels():
    interfaces = Interfaces(lf.problems.smooth_sine(cells=16))
    rows = torch.as_tensor(np.random.default_rng(0).normal(size=(1, 4, 7, 2, 5)))
    seen = interfaces.observe(rows)
    torch.testing.assert_close(interfaces.observe(3.0 + 7.0 * rows), seen)
    torch.testing.assert_close(seen.mean(dim=-1), torch.zeros(1, 4, 7, 2).double())
    torch.testing.assert_close(seen.square().mean(dim=-1), torch.ones(1, 4, 7, 2).double())
    flat = torch.full((1, 5), 0.1).double() + 1e-17 * torch.arange(5)
    assert interfaces.observe(flat).abs().max() < 0.5


def test_mirrored_states_are_seen_mirrored():
    interfaces = Interfaces(lf.problems.smooth_sine(cells=16))
    q = torch.as_tensor(np.random.default_rng(0).normal(size=(1, 16)))
    # Burgers' equation does not change if x and u both change their sign.
    there, here = interfaces.stencils(-q.flip(-1)), interfaces.stencils(q)
    torch.testing.assert_close(there, here.flip(-3, -2), rtol=0.0, atol=0.0)


def test_gradients_pass_through_steps():
    interfaces = Interfaces(lf.problems.random_sine(cells=8))
    generator = torch.Generator().manual_seed(0)
    q = torch.rand(1, 8, generator=generator, dtype=torch.float64).requires_grad_()
    logits = torch.rand(1, 9, 2, 3, generator=generator, dtype=torch.float64).requires_grad_()

    def two_steps(q, logits):
        for _ in range(2):
            step = interfaces.step(q, 0.0, 1e-2, torch.softmax(logits, dim=-1), None)
            q = step.after
        return step.rewards("one-step"), interfaces.observe(interfaces.stencils(q))

    assert torch.autograd.gradcheck(two_steps, (q, logits))


# --- rewards --------------------------------------------------------------------------------------


def beside(error, periodic):
    """Mean of the two cells at each interface; at the sides of the only one."""
    ends = (error[-1], error[0]) if periodic else (error[0], error[-1])
    around = np.concatenate(([ends[0]], error, [ends[1]]))
    return (around[:-1] + around[1:]) / 2


@pytest.mark.parametrize("problem", ["smooth_sine", "rarefaction"])
def test_one_step_compares_with_weno_from_the_same_state(problem):
    env, other = (ConservationLawEnv([problem], cells=64) for _ in range(2))
    env.reset(seed=0)
    for _ in range(5):
        action = noise(env)
        other.reset(options={"problem": env.problem.replace(initial={"u": env.state[0]})})
        other.step(other.weno_action())
        _, mean, *_, info = env.step(action)
        error = beside(abs(env.state - other.state)[0], problem == "smooth_sine")
        np.testing.assert_allclose(info["rewards"][0], -np.arctan(1000 * error), atol=1e-11)
        assert mean == info["rewards"].mean()


@pytest.mark.parametrize("problem", ["smooth_sine", "shu_osher"])
def test_full_compares_with_the_truth(problem):
    env = ConservationLawEnv([problem], cells=50, dt=1e-3, steps=4, reward="full")
    steps = play(env, noise, seed=0)
    if problem == "smooth_sine":
        truth = env.problem.exact(env.problem.grid.centers(0), t=4e-3)["u"]
    else:
        fine = lf.solve(env.problem.with_cells(450).replace(t_end=4e-3), "weno5-z")
        truth = fine.density[-1].values[4::9]
    error = beside(abs(env.state[0] - truth), problem == "smooth_sine")
    np.testing.assert_allclose(steps[-1][4]["rewards"][0], -np.arctan(1000 * error), atol=1e-5)


def test_total_variation_punishes_what_grows_only():
    def ramp(rng):
        return lf.Problem(
            lf.Advection(1.0), lf.Grid(x=(0, 1, 32)), lambda x: np.clip(x, 0.4, 0.6), t_end=1.0
        )

    env = ConservationLawEnv([ramp], cells=32, dt=5e-3, reward="total-variation")
    env.reset(seed=0)
    action = equal(env)
    action[..., 0] = 20.0  # all agents extrapolate from upwind
    before = abs(np.diff(env.state[0])).sum()
    *_, info = env.step(action)
    punished = np.flatnonzero(info["rewards"][0] < -1e-6)
    assert abs(np.diff(env.state[0])).sum() > before + 1e-3
    # Waves run to the right: only what is just behind and ahead of the kinks can overshoot.
    assert set(punished) <= {*range(10, 17), *range(18, 26)}
    assert len(punished) >= 2
    calm = ConservationLawEnv(["rarefaction"], reward="total-variation")
    assert rewards_of(play(calm, ConservationLawEnv.weno_action)).min() > -1e-3


def test_conservation_punishes_the_flux_of_the_agent_itself():
    env = ConservationLawEnv(["rarefaction"], cells=64, reward="conservation")
    env.reset()
    action = env.weno_action()
    action[0, 32] = 0.0
    *_, info = env.step(action)
    assert np.flatnonzero(info["rewards"][0] < -1e-9).tolist() == [32]


def test_own_rewards_have_a_name():
    @reward("calm")
    def calm(step):
        return step.interfaces.beside((step.after - step.before).abs())

    try:
        env = ConservationLawEnv(["smooth_sine"], cells=16, reward="calm")
        env.reset()
        assert env.step(equal(env))[1] < 0
    finally:
        rewards.remove("calm")


def test_weno_is_perfect_and_equal_weights_are_not():
    env = ConservationLawEnv(["rarefaction"], steps=20)
    assert rewards_of(play(env, ConservationLawEnv.weno_action)).min() > -1e-9
    assert rewards_of(play(env, equal)).mean() < -0.1


# --- agents ---------------------------------------------------------------------------------------


def test_agents_are_the_rows_of_the_environment():
    env = ConservationLawEnv(["sod"], cells=32, dt=1e-4, steps=3)
    agents = InterfaceAgents(ConservationLawEnv(["sod"], cells=32, dt=1e-4, steps=3))
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(10, 6))
    seen, _ = env.reset(seed=0)
    rows, _ = agents.reset(seed=0)
    assert rows.shape == (agents.num_envs, 10) == (99, 10)
    for k in range(3):
        whole = (seen.reshape(3, 33, 10) @ weights).reshape(3, 33, 2, 3)
        seen, *_, info = env.step(whole)
        rows, paid, terminated, truncated, _ = agents.step(rows @ weights)
        np.testing.assert_array_equal(rows.reshape(seen.shape), seen)
        np.testing.assert_array_equal(paid, info["rewards"].reshape(-1))
        assert not terminated.any()
        assert truncated.tolist() == [k == 2] * 99
    assert agents.observation_space.contains(rows)


def test_a_policy_of_weights_plays_as_it_solves():
    policy = WeightsPolicy(hidden=(8,), seed=1)
    with torch.no_grad():
        policy.net[-1].weight.mul_(50.0)  # far from equal weights
    env = ConservationLawEnv(["rarefaction"], cells=64)
    rows = Rows([env.problem], policy.reconstruction(), env.dt)
    seen, _ = env.reset()
    q = rows.initial()
    with torch.no_grad():
        for _ in range(20):
            weights = policy.act(torch.as_tensor(seen))
            assert weights.max() > 0.5
            seen = env.step(torch.log(weights).numpy())[0]
            q = rows.step(q)
    np.testing.assert_allclose(env.state, q[:, 0].numpy(), atol=1e-12)


def test_the_benchmark_trains_both_and_draws_them(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    from benchmarks import reinforcement

    for name, value in {"CELLS": 16, "STEPS": 20, "ROWS": 1, "TESTED": 1}.items():
        monkeypatch.setattr(reinforcement, name, value)
    words = f"--seeds 0 --updates 2 --image {tmp_path / 'x.png'} --output {tmp_path / 'x.json'}"
    assert reinforcement.main(words.split()) == 0
    runs = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))["runs"]
    assert list(runs) == ["policy gradient", "BPTTS, whole episodes", "BPTTS, 10 steps"]
    for run in (one for (one,) in runs.values()):
        assert run["samples"] == [0, 2 * 20 * 17]
        assert run["reward"][0] == runs["policy gradient"][0]["reward"][0]  # the same network
    assert runs["BPTTS, 10 steps"][0]["reward"][1] > runs["BPTTS, 10 steps"][0]["reward"][0]
    assert (tmp_path / "x.png").stat().st_size > 5000


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"problems": []}, "problems must be a list with at least one"),
        ({"problems": "sod"}, "problems must be a list with at least one; got 'sod'"),
        ({"problems": ["sodd"]}, "no problem named 'sodd'. Did you mean 'sod'"),
        ({"problems": [3]}, "an episode starts from a problem's name"),
        ({"problems": ["riemann_2d_3"]}, "agents act at the interfaces of one dimension"),
        ({"problems": ["lake_at_rest"]}, "agents act on conservation laws without sources"),
        ({"dt": -1.0}, "dt must be a finite number above 0; got -1.0"),
        ({"steps": 0}, "steps must be a whole number above 0; got 0"),
        ({"reward": "onestep"}, "no reward mode named 'onestep'. Did you mean 'one-step'"),
        ({"order": "random"}, "no order of problems named 'random'"),
        ({"render_mode": "human"}, "no render mode named 'human'"),
        ({"cells": 2}, "agents need at least 3 cells; got 2"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, text):
    with pytest.raises(lf.InputError, match=text.replace(".", r"\.")):
        ConservationLawEnv(**settings)


def test_actions_and_options_that_make_no_sense_are_refused():
    env = ConservationLawEnv(["smooth_sine"], cells=16)
    with pytest.raises(lf.InputError, match="no option of reset named 'problm'"):
        env.reset(options={"problm": "sod"})
    with pytest.raises(lf.InputError, match="all problems must have 1 variables on 16 cells"):
        env.reset(options={"problem": "sod"})
    env.reset()
    with pytest.raises(lf.InputError, match=r"an action has shape \(1, 17, 2, 3\); got \(3,\)"):
        env.step(np.zeros(3))
    with pytest.raises(lf.InputError, match="numbers that are not finite"):
        env.step(np.full((1, 17, 2, 3), np.nan))
    with pytest.raises(lf.InputError, match=r"actions have shape \(17, 6\); got \(6,\)"):
        InterfaceAgents(env).step(np.zeros(6))


def test_without_gymnasium_it_says_what_to_install(monkeypatch, root):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    path = root / "learnedflux/training/environment.py"
    spec = importlib.util.spec_from_file_location("without_gymnasium", path)
    with pytest.raises(ImportError, match=r"python -m pip install 'learnedflux\[rl\]'"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
