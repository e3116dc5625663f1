"""Problems for the Euler equations in space."""

from __future__ import annotations

from typing import Any

import numpy as np

from learnedflux.equations import Euler
from learnedflux.problem import Problem
from learnedflux.problems.catalogue import box, register, summary

__all__ = ["density_wave_3d", "taylor_green"]

Cells = int | tuple[int, ...]


def _state(density: Any, velocity: tuple[Any, Any, Any], pressure: Any) -> dict[str, Any]:
    named = {f"velocity_{axis}": v for axis, v in zip("xyz", velocity, strict=True)}
    return {"density": density, **named, "pressure": pressure}


@register("density_wave_3d")
def density_wave_3d(cells: Cells = 32, amplitude: float = 0.2, t_end: float = 2.0) -> Problem:
    r"""Smooth density wave carried along the diagonal of a periodic box.

    :math:`\rho = 1 + 0.2 \sin \pi (x + y + z)`, velocity (1, 1, 1), pressure 1 on [0, 2]^3, to
    t = 2: three periods.

    Notes
    -----
    Expected behaviour: the formal order of a scheme, as the flux is linear in the only variable
    that varies; velocity and pressure stay constant up to small errors.

    References
    ----------
    .. [1] Qiu & Shu, J. Comput. Phys. 183, 187-209 (2002), in three dimensions.
    """

    def exact(x: Any, y: Any, z: Any, t: float) -> dict[str, Any]:
        wave = 1.0 + amplitude * np.sin(np.pi * ((x + y + z) - 3.0 * t))
        return _state(wave, (1.0, 1.0, 1.0), 1.0)

    return Problem(
        equation=Euler(gamma=1.4),
        grid=box(cells, x=(0.0, 2.0), y=(0.0, 2.0), z=(0.0, 2.0)),
        initial=lambda x, y, z: exact(x, y, z, 0.0),
        boundary="periodic",
        t_end=t_end,
        exact=exact,
        name="density_wave_3d",
        description=summary(density_wave_3d),
        reference="Qiu & Shu, J. Comput. Phys. 183, 187-209 (2002)",
    )


@register("taylor_green")
def taylor_green(cells: Cells = 32, mach: float = 0.1, t_end: float = 10.0) -> Problem:
    r"""Vortices that break up into ever smaller ones, without viscosity (Taylor-Green).

    u = sin x cos y cos z, v = -cos x sin y cos z, w = 0, density 1,
    :math:`p = 1/\gamma M^2 + (\cos 2x + \cos 2y)(\cos 2z + 2)/16` on :math:`[-\pi, \pi]^3`,
    periodic, gamma 1.4, to t = 10. No exact solution.

    Parameters
    ----------
    cells : int or tuple of int
        Number of cells.
    mach : float
        Mach number of the largest velocity; 0.1 is nearly incompressible.
    t_end : float
        End time.

    Notes
    -----
    Expected behaviour: the kinetic energy, 1/8 of the volume at first, is kept until t = 4 or so;
    then vortices are smaller than the grid, and what a scheme dissipates is its own doing, most at
    t = 9 as in the viscous flow. A scheme that grows energy is not stable.

    References
    ----------
    .. [1] Taylor & Green, Proc. R. Soc. London A 158, 499-521 (1937).
    .. [2] Shu, Don, Gottlieb, Schilling & Jameson, J. Sci. Comput. 24, 1-27 (2005).
    """
    gamma = 1.4

    def initial(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> dict[str, Any]:
        sx, sy, cx, cy, cz = np.sin(x), np.sin(y), np.cos(x), np.cos(y), np.cos(z)
        # cos 2a = 2 cos^2 a - 1: far fewer cosines.
        part = (cx * cx + cy * cy - 1.0) * (2.0 * cz * cz + 1.0) / 8.0
        return _state(1.0, (sx * cy * cz, -cx * sy * cz, 0.0), 1.0 / (gamma * mach**2) + part)

    length = (-np.pi, np.pi)
    return Problem(
        equation=Euler(gamma=gamma),
        grid=box(cells, x=length, y=length, z=length),
        initial=initial,
        boundary="periodic",
        t_end=t_end,
        name="taylor_green",
        description=summary(taylor_green),
        reference="Shu, Don, Gottlieb, Schilling & Jameson, J. Sci. Comput. 24, 1-27 (2005)",
    )
