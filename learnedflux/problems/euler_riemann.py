"""Riemann problems for the Euler equations, all with exact solutions.

States are (density, velocity, pressure). First the standards of the field, then those of the test
set of Way et al. that are not among them. End times keep all waves inside the domain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from learnedflux.equations import Euler
from learnedflux.exact.euler import riemann_solution
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import register, summary

__all__ = [
    "double_rarefaction",
    "einfeldt_123",
    "lax",
    "leblanc",
    "paper_sod",
    "shock_tube",
    "slow_moving_shock",
    "slow_shock",
    "sod",
    "sod2",
    "sonic_rarefaction",
    "toro3",
    "toro5",
]

PAPER = "Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022)"
TORO = "Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics, 3rd ed., 2009"

State = tuple[float, float, float]


def _problem(
    factory: Callable[..., Problem],
    cells: int,
    left: State,
    right: State,
    *,
    t_end: float,
    reference: str,
    domain: tuple[float, float] = (0.0, 1.0),
    jump: float = 0.5,
    gamma: float = 1.4,
) -> Problem:
    solution = riemann_solution(left, right, gamma, jump)

    def initial(x: np.ndarray) -> dict[str, Any]:
        return solution(x, 0.0)

    return Problem(
        equation=Euler(gamma=gamma),
        grid=Grid(x=(*domain, cells)),
        initial=initial,
        boundary="outflow",
        t_end=t_end,
        exact=solution,
        name=factory.__name__,
        description=summary(factory),
        reference=reference,
    )


# --- standards of the field ----------------------------------------------------------------------


@register("sod")
def sod(cells: int = 200) -> Problem:
    """Sod's shock tube.

    (1, 0, 1 | 0.125, 0, 0.1) at x = 1/2 on [0, 1], to t = 0.2.

    Notes
    -----
    Expected behaviour: rarefaction from 0.263 to 0.486, contact at 0.685, shock at 0.850. Good
    values at 200 cells: density L1 error 1.5e-3 (MP5) to 3e-3 (MUSCL).

    References
    ----------
    .. [1] Sod, J. Comput. Phys. 27, 1-31 (1978).
    """
    return _problem(
        sod,
        cells,
        (1.0, 0.0, 1.0),
        (0.125, 0.0, 0.1),
        t_end=0.2,
        reference="Sod, J. Comput. Phys. 27, 1-31 (1978)",
    )


@register("lax")
def lax(cells: int = 200) -> Problem:
    """Lax's shock tube.

    (0.445, 0.698, 3.528 | 0.5, 0, 0.571) at x = 1/2 on [0, 1], to t = 0.13 (the common version on
    [-5, 5] to t = 1.3, scaled).

    Notes
    -----
    Expected behaviour: a strong contact at 0.699 behind the shock at 0.822, with a dense plateau
    of 1.304 between them that schemes tend to overshoot.

    References
    ----------
    .. [1] Lax, Comm. Pure Appl. Math. 7, 159-193 (1954).
    """
    return _problem(
        lax,
        cells,
        (0.445, 0.698, 3.528),
        (0.5, 0.0, 0.571),
        t_end=0.13,
        reference="Lax, Comm. Pure Appl. Math. 7, 159-193 (1954)",
    )


@register("einfeldt_123", aliases=("123", "toro2"))
def einfeldt_123(cells: int = 200) -> Problem:
    """Einfeldt's 123 problem: two strong rarefactions with nearly nothing in between.

    (1, -2, 0.4 | 1, 2, 0.4) at x = 1/2 on [0, 1], to t = 0.15.

    Notes
    -----
    Expected behaviour: density falls to 0.0219 and pressure to 0.00189; schemes that are not
    positivity preserving fail. Internal energy is too high in the middle for most.

    References
    ----------
    .. [1] Einfeldt, Munz, Roe & Sjogreen, J. Comput. Phys. 92, 273-295 (1991).
    .. [2] Toro, 3rd ed., 2009, table 4.1, test 2.
    """
    return _problem(
        einfeldt_123,
        cells,
        (1.0, -2.0, 0.4),
        (1.0, 2.0, 0.4),
        t_end=0.15,
        reference="Einfeldt, Munz, Roe & Sjogreen, J. Comput. Phys. 92, 273-295 (1991)",
    )


@register("leblanc")
def leblanc(cells: int = 400) -> Problem:
    """LeBlanc's shock tube: pressure ratio 1e9, gamma 5/3.

    (1, 0, 1/15 | 1e-3, 0, 2/3 1e-10) at x = 3 on [0, 9], to t = 6.

    Notes
    -----
    Expected behaviour: contact at 6.731, shock at 7.975; on coarse grids the shock runs ahead and
    the internal energy overshoots at the contact. Needs positivity.

    References
    ----------
    .. [1] Loubere & Shashkov, J. Comput. Phys. 209, 105-138 (2005).
    """
    return _problem(
        leblanc,
        cells,
        (1.0, 0.0, 0.2 / 3.0),
        (1e-3, 0.0, 2e-10 / 3.0),
        domain=(0.0, 9.0),
        jump=3.0,
        gamma=5.0 / 3.0,
        t_end=6.0,
        reference="Loubere & Shashkov, J. Comput. Phys. 209, 105-138 (2005)",
    )


@register("toro3")
def toro3(cells: int = 200) -> Problem:
    """Toro's test 3: the left half of the blast waves, pressure ratio 1e5.

    (1, 0, 1000 | 1, 0, 0.01) at x = 1/2 on [0, 1], to t = 0.012.

    Notes
    -----
    Expected behaviour: a strong shock (23.5) just ahead of the contact (19.6), with a narrow peak
    of density 6 between them.

    References
    ----------
    .. [1] Toro, 3rd ed., 2009, table 4.1, test 3.
    """
    return _problem(toro3, cells, (1.0, 0.0, 1000.0), (1.0, 0.0, 0.01), t_end=0.012, reference=TORO)


@register("toro5")
def toro5(cells: int = 200) -> Problem:
    """Toro's test 5: test 3 seen from its contact, which stands nearly still.

    (1, -19.59745, 1000 | 1, -19.59745, 0.01) at x = 0.8 on [0, 1], to t = 0.012.

    Notes
    -----
    Expected behaviour: the contact stays at 0.8, sharp only if the Riemann solver knows contacts
    (HLLC, Roe, not HLL or Rusanov); noise behind the slow shock.

    References
    ----------
    .. [1] Toro, 3rd ed., 2009, table 10.1, test 5.
    """
    return _problem(
        toro5,
        cells,
        (1.0, -19.59745, 1000.0),
        (1.0, -19.59745, 0.01),
        jump=0.8,
        t_end=0.012,
        reference=TORO,
    )


# --- the test set of Way et al. ------------------------------------------------------------------


def _paper(
    factory: Callable[..., Problem], cells: int, left: State, right: State, t_end: float
) -> Problem:
    return _problem(
        factory, cells, left, right, domain=(-0.5, 0.5), jump=0.0, t_end=t_end, reference=PAPER
    )


@register("paper_sod")
def paper_sod(cells: int = 200) -> Problem:
    """Sod's shock tube on [-1/2, 1/2], as in the test set of Way et al.

    (1, 0, 1 | 0.125, 0, 0.1) at x = 0, to t = 0.2.

    Notes
    -----
    Expected behaviour: that of ``sod``.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _paper(paper_sod, cells, (1.0, 0.0, 1.0), (0.125, 0.0, 0.1), t_end=0.2)


@register("shock_tube")
def shock_tube(cells: int = 200) -> Problem:
    """Lax's shock tube on [-1/2, 1/2] with a slightly lower velocity.

    (0.445, 0.689, 3.528 | 0.5, 0, 0.571) at x = 0, to t = 0.13.

    Notes
    -----
    Expected behaviour: that of ``lax``.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _paper(shock_tube, cells, (0.445, 0.689, 3.528), (0.5, 0.0, 0.571), t_end=0.13)


@register("sod2")
def sod2(cells: int = 200) -> Problem:
    """Sod's shock tube with ratios of 100.

    (1, 0, 1 | 0.01, 0, 0.01) at x = 0 on [-1/2, 1/2], to t = 0.1.

    Notes
    -----
    Expected behaviour: a rarefaction that turns supersonic, and a fast shock.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _paper(sod2, cells, (1.0, 0.0, 1.0), (0.01, 0.0, 0.01), t_end=0.1)


@register("double_rarefaction")
def double_rarefaction(cells: int = 200) -> Problem:
    """Einfeldt's 123 problem on [-1/2, 1/2].

    (1, -2, 0.4 | 1, 2, 0.4) at x = 0, to t = 0.15.

    Notes
    -----
    Expected behaviour: that of ``einfeldt_123``.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _paper(double_rarefaction, cells, (1.0, -2.0, 0.4), (1.0, 2.0, 0.4), t_end=0.15)


@register("slow_shock")
def slow_shock(cells: int = 200) -> Problem:
    """Strong shock that moves slowly against a fast stream.

    (5.6698, -1.4701, 100 | 1, -10.5, 1) at x = 0 on [-1/2, 1/2], to t = 0.04.

    Notes
    -----
    Expected behaviour: the shock crosses few cells (speed 0.46); most schemes shed noise into the
    flow behind it.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _paper(slow_shock, cells, (5.6698, -1.4701, 100.0), (1.0, -10.5, 1.0), t_end=0.04)


@register("slow_moving_shock")
def slow_moving_shock(cells: int = 200) -> Problem:
    """Mach 3 shock that moves slowly.

    (3.86, -0.81, 10.33 | 1, -3.44, 1) at x = 0 on [-1/2, 1/2], to t = 0.1.

    Notes
    -----
    Expected behaviour: the shock (speed 0.11) moves by about two cells; noise behind it.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    .. [2] Quirk, Int. J. Numer. Methods Fluids 18, 555-574 (1994).
    """
    return _paper(slow_moving_shock, cells, (3.86, -0.81, 10.33), (1.0, -3.44, 1.0), t_end=0.1)


@register("sonic_rarefaction")
def sonic_rarefaction(cells: int = 200) -> Problem:
    """Rarefaction through the sonic point.

    (3.857, 0.92, 10.333 | 1, 3.55, 1) at x = 0 on [-5, 5], to t = 0.7.

    Notes
    -----
    Expected behaviour: a smooth fan; schemes without an entropy fix leave a step at x = 0.

    References
    ----------
    .. [1] Way, Kapilavai, Fu & Yu, arXiv 2203.08937 (2022).
    """
    return _problem(
        sonic_rarefaction,
        cells,
        (3.857, 0.92, 10.333),
        (1.0, 3.55, 1.0),
        domain=(-5.0, 5.0),
        jump=0.0,
        t_end=0.7,
        reference=PAPER,
    )
