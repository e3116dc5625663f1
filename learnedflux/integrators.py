r"""Explicit Runge-Kutta integrators, each a table in Shu-Osher form.

Stage i is :math:`u_i = \sum_j (\alpha_{ij} u_j + \Delta t\,\beta_{ij} L(u_j))`, a convex
combination of forward Euler steps when all coefficients are non-negative: whatever bound a
forward Euler step keeps, a strong-stability-preserving (SSP) integrator keeps too.

References
----------
.. [1] Gottlieb, Ketcheson and Shu, *Strong Stability Preserving Runge-Kutta and Multistep Time
   Discretizations*, World Scientific, 2011.
.. [2] Ketcheson, SIAM J. Sci. Comput. 30, 2113-2136 (2008), doi:10.1137/07070485X.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from learnedflux.registry import Registry

__all__ = ["Integrator", "euler", "integrators", "rk4", "ssprk2", "ssprk3", "ssprk104"]

Row = tuple[tuple[int, float, float], ...]  # (stage j, alpha_ij, beta_ij)


@dataclass(frozen=True)
class Integrator:
    """One explicit Runge-Kutta method; calling it takes one step.

    Parameters
    ----------
    name : str
        Name in the registry.
    order : int
        Order of accuracy.
    rows : tuple
        Per stage the triples ``(j, alpha_ij, beta_ij)``.
    ssp : float
        SSP coefficient: the largest step, in units of the forward Euler limit, that keeps what a
        forward Euler step keeps; 0 where none is proven.

    Examples
    --------
    >>> import math
    >>> q = rk4(lambda t, q: q, 0.0, 1.0, 0.1)
    >>> abs(q - math.exp(0.1)) < 1e-7
    True
    """

    name: str
    order: int
    rows: tuple[Row, ...]
    ssp: float

    @property
    def stages(self) -> int:
        """Evaluations of the right-hand side per step."""
        return len(self.rows)

    def forward_cfl(self, cfl: float) -> float:
        """Return the largest CFL number of the forward Euler steps that a step is made of.

        Where that is not known (``ssp`` is 0), or as large as the step's own, it is that.
        """
        return cfl / max(1.0, self.ssp)

    @property
    def times(self) -> tuple[float, ...]:
        """Time of each stage in units of the step."""
        c = [0.0]
        for row in self.rows:
            c.append(sum(alpha * c[j] + beta for j, alpha, beta in row))
        return tuple(c)

    def _alone(self, i: int) -> bool:
        """Whether slope i serves stage i alone, and that stage needs no other state but one."""
        row = self.rows[i]
        own = row[-1][0] == i and row[-1][1] != 0.0
        others = [j for j, alpha, beta in row[:-1]]
        single = len(others) <= 1 and all(beta == 0.0 for _, _, beta in row[:-1])
        later = any(j == i and beta for r in self.rows[i + 1 :] for j, _, beta in r)
        return own and single and not later

    def __call__(self, rhs: Callable[[float, Any], Any], t: float, q: Any, dt: Any) -> Any:
        """Return the state at ``t + dt``; ``q`` may be an array, a tensor or a number.

        A right-hand side with a method ``stage(t, q, terms, factor)``, such as a
        Semidiscretization, is asked for whole stages where that saves passes over memory.
        """
        states: list[Any] = [q]
        slopes: list[Any] = []
        times = self.times
        stage = getattr(rhs, "stage", None)
        for i, row in enumerate(self.rows):
            now = t + times[i] * dt
            if stage is not None and self._alone(i):
                terms = tuple((alpha, states[j]) for j, alpha, _ in row if alpha)
                states.append(stage(now, states[i], terms, row[-1][2] * dt))
                slopes.append(None)
                continue
            slopes.append(rhs(now, states[i]))
            new: Any = 0.0
            for j, alpha, beta in row:
                if alpha:
                    new = new + alpha * states[j]
                if beta:
                    new = new + (beta * dt) * slopes[j]
            states.append(new)
        return states[-1]


integrators: Registry[Integrator] = Registry("integrator")


def _add(name: str, order: int, ssp: float, *rows: Row) -> Integrator:
    return integrators.add(name, Integrator(name, order, rows, ssp))


euler = _add("euler", 1, 1.0, ((0, 1.0, 1.0),))
ssprk2 = _add("ssprk2", 2, 1.0, ((0, 1.0, 1.0),), ((0, 0.5, 0.0), (1, 0.5, 0.5)))
ssprk3 = _add(
    "ssprk3",
    3,
    1.0,
    ((0, 1.0, 1.0),),
    ((0, 0.75, 0.0), (1, 0.25, 0.25)),
    ((0, 1 / 3, 0.0), (2, 2 / 3, 2 / 3)),
)
ssprk104 = _add(
    "ssprk104",
    4,
    6.0,
    *(((i, 1.0, 1 / 6),) for i in range(4)),
    ((0, 3 / 5, 0.0), (4, 2 / 5, 1 / 15)),
    *(((i, 1.0, 1 / 6),) for i in range(5, 9)),
    ((0, 1 / 25, 0.0), (4, 9 / 25, 3 / 50), (9, 3 / 5, 1 / 10)),
)
rk4 = _add(
    "rk4",
    4,
    0.0,
    ((0, 1.0, 0.5),),
    ((0, 1.0, 0.0), (1, 0.0, 0.5)),
    ((0, 1.0, 0.0), (2, 0.0, 1.0)),
    ((0, 1.0, 1 / 6), (1, 0.0, 1 / 3), (2, 0.0, 1 / 3), (3, 0.0, 1 / 6)),
)
