"""What a scheme decides at every face, in one number that all schemes have, beside what WENO does.

A reconstruction turns the cells around a face into a value there. Its *action* is that value as a
share of the way from the upwind cell to the downwind cell, in the variable that it acts on: 0 is
Godunov's scheme, 1/2 the central value, 1 the downwind cell; between, half a slope limiter. Weights
of sub-stencils, actions of a network and bounds all end in it, which makes policies that choose
weights, policies that choose values and classical schemes comparable. It means nothing where both
cells are alike, and is NaN there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from learnedflux import metrics
from learnedflux.backends import TorchBackend
from learnedflux.dataset import grid_of
from learnedflux.errors import InputError
from learnedflux.integrators import integrators
from learnedflux.problem import ExactSolution, Problem
from learnedflux.scheme import BoundScheme, Scheme

__all__ = ["BESIDE", "actions", "course", "truth_at"]

BESIDE = "weno5-js"
ALIKE = 1e-3  # of the largest difference in a row: cells that differ by less count as alike
SIDES = ("left", "right")


class _Watched(TorchBackend):
    """A backend that remembers what its reconstruction was last asked and what it answered."""

    asked: tuple[Any, Any]
    answered: tuple[Any, Any]

    def _reconstruct(self, fields: list[Any], others: list[Any], speeds: Any) -> Any:
        self.asked = self.torch.stack(fields), self.torch.stack(others[::-1])
        found = super()._reconstruct(fields, others, speeds)
        self.answered = found
        return found

    def shares(self, t: float, q: np.ndarray) -> np.ndarray:
        """Return the actions (side, field, face) in a state (variable, cell)."""
        r, found = self.scheme.radius, []
        with self.without_gradients():
            self.rhs(t, self.asarray(q))
            for cells, values in zip(self.asked, self.answered, strict=True):
                upwind, downwind = cells[r - 1], cells[r]
                step, away = downwind - upwind, self.torch.stack(tuple(values)) - upwind
                least = ALIKE * step.abs().amax(dim=-1, keepdim=True)
                found.append(self.to_numpy(away / step.where(step.abs() > least, np.nan)))
        return np.stack(found)


def actions(ds: xr.Dataset, problem: Problem, scheme: Any, beside: Any = BESIDE) -> xr.Dataset:
    """Return what a scheme decides in the states of a result, beside what another would there.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.solve` in one dimension, by this scheme for its own path.
    problem : Problem
        What was solved, on the grid of the result.
    scheme : str, Path, Policy, Reconstruction or Scheme
        Whose actions; needs torch, whatever it is.
    beside : str, Path, Policy or Reconstruction
        Who is asked in the same states, in the same variables.

    Returns
    -------
    Dataset
        ``action`` and ``beside``, dims ``(time, side, field, face)``: shares of the way from the
        upwind to the downwind cell, see the module's text. ``side`` is that from which a face is
        seen: left values, or right-going waves of a split flux, first. ``x`` says where faces are.
        Of a policy what it says, before the safeguard of compound waves.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.tophat(cells=50)
    >>> found = lf.evaluation.actions(lf.solve(problem, "muscl"), problem, "muscl")
    >>> dict(found.sizes)
    {'time': 2, 'side': 2, 'field': 1, 'face': 51}
    >>> bool((found.action.min() >= 0) & (found.action.max() <= 1))
    True
    """
    if not isinstance(ds, xr.Dataset) or problem.grid.dimension != 1:
        raise InputError(
            "actions are those of a result in one dimension and of the problem it solves; got "
            f"{type(ds).__name__} and {problem.name!r} in {problem.grid.dimension}D."
        )
    if grid_of(ds) != problem.grid:
        raise InputError(
            f"the result has the grid {grid_of(ds)!r}, the problem {problem.grid!r}; give the "
            "problem that was solved."
        )
    bound = Scheme.of(scheme).bind(problem.equation)
    if "cfl" in ds.attrs and ds.attrs["integrator"] in integrators:
        pace = integrators[ds.attrs["integrator"]].forward_cfl(float(ds.attrs["cfl"]))
        bound = bound.for_steps(pace, problem.equation, 1)
    other = Scheme(beside, variables=bound.variables).bind(problem.equation)
    names = problem.equation.conserved_names(1)
    states = np.stack([ds[name].values for name in names], axis=1)
    times = ds.time.values
    found = {}
    for key, one in (("action", bound), ("beside", other)):
        backend = _Watched(problem.equation, problem.grid, one, problem.boundaries, compile=False)
        shares = [backend.shares(float(t), q) for t, q in zip(times, states, strict=True)]
        found[key] = (("time", "side", "field", "face"), np.stack(shares))
    coordinates = {
        "time": ds.time,
        "side": list(SIDES),
        "field": _fields(bound, problem),
        "x": ("face", problem.grid.edges(0)),
    }
    told = {
        "problem": problem.name,
        "scheme": bound.name,
        "beside_name": other.name,
        "variables_acted_on": bound.variables,
    }
    return xr.Dataset(found, coordinates, told)


def _fields(scheme: BoundScheme, problem: Problem) -> list[str]:
    """Return the names of what is reconstructed."""
    equation, kind = problem.equation, scheme.variables
    names = list(equation.conserved_names(1))
    if kind.startswith("characteristic"):
        return [f"field {k + 1}" for k in range(len(names))]
    return list(equation.primitive_names(1)) if kind == "primitive" else names


def course(ds: xr.Dataset, exact: Any = None, variable: str | None = None) -> xr.Dataset:
    """Return error and total variation of a result at each of its times.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.solve` in one dimension with several output times.
    exact : ExactSolution, Problem or Dataset, optional
        ``problem.exact``, or a result on a finer grid. Without it there are no errors.
    variable : str, optional
        Default: the first.

    Returns
    -------
    Dataset
        ``error`` (L1) and ``variation``, and where there is an exact solution ``true_variation``
        of its cell averages; dims ``(time,)``.

    Examples
    --------
    >>> import learnedflux as lf
    >>> problem = lf.problems.tophat(cells=50)
    >>> found = lf.evaluation.course(lf.solve(problem, "muscl", times=5), problem.exact)
    >>> bool(found.variation.max() <= 2.0)
    True
    """
    name = variable or str(next(iter(ds.data_vars)))
    kept = ds[[name]].assign_attrs(ds.attrs)
    found = {"variation": metrics.total_variation(kept)[name]}
    told = {"variable": name, "scheme": ds.attrs.get("scheme", "")}
    if exact is not None:
        truth = truth_at(kept, exact)
        found["error"] = abs(kept[name] - truth[name].values).mean("x")
        found["true_variation"] = metrics.total_variation(truth)[name]
        told["truth"] = truth.attrs["truth"]
    return xr.Dataset(found, attrs=told)


def truth_at(ds: xr.Dataset, exact: Any) -> xr.Dataset:
    """Return the exact cell averages of a result's variables at its times.

    Parameters
    ----------
    ds : Dataset
        Result of :func:`lf.solve` in one dimension.
    exact : ExactSolution, Problem or Dataset
        The truth: an exact solution, a result on a finer grid, or what this returned before.

    Returns
    -------
    Dataset
        As ``ds``, with the truth in place of its numbers; ``attrs["truth"]`` says what that is.
    """
    exact = exact.exact if isinstance(exact, Problem) else exact
    if isinstance(exact, ExactSolution):
        grid = grid_of(ds)
        averages = [exact.cell_averages(grid, float(t)) for t in ds.time]
        filled = {
            name: array.copy(data=np.stack([fields[str(name)] for fields in averages]))
            for name, array in ds.items()
        }
        return ds.assign(filled).assign_attrs(truth="exact")
    fine = exact.sel(time=ds.time, method="nearest")[list(ds.data_vars)]
    means = fine.coarsen(x=fine.sizes["x"] // ds.sizes["x"]).mean()
    label = f"{exact.attrs.get('scheme', 'reference')}, {exact.sizes['x']} cells"
    told = {**ds.attrs, "truth": exact.attrs.get("truth", label)}
    found: xr.Dataset = means.assign_attrs(told)
    return found
