"""Train a policy, export it to one ONNX file, and use that file as a scheme.

Seconds of training give a policy little better than where it starts, at MP5; the recipe of the
shipped one is ``training/universal.toml``.
"""

import learnedflux as lf
from learnedflux import training

run = training.train(
    name="small",
    equations=["Advection"],
    baselines=["mp5"],
    policy={"hidden": [8]},
    iterations=6,
    rows=4,
    cells=32,
    steps=[4, 8],
    validate_every=2,
    folder="runs/small",
)
print(run)
print(run.history[["loss", "validation"]].to_dataframe())

# The file holds the network, its bounds and what it was trained on; using it needs no torch.
policy = run.export("small.onnx", card=False)
print(policy)

problem = lf.problems.composite_wave(cells=100, t_end=2.0)
results = {name: lf.solve(problem, name) for name in ("mp5", "small.onnx")}
for name, result in results.items():
    print(f"{name}: L1 error {float(lf.metrics.error(result, problem.exact).u[-1]):.2e}")
lf.plot.compare(results, exact=problem.exact).savefig("small.png")
