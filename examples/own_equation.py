"""Your own equation: Kynch's, for grains that settle the slower the more of them there are."""

import learnedflux as lf
from learnedflux.exact.scalar_riemann import riemann_solution
from learnedflux.ops import absolute, maximum


class Sedimentation(lf.Equation):
    """Volume share c of grains; their flux v c (1 - c)^2 is neither convex nor concave."""

    settling: float = 1.0  # speed v of a single grain
    variables = ("share",)

    def flux(self, q, axis):
        return (self.settling * q[0] * (1.0 - q[0]) ** 2,)

    def derivative(self, q):
        return self.settling * (1.0 - q[0]) * (1.0 - 3.0 * q[0])

    def max_speed(self, q, axis):
        """At least that of any share: waves between two states may be faster than in either."""
        return maximum(absolute(self.derivative(q)), self.settling)

    def critical_points(self, axis):
        """Where the flux has its extremes: makes the exact Riemann solver available."""
        return (1.0 / 3.0, 1.0)


grains = Sedimentation()
print(lf.check_equation(grains))
# A packed layer on top (x counts downwards) of clear water: its lower side crumbles, a shock from
# 1 to 1/2 eats into it, and the grains that fall spread in a rarefaction.
exact = riemann_solution(
    lambda c: grains.flux((c,), 0)[0], lambda c: grains.derivative((c,)), 1.0, 0.0, jump=0.3
)
problem = lf.Problem(
    equation=grains,
    grid=lf.Grid(x=(0.0, 1.0, 100)),
    initial=lambda x: exact(x, 0.0),
    t_end=0.6,
    exact=exact,
    name="a falling layer of grains",
)
# Where a flux bends both ways, schemes that sharpen can miss the compound wave (mp5 does); learned
# ones take WENO5-Z's values there. Compare before you choose.
results = {name: lf.solve(problem, name) for name in ("godunov", "weno5", "mp5", "learned")}
for name, result in results.items():
    print(f"{name}: L1 error {float(lf.metrics.error(result, problem.exact).share[-1]):.2e}")
lf.plot.compare(results, exact=problem.exact).savefig("grains.png")
