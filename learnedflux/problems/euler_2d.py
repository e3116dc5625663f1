"""Problems for the Euler equations in the plane: a vortex, instabilities, an implosion."""

from __future__ import annotations

from typing import Any

import numpy as np

from learnedflux.boundaries import inflow
from learnedflux.equations import Euler
from learnedflux.exact.vortex import isentropic_vortex as vortex_solution
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, register, summary

__all__ = ["implosion", "isentropic_vortex", "kelvin_helmholtz", "rayleigh_taylor"]

Cells = int | tuple[int, ...]


def _state(density: Any, velocity_x: Any, velocity_y: Any, pressure: Any) -> dict[str, Any]:
    return {
        "density": density,
        "velocity_x": velocity_x,
        "velocity_y": velocity_y,
        "pressure": pressure,
    }


@register("isentropic_vortex", aliases=("vortex",))
def isentropic_vortex(
    cells: Cells = 64,
    strength: float = 5.0,
    velocity_x: float = 1.0,
    velocity_y: float = 1.0,
    t_end: float = 20.0,
) -> Problem:
    """Isentropic vortex carried once through a periodic box.

    Strength 5, mean flow (1, 1), on [-10, 10]^2, to t = 20: one period. The exact solution is the
    vortex, moved, at every time. With no mean flow it is steady.

    Notes
    -----
    Expected behaviour: the formal order of a scheme in several dimensions, up to the order of its
    flux integral: fluxes at face centres only make any scheme second order in the end, with a small
    constant, while reconstruction of conserved variables leaves more of it than of others. In the
    eye the density is 0.494. Good values: 64 to 256 cells.

    References
    ----------
    .. [1] Shu, in *Advanced Numerical Approximation of Nonlinear Hyperbolic Equations*, Lecture
       Notes in Mathematics 1697, Springer, 1998, section 4.4.
    """
    grid = box(cells, x=(-10.0, 10.0), y=(-10.0, 10.0))
    exact = vortex_solution(strength, (velocity_x, velocity_y), 1.4)
    return Problem(
        equation=Euler(gamma=1.4),
        grid=grid,
        initial=lambda x, y: exact(x, y, 0.0),
        boundary="periodic",
        t_end=t_end,
        exact=exact,
        name="isentropic_vortex",
        description=summary(isentropic_vortex),
        reference="Shu, Lecture Notes in Mathematics 1697, Springer, 1998, section 4.4",
    )


@register("kelvin_helmholtz")
def kelvin_helmholtz(cells: Cells = 128, t_end: float = 1.5) -> Problem:
    """Shear layers of finite width that roll up (Kelvin-Helmholtz).

    Gas of density 2 slides at -1/2 through gas of density 1 at 1/2, in a periodic unit square; the
    layers at y = 1/4 and 3/4 are smooth, exponentials of width 0.025; pressure 2.5, gamma 5/3;
    velocity 0.01 sin(4 pi x) across, to t = 1.5. No exact solution.

    Notes
    -----
    Expected behaviour: as the layers are resolved, results converge, at 128 cells and more: no
    billows but the four that were put in. Afterwards (t = 3) details differ between schemes.

    References
    ----------
    .. [1] McNally, Lyra & Passy, Astrophys. J. Suppl. Ser. 201, 18 (2012).
    """

    def initial(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        outside = np.abs(y - 0.5) - 0.25  # distance from a layer
        ramp = 0.5 * np.exp(-np.abs(outside) / 0.025)
        share = np.where(outside > 0.0, ramp, 1.0 - ramp)  # of the inner gas
        return _state(1.0 + share, 0.5 - share, 0.01 * np.sin(4.0 * np.pi * x), 2.5)

    return Problem(
        equation=Euler(gamma=5.0 / 3.0),
        grid=box(cells, x=(0.0, 1.0), y=(0.0, 1.0)),
        initial=initial,
        boundary="periodic",
        t_end=t_end,
        name="kelvin_helmholtz",
        description=summary(kelvin_helmholtz),
        reference="McNally, Lyra & Passy, Astrophys. J. Suppl. Ser. 201, 18 (2012)",
    )


def gravity(q: Any, x: Any, t: float) -> tuple[Any, ...]:
    """Rates of change in a field of gravity of strength 1 along +y."""
    return (0.0 * q[0], 0.0 * q[0], q[0], q[2])


@register("rayleigh_taylor")
def rayleigh_taylor(cells: Cells = 60, t_end: float = 1.95) -> Problem:
    """Heavy gas that falls through light gas (Rayleigh-Taylor).

    Density 2 below y = 1/2 and 1 above, gravity 1 upward, pressure in balance (2 at the interface),
    gamma 5/3; velocity 0.025 c cos(8 pi x) along y, where c is the speed of sound; walls at the
    sides, states held at the lower and upper end; to t = 1.95. The box of width 1/4 and height 1 is
    placed symmetrically, x from -1/8 to 1/8, so that mirrored cells are so to the last bit. No
    exact solution.

    Notes
    -----
    Expected behaviour: the heavy gas rises (with gravity) as a mushroom in the middle; how much the
    stem's edge rolls up measures the dissipation of a scheme. Symmetric about x = 0, with this
    library to the last bit. Good values: 60 x 240 to 240 x 960 cells.

    References
    ----------
    .. [1] Shi, Zhang & Shu, J. Comput. Phys. 186, 690-696 (2003).
    """
    gamma = 5.0 / 3.0

    def initial(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        below = y < 0.5
        density = np.where(below, 2.0, 1.0)
        pressure = np.where(below, 2.0 * y + 1.0, y + 1.5)
        sound = np.sqrt(gamma * pressure / density)
        return _state(density, 0.0, 0.025 * sound * np.cos(8.0 * np.pi * np.abs(x)), pressure)

    lower = inflow(**_state(2.0, 0.0, 0.0, 1.0))
    upper = inflow(**_state(1.0, 0.0, 0.0, 2.5))
    return Problem(
        equation=Euler(gamma=gamma),
        grid=box(cells, x=(-0.125, 0.125), y=(0.0, 1.0)),
        initial=initial,
        boundary={"x": "wall", "y": (lower, upper)},
        source=gravity,
        t_end=t_end,
        name="rayleigh_taylor",
        description=summary(rayleigh_taylor),
        reference="Shi, Zhang & Shu, J. Comput. Phys. 186, 690-696 (2003)",
    )


@register("implosion")
def implosion(cells: Cells = 200, t_end: float = 2.5) -> Problem:
    """Shock waves that run to and fro in a square box with walls.

    Gas at rest, gamma 1.4, in [0, 0.3]^2: density 0.125 and pressure 0.14 where x + y < 0.15, else
    both are 1; to t = 2.5. No exact solution.

    Notes
    -----
    Expected behaviour: symmetric about the diagonal, to the last bit with this library. The
    reflected waves set a jet going along the diagonal, which survives only in schemes that keep the
    symmetry, and reaches far only in those of low dissipation. Good values: 200 to 400 cells.

    References
    ----------
    .. [1] Liska & Wendroff, SIAM J. Sci. Comput. 25, 995-1017 (2003), section 4.7.
    .. [2] Hui, Li & Li, J. Comput. Phys. 153, 596-637 (1999).
    """

    def initial(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        corner = x + y < 0.15
        return _state(np.where(corner, 0.125, 1.0), 0.0, 0.0, np.where(corner, 0.14, 1.0))

    return Problem(
        equation=Euler(gamma=1.4),
        grid=box(cells, x=(0.0, 0.3), y=(0.0, 0.3)),
        initial=initial,
        boundary="wall",
        t_end=t_end,
        name="implosion",
        description=summary(implosion),
        reference="Liska & Wendroff, SIAM J. Sci. Comput. 25, 995-1017 (2003)",
    )
