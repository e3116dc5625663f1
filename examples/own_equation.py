"""Your own equation: Buckley and Leverett's, for water that drives oil out of a porous rock."""

import numpy as np

import learnedflux as lf


class BuckleyLeverett(lf.Equation):
    """Saturation s of water; the flux s^2 / (s^2 + mobility (1 - s)^2) is S-shaped."""

    mobility: float = 0.5
    variables = ("saturation",)

    def flux(self, q, axis):
        s = q[0]
        return (s * s / (s * s + self.mobility * (1.0 - s) ** 2),)

    def max_speed(self, q, axis):
        """Bound for any saturation: the waves between two states may be faster than in either."""
        return 0.5 * (1.0 + self.mobility) ** 2 / self.mobility + 0.0 * q[0]

    def critical_points(self, axis):
        """Where the flux has its extremes: makes the exact Riemann solver available."""
        return (0.0, 1.0)


water = BuckleyLeverett(mobility=0.5)
print(lf.check_equation(water))


def exact(x, t):
    """Solution for water left of x = 0.2 only: a rarefaction, then a shock from s* to 0."""
    m = water.mobility
    s = np.linspace(1.0, np.sqrt(m / (1.0 + m)), 2001)  # down to s*, where f(s) / s = f'(s)
    speed = 2.0 * m * s * (1.0 - s) / (s * s + m * (1.0 - s) ** 2) ** 2  # f'(s), rising
    xi = (x - 0.2) / max(t, 1e-12)
    return np.where(xi > speed[-1], 0.0, np.interp(xi, speed, s))


problem = lf.Problem(
    equation=water,
    grid=lf.Grid(x=(0.0, 1.0, 100)),
    initial=lambda x: np.where(x < 0.2, 1.0, 0.0),
    t_end=0.4,
    exact=exact,
    name="water drive",
)
# Schemes that sharpen (mp5, learned) find the compound wave of such a flux only slowly as the grid
# is refined; weno5 and muscl find it at once. Compare before you choose.
results = {name: lf.solve(problem, name) for name in ("godunov", "weno5", "learned")}
for name, result in results.items():
    print(f"{name}: L1 error {float(lf.metrics.error(result, problem.exact).saturation[-1]):.2e}")
lf.plot.compare(results, exact=problem.exact).savefig("water.png")
