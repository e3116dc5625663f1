"""The compiled rollout gives what the torch one gives, and its gradient."""

import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")
if shutil.which("c++") is None:
    pytest.skip("there is no C++ compiler: rollouts cannot be compiled", allow_module_level=True)

import learnedflux as lf  # noqa: E402
from learnedflux.training.adjoint import CompiledRollout  # noqa: E402
from learnedflux.training.distributions import Batch, Size, draw_rows, supported  # noqa: E402
from learnedflux.training.gas import gas_riemann  # noqa: E402
from learnedflux.training.laws import find  # noqa: E402
from learnedflux.training.nets import BoundedPolicy, SteeredPolicy  # noqa: E402
from learnedflux.training.reference import PoolSettings  # noqa: E402
from learnedflux.training.rollout import Environment, rollout  # noqa: E402
from learnedflux.training.trace import Program, reverse  # noqa: E402

CELLS, STEPS, ROWS = 32, 4, 8
PLANE = (12, 9)  # cells


@pytest.fixture(scope="module")
def policy():
    policy = SteeredPolicy(hidden=(4,))
    with torch.no_grad():
        policy.net[-1].weight.mul_(10.0)  # far from where training starts, so that actions matter
    return policy


@pytest.fixture(scope="module")
def compiled(policy):
    return rollout_of(lf.Euler(), policy)


@pytest.fixture(scope="module")
def batch():
    return gas_riemann(lf.Euler(), np.random.default_rng(3), Size(ROWS, CELLS, STEPS, (0.1, 0.6)))


def weights(policy):
    return torch.nn.utils.parameters_to_vector(policy.parameters()).detach().numpy()


def rollout_of(equation, policy, dimension=1):
    rules = policy.rules
    settings = tuple(policy.config[key] for key in rules.settings)
    widths = (rules.inputs, *policy.config["hidden"], rules.answers)
    return CompiledRollout(equation, rules, settings, widths, dimension)


def check_against_torch(policy, compiled, batch):
    """Compare the ends of a batch, and the gradient of a random combination of them."""
    end, lost = compiled(batch.initial, batch.dt, STEPS, weights(policy), keep=True)
    env = Environment(batch.equation, policy.reconstruction(), CELLS)
    start, dt = torch.as_tensor(batch.initial), torch.as_tensor(batch.dt)
    expected = rollout(env.guarded_rhs, start, dt, STEPS, segment=0)
    assert not lost.any()
    size = abs(batch.initial).max()
    np.testing.assert_allclose(end, expected.detach().numpy(), rtol=0, atol=1e-13 * max(size, 10))
    g = np.random.default_rng(4).normal(size=end.shape)
    parts = torch.autograd.grad((expected * torch.as_tensor(g)).sum(), list(policy.parameters()))
    found = compiled.gradient(g)
    assert found.shape == (ROWS, compiled.weights)
    truth = torch.cat([part.ravel() for part in parts]).numpy()
    np.testing.assert_allclose(found.sum(axis=0), truth, rtol=0, atol=1e-10 * abs(truth).max())


def test_ends_and_gradients_are_those_of_torch(policy, compiled, batch):
    check_against_torch(policy, compiled, batch)


LAWS = [
    ("Burgers", "riemann"),
    ("BuckleyLeverett", "riemann"),
    ("ShallowWater", "states"),
    ("examples/cubic_law.py:CubicLaw", "riemann"),  # powers, and no slope of its own
]


@pytest.mark.parametrize(("law", "name"), LAWS, ids=["Burgers", "BuckleyLeverett", "water", "own"])
def test_so_are_those_of_any_equation(policy, law, name, root):
    equation = find(str(root / law) if law.startswith("examples") else law)
    settings = PoolSettings(0, rows=4, cells=CELLS, refinement=2, snapshots=6, progress=False)
    draw = supported(equation, name).prepare(equation, settings)
    batch = draw_rows(name, draw, [3], 0, Size(ROWS, CELLS, STEPS, (0.1, 0.6)))
    check_against_torch(policy, rollout_of(equation, policy), batch)


def test_so_are_those_of_a_family_that_sees_no_speeds():
    policy = BoundedPolicy(hidden=(4,))
    with torch.no_grad():
        policy.net[-1].weight.mul_(10.0)
    equation = lf.Burgers()
    # No flat parts: there the signs of round-off decide what the network may say.
    q = np.random.default_rng(5).normal(size=(1, ROWS, CELLS))
    batch = Batch(equation, q, q, np.full((ROWS, 1), 0.1), STEPS)
    check_against_torch(policy, rollout_of(equation, policy), batch)


@pytest.mark.parametrize("name", ["Burgers", "Euler"])
def test_so_are_those_in_the_plane(policy, name):
    """On a grid that is not square, with gradients through both sweeps of every stage."""
    equation = getattr(lf, name)()
    w = np.random.default_rng(6).uniform(0.5, 1.5, (len(equation.primitive_names(2)), ROWS, *PLANE))
    check_in_the_plane(policy, equation, w, 0.08, rows=(0, ROWS - 1))


def test_so_are_those_of_rows_that_are_limited_in_the_plane(policy, monkeypatch):
    """Their gradients too, but for the speed that the limiter works with."""
    from learnedflux.backends.torch_array import TorchBackend

    top = TorchBackend._top_speed
    monkeypatch.setattr(TorchBackend, "_top_speed", lambda *given: top(*given).detach())
    across, along = np.arange(PLANE[0])[:, None], np.arange(PLANE[1])[None]
    side = np.where(across + 0.4 * along < 7.6, -1.0, 1.0)
    u = np.linspace(0.5, 6.0, ROWS)[:, None, None] * side  # parts nearly to vacuum, obliquely
    w = np.stack([1.0 + 0 * u, u, 0.3 * u + 0.1 * along, 0.1 + 0 * u])
    check_in_the_plane(policy, lf.Euler(), w, 0.04, rows=(3, ROWS - 1), steps=8, limited=True)


def check_in_the_plane(policy, equation, w, dt, rows, steps=3, limited=False):
    q = np.stack(equation.to_conserved(tuple(w)))
    compiled = rollout_of(equation, policy, 2)
    end, lost = compiled(q, np.full((ROWS, 1), dt), steps, weights(policy), keep=True)
    assert not lost.any()
    flags = np.unpackbits(compiled._run[-1], bitorder="little")
    assert flags[list(rows)].all() == limited
    assert not flags.all()
    g = np.random.default_rng(7).normal(size=end.shape)
    found = compiled.gradient(g)
    grid = lf.Grid(x=(0.0, 12.0, PLANE[0]), y=(0.0, 9.0, PLANE[1]))
    initial = dict(zip(equation.primitive_names(2), w[:, 0], strict=True))
    posed = lf.Problem(equation, grid, initial, "periodic", t_end=1.0)
    scheme = lf.Scheme(policy.reconstruction(), positivity=limited)
    semi = lf.Semidiscretization(posed, scheme, backend="torch")
    for row in rows:
        state = torch.as_tensor(q[:, row])
        for _ in range(steps):
            state = lf.integrators.ssprk3(semi, 0.0, state, dt)
        np.testing.assert_allclose(end[:, row], state.detach().numpy(), rtol=0, atol=1e-11)
        back = (state * torch.as_tensor(g[:, row])).sum()
        parts = torch.autograd.grad(back, list(policy.parameters()))
        truth = torch.cat([part.ravel() for part in parts]).numpy()
        np.testing.assert_allclose(found[row], truth, rtol=0, atol=1e-9 * abs(truth).max())


def test_a_row_of_cells_is_a_plane_of_one_row(policy, compiled, batch):
    end, _ = compiled(batch.initial, batch.dt, STEPS, weights(policy))
    rho, m, energy = batch.initial
    for axis in (0, 1):
        momentum = (m, 0 * m) if axis == 0 else (0 * m, m)
        q = np.stack((rho, *momentum, energy))
        plane = np.expand_dims(q, -1 if axis == 0 else -2)
        plane = np.repeat(plane, 3, axis=-1 if axis == 0 else -2)
        found, _ = rollout_of(lf.Euler(), policy, 2)(plane, batch.dt, STEPS, weights(policy))
        middle = found.take(1, axis=-1 if axis == 0 else -2)
        np.testing.assert_allclose(middle[[0, 1 + axis, 3]], end, rtol=0, atol=1e-12)
        assert abs(middle[2 - axis]).max() < 1e-13


def test_what_cannot_be_compiled_is_told(policy):
    water = rollout_of(lf.ShallowWater(), policy)
    q = np.ones((3, ROWS, CELLS))
    water(q, np.full((ROWS, 1), 0.01), 1, weights(policy))
    q[2, 5, 3] = 1.5
    with pytest.raises(lf.InputError, match="know flat bottoms only; got one that is not in row 5"):
        water(q, np.full((ROWS, 1), 0.01), 1, weights(policy))

    class Branching(lf.Equation):
        variables = ("u",)

        def flux(self, q, axis):
            return (q[0] if q[0] > 0 else 0.5 * q[0],)

        def max_speed(self, q, axis):
            return 1.0

    with pytest.raises(lf.InputError, match=r"Branching cannot be traced .*do not branch on data"):
        rollout_of(Branching(), policy)


def test_rows_do_not_meet(policy, compiled, batch):
    alone = np.repeat(batch.initial[:, 2:3], ROWS, axis=1)
    together, _ = compiled(batch.initial, batch.dt, STEPS, weights(policy))
    same, _ = compiled(alone, np.repeat(batch.dt[2:3], ROWS, axis=0), STEPS, weights(policy))
    np.testing.assert_array_equal(same[:, 5], together[:, 2])


def test_a_row_that_fails_is_limited_and_one_beyond_help_is_named(policy, compiled, batch):
    q, dt = batch.initial.copy(), batch.dt.copy()
    x = np.arange(CELLS)
    u = np.where(x < CELLS // 2, -1.0, 1.0) * 4.4  # parts nearly to vacuum
    q[:, 1] = np.stack(lf.Euler().to_conserved((1.0 + 0 * u, u, 0.4 + 0 * u)))
    dt[1] = 0.05
    dt[4] *= 40.0
    end, lost = compiled(q, dt, 12, weights(policy))
    assert lost[4]
    np.testing.assert_array_equal(end[:, 4], q[:, 4])
    assert not lost[1]
    assert np.all(lf.Euler().admissible(tuple(end)))


def test_what_it_takes_is_checked(policy, compiled, batch):
    with pytest.raises(lf.InputError, match="multiple of 8 rows; got 5"):
        compiled(batch.initial[:, :5], batch.dt[:5], STEPS, weights(policy))
    for q in (batch.initial[:2], batch.initial[..., None], batch.initial[..., :2]):
        with pytest.raises(lf.InputError, match="3 variables, rows, and 1 axes of at least 3"):
            compiled(q, batch.dt, STEPS, weights(policy))
    with pytest.raises(lf.InputError, match=r"steps must have shape \(8, 1\); got \(8,\)"):
        compiled(batch.initial, batch.dt[:, 0], STEPS, weights(policy))
    compiled(batch.initial, batch.dt, STEPS, weights(policy), keep=True)
    with pytest.raises(lf.InputError, match=r"shape \(3, 8, 32\); got \(3, 8, 31\)"):
        compiled.gradient(batch.initial[..., :-1])
    compiled(batch.initial, batch.dt, STEPS, weights(policy))
    with pytest.raises(lf.InputError, match="keep=True"):
        compiled.gradient(batch.initial)


OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "min": min,
    "max": max,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "where": lambda c, a, b: a if c else b,
    "negate": lambda a: -a,
    "abs": abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
}


def value_of(x, given):
    if x.op in ("number", "input"):
        return given.get(x.args[0], x.args[0])
    return OPERATIONS[x.op](*(value_of(a, given) for a in x.args))


@pytest.mark.parametrize(
    ("x", "y"), [(0.3, 0.7), (2.0, -1.5), (-0.4, 1.1)], ids=["small", "mixed", "negative"]
)
def test_programs_are_differentiated(x, y):
    def function(a, b):
        c = np.where(a > b, a * b, np.maximum(a, 0.2) / b)
        return np.sqrt(abs(c) + 1.0) - np.minimum(a, b) * c + b**3 + a**2 * np.exp(-b)

    program = Program()
    a, b = program.input("a"), program.input("b")
    z = function(a, b)
    found = reverse([z], [program.number(1.0)], [a, b])
    given, h = {"a": x, "b": y}, 1e-6
    assert value_of(z, given) == pytest.approx(float(function(x, y)))
    slopes = (
        (function(x + h, y) - function(x - h, y)) / (2 * h),
        (function(x, y + h) - function(x, y - h)) / (2 * h),
    )
    assert [value_of(g, given) for g in found] == pytest.approx(
        [float(s) for s in slopes], rel=1e-6
    )


def test_equal_operations_are_made_once():
    program = Program()
    a, b = program.input("a"), program.input("b")
    assert (a * b) is (a * b)
    assert (1.0 * a) is a
    assert (a - 0.0) is a
    assert (program.number(2.0) * 3.0).constant == 6.0
