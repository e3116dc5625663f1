"""Kernels and tensors agree on water over a bottom, dry in part, on sound and on scalar laws."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.reconstruction import reconstructions
from learnedflux.riemann import riemann_solvers

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

CELLS = 60
EQUATIONS = {
    "water": lf.ShallowWater(gravity=2.0),
    "sound": lf.Acoustics(density=2.0, bulk_modulus=0.5),
    "oil": lf.BuckleyLeverett(),
    "traffic": lf.LighthillWhithamRichards(),
}
# Every reconstruction with water, which asks most of it; each kernel takes seconds to compile, and
# tests/parity/test_backends.py has them all with other laws.
WITH = {"water": [*reconstructions, "learned"]}
EACH = [
    pytest.param(name, s, id=f"{name}-{s}", marks=() if s == "weno5-z" else pytest.mark.slow)
    for name in EQUATIONS
    for s in WITH.get(name, ("weno5-z", "muscl", "learned"))
] + [
    pytest.param(name, lf.Scheme("weno5-z", riemann=r), id=f"{name}-{r}", marks=pytest.mark.slow)
    for name, equation in EQUATIONS.items()
    for r, found in riemann_solvers.items()
    if found.supports(equation)
]


def states(name, seed):
    """Smooth and broken data; of water also land, films and pools."""
    rng = np.random.default_rng(seed)
    x = np.arange(CELLS)
    shape = np.where(x < 20, np.sin(0.4 * x), np.where(x < 40, rng.normal(size=CELLS), 0.3))
    if name in ("oil", "traffic"):
        return (0.5 + 0.1 * np.clip(shape, -4, 4),)
    other = np.where(x < 30, np.cos(0.3 * x), rng.normal(size=CELLS))
    if name == "sound":
        return shape, other
    bottom = np.where(x < 45, 0.3 * np.sin(0.2 * x), rng.uniform(0, 0.6, CELLS))
    depth = np.maximum(0.25 + 0.1 * shape - bottom, 0.0)
    depth[12:15] = 1e-9
    return EQUATIONS[name].to_conserved((depth, other, bottom))


def problem(name, seed, boundary):
    equation = EQUATIONS[name]
    q = dict(zip(equation.conserved_names(1), states(name, seed), strict=True))
    return lf.Problem(equation, lf.Grid(x=(0.0, 1.0, CELLS)), q, boundary, t_end=1.0)


def assert_same(a, b):
    b = b.detach().numpy()
    size = np.abs(a).max(axis=-1, keepdims=True) + 1e-300
    assert np.isfinite(a).all()
    assert (np.abs(a - b) / size).max() < 1e-13


@pytest.mark.parametrize(("name", "scheme"), EACH)
def test_right_hand_sides(name, scheme):
    walls = "wall" if EQUATIONS[name].provides("mirror") else "outflow"
    for seed in range(2):
        for boundary in ("periodic", walls):
            posed = problem(name, seed, boundary)
            numba, tensor = (
                lf.Semidiscretization(posed, scheme, backend=b) for b in ("numba", "torch")
            )
            q = posed.initial_state()
            for limiting in {False, numba.scheme.positivity}:
                numba.backend.limiting = tensor.backend.limiting = limiting
                assert_same(numba(0.0, q), tensor(0.0, torch.tensor(q)))
            a, b = numba.stable_dt(q), float(tensor.stable_dt(torch.tensor(q)))
            assert b == pytest.approx(a, rel=1e-14)


@pytest.mark.parametrize("name", ["dam_break_ritter", "island", "buckley_leverett"])
def test_runs(name):
    case = lf.problems.get(name)(cells=40)
    case = case.replace(t_end=0.3 * case.t_end)
    numba, tensor = (lf.solve(case, "weno5-z", backend=b) for b in ("numba", "torch"))
    assert tensor.attrs["steps"] == numba.attrs["steps"]
    for variable in numba.data_vars:
        np.testing.assert_allclose(tensor[variable], numba[variable], rtol=0, atol=1e-12)


def test_gradients_over_dry_land_are_finite():
    posed = problem("water", 0, "wall")
    semi = lf.Semidiscretization(posed, "weno5-z", backend="torch")
    q = torch.tensor(posed.initial_state(), requires_grad=True)
    (gradient,) = torch.autograd.grad((semi(0.0, q) ** 2).sum(), q)
    assert torch.isfinite(gradient).all()
