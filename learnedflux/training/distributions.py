"""Distributions of training problems: a registry by name, to which a user adds with a decorator.

All problems live on periodic rows of cells of width one. Targets are exact (:func:`distribution`)
or restricted from runs on a finer grid (:func:`fine_grid`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator, default_rng

from learnedflux.equations import Equation, Euler
from learnedflux.errors import InputError
from learnedflux.registry import Registry
from learnedflux.training import laws
from learnedflux.training.reference import FinePool, PoolSettings, States

__all__ = [
    "Batch",
    "Distribution",
    "Size",
    "default_mix",
    "distribution",
    "distributions",
    "draw_rows",
    "fine_grid",
    "join",
    "supported",
]

BLOCK = 4  # rows drawn from one random stream


class Size(NamedTuple):
    """What is asked of a distribution.

    Parameters
    ----------
    rows : int
        Problems.
    cells, steps : int
        Cells of each, and time steps from its start to its end.
    cfl : tuple of float
        Lowest and highest CFL number of a row.
    """

    rows: int
    cells: int
    steps: int
    cfl: tuple[float, float]


@dataclass(frozen=True)
class Batch:
    """Problems to be solved together.

    Parameters
    ----------
    equation : Equation
        Conservation law.
    initial, target : ndarray, shape (variable, row, *cells)
        Conserved cell averages at the start, and those to be reached at the end.
    dt : ndarray, shape (row, 1)
        Step of each row.
    steps : int
        Steps from start to end.
    kinds : tuple of str
        Name of each row's distribution, where several are joined.
    first : ndarray, shape (row, *cells), optional
        1 in the cells that belong to the first of two problems of a row at its end, 0 in the
        other's: errors may be told apart, so that a hard problem does not hide an easy one.
        Without it the two halves of a row count as two problems.
    """

    equation: Equation
    initial: np.ndarray
    target: np.ndarray
    dt: np.ndarray
    steps: int
    kinds: tuple[str, ...] = ()
    first: np.ndarray | None = None

    @property
    def parts(self) -> np.ndarray:
        """Which cells belong to the first of two problems (row, *cells), 1 or 0."""
        if self.first is not None:
            return self.first
        cells = self.initial.shape[-1]
        half = np.arange(cells) < cells // 2
        return np.broadcast_to(half, self.initial.shape[1:]).astype(np.float64)


Draw = Callable[[Generator, Size], Batch]


@dataclass(frozen=True)
class Distribution:
    """Random problems under a name.

    Parameters
    ----------
    name : str
        Name in a recipe.
    supports : callable
        ``supports(equation)``: whether there are such problems of an equation.
    prepare : callable
        ``prepare(equation, pool_settings)`` returns ``draw(rng, size) -> Batch``; what takes long
        (runs on a fine grid) is done here.
    needs : str
        What an equation must be or have, in words.
    fixed : bool
        Whether its problems have as many cells as the pool settings say, whatever is asked for.
    """

    name: str
    supports: Callable[[Equation], bool]
    prepare: Callable[[Equation, PoolSettings], Draw]
    needs: str
    fixed: bool = False


distributions: Registry[Distribution] = Registry("distribution of training problems")


def _always(equation: Equation) -> bool:
    return True


def distribution(
    name: str, *, supports: Callable[[Equation], bool] = _always, needs: str = "nothing special"
) -> Callable[[Callable[..., Batch]], Callable[..., Batch]]:
    """Decorator that adds problems with known solutions.

    Parameters
    ----------
    name : str
        Name in a recipe.
    supports, needs
        For which equations there are such problems, as a function and in words.

    Examples
    --------
    >>> import numpy as np
    >>> @distribution("still", supports=lambda equation: equation.scalar, needs="a scalar law")
    ... def still(equation, rng, size):
    ...     state = np.full((1, size.rows, size.cells), 0.5)
    ...     return Batch(equation, state, state, np.full((size.rows, 1), 0.1), size.steps)
    >>> "still" in distributions
    True
    >>> distributions.remove("still")
    """

    def decorate(function: Callable[..., Batch]) -> Callable[..., Batch]:
        def prepare(equation: Equation, pool: PoolSettings) -> Draw:
            return functools.partial(function, equation)

        distributions.add(name, Distribution(name, supports, prepare, needs))
        return function

    return decorate


def fine_grid(
    name: str, *, supports: Callable[[Equation], bool] = _always, needs: str = "nothing special"
) -> Callable[[States], States]:
    """Decorator that adds problems whose solutions are runs on a finer grid.

    The function ``(equation, rng, rows, cells, points)`` returns conserved initial states of shape
    ``(variable, row, cells * points)``; the runs, their restriction and the choice of pieces of
    them are the library's work, see :class:`~learnedflux.training.reference.FinePool`.
    """

    def decorate(function: States) -> States:
        def prepare(equation: Equation, settings: PoolSettings) -> Draw:
            pool = FinePool(equation, function, settings)

            def draw(rng: Generator, size: Size) -> Batch:
                start, end, dt = pool.draw(rng, size.rows, size.steps, size.cfl)
                return Batch(equation, start, end, dt, size.steps)

            return draw

        distributions.add(name, Distribution(name, supports, prepare, needs, fixed=True))
        return function

    return decorate


def supported(equation: Equation, name: str) -> Distribution:
    """Return the distribution called ``name``; it has problems of ``equation``, or this raises."""
    found = distributions[name]
    if not found.supports(equation):
        fit = [n for n, d in distributions.items() if d.supports(equation)]
        raise InputError(
            f"distribution {name!r} has no problems of {equation.name}: it needs {found.needs}. "
            f"Usable for it: {', '.join(fit) or 'none'}."
        )
    return found


def default_mix(equation: Equation) -> dict[str, float]:
    """Return distributions and their weights for an equation of which the recipe names none.

    Examples
    --------
    >>> from learnedflux import Burgers, BuckleyLeverett, ShallowWater
    >>> default_mix(Burgers()), default_mix(BuckleyLeverett()), default_mix(ShallowWater())
    ({'profiles': 1.0, 'riemann': 1.0}, {'riemann': 1.0, 'states': 1.0}, {'states': 2.0})
    """
    if isinstance(equation, Euler):
        return {"gas_riemann": 1.0, "gas_states": 1.0}
    if equation.scalar:
        kind = laws.shape(equation)
        if kind == "linear":
            return {"profiles": 2.0}
        if kind == "neither":
            return {"riemann": 1.0, "states": 1.0}
        return {"profiles": 1.0, "riemann": 1.0}
    if equation.provides("random_states"):
        return {"states": 2.0}
    raise InputError(
        f"there are no training problems of {equation.name}: give it a method "
        "random_states(self, rng, shape) that returns primitive variables, or name distributions "
        f"in the recipe ([distributions.{equation.name}]; @training.distribution adds own ones)."
    )


# --- rows -----------------------------------------------------------------------------------------


def join(batches: Iterable[Batch]) -> Batch:
    """Return batches of one equation and length side by side."""
    parts = list(batches)
    return Batch(
        parts[0].equation,
        np.concatenate([p.initial for p in parts], axis=1),
        np.concatenate([p.target for p in parts], axis=1),
        np.concatenate([p.dt for p in parts]),
        parts[0].steps,
        sum((p.kinds for p in parts), ()),
        np.concatenate([p.parts for p in parts]),
    )


def draw_rows(name: str, draw: Draw, seed: list[int], first: int, size: Size) -> Batch:
    """Return ``size.rows`` problems, from number ``first`` on, of those that ``seed`` begins.

    A problem depends on seed and number alone, however many ranks share the batch.
    """
    start, stop = first // BLOCK, -(-(first + size.rows) // BLOCK)
    blocks = (draw(default_rng([*seed, k]), size._replace(rows=BLOCK)) for k in range(start, stop))
    batch = join(blocks)
    rows = slice(first - start * BLOCK, first - start * BLOCK + size.rows)
    return Batch(
        batch.equation,
        batch.initial[:, rows],
        batch.target[:, rows],
        batch.dt[rows],
        batch.steps,
        (name,) * size.rows,
        batch.parts[rows],
    )
