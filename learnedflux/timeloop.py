"""The time loop."""

from __future__ import annotations

import logging
import math
import time as clock
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from learnedflux.bursts import Bursts
from learnedflux.callbacks import Progress
from learnedflux.checkpoint import Checkpoint
from learnedflux.dataset import Statistics, to_dataset
from learnedflux.errors import InadmissibleStateError, LearnedFluxError, UnstableError
from learnedflux.integrators import Integrator
from learnedflux.semidiscretization import Semidiscretization

__all__ = ["TimeLoop"]

log = logging.getLogger("learnedflux")
RETRIES = 10  # halvings of one step before the run is given up: a factor of 1000


def _attempts(positivity: bool) -> Iterator[tuple[bool, float]]:
    """Ways to take a step, best first: (with the positivity limiter, share of the step)."""
    yield False, 1.0
    # The limiter also acts where it need not, near vacuum above all; so only where a step fails.
    for k in range(not positivity, RETRIES + 1):
        yield positivity, 0.5**k


def _step_to(t: float, dt: float, target: float) -> float:
    """Shorten a step to hit ``target``; two equal steps rather than a full one and a sliver."""
    left = target - t
    if dt >= left * (1 - 1e-12):
        return left
    return 0.5 * left if 2 * dt > left else dt


def _failure(
    semi: Semidiscretization, t: float, step: int, reason: str, bad: Any, result: xr.Dataset
) -> LearnedFluxError:
    """Return the error for a run that cannot go on, in words and with all a caller may want."""
    place = f"at t = {t:.6g}, step {step} (scheme {semi.scheme.name!r})"
    kept = f"The run up to t = {t:.6g} is in err.result."
    if bad is None:
        return UnstableError(f"{reason} {place}. {kept}", time=t, step=step, result=result)
    cell = semi.backend.first_inadmissible(bad)
    equation, dimension = semi.problem.equation, semi.problem.grid.dimension
    at: Any = (slice(None), *(cell or ()))
    values = tuple(float(v) for v in semi.to_numpy(bad)[at])
    state = dict(zip(semi.names, values, strict=True))
    where: dict[str, Any] = {
        "time": t,
        "step": step,
        "cell": cell,
        "state": state,
        "result": result,
    }
    advice = "Try a smaller step, a more robust scheme (muscl, godunov) or riemann='hll' in Scheme."
    if not np.isfinite(values).all():
        name = next(n for n, v in state.items() if not math.isfinite(v))
        return UnstableError(
            f"{name} is {state[name]} in cell {cell} {place}. {advice} {kept}", **where
        )
    primitive = dict(
        zip(equation.primitive_names(dimension), equation.to_primitive(values), strict=True)
    )
    shown = {k: v for k, v in {**state, **primitive}.items() if v <= 0 and "velocity" not in k}
    told = ", ".join(f"{k} {v:.3g}" for k, v in (shown or state).items() if "momentum" not in k)
    return InadmissibleStateError(f"{told} in cell {cell} {place}. {advice} {kept}", **where)


class TimeLoop:
    """A run: where it stands, and the steps that take it on.

    Parameters
    ----------
    semi : Semidiscretization
        What to integrate.
    method : Integrator
        Runge-Kutta method.
    arguments : dict
        Checked arguments of :func:`lf.solve` that decide how a run goes on, as plain data.
    """

    def __init__(
        self, semi: Semidiscretization, method: Integrator, arguments: dict[str, Any]
    ) -> None:
        self.semi, self.method, self.arguments = semi, method, arguments
        self.cfl, self.dt = arguments["cfl"], arguments["dt"]
        self.t, self.q, self.stats = 0.0, semi.initial(), Statistics()
        self.stable: float | None = None  # step of CFL number one; not known yet
        self.saved: list[tuple[float, np.ndarray]] = []
        self.origin: Path | None = None  # the checkpoint from which the run goes on

    def result(self, saved: list[tuple[float, np.ndarray]] | None = None) -> xr.Dataset:
        """Return the outputs up to now, or other states, as a result."""
        size = "cfl" if self.dt is None else "dt"
        told = {name: self.arguments[name] for name in (size, "device", "dtype")}
        told["integrator"] = self.method.name
        return to_dataset(self.semi, self.saved if saved is None else saved, told, self.stats)

    def run(
        self,
        progress: bool | None,
        callback: Callable[[float, int, Any], object] | None,
        checkpoint: Checkpoint | None,
    ) -> xr.Dataset:
        """Go on to the last output time, and return all outputs."""
        self._checkpoint = checkpoint
        self._written, self._first = self.stats.steps, self.stats.steps + 1
        self._started = clock.perf_counter()
        semi = self.semi
        # What overflows on the way is found by the check of each step, and named.
        quiet = np.errstate(all="ignore")
        with quiet, semi.backend.without_gradients(), Progress(semi.problem, progress) as bar:
            if self.stable is None:
                self.stable, _ = semi.survey(self.q, 0.0)
            if checkpoint is not None and checkpoint.path != self.origin:
                checkpoint.begin(self)
            most = self.arguments["max_steps"]
            fast = callback is None and Bursts.suit(semi, self.q)
            bursts = Bursts(semi, self.method, self.cfl, self.dt) if fast else None
            for target in self.arguments["times"][len(self.saved) :]:
                while self.t < target:
                    if self.stats.steps >= most:
                        raise self._fail(f"{most} steps (max_steps) were not enough")
                    if bursts is None or not self._burst(bursts, target):
                        self._step(target)
                    self._keep()
                    if callback is not None:
                        callback(self.t, self.stats.steps, self.q)
                    bar.update(self.t)
                self.saved.append((target, semi.to_numpy(self.q)))
        self._count_time()
        if self.stats.rejected:
            log.info("%d attempts at a step were rejected and made again", self.stats.rejected)
        return self.result()

    def _count_time(self) -> None:
        self.stats.seconds += clock.perf_counter() - self._started

    def _steps_taken(self, steps: int) -> None:
        self.stats.steps += steps
        if self.stats.steps == self._first:
            self._started = clock.perf_counter()  # compiling is not stepping

    def _keep(self) -> None:
        """Write a checkpoint if it is time for one."""
        checkpoint = self._checkpoint
        if checkpoint is not None and self.stats.steps - self._written >= checkpoint.every:
            self._count_time()
            try:
                checkpoint.write(self)
            except OSError as error:
                log.warning("no checkpoint in step %d: %s", self.stats.steps, error)
            self._written, self._started = self.stats.steps, clock.perf_counter()

    def _fail(self, reason: str, bad: Any = None) -> LearnedFluxError:
        self._count_time()
        if not self.saved or self.saved[-1][0] < self.t:
            self.saved.append((self.t, self.semi.to_numpy(self.q)))
        return _failure(self.semi, self.t, self.stats.steps, reason, bad, self.result())

    def _burst(self, bursts: Bursts, target: float) -> bool:
        """Take many steps on the device; return whether none failed."""
        most = self.arguments["max_steps"] - self.stats.steps
        if self._checkpoint is not None:
            most = min(most, self._written + self._checkpoint.every - self.stats.steps)
        assert self.stable is not None
        self.t, self.q, self.stable, steps, fine = bursts(self.t, self.q, self.stable, target, most)
        self._steps_taken(steps)
        return fine

    def _step(self, target: float) -> None:
        """Take one step, by as many attempts as it needs."""
        semi, stats, t, dt = self.semi, self.stats, self.t, self.dt
        assert self.stable is not None
        full = _step_to(t, self.cfl * self.stable if dt is None else dt, target)
        bad = None  # of the first attempt: limiting spreads what is not a number
        for limiting, share in _attempts(semi.scheme.positivity):
            step, limited = full * share, semi.backend.limited
            if t + step == t:
                raise self._fail(f"the step has collapsed to {step:.1e}")
            semi.backend.limiting = limiting
            new = self.method(semi, t, self.q, step)
            stable, fine = semi.survey(new, t + step)
            # Waves may have come up during the step: through a side, or from a source.
            if fine and (dt is not None or step <= max(1.0, 2 * self.cfl) * stable):
                break
            stats.rejected += 1
            semi.backend.limited = limited
            bad = new if bad is None and not fine else bad
        else:
            raise self._fail("the waves outran every step tried", None if fine else bad)
        self.q, self.stable = new, stable
        self.t = target if step == target - t else t + step
        self._steps_taken(1)
