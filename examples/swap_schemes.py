"""Solve one problem with several schemes, which differ in one word, and compare them."""

import learnedflux as lf

problem = lf.problems.lax(cells=200)
print(lf.schemes())

# A name is enough. Every part of a scheme can be exchanged, too.
schemes = {
    "mp5": "mp5",
    "mp5, hll": lf.Scheme("mp5", riemann="hll"),
    "learned": "learned",
}
results = {label: lf.solve(problem, scheme) for label, scheme in schemes.items()}

for label, result in results.items():
    error = float(lf.metrics.error(result, problem.exact).density[-1])
    steps, seconds = result.attrs["steps"], result.attrs["seconds_stepping"]
    print(f"{label:10} density L1 error {error:.2e}, {steps} steps in {seconds:.2f} s")

lf.plot.compare(results, exact=problem.exact).savefig("lax.png")
