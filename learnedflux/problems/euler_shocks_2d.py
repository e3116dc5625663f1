"""Problems for the Euler equations in the plane that are made of strong shocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from learnedflux.boundaries import inflow, piecewise, prescribed
from learnedflux.equations import Euler
from learnedflux.ops import where
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, register, summary

__all__ = ["double_mach", "mach2000_jet", "shock_bubble"]

Cells = int | tuple[int, ...]
NAMES = ("density", "velocity_x", "velocity_y", "pressure")


@register("double_mach", aliases=("double_mach_reflection",))
def double_mach(cells: Cells = 240, t_end: float = 0.2) -> Problem:
    """Mach 10 shock that hits a wall at an angle: double Mach reflection.

    A shock at 60 degrees to the wall y = 0, which it touches at x = 1/6, runs into air of density
    1.4 and pressure 1 at rest; on [0, 4] x [0, 1], to t = 0.2. The wall begins at x = 1/6; before
    it, and on the left, the state behind the shock is held: (8, 8.25 cos 30, -8.25 sin 30, 116.5).
    Along the upper side ghost cells follow the exact motion of the shock. No exact solution.

    Notes
    -----
    Expected behaviour: two Mach stems, two triple points and a jet of dense gas along the wall,
    whose slip line rolls up from about 480 x 120 cells on in schemes of low dissipation. The front
    stem reaches x = 2.8; density stays below about 22.

    References
    ----------
    .. [1] Woodward & Colella, J. Comput. Phys. 54, 115-173 (1984), section IV.C.
    """
    slope, start = 1.0 / math.sqrt(3.0), 1.0 / 6.0
    behind = (8.0, 8.25 * math.sqrt(0.75), -8.25 * 0.5, 116.5)
    ahead = (1.4, 0.0, 0.0, 1.0)

    def oblique_shock(x: Any, y: Any, t: Any) -> dict[str, Any]:
        hit = x < start + slope * (y + 20.0 * t)  # the front's speed is 10, its trace's 20 slope
        fields = (where(hit, a, b) for a, b in zip(behind, ahead, strict=True))
        return dict(zip(NAMES, fields, strict=True))

    def before_wall(x: Any, y: Any, t: Any) -> Any:
        return x < start

    hot = inflow(**dict(zip(NAMES, behind, strict=True)))
    return Problem(
        equation=Euler(gamma=1.4),
        grid=box(cells, x=(0.0, 4.0), y=(0.0, 1.0)),
        initial=lambda x, y: oblique_shock(x, y, 0.0),
        boundary={
            "x": (hot, "outflow"),
            "y": (piecewise(before_wall, hot, "wall"), prescribed(oblique_shock)),
        },
        t_end=t_end,
        name="double_mach",
        description=summary(double_mach),
        reference="Woodward & Colella, J. Comput. Phys. 54, 115-173 (1984)",
    )


@register("shock_bubble")
def shock_bubble(cells: Cells = 200, t_end: float = 0.6) -> Problem:
    """Shock that runs over a bubble of light gas.

    Air of density 1 and pressure 1 at rest on [0, 2] x [-1/2, 1/2], in it a disc of density 0.1,
    radius 0.2, about (0.5, 0); left of x = 0.2 the state behind a shock of pressure 5; gamma 1.4;
    to t = 0.6. The planar form of a problem often posed with axial symmetry. No exact solution.

    Notes
    -----
    Expected behaviour: the shock is faster inside the bubble, which is pierced by a jet and becomes
    a pair of vortices. Symmetric about y = 0.

    References
    ----------
    .. [1] Langseth & LeVeque, J. Comput. Phys. 165, 126-166 (2000), section 5; the numbers are
       those of the shock-bubble example of Clawpack.
    """
    gamma, pressure = 1.4, 5.0
    # Rankine-Hugoniot; the gas ahead is at rest with density and pressure 1.
    density = ((gamma + 1.0) * pressure + gamma - 1.0) / ((gamma - 1.0) * pressure + gamma + 1.0)
    velocity = (pressure - 1.0) / math.sqrt(0.5 * ((gamma + 1.0) * pressure + gamma - 1.0))

    def initial(x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
        behind, inside = x < 0.2, (x - 0.5) ** 2 + y**2 < 0.04
        return {
            "density": np.where(behind, density, np.where(inside, 0.1, 1.0)),
            "velocity_x": np.where(behind, velocity, 0.0),
            "velocity_y": 0.0,
            "pressure": np.where(behind, pressure, 1.0),
        }

    left = inflow(density=density, velocity_x=velocity, velocity_y=0.0, pressure=pressure)
    return Problem(
        equation=Euler(gamma=gamma),
        grid=box(cells, x=(0.0, 2.0), y=(-0.5, 0.5)),
        initial=initial,
        boundary={"x": (left, "outflow"), "y": "outflow"},
        t_end=t_end,
        name="shock_bubble",
        description=summary(shock_bubble),
        reference="Langseth & LeVeque, J. Comput. Phys. 165, 126-166 (2000)",
    )


@register("mach2000_jet")
def mach2000_jet(cells: Cells = 160, t_end: float = 1e-3) -> Problem:
    """Jet of Mach number 2000, without cooling: a test of robustness.

    Gas of density 0.5 and pressure 0.4127 at rest on [0, 1] x [-1/4, 1/4], gamma 5/3; from the left
    gas of density 5 and the same pressure enters at speed 800 where abs(y) < 0.05; to t = 0.001.
    No exact solution.

    Notes
    -----
    Expected behaviour: without a limiter of positivity every scheme of high order fails at the
    first steps. A bow shock, a cocoon and, from about 400 cells on, vortices along the jet, whose
    head reaches x = 0.7 or so. Symmetric about y = 0.

    References
    ----------
    .. [1] Zhang & Shu, J. Comput. Phys. 229, 8918-8934 (2010), section 4.
    .. [2] Ha, Gardner, Gelb & Shu, J. Sci. Comput. 24, 29-44 (2005).
    """
    ambient = {"density": 0.5, "velocity_x": 0.0, "velocity_y": 0.0, "pressure": 0.4127}
    jet = inflow(**{**ambient, "density": 5.0, "velocity_x": 800.0})

    def nozzle(x: Any, y: Any, t: Any) -> Any:
        return y * y < 0.05**2

    return Problem(
        equation=Euler(gamma=5.0 / 3.0),
        grid=box(cells, x=(0.0, 1.0), y=(-0.25, 0.25)),
        initial=lambda x, y: dict(ambient),
        boundary={
            "x": (piecewise(nozzle, jet, inflow(**ambient)), "outflow"),
            "y": "outflow",
        },
        t_end=t_end,
        name="mach2000_jet",
        description=summary(mach2000_jet),
        reference="Zhang & Shu, J. Comput. Phys. 229, 8918-8934 (2010)",
    )
