"""Gradients of fluxes and face values exist everywhere and are those of the functions."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: no gradients")

import learnedflux as lf  # noqa: E402
from learnedflux.reconstruction import reconstructions, variables  # noqa: E402
from learnedflux.riemann import riemann_solvers  # noqa: E402

EQUATIONS = {
    "advection": lf.Advection(velocity=-0.7),
    "burgers": lf.Burgers(),
    "euler": lf.Euler(),
}
STATES = [kind for kind in variables if not kind.endswith("split")]  # need a Riemann solver
EVERY = [
    pytest.param(name, scheme, r, kind, id=f"{name}-{scheme}-{r}-{kind}")
    for name, equation in EQUATIONS.items()
    for scheme in reconstructions
    for r, solver in riemann_solvers.items()
    if solver.supports(equation)
    for kind in (STATES if name == "euler" else ["characteristic"])
] + [
    pytest.param("euler", scheme, None, kind, id=f"euler-{scheme}-{kind}")
    for scheme in reconstructions
    for kind in variables
    if kind not in STATES
]
PAIRS = [
    pytest.param(name, r, id=f"{name}-{r}")
    for name, equation in EQUATIONS.items()
    for r, solver in riemann_solvers.items()
    if solver.supports(equation)
]
CELLS = 16
HALF = CELLS // 2


def row(left, right=None, at=HALF):
    """Primitive (density, velocity, pressure) left and right of a jump, as rows of cells."""
    right = left if right is None else right
    return torch.tensor(
        [[a] * at + [b] * (CELLS - at) for a, b in zip(left, right, strict=True)],
        dtype=torch.float64,
    )


# Where a careless square root, quotient or absolute value has no derivative.
DIFFICULT = {
    "at rest": row((1.0, 0.0, 1.0)),
    "constant": row((0.3, 0.7, 2.0)),
    "sonic": row((1.4, 1.0, 1.0)),
    "supersonic": row((1.0, -7.0, 1.0)),
    "thin": row((1e-10, 0.0, 1e-12)),
    "contact at rest": row((1.0, 0.0, 1.0), (0.1, 0.0, 1.0)),
    "shock tube": row((1.0, 0.0, 1.0), (0.125, 0.0, 0.1)),
    "strong jump": row((1.0, 0.0, 1000.0), (1.0, 0.0, 0.01)),
    "collision": row((1.0, 2.0, 1.0), (1.0, -2.0, 1.0)),
    "parting": row((1.0, -2.0, 0.4), (1.0, 2.0, 0.4)),
    "single cell": row((1.0, 0.0, 1.0), (2.0, 1.0, 3.0), at=1),
    "line": row((1.0, 0.0, 1.0)) + 0.1 * torch.arange(CELLS),
}


def semidiscretization(name, q, scheme):
    equation = EQUATIONS[name]
    initial = dict(zip(equation.conserved_names(1), q.numpy(), strict=True))
    problem = lf.Problem(equation, lf.Grid(x=(0.0, 1.0, CELLS)), initial, "periodic", t_end=1.0)
    return lf.Semidiscretization(problem, scheme, backend="torch")


def conserved(name, w):
    q = EQUATIONS[name].to_conserved(tuple(w)) if name == "euler" else (w[1],)
    return torch.stack(tuple(q))


def assert_finite(name, scheme, labels, dtype=torch.float64):
    """All data at once, as rows of a batch, which do not see each other."""
    semi = semidiscretization(name, conserved(name, DIFFICULT["constant"]), scheme)
    rows = torch.stack([conserved(name, DIFFICULT[label]) for label in labels], dim=1)
    for limiting in {False, semi.scheme.positivity}:
        semi.backend.limiting = limiting
        q = rows.to(dtype).requires_grad_()
        slope = semi.backend.rhs(0.0, q)
        (gradient,) = torch.autograd.grad((slope * slope).sum() + slope.sum(), q)
        fine = torch.isfinite(gradient).all(dim=-1).all(dim=0)
        assert fine.all(), [label for label, ok in zip(labels, fine, strict=True) if not ok]


@pytest.mark.parametrize(("name", "scheme", "solver", "kind"), EVERY)
def test_gradients_are_finite_on_difficult_data(name, scheme, solver, kind):
    assert_finite(name, lf.Scheme(scheme, riemann=solver, variables=kind), list(DIFFICULT))


# Not those that divide by the smoothness of perfectly flat data: 1e-40 squared is zero here.
@pytest.mark.parametrize(
    "scheme", [s for s in reconstructions if s not in ("weno3-z", "weno5-z", "weno7-z", "teno5")]
)
def test_gradients_are_finite_in_single_precision(scheme):
    ordinary = [label for label in DIFFICULT if label != "thin"]  # too thin for seven digits
    assert_finite("euler", lf.Scheme(scheme), ordinary, torch.float32)


@pytest.mark.parametrize("solver", ["hll", "rusanov", "roe"])
def test_gradients_of_solvers_are_finite_in_single_precision(solver):
    ordinary = [label for label in DIFFICULT if label != "thin"]
    assert_finite("euler", lf.Scheme("mp5", riemann=solver), ordinary, torch.float32)


@pytest.mark.parametrize(("name", "solver"), PAIRS)
def test_flux_gradients_are_those_of_the_function(name, solver):
    generator = torch.Generator().manual_seed(0)
    for scale in (0.3, 2.0):  # subsonic, and partly supersonic to both sides
        w = torch.randn((2, 3, 6), generator=generator, dtype=torch.float64)
        w[:, 0], w[:, 1], w[:, 2] = w[:, 0].exp(), scale * w[:, 1], w[:, 2].exp()
        ql, qr = (conserved(name, part).requires_grad_() for part in w)

        def flux(ql, qr):
            function = riemann_solvers[solver].function
            return torch.stack(tuple(function(EQUATIONS[name], tuple(ql), tuple(qr), 0)))

        assert torch.autograd.gradcheck(flux, (ql, qr), eps=1e-6, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("scheme", list(reconstructions))
def test_face_value_gradients_are_those_of_the_function(scheme):
    rule = reconstructions[scheme]
    generator = torch.Generator().manual_seed(1)
    cells = torch.randn((rule.cells, 40), generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda *cells: rule.function(*cells),
        tuple(c.requires_grad_() for c in cells),
        eps=1e-7,
        atol=1e-5,
        rtol=1e-5,
    )


@pytest.mark.parametrize("scheme", list(reconstructions))
def test_the_gradient_of_a_sum_of_cells_is_one_each(scheme):
    """Conservation once more: no total changes, so its gradient by each cell is that of itself."""
    w = DIFFICULT["shock tube"]
    semi = semidiscretization("euler", conserved("euler", w), scheme)
    q = conserved("euler", w).requires_grad_()
    (gradient,) = torch.autograd.grad((q + 0.01 * semi.backend.rhs(0.0, q)).sum(), q)
    torch.testing.assert_close(gradient, torch.ones_like(gradient), rtol=0, atol=1e-11)
