"""Many steps on the device without looking at them: the fast part of the time loop.

A step on a GPU costs less than telling the CPU about it. So the time, the step size and whether
all is well are kept in one small tensor, the clock, which the steps of a burst advance on the
device; only at the end of a burst is it read. A step that fails, or that would pass the output
time, leaves state and clock as they were, and so do those after it: the ordinary loop then
continues exactly from there. The rules are those of :mod:`learnedflux.timeloop`, word for word.
"""

from __future__ import annotations

import math
from typing import Any

from learnedflux.backends import TorchBackend
from learnedflux.backends.torch_timeless import NO_TIME
from learnedflux.integrators import Integrator
from learnedflux.semidiscretization import Semidiscretization

__all__ = ["LONGEST", "Bursts"]

LONGEST = 64  # steps of a burst: rare enough to look, soon enough to see a run fail
T, STABLE, STEPS, FINE = range(4)  # what the clock holds


class _Timeless:
    """A right-hand side that has no use for the time, as integrators take it."""

    def __init__(self, semi: Semidiscretization) -> None:
        self.semi = semi

    def __call__(self, t: Any, q: Any) -> Any:
        return self.semi(NO_TIME, q)

    def stage(self, t: Any, q: Any, terms: tuple[tuple[float, Any], ...], factor: Any) -> Any:
        return self.semi.stage(NO_TIME, q, terms, factor)


class Bursts:
    """Bursts of steps towards an output time.

    Parameters
    ----------
    semi : Semidiscretization
        What to integrate; on the torch backend, and independent of time (see :meth:`suit`).
    method : Integrator
        Runge-Kutta method.
    cfl : float
        CFL number of the steps.
    dt : float or None
        Fixed step, instead of ``cfl``.
    """

    def __init__(
        self, semi: Semidiscretization, method: Integrator, cfl: float, dt: float | None
    ) -> None:
        backend: Any = semi.backend
        self.backend, self.torch = backend, backend.torch
        self.rhs, self.method, self.dt, self.cfl = _Timeless(semi), method, dt, cfl
        self.length, self.pause, self.rest = 1, 0, 0
        # Numbers in tensors, as a compiled function would be compiled again for each new number.
        self.spacing = self._numbers(*semi.problem.grid.spacing)

    @staticmethod
    def suit(semi: Semidiscretization, q: Any) -> bool:
        """Whether the steps of a run from state ``q`` may be taken in bursts.

        Not where a boundary or a source looks at the time: such functions expect a plain number.
        """
        return isinstance(semi.backend, TorchBackend) and semi.timeless(q)

    def __call__(
        self, t: float, q: Any, stable: float, target: float, most: int
    ) -> tuple[float, Any, float, int, bool]:
        """Take up to ``most`` steps from time ``t``, where a CFL number of one means ``stable``.

        Returns
        -------
        time, state, stable step, steps taken, whether none failed
        """
        if self.rest:  # steps have failed of late: the ordinary loop has better means
            self.rest -= 1
            return t, q, stable, 0, False
        full = self.cfl * stable if self.dt is None else self.dt
        left = (target - t) / full if full > 0 else math.inf
        count = max(1, math.ceil(min(left, self.length, most)))
        clock = self._numbers(t, stable, 0.0, 1.0)
        rule = self._numbers(target, self.cfl, 0.0 if self.dt is None else self.dt)
        plan, judge = self.backend.compiled(self._plan), self.backend.compiled(self._judge)
        self.backend.limiting = False
        for _ in range(count):
            step = plan(clock, rule)
            new = self.method(self.rhs, 0.0, q, step)
            found = self.backend.survey_on_device(NO_TIME, new)
            q, clock = judge(q, new, found, step, clock, rule)
        t, stable, steps, fine = clock.tolist()  # the only wait for the device
        if fine:
            self.length = min(2 * self.length, LONGEST)
            self.pause = 0 if self.length > 2 else self.pause
        else:
            self.length, self.pause = 1, min(2 * self.pause + 1, LONGEST)
            self.rest = self.pause
        return t, q, stable, int(steps), bool(fine)

    def _numbers(self, *values: float) -> Any:
        return self.torch.tensor(values, dtype=self.torch.float64, device=self.backend.device)

    def _plan(self, clock: Any, rule: Any) -> Any:
        """Return the next step: ``timeloop._step_to`` on the device."""
        where = self.torch.where
        left = rule[0] - clock[T]
        dt = rule[1] * clock[STABLE] if self.dt is None else rule[2]
        step = where(2.0 * dt > left, 0.5 * left, dt)
        return where(dt >= left * (1 - 1e-12), left, step)

    def _judge(self, q: Any, new: Any, found: Any, step: Any, clock: Any, rule: Any) -> Any:
        """Return state and clock after a step, or those before it where it may not be taken."""
        torch = self.torch
        t, target = clock[T], rule[0]
        rate: Any = 0.0
        for speed, dx in zip(found[:-1].double(), self.spacing, strict=True):
            rate = rate + speed / dx
        stable = 1.0 / rate
        fine = (found[-1] == 1.0) & (t + step != t)
        if self.dt is None:
            fine = fine & (step <= torch.clamp(2.0 * rule[1], min=1.0) * stable)
        running = (t < target) & (clock[FINE] == 1.0)
        go = running & fine
        later = torch.where(step == target - t, target, t + step)
        after = torch.stack((later, stable, clock[STEPS] + 1.0, clock[FINE]))
        before = torch.stack((t, clock[STABLE], clock[STEPS], (fine | ~running) * clock[FINE]))
        return torch.where(go, new, q), torch.where(go, after, before)
