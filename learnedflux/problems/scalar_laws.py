"""Riemann problems for scalar laws of practice: oil recovery and traffic, with exact solutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from learnedflux.equations import BuckleyLeverett, LighthillWhithamRichards
from learnedflux.exact.scalar_riemann import riemann_solution
from learnedflux.grid import Grid
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import register, summary

__all__ = ["buckley_leverett", "green_light", "red_light"]

LEVEQUE = "LeVeque, Finite Volume Methods for Hyperbolic Problems, 2002"


def _problem(
    factory: Callable[..., Problem],
    equation: Any,
    slope: Callable[[Any], Any],
    states: tuple[float, float],
    jump: float,
    grid: Grid,
    t_end: float,
    reference: str,
) -> Problem:
    def flux(u: Any) -> Any:
        return equation.flux((u,), 0)[0]

    solution = riemann_solution(flux, slope, *states, jump)
    return Problem(
        equation=equation,
        grid=grid,
        initial=lambda x: solution(x, 0.0),
        boundary="outflow",
        t_end=t_end,
        exact=solution,
        name=factory.__name__,
        description=summary(factory),
        reference=reference,
    )


@register("buckley_leverett")
def buckley_leverett(cells: int = 200, mobility: float = 0.5) -> Problem:
    """Water that drives oil out of porous rock.

    Saturation 1 left of x = 0.2, 0 right of it, on [0, 1], to t = 0.4.

    Notes
    -----
    Expected behaviour: a rarefaction from 1 down to s* = sqrt(M / (1 + M)) (0.577 for M = 1/2),
    and at its foot a shock from s* to 0 that moves at f'(s*) (1.366, to x = 0.746). Schemes that
    sharpen (``mp5``, ``learned``) overrate the height of the shock on coarse grids.

    References
    ----------
    .. [1] Buckley & Leverett, Trans. AIME 146, 107-116 (1942), doi:10.2118/942107-G.
    .. [2] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, section 16.1.1.
    """
    equation = BuckleyLeverett(mobility=mobility)
    return _problem(
        buckley_leverett,
        equation,
        lambda s: equation.flux_slope((s,)),
        (1.0, 0.0),
        0.2,
        Grid(x=(0.0, 1.0, cells)),
        0.4,
        "Buckley & Leverett, Trans. AIME 146, 107-116 (1942)",
    )


def _road(
    factory: Callable[..., Problem], cells: int, before: float, ahead: float, t_end: float
) -> Problem:
    equation = LighthillWhithamRichards()
    return _problem(
        factory,
        equation,
        lambda rho: equation.signal_speed((rho,)),
        (before, ahead),
        0.0,
        Grid(x=(-1.0, 1.0, cells)),
        t_end,
        f"{LEVEQUE}, section 11.1",
    )


@register("red_light")
def red_light(cells: int = 200) -> Problem:
    """Traffic that runs into the queue at a red light.

    Density 0.25 of a jam's left of x = 0, a jam right of it, on [-1, 1], to t = 2. Free speed 1.

    Notes
    -----
    Expected behaviour: the tail of the queue, a shock, grows backwards at speed 1/4, to x = -0.5.

    References
    ----------
    .. [1] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, section 11.1.
    """
    return _road(red_light, cells, 0.25, 1.0, 2.0)


@register("green_light")
def green_light(cells: int = 200) -> Problem:
    """A queue of cars that sets off when the light turns green.

    A jam left of x = 0, an empty road right of it, on [-1, 1], to t = 0.8. Free speed 1.

    Notes
    -----
    Expected behaviour: a straight ramp of density from x = -0.8 to 0.8; where the light stands it
    is half the jam's, the sonic point, at which schemes without enough dissipation show a notch.

    References
    ----------
    .. [1] LeVeque, *Finite Volume Methods for Hyperbolic Problems*, 2002, section 11.1.
    """
    return _road(green_light, cells, 1.0, 0.0, 0.8)
