"""A report on whether an equation says consistent things, in every backend."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from learnedflux.backends.compiled import kernels
from learnedflux.equations import Equation
from learnedflux.errors import InputError
from learnedflux.reconstruction import reconstructions, variables
from learnedflux.riemann import default_riemann, riemann_solvers

__all__ = ["Check", "Report", "check_equation"]

State = tuple[Any, ...]
STEP = 1e-6  # of central differences: their error is about 1e-10 for states of order one


@dataclass(frozen=True)
class Check:
    """One line of a report; ``passed`` is None where the check could not be made."""

    name: str
    passed: bool | None
    detail: str


class Report(tuple[Check, ...]):
    """What :func:`check_equation` found; prints as a list, ``ok`` is the verdict."""

    __slots__ = ()

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self)

    def __repr__(self) -> str:
        marks = {True: "ok     ", False: "FAILED ", None: "skipped"}
        return "\n".join(f"{marks[c.passed]}  {c.name}: {c.detail}" for c in self)


def check_equation(
    equation: Equation, *, states: Any = None, dimension: int = 1, seed: int = 0
) -> Report:
    """Check an equation's methods against each other, numerically, and report.

    Consistency of fluxes, bounds of speeds, the characteristic projection, equality of backends
    and finite gradients. Run it on every equation you write.

    Parameters
    ----------
    equation : Equation
        The equation, with its parameters.
    states : array_like, shape (variable, sample), optional
        Admissible primitive states to test at. Default: random numbers between 0.1 and 0.9, and
        those between -0.9 and 0.9 that are admissible and have a finite flux.
    dimension : int
        Number of dimensions to test in.
    seed : int
        Seed of the random states.

    Returns
    -------
    Report
        A tuple of checks; ``report.ok`` is True if none failed.

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.check_equation(lf.Burgers()).ok
    True
    """
    if not isinstance(equation, Equation):
        raise InputError(f"equation must be an Equation; got {equation!r}.")
    equation.require_dimension(dimension)
    names = equation.primitive_names(dimension)
    if states is None:
        states = _random_states(equation, len(names), np.random.default_rng(seed))
    w = np.asarray(states, dtype=np.float64)
    if w.ndim != 2 or len(w) != len(names):
        raise InputError(f"states must have shape ({len(names)}, sample): {', '.join(names)}.")
    q = np.array(equation.to_conserved(tuple(w)))
    if not np.all(equation.admissible(tuple(q))):
        raise InputError(f"the states given are not all admissible for {equation.name}.")
    found: list[Check] = []
    for axis in range(dimension):
        suffix = f" ({'xyz'[axis]})" if dimension > 1 else ""
        for name, run in _checks(equation, w, q, axis):
            try:
                passed, detail = run()
            except Exception as error:  # a user's method may raise anything: that is the finding
                passed, detail = False, f"{type(error).__name__}: {str(error).splitlines()[0]}"
            found.append(Check(name + suffix, passed, detail))
    return Report(found)


def _random_states(eq: Equation, number: int, rng: np.random.Generator) -> np.ndarray:
    """Primitive states (variable, sample), of both signs where the equation admits them."""
    few, more = rng.uniform(0.1, 0.9, (number, 32)), rng.uniform(-0.9, 0.9, (number, 256))
    try:
        with np.errstate(all="ignore"):
            q = tuple(np.array(eq.to_conserved(tuple(more))))
            f = np.array(np.broadcast_arrays(*eq.flux(q, 0)))
            fine = np.broadcast_to(eq.admissible(q), more.shape[1:]) & np.isfinite(f).all(axis=0)
    except Exception:  # a user's method may raise anything: the checks will tell
        return few
    return np.concatenate((few, more[:, fine][:, :64]), axis=1)


Outcome = tuple[bool | None, str]


def _checks(
    eq: Equation, w: np.ndarray, q: np.ndarray, axis: int
) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    yield "flux", lambda: _flux(eq, q, axis)
    yield "primitive round trip", lambda: _round_trip(eq, w, q)
    yield "max_speed bounds the eigenvalues", lambda: _speeds(eq, q, axis)
    yield "wave_speeds bracket the eigenvalues", lambda: _brackets(eq, q, axis)
    for name, solver in riemann_solvers.items():
        if solver.supports(eq):
            yield f"{name} is consistent", functools.partial(_consistent, eq, solver, q, axis)
    if eq.provides("critical_points"):
        yield "critical points are complete", lambda: _critical(eq, q, axis)
    if eq.convex:
        yield "flux is convex or concave", lambda: _convex(eq, q, axis)
    if eq.provides("to_characteristic"):
        yield "characteristic projection", lambda: _projection(eq, q, axis)
    yield "numba equals python", lambda: _numba(eq, q, axis)
    yield "torch equals python, finite gradients", lambda: _torch(eq, q, axis)


def _close(a: Any, b: Any, tolerance: float, what: str) -> Outcome:
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    size = max(float(np.max(np.abs(b))), 1e-300)
    gap = float(np.max(np.abs(a - b))) / size
    return bool(gap <= tolerance), f"{what} differ by {gap:.1e} (allowed {tolerance:.0e})"


def _flux(eq: Equation, q: np.ndarray, axis: int) -> Outcome:
    f = eq.flux(tuple(q), axis)
    if not isinstance(f, tuple) or len(f) != len(q):
        return False, f"must return a tuple of {len(q)}; returned {f!r:.60}"
    return bool(np.isfinite(np.array(np.broadcast_arrays(*f))).all()), "finite, one per variable"


def _round_trip(eq: Equation, w: np.ndarray, q: np.ndarray) -> Outcome:
    return _close(eq.to_primitive(tuple(q)), w, 1e-12, "primitive variables there and back")


def _jacobian(eq: Equation, q: np.ndarray, axis: int) -> np.ndarray:
    """Flux Jacobians (sample, row, column) by central differences."""
    columns = []
    for k in range(len(q)):
        h = STEP * np.maximum(np.abs(q[k]), 1.0)
        up, down = q.copy(), q.copy()
        up[k] += h
        down[k] -= h
        slope = np.array(eq.flux(tuple(up), axis)) - np.array(eq.flux(tuple(down), axis))
        columns.append(slope / (2 * h))
    return np.moveaxis(np.array(columns), (0, 1, 2), (2, 1, 0))


def _speeds(eq: Equation, q: np.ndarray, axis: int) -> Outcome:
    eigenvalues = np.linalg.eigvals(_jacobian(eq, q, axis))
    size = np.abs(eigenvalues).max()
    # Where eigenvalues coincide, differences split them into pairs about sqrt(1e-10) apart.
    if np.abs(eigenvalues.imag).max() > 1e-4 * max(size, 1e-300):
        return False, "eigenvalues of the flux Jacobian are not real: not hyperbolic here"
    bound = np.broadcast_to(eq.max_speed(tuple(q), axis), q.shape[1:])
    excess = float((np.abs(eigenvalues.real).max(axis=1) - bound).max() / max(size, 1e-300))
    return excess <= 1e-4, f"largest excess {max(excess, 0.0):.1e} of the largest speed"


def _brackets(eq: Equation, q: np.ndarray, axis: int) -> Outcome:
    low, high = (np.broadcast_to(s, q.shape[1:]) for s in eq.wave_speeds(tuple(q), tuple(q), axis))
    moving = -1 if eq.balanced else None  # a static field takes no part in the waves
    eigenvalues = np.linalg.eigvals(_jacobian(eq, q, axis)[:, :moving, :moving]).real
    outside = np.maximum(low - eigenvalues.min(axis=1), eigenvalues.max(axis=1) - high)
    excess = max(float(outside.max() / max(np.abs(eigenvalues).max(), 1e-300)), 0.0)
    return excess <= 1e-4, f"of equal states; largest excess {excess:.1e} of the largest speed"


def _consistent(eq: Equation, solver: Any, q: np.ndarray, axis: int) -> Outcome:
    state = tuple(q)
    f = eq.flux(state, axis)
    return _close(solver.function(eq, state, state, axis), f, 1e-12, "F(q, q) and f(q)")


def _critical(eq: Equation, q: np.ndarray, axis: int) -> Outcome:
    points = eq.critical_points(axis)  # type: ignore[attr-defined]
    if not points:
        return False, "give at least one number (any, for a monotone flux)"
    ql, qr = q[0], q[0][::-1]
    between = np.linspace(ql, qr, 2001)
    f = eq.flux((between,), axis)[0]
    exact = np.where(ql <= qr, f.min(axis=0), f.max(axis=0))
    given = riemann_solvers["godunov"].function(eq, (ql,), (qr,), axis)
    return _close(given, (exact,), 1e-5, "Godunov flux and extremes of f by sampling")


def _convex(eq: Equation, q: np.ndarray, axis: int) -> Outcome:
    if not eq.scalar:
        return False, "convex is said of scalar laws only"
    slopes = _jacobian(eq, np.sort(q), axis).ravel()
    change, size = np.diff(slopes), max(float(np.abs(slopes).max()), 1e-300)
    both = float(min(change.max(), -change.min())) / size
    return both <= 1e-4, f"slopes rise and fall by {max(both, 0.0):.1e} of the largest"


def _projection(eq: Equation, q: np.ndarray, axis: int) -> Outcome:
    frame = eq.frame(eq.to_primitive(tuple(q)), axis)
    other = tuple(q[:, ::-1])
    a = eq.to_characteristic(frame, eq.linear_primitive(frame, other, axis), axis)
    back = eq.linear_conserved(frame, eq.from_characteristic(frame, a, axis), axis)
    same, detail = _close(back, other, 1e-12, "there and back")
    if not same or not eq.provides("eigenvalues"):
        return same, detail
    # A r_k = lambda_k r_k, column by column, scaled by the largest entry of A.
    speeds = eq.eigenvalues(frame, axis)
    jacobian = _jacobian(eq, q, axis)
    for k, speed in enumerate(speeds):
        if eq.balanced and k == 1 + axis:
            continue  # carries the static field, which the flux alone knows nothing of
        unit = tuple(np.full(q.shape[1], float(j == k)) for j in range(len(q)))
        w = eq.from_characteristic(frame, unit, axis)
        column = np.array(np.broadcast_arrays(*eq.linear_conserved(frame, w, axis)))
        gap = np.einsum("nij,jn->in", jacobian, column) - speed * column
        size = np.abs(jacobian).max() * np.abs(column).max()
        if np.abs(gap).max() > 1e-7 * size:
            return False, f"field {k} is no eigenvector of the flux Jacobian with its eigenvalue"
    return True, "inverse to each other; columns are eigenvectors"


def _kernel_flux(eq: Equation, q: np.ndarray, axis: int) -> tuple[np.ndarray, float]:
    solver = riemann_solvers[default_riemann(eq)].function
    kind: Any = type(eq)
    constant = reconstructions["constant"].function
    k = kernels(kind, constant, None, 1, variables["conserved"], solver, axis, len(q))
    ql, qr = np.ascontiguousarray(q), np.ascontiguousarray(q[:, ::-1])
    f, like = np.empty_like(ql), (0.0,) * len(q)
    k.fluxes(eq.compiled(), ql, qr, f, like)
    return f, k.max_speed(eq.compiled(), ql, like)


def _plain_flux(eq: Equation, q: Any, mirrored: Any, axis: int) -> Any:
    ql, qr = eq.balance(tuple(q), tuple(mirrored), axis)  # as the kernels do
    return riemann_solvers[default_riemann(eq)].function(eq, ql, qr, axis)


def _numba(eq: Equation, q: np.ndarray, axis: int) -> Outcome:
    f, speed = _kernel_flux(eq, q, axis)
    same, detail = _close(f, _plain_flux(eq, q, q[:, ::-1], axis), 1e-13, "fluxes")
    top = np.max(np.broadcast_to(eq.max_speed(tuple(q), axis), q.shape[1:]))
    return (same, detail) if not same else _close(speed, top, 1e-13, "fluxes and speeds")


def _torch(eq: Equation, q: np.ndarray, axis: int) -> Outcome:
    if importlib.util.find_spec("torch") is None:
        return None, "PyTorch is not installed"
    import torch

    state = torch.tensor(q, requires_grad=True)
    f = torch.stack(tuple(_plain_flux(eq, state, state.flip(-1), axis)))
    same, detail = _close(f.detach(), _plain_flux(eq, q, q[:, ::-1], axis), 1e-13, "fluxes")
    # Equal states on both sides are where a careless square root or quotient gives NaN.
    equal = torch.stack(tuple(_plain_flux(eq, state, state, axis)))
    (gradient,) = torch.autograd.grad(f.sum() + equal.sum(), state)
    if not torch.isfinite(gradient).all():
        return False, "gradients are not finite; guard roots and quotients (safe_sqrt, safe_div)"
    return same, detail
