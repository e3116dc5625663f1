"""The flux scheme as a game: a Gymnasium environment whose agents sit at cell interfaces.

Needs the extra ``rl``. One step of the environment is one step of forward Euler; the action says,
at every interface and for either half of the split flux, how much each sub-stencil of WENO counts;
see :mod:`learnedflux.training.interfaces`. :class:`ConservationLawEnv` is one agent that decides
for all interfaces, :class:`InterfaceAgents` the same game as many agents that share a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from learnedflux import problems as named
from learnedflux.errors import InputError, UnknownNameError
from learnedflux.problem import ExactSolution, Problem
from learnedflux.solver import solve
from learnedflux.training.interfaces import (
    CLIP,
    STENCIL,
    SUBSTENCILS,
    WORST,
    Interfaces,
    rewards,
)

try:
    import gymnasium
    from gymnasium.spaces import Box
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space
except ImportError as error:
    raise ImportError(
        "learnedflux.training.environment needs gymnasium, which is not installed; "
        "python -m pip install 'learnedflux[rl]'."
    ) from error

__all__ = ["LOGIT", "ConservationLawEnv", "InterfaceAgents"]

LOGIT = 20.0  # bound of actions: weights down to exp(-40), which is none in double precision
SIDES = 2  # halves of the split flux
FAR = 1e6  # growth of a state, or its size, from which on it counts as lost
REFINEMENT = 9  # of the run that stands in for an exact solution; odd, to share cell centres
ORDERS = ("schedule", "sample")

Source = str | Problem | Callable[[Generator], Problem]


class ConservationLawEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """A conservation law in one dimension, advanced by WENO weights that the action chooses.

    Parameters
    ----------
    problems : sequence
        Where episodes start: names of problems, Problems, or functions that draw a Problem by the
        environment's random generator. All of one number of variables. Default: what Way et al.
        train on.
    cells : int or None
        Cells of the grid; None keeps the problems' own, which must then agree.
    dt : float
        Length of a step.
    steps : int
        Steps of an episode, after which it is truncated.
    reward : {"one-step", "full", "total-variation", "conservation"}
        What is punished, see Notes; ``training.interfaces.reward`` adds others.
    order : {"schedule", "sample"}
        Whether episodes take the problems in rotation or at random.
    render_mode : {None, "rgb_array"}
        Whether :meth:`render` draws the state, by matplotlib.

    Notes
    -----
    Observations (variable, interface, side, cell) are the stencils of both halves of the split
    flux, five cells each from the upwind end to the downwind one, less their mean and over their
    standard deviation. Actions (variable, interface, side, sub-stencil) are logits: the weights are
    their softmax over the three sub-stencils, equal ones where all are zero. On periodic grids the
    last interface is the first one, whose action counts for both.

    Split fluxes are finite differences: the state are values at cell centres, not averages.

    An agent's reward is -atan(1000 error), from 0 down to -pi/2, by the mean error of the two cells
    beside it: against a step by WENO from the same state (``one-step``) or against the exact
    solution, or a run on a nine times finer grid where none is known (``full``). With
    ``total-variation`` the error is the growth of the variation about the interface, with
    ``conservation`` the mass that its flux carried too much or too little. The environment's reward
    is the mean over agents; ``info["rewards"]`` (variable, interface) holds them one by one.

    An episode is terminated if a state is no longer admissible, or a million times as large as at
    first; all agents then get the worst reward for this and every remaining step.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).

    Examples
    --------
    >>> import numpy as np
    >>> env = ConservationLawEnv(["smooth_sine"], cells=32, steps=2)
    >>> observation, info = env.reset(seed=0)
    >>> observation.shape, env.action_space.shape
    ((1, 33, 2, 5), (1, 33, 2, 3))
    >>> equal = np.zeros(env.action_space.shape)
    >>> observation, reward, terminated, truncated, info = env.step(equal)
    >>> reward < 0, terminated, truncated
    (True, False, False)
    >>> env.step(env.weno_action())[1:4]
    (0.0, False, True)
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012

    def __init__(
        self,
        problems: Sequence[Source] = ("smooth_sine", "rarefaction", "accelshock"),
        cells: int | None = 128,
        dt: float = 4e-4,
        steps: int = 250,
        reward: str = "one-step",
        order: str = "schedule",
        render_mode: str | None = None,
    ) -> None:
        if isinstance(problems, (str, Problem)) or not problems:
            raise InputError(f"problems must be a list with at least one; got {problems!r}.")
        if not (np.isfinite(dt) and dt > 0):
            raise InputError(f"dt must be a finite number above 0; got {dt!r}.")
        if not isinstance(steps, int) or steps < 1:
            raise InputError(f"steps must be a whole number above 0; got {steps!r}.")
        if order not in ORDERS:
            raise UnknownNameError("order of problems", order, ORDERS)
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise UnknownNameError("render mode", render_mode, modes)
        self.reward = rewards.canonical(reward)
        self.cells, self.dt, self.steps = cells, dt, steps
        self.order, self.render_mode = order, render_mode
        self.episode = 0
        # What is not drawn anew is made once: its exact solution is then found once, too.
        self.sources = tuple(p if _draws(p) else self._problem(p) for p in problems)
        self.problem = self._problem(self.sources[0], np.random.default_rng(0))
        interfaces = Interfaces(self.problem)
        names = self.problem.equation.conserved_names(1)
        self.shape = (len(names), self.problem.grid.shape[0] + 1, SIDES)
        self.observation_space = Box(-CLIP, CLIP, (*self.shape, STENCIL), np.float64)
        self.action_space = Box(-LOGIT, LOGIT, (*self.shape, SUBSTENCILS), np.float64)
        self._interfaces, self._state, self._taken = interfaces, torch.empty(0), steps
        self._limit = FAR
        self._truths: WeakKeyDictionary[Problem, dict[int, Tensor]] = WeakKeyDictionary()

    # --- Gymnasium's interface ------------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode.

        Parameters
        ----------
        seed : int, optional
            Seed of the random generator; also begins the rotation of problems anew.
        options : dict, optional
            ``{"problem": source}`` starts from this instead, whatever it is.

        Returns
        -------
        observation : ndarray, shape (variable, interface, side, cell)
        info : dict
            ``problem`` (its name), ``time``.
        """
        super().reset(seed=seed)
        if seed is not None:
            self.episode = 0
        given = dict(options or {})
        source = given.pop("problem", None)
        if given:
            raise UnknownNameError("option of reset", next(iter(given)), ["problem"])
        if source is None:
            if self.order == "sample":
                source = self.sources[int(self.np_random.integers(len(self.sources)))]
            else:
                source = self.sources[self.episode % len(self.sources)]
            self.episode += 1
        self.problem = self._problem(source, self.np_random)
        self._interfaces = Interfaces(self.problem)
        state = torch.as_tensor(self._initial())
        expected = (self.shape[0], self.shape[1] - 1)
        if state.shape != expected:
            raise InputError(
                f"all problems must have {expected[0]} variables on {expected[1]} cells; "
                f"{self.problem.name!r} has {state.shape[0]} on {state.shape[1]}."
            )
        self._state, self._taken = state, 0
        self._limit = FAR * max(float(state.abs().amax()), 1.0)
        return self._observation(), self._info()

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Take one step of forward Euler.

        Parameters
        ----------
        action : ndarray, shape (variable, interface, side, sub-stencil)
            Logits of the weights.

        Returns
        -------
        observation : ndarray, shape (variable, interface, side, cell)
        reward : float
            Mean over agents.
        terminated : bool
            Whether the state is lost; the observation is then that of the last good one.
        truncated : bool
            Whether the episode is over.
        info : dict
            ``rewards`` (variable, interface), ``problem``, ``time``.
        """
        if self._taken >= self.steps:
            raise InputError("no episode is under way; call reset() first.")
        logits = torch.as_tensor(np.asarray(action, dtype=np.float64))
        if logits.shape != self.action_space.shape:
            raise InputError(
                f"an action has shape {self.action_space.shape}; got {tuple(logits.shape)}."
            )
        if not torch.isfinite(logits).all():
            raise InputError("the action holds numbers that are not finite.")
        exact = self._exact() if rewards[self.reward].needs_exact else None
        taken = self._interfaces.step(
            self._state, self.time, self.dt, torch.softmax(logits, dim=-1), exact
        )
        fine = self._admissible(taken.after)
        if fine:
            found = taken.rewards(self.reward).numpy()
            self._state, self._taken = taken.after, self._taken + 1
        else:
            found = np.full(logits.shape[:2], WORST * (self.steps - self._taken))
            self._taken = self.steps
        truncated = fine and self._taken == self.steps
        info = {**self._info(), "rewards": found}
        return self._observation(), float(found.mean()), not fine, truncated, info

    def render(self) -> np.ndarray | None:
        """Return a picture of the state (height, width, 3), if made with ``"rgb_array"``."""
        if self.render_mode is None:
            return None
        from learnedflux.plot import rgb, snapshot  # matplotlib, only where something is drawn

        names = self.problem.equation.conserved_names(1)
        title = f"{self.problem.name}, t = {self.time:.4f}"
        centers = self.problem.grid.centers(0)
        return rgb(snapshot(centers, dict(zip(names, self.state, strict=True)), title))

    # --- beyond it --------------------------------------------------------------------------------

    @property
    def state(self) -> np.ndarray:
        """Conserved values at cell centres (variable, cell)."""
        return self._state.numpy().copy()

    @property
    def time(self) -> float:
        """Time since the episode began."""
        return self._taken * self.dt

    def weno_action(self) -> np.ndarray:
        """Return the action that does what WENO would do (epsilon 1e-16, power 2)."""
        weights = self._interfaces.weno(self._interfaces.stencils(self._state, self.time))
        # The largest weight of each side is at the upper bound, the others below it.
        logits = torch.log(weights / weights.amax(dim=-1, keepdim=True)) + LOGIT
        found: np.ndarray = logits.clamp(min=-LOGIT).numpy()
        return found

    def _problem(self, source: Source, rng: Generator | None = None) -> Problem:
        made: Any = source
        if isinstance(source, str):
            made = named.get(source)()
        elif rng is not None and _draws(source):
            made = source(rng)  # type: ignore[operator]
        if not isinstance(made, Problem):
            raise InputError(
                "an episode starts from a problem's name, a Problem or a function that draws one; "
                f"got {type(made).__name__}."
            )
        if self.cells in (None, made.grid.shape[0]):
            return made
        return made.with_cells(self.cells)

    def _observation(self) -> np.ndarray:
        stencils = self._interfaces.stencils(self._state, self.time)
        observed: np.ndarray = self._interfaces.observe(stencils).numpy()
        return observed

    def _info(self) -> dict[str, Any]:
        return {"problem": self.problem.name, "time": self.time}

    def _admissible(self, q: Tensor) -> bool:
        near = q.abs().amax() <= self._limit  # false for NaN
        return bool(near & self.problem.equation.admissible(tuple(q)).all())

    def _exact(self) -> Tensor:
        """Return the exact values after the step to come; kept for later episodes."""
        known = self._truths.setdefault(self.problem, {})
        if self._taken not in known:
            known.update(self._truth())
        return known[self._taken]

    def _truth(self) -> dict[int, Tensor]:
        """Return exact values after this step, or those of a fine run after all steps."""
        if self.problem.exact is not None:
            return {
                self._taken: torch.as_tensor(self._values(self.problem.exact, self.time + self.dt))
            }
        times = self.dt * np.arange(1, self.steps + 1)
        fine = self.problem.with_cells(REFINEMENT * self.problem.grid.shape[0])
        run = solve(fine.replace(t_end=times[-1]), "weno5-z", times=list(times), progress=False)
        run = run.isel(x=slice(REFINEMENT // 2, None, REFINEMENT))  # cells with the same centres
        names = self.problem.equation.conserved_names(1)
        q = np.stack([run[name].values for name in names], axis=1)
        return {k: torch.as_tensor(state) for k, state in enumerate(q)}

    def _initial(self) -> np.ndarray:
        """Return the initial values at cell centres; arrays are taken for such as they are."""
        initial = self.problem.initial
        if not callable(initial):
            return self.problem.initial_state()
        return self._values(ExactSolution(self.problem.equation, lambda x, t: initial(x)), 0.0)

    def _values(self, solution: ExactSolution, t: float) -> np.ndarray:
        """Return the conserved values of a solution at cell centres."""
        w = solution(self.problem.grid.centers(0), t=t)
        return np.stack(self.problem.equation.to_conserved(tuple(w.values())))


def _draws(source: Source) -> bool:
    """Whether a source of problems is a function that draws them."""
    return callable(source) and not isinstance(source, Problem)


class InterfaceAgents(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """The same game as many agents with one policy, one per variable and interface.

    A Gymnasium vector environment whose sub-environments are the agents of one row of cells: what
    trains on vector environments trains a shared policy on this, unchanged. Agents start and end
    together; call :meth:`reset` after that.

    Parameters
    ----------
    env : ConservationLawEnv
        What they play.

    Examples
    --------
    >>> agents = InterfaceAgents(ConservationLawEnv(["smooth_sine"], cells=32, steps=2))
    >>> observations, _ = agents.reset(seed=0)
    >>> observations.shape, agents.single_action_space.shape
    ((33, 10), (6,))
    >>> agents.step(np.zeros((33, 6)))[1].shape
    (33,)
    """

    metadata: ClassVar[dict[str, Any]] = {
        **ConservationLawEnv.metadata,
        "autoreset_mode": AutoresetMode.DISABLED,
    }

    def __init__(self, env: ConservationLawEnv) -> None:
        self.env = env
        self.num_envs = env.shape[0] * env.shape[1]
        self.render_mode = env.render_mode
        self.single_observation_space = Box(-CLIP, CLIP, (SIDES * STENCIL,), np.float64)
        self.single_action_space = Box(-LOGIT, LOGIT, (SIDES * SUBSTENCILS,), np.float64)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def per_agent(self, array: np.ndarray) -> np.ndarray:
        """Return what is (variable, interface, ...) as one row per agent."""
        return np.asarray(array).reshape(self.num_envs, -1)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode; as of :class:`ConservationLawEnv`, with a row per agent."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self.per_agent(observation), info

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Let all agents act (agent, 6); return observations, rewards and ends, one per agent."""
        if np.shape(actions) != self.action_space.shape:
            raise InputError(
                f"actions have shape {self.action_space.shape}; got {np.shape(actions)}."
            )
        whole = np.reshape(actions, (*self.env.shape, SUBSTENCILS))
        observation, _, terminated, truncated, info = self.env.step(whole)
        ends = [np.full(self.num_envs, end) for end in (terminated, truncated)]
        rewards = info.pop("rewards").reshape(-1)
        return self.per_agent(observation), rewards, ends[0], ends[1], info

    def render(self) -> tuple[np.ndarray, ...] | None:
        """Return a picture of the state, one for all agents."""
        picture = self.env.render()
        return None if picture is None else (picture,)


gymnasium.register("learnedflux/ConservationLaw-v0", f"{__name__}:ConservationLawEnv")
