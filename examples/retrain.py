"""Train a policy for an equation of your own and solve with it.

The whole of it, with a card and a comparison against classical schemes, is one command:
``learnedflux train --equation cubic_law.py:CubicLaw``. Here are its parts, on problems so few and
small that it takes seconds and teaches next to nothing; see ``docs/training.md``.
"""

from pathlib import Path

import numpy as np

import learnedflux as lf
from learnedflux import training
from learnedflux.exact.scalar_riemann import riemann_solution

recipe = training.Recipe(
    name="cubic_law",
    equations=[f"{Path(__file__).with_name('cubic_law.py')}:CubicLaw"],
    distributions={"CubicLaw": {"riemann": 1.0}},  # exact; the default adds runs on fine grids
    losses={"ratio": 1.0, "variation": 0.1},
    baselines=["mp5"],
    iterations=4,
    rows=4,
    cells=32,
    steps=[4, 8],
    validate_every=2,
)
(law,) = recipe.equations
print(f"{law}: by default trained on {training.default_mix(law)}")

run = training.train(recipe, folder="runs/cubic_law")
print(run)
policy = run.export("cubic_law.onnx", card=False)

# From 1 to -1 the flux is left by a shock to -1/2 and a rarefaction from there on.
exact = riemann_solution(lambda u: u**3, lambda u: 3.0 * u * u, 1.0, -1.0, jump=0.0)
problem = lf.Problem(
    equation=law,
    grid=lf.Grid(x=(-1.0, 1.0, 100)),
    initial=lambda x: np.where(x < 0.0, 1.0, -1.0),
    t_end=0.25,
    exact=exact,
    name="a compound wave",
)
results = {name: lf.solve(problem, name) for name in ("mp5", "cubic_law.onnx")}
for name, result in results.items():
    print(f"{name}: L1 error {float(lf.metrics.error(result, problem.exact).u[-1]):.2e}")
lf.plot.compare(results, exact=problem.exact).savefig("cubic_law.png")
