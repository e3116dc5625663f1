"""Inviscid Burgers equation."""

from __future__ import annotations

from learnedflux.equations.base import Equation
from learnedflux.ops import absolute, maximum, minimum

__all__ = ["Burgers"]


class Burgers(Equation):
    r"""Inviscid Burgers equation :math:`u_t + \sum_d (u^2/2)_{x_d} = 0`.

    The simplest law that makes shocks from smooth data.

    Notes
    -----
    Expected behaviour: crests overtake troughs; data with slope :math:`-s` break at
    :math:`t = 1/s`, after which the shock moves at the mean of its two states.

    Examples
    --------
    >>> Burgers().flux((3.0,), axis=0)
    (4.5,)
    """

    variables = ("u",)
    convex = True

    def flux(self, q, axis):
        return (0.5 * (q[0] * q[0]),)

    def max_speed(self, q, axis):
        return absolute(q[0])

    def wave_speeds(self, ql, qr, axis):
        return minimum(ql[0], qr[0]), maximum(ql[0], qr[0])

    def critical_points(self, axis):
        return (0.0,)

    def mirror(self, q, axis):
        return (-q[0],)

    def roe_frame(self, ql, qr, axis):
        return (0.5 * (ql[0] + qr[0]),)

    def eigenvalues(self, frame, axis):
        return (frame[0],)
