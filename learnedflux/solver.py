"""The doors to the time loop: a run from its beginning, and one that is taken up again."""

from __future__ import annotations

import dataclasses
import logging
import math
import numbers
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from learnedflux.checkpoint import Checkpoint, read
from learnedflux.errors import InputError
from learnedflux.integrators import Integrator, integrators
from learnedflux.problem import Problem
from learnedflux.scheme import Scheme
from learnedflux.semidiscretization import Semidiscretization
from learnedflux.timeloop import TimeLoop

__all__ = ["resume", "solve"]

log = logging.getLogger("learnedflux")


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


def _prepared(
    problem: Problem,
    scheme: Any,
    times: Any,
    cfl: Any,
    dt: Any,
    integrator: Any,
    backend: str,
    device: str,
    dtype: str,
    compile: bool | None,
    threads: int | None,
    max_steps: Any,
    number: float | None = None,
) -> TimeLoop:
    """Check the arguments of a run, and return it at its beginning.

    ``number`` is the CFL number of its steps, where ``dt`` is given and it is known.
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
    targets = _output_times(times, problem.t_end)
    if number is None:
        number = cfl if dt is None else _cfl_number(problem, dt)
    pace = method.forward_cfl(number)
    if pace > 1.0:
        given = f"cfl = {cfl:g} is" if dt is None else f"dt = {dt:g}, CFL number {number:.3g}, is"
        log.warning("%s beyond what %s is stable for (about 1)", given, method.name)
    semi = Semidiscretization(problem, scheme, backend, device, dtype, compile, threads, pace)
    arguments = {
        "times": targets.tolist(),
        "cfl": cfl,
        "dt": dt,
        "integrator": dataclasses.asdict(method),
        "backend": semi.backend.name,
        "device": device,
        "dtype": dtype,
        "compile": None if compile is None else bool(compile),
        "threads": None if threads is None else int(threads),
        "max_steps": int(max_steps),
        "number": number,
    }
    return TimeLoop(semi, method, arguments)


def _watchers(callback: Any, checkpoint: Any) -> None:
    """Check what may look at a run."""
    if callback is not None and not callable(callback):
        raise InputError(f"callback must be a function of (t, step, q); got {callback!r}.")
    if checkpoint is not None and not isinstance(checkpoint, Checkpoint):
        raise InputError(
            f"checkpoint must be a Checkpoint such as lf.Checkpoint('run.h5', every=500); got "
            f"{checkpoint!r}."
        )


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
    checkpoint: Checkpoint | None = None,
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
    checkpoint : Checkpoint, optional
        Where, and how often, to write down where the run stands; :func:`lf.resume` goes on from
        there.

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
    _watchers(callback, checkpoint)
    loop = _prepared(
        problem, scheme, times, cfl, dt, integrator, backend, device, dtype, compile, threads,
        max_steps,
    )  # fmt: skip
    return loop.run(progress, callback, checkpoint)


def resume(
    path: str | Path,
    problem: Problem,
    *,
    scheme: Any = None,
    threads: int | None = None,
    max_steps: int | None = None,
    progress: bool | None = None,
    callback: Callable[[float, int, Any], object] | None = None,
    checkpoint: Checkpoint | bool = True,
) -> xr.Dataset:
    """Take a run up again from its last checkpoint, and return what :func:`lf.solve` would have.

    Parameters
    ----------
    path : str or Path
        File that ``lf.solve(..., checkpoint=lf.Checkpoint(path))`` wrote.
    problem : Problem
        What was being solved. Functions (initial state, boundaries, source) are not in the file;
        they are compared by name.
    scheme : str, Path, Policy, Reconstruction or Scheme, optional
        Flux scheme of the run; only where it was not made of what is registered and shipped. Of
        anything but a Scheme the other parts are those of the run.
    threads : int, optional
        CPU threads; default: as many as the run was given.
    max_steps : int, optional
        Steps, from the very beginning on, after which the run is given up; default: as it was.
    progress, callback
        As for :func:`lf.solve`; a callback counts steps from the very beginning on.
    checkpoint : Checkpoint or bool
        Whether further checkpoints are written; by default to the same file, as often as before.

    Returns
    -------
    xarray.Dataset
        The result of the whole run; values are those of a run without interruption, to the last
        bit (on the same machine and versions).

    Raises
    ------
    InputError
        If there is no such file, if it is no checkpoint, or one of another problem or scheme.
    InadmissibleStateError, UnstableError
        As for :func:`lf.solve`.
    """
    kept = read(path)
    if checkpoint is True:
        checkpoint = Checkpoint(kept.path, kept.every)
    to_write = None if checkpoint is False else checkpoint
    _watchers(callback, to_write)
    changes = {"threads": threads, "max_steps": max_steps}
    given = {name: value for name, value in changes.items() if value is not None}
    if not isinstance(scheme, Scheme):
        scheme = kept.scheme(scheme)
    loop = _prepared(problem, scheme, **{**kept.arguments, **given})
    kept.require(loop.semi)
    kept.put_into(loop)
    return loop.run(progress, callback, to_write)
