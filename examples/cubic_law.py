"""A law with a flux that is neither convex nor concave: u_t + (u^3)_x = 0.

Between values of both signs its waves are compound: a shock with a rarefaction attached. Train a
policy for it with ``learnedflux train --equation examples/cubic_law.py:CubicLaw``.
"""

import learnedflux as lf


class CubicLaw(lf.Equation):
    """The flux ``strength * u^3`` on values between -1 and 1."""

    strength: float = 1.0
    variables = ("u",)
    value_range = (-1.0, 1.0)  # what training problems shall take

    def flux(self, q, axis):
        return (self.strength * q[0] ** 3,)

    def max_speed(self, q, axis):
        return abs(3.0 * self.strength) * q[0] ** 2

    def critical_points(self, axis):
        return (0.0,)  # the flux is monotone: makes the exact Riemann solver available


if __name__ == "__main__":
    print(lf.check_equation(CubicLaw()))
