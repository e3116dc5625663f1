"""Heavy gas falls through light gas: a source term, symmetry to the last bit, two schemes."""

import numpy as np

import learnedflux as lf

# Gravity points up, the heavy gas lies below: see learnedflux problems rayleigh_taylor.
problem = lf.problems.rayleigh_taylor(cells=(16, 64), t_end=1.6)
print(problem)

results = {name: lf.solve(problem, name) for name in ("muscl", "weno5")}
for name, result in results.items():
    density = result.density[-1].values
    same = np.array_equal(density, density[:, ::-1])
    top = float(result.y[(result.density[-1] > 1.5).any("x").values][-1])
    print(f"{name}: the plume has come to y = {top:.2f}, symmetric to the last bit: {same}")

lf.plot.compare_fields(results, "density").savefig("heavy_over_light.png")
