"""Backpropagation through the unrolled solver: what training stands on."""

import math

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: no gradients")

import learnedflux as lf  # noqa: E402
from learnedflux.reconstruction import reconstructions  # noqa: E402
from learnedflux.training.nets import BoundedPolicy  # noqa: E402
from learnedflux.training.rollout import Environment, rollout  # noqa: E402

EQUATIONS = {
    "advection": lf.Advection(velocity=0.8),
    "burgers": lf.Burgers(),
    "euler": lf.Euler(),
}
CELLS, STEPS = 24, 5


def active_policy(seed=0):
    """A policy whose network has a say, unlike a fresh one, which is nearly the linear scheme."""
    policy = BoundedPolicy(seed=seed)
    with torch.no_grad():
        policy.net[-1].weight.mul_(10.0)
    return policy


def start(name, kind):
    """Two rows of cells: smooth waves, or jumps with some noise, which keeps kinks away."""
    generator = torch.Generator().manual_seed(7)
    noise = 0.02 * torch.rand((3, 2, CELLS), generator=generator, dtype=torch.float64)
    x = torch.arange(CELLS, dtype=torch.float64) * (2.0 * math.pi / CELLS)
    waves = torch.stack([torch.stack([torch.sin(x + k), torch.cos(2 * x - k)]) for k in range(3)])
    if kind == "jumps":
        waves = torch.sign(waves)
    w = 0.3 * waves + noise
    if name != "euler":
        return w[:1] + 0.4
    return torch.stack(EQUATIONS[name].to_conserved((1.2 + w[0], w[1], 1.0 + w[2])))


def final(environment, q, dt=0.2, segment=0, **options):
    steps = torch.full((q.shape[1], 1), dt, dtype=torch.float64)
    return rollout(environment.guarded_rhs, q, steps, STEPS, segment=segment, **options)


def loss(state):
    weights = torch.cos(torch.arange(state.numel(), dtype=torch.float64)).reshape(state.shape)
    return (weights * state * state).sum()


def by_differences(function, at, along, h=1e-7):  # so small that no switch is thrown on the way
    with torch.no_grad():
        return float(function(at + h * along) - function(at - h * along)) / (2.0 * h)


def direction(like):
    generator = torch.Generator().manual_seed(3)
    return torch.randn(like.shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("scheme", [*reconstructions, "policy"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [("advection", "jumps"), ("burgers", "jumps"), ("euler", "waves"), ("euler", "jumps")],
)
def test_gradient_by_the_initial_state_equals_a_difference(name, scheme, kind):
    rule = active_policy().reconstruction() if scheme == "policy" else reconstructions[scheme]
    environment = Environment(EQUATIONS[name], rule, CELLS)
    q = start(name, kind).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(final(environment, q)), q)
    along = direction(q)
    expected = by_differences(lambda q: loss(final(environment, q)), q.detach(), along)
    assert float((gradient * along).sum()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "kind", "integrator"),
    [
        ("advection", "jumps", "ssprk3"),
        ("burgers", "jumps", "ssprk3"),
        ("euler", "waves", "ssprk3"),
        ("euler", "jumps", "ssprk3"),
        ("euler", "jumps", "ssprk104"),
    ],
)
def test_gradient_by_the_weights_equals_a_difference(name, kind, integrator):
    policy = active_policy()
    environment = Environment(EQUATIONS[name], policy.reconstruction(), CELLS)
    q = start(name, kind)
    parameters = list(policy.parameters())

    def evaluate():
        return loss(final(environment, q, integrator=integrator))

    gradients = torch.autograd.grad(evaluate(), parameters)
    assert any(float(g.abs().max()) > 1e-6 for g in gradients), "the network had no say"
    along = [direction(p) for p in parameters]
    got = sum(float((g * a).sum()) for g, a in zip(gradients, along, strict=True))

    h, values = 1e-7, []
    with torch.no_grad():
        for shift in (h, -2.0 * h, h):
            for p, a in zip(parameters, along, strict=True):
                p += shift * a
            values.append(float(evaluate()))
    # Besides the relative error: round-off of the difference itself.
    assert got == pytest.approx((values[0] - values[1]) / (2.0 * h), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", EQUATIONS)
def test_segments_change_nothing(name):
    environment = Environment(EQUATIONS[name], active_policy().reconstruction(), CELLS)
    results = []
    for segment in (0, 1, 2):  # two steps do not divide the five
        q = start(name, "jumps").requires_grad_()
        end = final(environment, q, segment=segment)
        results.append((end.detach(), torch.autograd.grad(loss(end), q)[0]))
    for result in results[1:]:
        torch.testing.assert_close(result, results[0], rtol=0, atol=0)


@pytest.mark.parametrize("scheme", ["weno5-z", "mp5", "policy"])
def test_gradients_are_finite_at_constant_states_and_at_jumps(scheme):
    policy = active_policy()
    rule = policy.reconstruction() if scheme == "policy" else reconstructions[scheme]
    environment = Environment(lf.Euler(), rule, CELLS)
    half = torch.arange(CELLS) < CELLS // 2
    for left, right in (
        ((1.0, 0.0, 1.0), (1.0, 0.0, 1.0)),
        ((1.0, 0.0, 1.0), (0.125, 0.0, 0.1)),
        ((1.0, 1.0, 1.0), (1.0, -1.0, 1.0)),
        ((1.0, -2.0, 0.4), (1.0, 2.0, 0.4)),
    ):
        w = [torch.where(half, a, b).double()[None] for a, b in zip(left, right, strict=True)]
        q = torch.stack(lf.Euler().to_conserved(tuple(w))).requires_grad_()
        end = final(environment, q, dt=0.1)
        inputs = [q, *(policy.parameters() if scheme == "policy" else ())]
        for gradient in torch.autograd.grad(loss(end), inputs):
            assert torch.isfinite(gradient).all()


def test_one_bad_cell_does_not_spoil_the_others():
    environment = Environment(lf.Euler(), reconstructions["weno5-z"], CELLS)
    good = start("euler", "waves")
    bad = good.clone()
    bad[2, 0, 3] = -1.0  # energy, and so pressure, below zero in one cell of the first row
    fine = environment.guarded_rhs(good, good)
    guarded = environment.guarded_rhs(bad, good)
    torch.testing.assert_close(guarded, fine, rtol=0, atol=0)


def test_rows_do_not_see_each_other():
    environment = Environment(lf.Euler(), active_policy().reconstruction(), CELLS)
    q = start("euler", "jumps").requires_grad_()
    (gradient,) = torch.autograd.grad(final(environment, q)[:, 0].sum(), q)
    assert float(gradient[:, 1].abs().max()) == 0.0
    assert float(gradient[:, 0].abs().min()) > 0.0


def test_a_rollout_is_what_the_solver_does():
    """Same numerics in training and in use: a rollout on cells of width one equals solve()."""
    q = start("euler", "jumps")[:, :1]
    environment = Environment(lf.Euler(), reconstructions["mp5"], CELLS)
    initial = dict(zip(("density", "momentum_x", "energy"), q[:, 0].numpy(), strict=True))
    grid = lf.Grid(x=(0.0, float(CELLS), CELLS))
    problem = lf.Problem(lf.Euler(), grid, initial, "periodic", t_end=0.2 * STEPS)
    ds = lf.solve(problem, "mp5", dt=0.2)
    end = final(environment, q)[:, 0]
    for k, name in enumerate(initial):
        torch.testing.assert_close(
            end[k], torch.tensor(ds[name].values[-1]), rtol=1e-12, atol=1e-12
        )
