"""A policy gradient and BPTTS on one task: reward over samples and over time, in one picture.

    python -m benchmarks.reinforcement                        # three seeds each, docs/images
    python -m benchmarks.reinforcement --seeds 0 --updates 4  # half a minute, to see that it works

Both train the network of Way et al. (two layers of 128) from the same weights on the same initial
states (sines and steps under Burgers' equation, drawn anew for every update; no named problem)
towards the same reward, the environment's one-step reward. The policy gradient (PPO) knows of the
dynamics what the environment returns to each of its agents; an action shows in the reward of its
own step, so its advantage is that reward less what a critic expects of the observation. BPTTS
follows the gradient of the rewards back through the solver: through whole episodes, as Way et al.
do, or through ten steps at a time, which takes 25 steps of the optimizer where that takes one. A
sample is one action of one agent at one time. Tests of the policy, without exploration and on
states of their own, count neither as samples nor as time.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import learnedflux as lf
from learnedflux.training.environment import ConservationLawEnv, InterfaceAgents
from learnedflux.training.interfaces import STENCIL, SUBSTENCILS, Interfaces

CELLS, DT, STEPS = 128, 4e-4, 250
ROWS = 4  # episodes per update
TESTED = 12  # episodes of a test
WIDTH = 128
RATE = 1e-3
PART = 10  # steps that BPTTS follows a gradient through, or all
HELD_OUT = 10_000  # seed of the states of tests
CLIPPED = 0.2  # change of a probability after which PPO stops to gain
EPOCHS, BATCH = 4, 2048
DEVIATION = 1.0  # of logits, at first: exploration
IMAGE = Path(__file__).parents[1] / "docs/images/reinforcement.png"
POLICY_GRADIENT, WHOLE, PARTS = "policy gradient", "BPTTS, whole episodes", "BPTTS, 10 steps"
METHODS = {POLICY_GRADIENT: "#E69F00", WHOLE: "#56B4E9", PARTS: "#0072B2"}


# --- the task -------------------------------------------------------------------------------------


def draw(rng: np.random.Generator) -> lf.Problem:
    """Return a periodic state with waves and, every other time, two jumps."""
    mean, height, phase = rng.uniform(-1, 1), rng.uniform(0.2, 1), rng.uniform()
    waves = int(rng.integers(1, 4))
    jump = rng.uniform(-1, 1) * (rng.random() < 0.5)
    start, length = rng.uniform(0, 1), rng.uniform(0.2, 0.6)

    def initial(x: np.ndarray) -> np.ndarray:
        sine = mean + height * np.sin(2 * math.pi * (waves * x + phase))
        return sine + jump * ((x - start) % 1.0 < length)

    return lf.Problem(
        lf.Burgers(), lf.Grid(x=(0, 1, CELLS)), initial, "periodic", t_end=STEPS * DT, name="drawn"
    )


def states(seed: Any, rows: int) -> list[lf.Problem]:
    """Return the problems that begin the episodes of an update."""
    rng = np.random.default_rng(seed)
    return [draw(rng) for _ in range(rows)]


def values(problems: list[lf.Problem]) -> Tensor:
    """Return initial states (variable, row, cell), as the environment begins with them."""
    return torch.as_tensor(np.stack([p.initial(p.grid.centers(0))[None] for p in problems], axis=1))


def network(outputs: int, seed: int) -> nn.Sequential:
    """Return a network whose answers are near zero at first: equal weights."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Linear(2 * STENCIL, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(),
        nn.Linear(WIDTH, outputs),
    )  # fmt: skip
    with torch.no_grad():
        net[-1].weight.mul_(0.01)
        net[-1].bias.zero_()
    return net


def by_network(net: nn.Module) -> Any:
    """Return the weights that a network chooses, as a function of stencils."""

    def weights(stencils: Tensor) -> Tensor:
        logits = net(Interfaces.observe(stencils).flatten(-2).float()).double()
        return torch.softmax(logits.unflatten(-1, (2, SUBSTENCILS)), dim=-1)

    return weights


def fixed(values: tuple[float, ...]) -> Any:
    """Return the same weights everywhere."""
    weights = torch.as_tensor(values, dtype=torch.float64)
    return lambda stencils: weights.expand(*stencils.shape[:-1], -1)


def episode(
    interfaces: Interfaces, q: Tensor, weights: Any, steps: int = STEPS, first: int = 0
) -> tuple[Tensor, Tensor]:
    """Return the mean reward of all agents over some steps, differentiable, and the last state."""
    total = torch.zeros((), dtype=q.dtype)
    for k in range(first, first + steps):
        chosen = weights(interfaces.stencils(q))
        step = interfaces.step(q, k * DT, DT, chosen, None)
        total, q = total + step.rewards("one-step").mean(), step.after
    return total / steps, q


@torch.no_grad()
def test(weights: Any) -> float:
    """Return the mean reward on states that no training sees."""
    problems = states(HELD_OUT, TESTED)
    return float(episode(Interfaces(problems[0]), values(problems), weights)[0])


# --- BPTTS ----------------------------------------------------------------------------------------


def bptts(seed: int, updates: int, part: int) -> Iterator[nn.Module]:
    """Train by the gradient through the episodes; yield the network after every update.

    An update plays its episodes once, as that of the policy gradient does, and follows the
    gradient back through ``part`` steps at a time.
    """
    net = network(2 * SUBSTENCILS, seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    for update in range(updates):
        problems = states([seed, update], ROWS)
        interfaces, q = Interfaces(problems[0]), values(problems)
        for first in range(0, STEPS, part):
            reward, q = episode(interfaces, q.detach(), by_network(net), part, first)
            optimizer.zero_grad()
            (-reward).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        yield net


# --- policy gradient ------------------------------------------------------------------------------


def policy_gradient(seed: int, updates: int) -> Iterator[nn.Module]:
    """Train by PPO through the environment; yield the network after every update."""
    net, critic = network(2 * SUBSTENCILS, seed), network(1, seed + 1)
    deviation = nn.Parameter(torch.full((2 * SUBSTENCILS,), math.log(DEVIATION)))
    parameters = [*net.parameters(), *critic.parameters(), deviation]
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    agents = InterfaceAgents(ConservationLawEnv([draw], CELLS, DT, STEPS, "one-step"))

    def chance(seen: Tensor) -> torch.distributions.Normal:
        return torch.distributions.Normal(net(seen), deviation.exp())

    for update in range(updates):
        played = [play(agents, p, chance) for p in states([seed, update], ROWS)]
        seen, actions, before, rewards = (torch.cat(x) for x in zip(*played, strict=True))
        with torch.no_grad():
            advantages = rewards - critic(seen)[:, 0]
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        for _ in range(EPOCHS):
            for part in torch.randperm(len(seen)).split(BATCH):
                now = chance(seen[part]).log_prob(actions[part]).sum(dim=-1)
                ratio = (now - before[part]).exp()
                clipped = ratio.clamp(1 - CLIPPED, 1 + CLIPPED)
                gain = torch.minimum(ratio * advantages[part], clipped * advantages[part]).mean()
                miss = (critic(seen[part])[:, 0] - rewards[part]).square().mean()
                optimizer.zero_grad()
                (miss - gain).backward()
                nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
        yield net


@torch.no_grad()
def play(agents: InterfaceAgents, problem: lf.Problem, chance: Any) -> tuple[Tensor, ...]:
    """Play an episode; return observations, actions, their log chances, and rewards."""
    found: list[tuple[Tensor, ...]] = []
    rows, _ = agents.reset(options={"problem": problem})
    ended = False
    while not ended:
        seen = torch.as_tensor(rows).float()
        choice = chance(seen)
        actions = choice.sample()
        rows, rewards, terminated, truncated, _ = agents.step(actions.double().numpy())
        ended = bool(terminated[0] or truncated[0])
        logs = choice.log_prob(actions).sum(dim=-1)
        found.append((seen, actions, logs, torch.as_tensor(rewards).float()))
    return tuple(torch.cat(x) for x in zip(*found, strict=True))


# --- both -----------------------------------------------------------------------------------------


def measure(method: str, seed: int, updates: int, every: int) -> dict[str, list[float]]:
    """Train; return rewards of tests, with the samples and the seconds spent until then."""
    parts = {WHOLE: STEPS, PARTS: PART}
    trained = (
        bptts(seed, updates, parts[method]) if method in parts else policy_gradient(seed, updates)
    )
    per_update = ROWS * STEPS * (CELLS + 1)
    start = test(by_network(network(2 * SUBSTENCILS, seed)))
    found: dict[str, list[float]] = {
        "samples": [0], "wall": [0.0], "processor": [0.0], "reward": [start]
    }  # fmt: skip
    wall = processor = 0.0
    clocks = time.perf_counter(), time.process_time()
    for update, net in enumerate(trained, 1):
        wall += time.perf_counter() - clocks[0]
        processor += time.process_time() - clocks[1]
        if update % every == 0 or update == updates:
            found["samples"].append(update * per_update)
            found["wall"].append(wall)
            found["processor"].append(processor)
            found["reward"].append(test(by_network(net)))
            print(
                f"{method}, seed {seed}: {update} updates, {update * per_update:.3g} samples, "
                f"{wall:.0f} s ({processor:.0f} s of processor), reward {found['reward'][-1]:.5f}",
                flush=True,
            )
        clocks = time.perf_counter(), time.process_time()
    return found


def picture(runs: dict[str, list[dict[str, list[float]]]], lines: dict[str, float]) -> Any:
    """Draw rewards over samples and over time."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullFormatter, StrMethodFormatter

    from learnedflux.plot.style import STYLE

    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.4), sharey=True, layout="constrained")
        for axis, key in zip(axes, ("samples", "processor"), strict=True):
            for name, colour in METHODS.items():
                for i, run in enumerate(runs[name]):
                    x, y = np.array(run[key]), -np.array(run["reward"])
                    label = name if i == 0 else None
                    axis.plot(x[1:], y[1:], color=colour, label=label)
            for (name, value), style in zip(lines.items(), (":", "--"), strict=True):
                axis.axhline(-value, color="black", linewidth=0.8, linestyle=style, label=name)
            axis.set(xscale="log", yscale="log")
            axis.xaxis.set_minor_formatter(NullFormatter())
            axis.yaxis.set_minor_formatter(StrMethodFormatter("{x:g}"))
            axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes[0].set(xlabel="samples: actions of agents", ylabel="-reward, mean of agents and steps")
        axes[1].set(xlabel="seconds of one core")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=5)
    return figure


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reinforcement",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seeds", default="0,1,2", metavar="N,N", help="default 0,1,2")
    add("--updates", type=int, default=30, metavar="N", help="of every method; default 30")
    add("--every", type=int, default=2, metavar="N", help="updates between tests; default 2")
    add("--image", type=Path, default=IMAGE, metavar="FILE.png")
    add("--output", type=Path, metavar="FILE.json", help="write all numbers")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)  # small matrices: more threads only wait for each other
    seeds = [int(seed) for seed in given.seeds.split(",")]
    lines = {
        "equal weights": test(fixed((1 / 3,) * 3)),
        "linear weights": test(fixed((0.1, 0.6, 0.3))),
    }
    print(*(f"{name}: reward {value:.5f}" for name, value in lines.items()), sep="\n", flush=True)
    runs = {
        method: [measure(method, seed, given.updates, given.every) for seed in seeds]
        for method in METHODS
    }
    if given.output:
        given.output.write_text(json.dumps({"lines": lines, "runs": runs}), encoding="utf-8")
    lf.plot.save(picture(runs, lines), given.image)
    print(f"wrote {given.image}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
