"""The time loop."""

from __future__ import annotations

import logging
import math
import numbers
import time as clock
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from learnedflux.bursts import Bursts
from learnedflux.callbacks import Progress
from learnedflux.dataset import Statistics, to_dataset
from learnedflux.errors import InadmissibleStateError, InputError, LearnedFluxError, UnstableError
from learnedflux.integrators import Integrator, integrators
from learnedflux.problem import Problem
from learnedflux.semidiscretization import Semidiscretization

__all__ = ["solve"]

log = logging.getLogger("learnedflux")
RETRIES = 10  # halvings of one step before the run is given up: a factor of 1000


def _attempts(positivity: bool) -> Iterator[tuple[bool, float]]:
    """Ways to take a step, best first: (with the positivity limiter, share of the step)."""
    yield False, 1.0
    # The limiter also acts where it need not, near vacuum above all; so only where a step fails.
    for k in range(not positivity, RETRIES + 1):
        yield positivity, 0.5**k


def _positive(name: str, given: Any) -> float:
    """Return a number above zero, or say that it is none."""
    real = isinstance(given, numbers.Real) and not isinstance(given, bool)
    if not (real and math.isfinite(given) and given > 0):
        raise InputError(f"{name} must be a finite number above 0; got {given!r}.")
    return float(given)


def _output_times(times: Any, t_end: float) -> np.ndarray:
    if times is None:
        return np.array([0.0, t_end])
    if isinstance(times, (int, np.integer)) and not isinstance(times, bool):
        if times < 2:
            raise InputError(
                f"times as a number counts outputs from 0 to t_end; got {times}, need 2."
            )
        return np.linspace(0.0, t_end, int(times))
    try:
        given = np.asarray(times, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"times must be a number of outputs or a list; got {times!r}.") from None
    if given.ndim != 1 or not len(given) or not np.isfinite(given).all():
        raise InputError("times must be a non-empty list of finite numbers.")
    if (np.diff(given) <= 0).any() or given[0] < 0 or given[-1] > t_end * (1 + 1e-12):
        raise InputError(
            f"times must rise strictly within [0, t_end = {t_end:g}]; got {given.tolist()}."
        )
    return given


def _cfl_number(problem: Problem, dt: float) -> float:
    """Return the CFL number of a step in the initial state, ghost cells included."""
    with np.errstate(all="ignore"):  # a bad state is found by the solver, and named
        one, _ = Semidiscretization(problem, "godunov").survey(problem.initial_state())
    return dt / one if one > 0.0 else math.inf


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


def solve(
    problem: Problem,
    scheme: Any = "weno5-z",
    *,
    times: int | Sequence[float] | None = None,
    cfl: float = 0.4,
    integrator: str | Integrator = "ssprk3",
    dt: float | None = None,
    backend: str = "auto",
    device: str = "cpu",
    dtype: str = "float64",
    compile: bool | None = None,
    threads: int | None = None,
    max_steps: int = 10_000_000,
    progress: bool | None = None,
    callback: Callable[[float, int, Any], object] | None = None,
) -> xr.Dataset:
    """Solve a problem and return the cell averages as a Dataset.

    Parameters
    ----------
    problem : Problem
        What to solve.
    scheme : str, Path, Policy, Reconstruction or Scheme
        Flux scheme: a name from :func:`lf.schemes`, ``"learned"``, or the path of an ONNX policy.
    times : int or sequence of float, optional
        Output times, or their number from 0 to ``problem.t_end``; each is hit exactly. Default:
        the initial and the final state.
    cfl : float
        CFL number dt * sum over axes (max speed / dx) of every step. The limit is about 1; the
        learned schemes keep monotone data monotone up to 0.4 and narrow their bounds above 0.42,
        and positivity holds up to 0.5.
    integrator : str or Integrator
        Name of a Runge-Kutta method from :mod:`lf.integrators`.
    dt : float, optional
        Fixed step, instead of ``cfl``; learned schemes take its CFL number in the initial state.
    backend : {"auto", "numba", "torch"}
        Where to compute.
    device : str
        Torch device ("cpu", "cuda").
    dtype : {"float64", "float32"}
        Precision; float32 with torch only.
    compile : bool, optional
        With torch: compile by ``torch.compile``, which takes half a minute at the first step and
        makes the others many times faster. Default: on a GPU, not on the CPU.
    threads : int, optional
        CPU threads of the numba backend; any number gives the same result. Default:
        ``NUMBA_NUM_THREADS`` or all cores.
    max_steps : int
        Steps after which the run is given up.
    progress : bool, optional
        Progress bar. Default: on a terminal, for runs longer than two seconds.
    callback : callable, optional
        Called as ``callback(t, step, q)`` after each step.

    Returns
    -------
    xarray.Dataset
        Conserved and primitive variables with dims ``(time[, z][, y], x)``; attributes say how the
        run can be repeated and what it took.

    Raises
    ------
    InputError
        For arguments that make no sense, before anything is computed.
    InadmissibleStateError, UnstableError
        If a state turns unphysical or not finite even with steps a thousand times smaller. The
        error carries time, step, cell and, as ``err.result``, the Dataset up to then.

    Notes
    -----
    A step that ends in a non-finite or inadmissible state is taken again with the positivity
    limiter on (where the scheme has it and the equation has such quantities), then with ever
    smaller steps. So is one during which waves came up that make its CFL number twice what was
    asked for. The result counts these attempts as ``steps_rejected``, and the fluxes limited as
    ``faces_limited``.

    On the torch backend the loop itself runs on the device, in bursts of steps without a look at
    them; not with a ``callback``, nor where a boundary or the source depends on time.

    Examples
    --------
    >>> import learnedflux as lf
    >>> ds = lf.solve(lf.problems.sod(cells=50), scheme="weno5")
    >>> ds.density.dims, ds.sizes["time"]
    (('time', 'x'), 2)
    """
    if not isinstance(problem, Problem):
        raise InputError(f"problem must be a Problem; got {type(problem).__name__}.")
    cfl = _positive("cfl", cfl)
    dt = None if dt is None else _positive("dt", dt)
    if not isinstance(max_steps, numbers.Integral) or max_steps < 1:
        raise InputError(f"max_steps must be a whole number above 0; got {max_steps!r}.")
    method = integrators[integrator] if isinstance(integrator, str) else integrator
    if not isinstance(method, Integrator):
        raise InputError(f"integrator must be a name or an Integrator; got {integrator!r}.")
    if callback is not None and not callable(callback):
        raise InputError(f"callback must be a function of (t, step, q); got {callback!r}.")
    targets = _output_times(times, problem.t_end)
    number = cfl if dt is None else _cfl_number(problem, dt)
    pace = method.forward_cfl(number)
    if pace > 1.0:
        given = f"cfl = {cfl:g} is" if dt is None else f"dt = {dt:g}, CFL number {number:.3g}, is"
        log.warning("%s beyond what %s is stable for (about 1)", given, method.name)
    semi = Semidiscretization(problem, scheme, backend, device, dtype, compile, threads, pace)

    q = semi.initial()
    t, stats = 0.0, Statistics()
    saved: list[tuple[float, np.ndarray]] = []

    def result() -> xr.Dataset:
        size = {"cfl": cfl} if dt is None else {"dt": dt}
        settings = {**size, "integrator": method.name, "device": device, "dtype": dtype}
        return to_dataset(semi, saved, settings, stats)

    def fail(reason: str, bad: Any = None) -> LearnedFluxError:
        stats.seconds = clock.perf_counter() - started
        if not saved or saved[-1][0] < t:
            saved.append((t, semi.to_numpy(q)))
        return _failure(semi, t, stats.steps, reason, bad, result())

    started = clock.perf_counter()
    # What overflows on the way is found by the check of each step, and named.
    quiet = np.errstate(all="ignore")
    with quiet, semi.backend.without_gradients(), Progress(problem, progress) as bar:
        stable, _ = semi.survey(q, 0.0)  # step of CFL number one
        fast = callback is None and Bursts.suit(semi, q)
        bursts = Bursts(semi, method, cfl, dt) if fast else None
        for target in map(float, targets):
            while t < target:
                if stats.steps >= max_steps:
                    raise fail(f"{max_steps} steps (max_steps) were not enough")
                if bursts is not None:
                    most = max_steps - stats.steps
                    t, q, stable, steps, fine = bursts(t, q, stable, target, most)
                    stats.steps += steps
                    if stats.steps == 1:
                        started = clock.perf_counter()
                    bar.update(t)
                    if fine:
                        continue
                full = _step_to(t, cfl * stable if dt is None else dt, target)
                bad = None  # of the first attempt: limiting spreads what is not a number
                for limiting, share in _attempts(semi.scheme.positivity):
                    step, limited = full * share, semi.backend.limited
                    if t + step == t:
                        raise fail(f"the step has collapsed to {step:.1e}")
                    semi.backend.limiting = limiting
                    new = method(semi, t, q, step)
                    next_stable, fine = semi.survey(new, t + step)
                    # Waves may have come up during the step: through a side, or from a source.
                    if fine and (dt is not None or step <= max(1.0, 2 * cfl) * next_stable):
                        break
                    stats.rejected += 1
                    semi.backend.limited = limited
                    bad = new if bad is None and not fine else bad
                else:
                    raise fail("the waves outran every step tried", None if fine else bad)
                q, stable = new, next_stable
                t = target if step == target - t else t + step
                stats.steps += 1
                if stats.steps == 1:
                    started = clock.perf_counter()  # compiling is not stepping
                if callback is not None:
                    callback(t, stats.steps, q)
                bar.update(t)
            saved.append((target, semi.to_numpy(q)))
    stats.seconds = clock.perf_counter() - started
    if stats.rejected:
        log.info("%d attempts at a step were rejected and made again", stats.rejected)
    return result()
