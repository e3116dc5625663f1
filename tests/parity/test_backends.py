"""One source, two worlds: kernels compiled by Numba and tensors of torch give the same numbers.

Compiling every combination of parts takes minutes. The default run has every reconstruction, every
set of variables and every Riemann solver with the defaults of the others; the whole product, at
the end, is among the slow tests.
"""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.backends.compiled import frame_length, kernels
from learnedflux.reconstruction import reconstructions, variables
from learnedflux.riemann import riemann_solvers

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

EQUATIONS = {
    "advection": lf.Advection(velocity=-0.7),
    "burgers": lf.Burgers(),
    "euler": lf.Euler(gamma=5 / 3),
}
CELLS = 60
TOLERANCE = 1e-13


def solvers(name):
    return [r for r, found in riemann_solvers.items() if found.supports(EQUATIONS[name])]


def kinds(name):
    return list(variables) if name == "euler" else ["characteristic"]


WITH_SOLVERS = [
    pytest.param(name, r, id=f"{name}-{r}") for name in EQUATIONS for r in solvers(name)
]
EACH = [
    *(
        pytest.param(name, lf.Scheme(scheme), id=f"{name}-{scheme}")
        for name in EQUATIONS
        for scheme in reconstructions
    ),
    *(
        pytest.param(name, lf.Scheme("weno5-z", riemann=r), id=f"{name}-{r}")
        for name in EQUATIONS
        for r in solvers(name)
    ),
    *(
        pytest.param("euler", lf.Scheme("weno5-z", variables=kind), id=f"euler-{kind}")
        for kind in variables
    ),
]
MIXED = [  # a sample of all combinations, as each is compiled
    pytest.param(
        name, lf.Scheme(scheme, riemann=r, variables=kind), id=f"{name}-{scheme}-{r}-{kind}"
    )
    for number, (name, scheme, r, kind) in enumerate(
        (name, scheme, r, kind)
        for name in EQUATIONS
        for scheme in reconstructions
        for kind in kinds(name)
        for r in (solvers(name) if variables[kind].split is None else [None])
    )
    if number % 17 == 0
]


def states(name, seed=0):
    """Averages with noise, jumps, smooth and flat stretches; sub- and supersonic to both sides."""
    rng = np.random.default_rng(seed)
    x = np.arange(CELLS)
    shapes = [
        np.where(x < 20, np.sin(0.4 * x + k), np.where(x < 40, rng.normal(size=CELLS), 0.3 * k))
        for k in range(3)
    ]
    if name != "euler":
        return shapes[0][None]
    density, pressure = 10.0 ** (0.5 * shapes[0]), 10.0 ** (0.7 * shapes[2])
    return np.array(EQUATIONS[name].to_conserved((density, 2.0 * shapes[1], pressure)))


def problem(name, q, boundary="periodic"):
    equation = EQUATIONS[name]
    initial = dict(zip(equation.conserved_names(1), q, strict=True))
    return lf.Problem(equation, lf.Grid(x=(0.0, 1.0, CELLS)), initial, boundary, t_end=1.0)


def assert_same(numba, tensor, what):
    """Equal to 1e-13 of the largest entry of each variable."""
    tensor = tensor.detach().numpy().reshape(numba.shape)
    size = np.abs(numba).reshape(len(numba), -1).max(axis=1)
    gap = np.abs(tensor - numba).reshape(len(numba), -1).max(axis=1)
    assert np.isfinite(numba).all()
    assert (gap <= TOLERANCE * size).all(), f"{what} differ by {(gap / size).max():.1e}"


def both(name, scheme, q, boundary="periodic"):
    posed = problem(name, q, boundary)
    return (
        lf.Semidiscretization(posed, scheme, backend="numba"),
        lf.Semidiscretization(posed, scheme, backend="torch"),
    )


def check_right_hand_side(name, scheme):
    for seed in range(3):
        q = states(name, seed)
        numba, tensor = both(name, scheme, q)
        if numba.scheme.splits:  # such a scheme has no face states
            a, b = (
                x.backend.face_fluxes(0.0, y, 0) for x, y in ((numba, q), (tensor, torch.tensor(q)))
            )
            assert_same(a, b, "face fluxes")
        else:
            for a, b in zip(
                numba.backend.face_states(0.0, q, 0),
                tensor.backend.face_states(0.0, torch.tensor(q), 0),
                strict=True,
            ):
                assert_same(a, torch.stack(tuple(b)), "face states")
        for limiting in {False, numba.scheme.positivity}:
            numba.backend.limiting = tensor.backend.limiting = limiting
            assert_same(numba(0.0, q), tensor(0.0, torch.tensor(q)), "right-hand sides")


@pytest.mark.compiles
@pytest.mark.parametrize(("name", "solver"), WITH_SOLVERS)
def test_fluxes(name, solver):
    equation = EQUATIONS[name]
    bound = lf.Scheme("weno5-z", riemann=solver).bind(equation)
    reconstruct, function = bound.reconstruction.function, riemann_solvers[solver].function
    chosen, like = variables[bound.variables], (0.0,) * len(equation.conserved_names(1))
    length = frame_length(equation, chosen, 1)
    k = kernels(type(equation), reconstruct, None, 3, chosen, function, 0, length)
    for seed in range(3):
        ql = states(name, seed)
        for qr in (states(name, seed + 10), ql[:, ::-1], ql):
            left, right = (np.ascontiguousarray(q) for q in (ql, qr))
            f = np.empty_like(left)
            k.fluxes(equation.compiled(), left, right, f, like)
            tensors = (tuple(torch.tensor(q)) for q in (left, right))
            assert_same(f, torch.stack(tuple(function(equation, *tensors, 0))), "fluxes")
            # The same functions in plain Python, on arrays and on single numbers.
            plain = np.array(function(equation, tuple(left), tuple(right), 0))
            assert_same(f, torch.tensor(plain), "fluxes in NumPy")
            one = function(equation, *(tuple(map(float, q[:, 7])) for q in (left, right)), 0)
            np.testing.assert_allclose(one, f[:, 7], rtol=1e-13, atol=1e-13)


@pytest.mark.compiles
@pytest.mark.parametrize(("name", "scheme"), EACH)
def test_states_and_right_hand_side(name, scheme):
    check_right_hand_side(name, scheme)


@pytest.mark.parametrize("scheme", ["weno5-z", "learned"])
@pytest.mark.parametrize("name", EQUATIONS)
def test_right_hand_side_with_boundaries(name, scheme):
    entering = {"euler": {"density": 1.2, "velocity_x": lambda t: t, "pressure": 0.9}}
    inflow = lf.boundaries.inflow(**entering.get(name, {"u": lambda t: 1.0 + t}))
    walls = () if name == "advection" else ("wall", {"x": ("wall", inflow)})
    for boundary in ("outflow", {"x": (inflow, "outflow")}, *walls):
        q = states(name)
        numba, tensor = both(name, scheme, q, boundary)
        assert_same(numba(0.3, q), tensor(0.3, torch.tensor(q)), "right-hand sides")


@pytest.mark.parametrize("name", EQUATIONS)
def test_speeds_steps_and_checks(name):
    q = states(name)
    numba, tensor = both(name, "weno5-z", q)
    a, b = numba.stable_dt(q, cfl=0.7), tensor.stable_dt(torch.tensor(q), cfl=0.7)
    assert float(b) == pytest.approx(a, rel=1e-14)
    assert numba.backend.first_inadmissible(q) is None
    assert tensor.backend.first_inadmissible(torch.tensor(q)) is None
    for value in (np.nan, np.inf, *([-1e9] if name == "euler" else [])):
        broken = q.copy()
        broken[-1, 17] = broken[-1, 40] = value
        assert numba.backend.first_inadmissible(broken) == (17,)
        assert tensor.backend.first_inadmissible(torch.tensor(broken)) == (17,)
    broken = q.copy()
    broken[0, 3] = np.nan
    assert np.isnan(numba.stable_dt(broken))
    assert torch.isnan(tensor.stable_dt(torch.tensor(broken)))


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", [*reconstructions, "learned"])
@pytest.mark.parametrize("name", EQUATIONS)
def test_whole_runs(name, scheme):
    """Differences of round-off do not grow: no branch flips where it would matter."""
    named = {"advection": "composite_wave", "burgers": "tophat", "euler": "sod"}[name]
    case = lf.problems.get(named)(cells=40)
    case = case.replace(t_end=0.1 * case.t_end)
    numba, tensor = (lf.solve(case, scheme, backend=backend) for backend in ("numba", "torch"))
    for variable in numba.data_vars:
        np.testing.assert_allclose(tensor[variable], numba[variable], rtol=0, atol=1e-12)
    assert tensor.attrs["steps"] == numba.attrs["steps"]


@pytest.mark.parametrize("scheme", list(reconstructions))
def test_single_precision_follows_double(scheme):
    """float32 has seven digits; a rule that overflows in it would lose its order silently."""
    case = lf.problems.sod(cells=60)
    single = lf.solve(case, scheme, backend="torch", dtype="float32", dt=2e-3)
    double = lf.solve(case, scheme, backend="torch", dtype="float64", dt=2e-3)
    for variable in double.data_vars:
        # TENO's cut-off is a switch, and where data are flat to seven digits round-off throws it.
        # The longer a stencil, the more it cancels.
        allowed = {"teno5": 5e-3, "weno7-z": 1e-3}.get(scheme, 5e-5)
        np.testing.assert_allclose(single[variable], double[variable], rtol=0, atol=allowed)


@pytest.mark.parametrize("scheme", list(reconstructions))
def test_jumps_beside_flat_data_in_single_precision(scheme):
    """Smoothness that is exactly zero makes the largest ratios there are."""
    rule = reconstructions[scheme]
    for at in range(1, rule.cells):
        for jump in (1e-3, 1.0, 1e6):
            cells = jump * (torch.arange(rule.cells) >= at).double()
            double, single = rule.function(*cells), rule.function(*cells.float())
            assert float(single) == pytest.approx(float(double), rel=1e-5, abs=1e-6 * jump)


def test_batches_of_rows_are_rows_one_by_one():
    case = problem("euler", states("euler"))
    semi = lf.Semidiscretization(case, "weno5-z", backend="torch")
    rows = torch.stack([torch.tensor(states("euler", seed)) for seed in range(4)], dim=1)
    together = semi.backend.rhs(0.0, rows)
    for k in range(4):
        assert_same(semi.backend.rhs(0.0, rows[:, k]).numpy(), together[:, k], "batched rows")
    numba = lf.Semidiscretization(case, "weno5-z", backend="numba")
    assert_same(numba.backend.rhs(0.0, rows.numpy()), together, "batched rows")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "scheme"), MIXED)
def test_right_hand_side_of_mixed_schemes(name, scheme):
    check_right_hand_side(name, scheme)
