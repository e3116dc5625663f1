"""Laws with fluxes neither convex nor concave: learned schemes let jumps open that must."""

import math

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.exact.scalar_riemann import riemann_solution
from learnedflux.ops import absolute
from learnedflux.reconstruction.compound import bent, safeguarded, unjoined
from learnedflux.reconstruction.weno import weno5_z

CELLS = 200


class Cubic(lf.Equation):
    """No shipped policy was trained on it."""

    variables = ("u",)

    def flux(self, q, axis):
        return (q[0] * q[0] * q[0],)

    def max_speed(self, q, axis):
        return 3.0 * q[0] ** 2

    def critical_points(self, axis):
        return (0.0,)


class Mirrored(Cubic):
    """The cubic law seen in a mirror."""

    def flux(self, q, axis):
        return (-(q[0] * q[0] * q[0]),)


class Rotating(lf.Equation):
    """Kurganov, Petrova and Popov (2007), section 5.3: fluxes sin u and cos u."""

    variables = ("u",)

    def flux(self, q, axis):
        return (math.sin(q[0] + axis * (0.5 * math.pi)),)

    def max_speed(self, q, axis):
        return 1.0 + 0.0 * q[0]


class Steep(lf.Equation):
    """Convex, without a slope of its own: speeds are differences of fluxes."""

    variables = ("u",)

    def flux(self, q, axis):
        return (0.5 * (q[0] * q[0]) + 1000.0 * q[0],)

    def max_speed(self, q, axis):
        return absolute(1000.0 + q[0])


class Drifting(Cubic):
    """The cubic law seen by somebody who moves."""

    def flux(self, q, axis):
        return (q[0] * q[0] * q[0] + 1000.0 * q[0],)

    def max_speed(self, q, axis):
        return 1000.0 + 3.0 * q[0] ** 2


class Other(lf.Burgers):
    def flux(self, q, axis):
        return (q[0] * q[0] * q[0],)


def stencils(seed=0, count=2000):
    return np.random.default_rng(seed).normal(size=(6, count))


def share(equation, cells):
    states = tuple((c,) for c in cells)
    return bent(equation, states, 0) * unjoined(equation, states, 0)


@pytest.mark.parametrize(
    "law", [Steep(), lf.Burgers(), lf.LighthillWhithamRichards()], ids=lambda e: e.name
)
def test_fluxes_that_are_convex_or_concave_never_bend_both_ways(law):
    assert (share(law, stencils()) == 0).all()


@pytest.mark.parametrize(
    ("law", "scheme", "looks"),
    [
        (lf.BuckleyLeverett(), "learned", True),
        (Cubic(), "learned", True),
        (lf.BuckleyLeverett(), "mp5", False),
        (lf.Burgers(), "learned", False),
        (Other(), "learned", True),  # what is said of a flux is not said of the next one
        (lf.Advection(), "learned", False),
        (lf.Euler(), "learned", False),
    ],
)
def test_only_learned_schemes_of_laws_that_may_bend_look_out(law, scheme, looks):
    assert lf.Scheme(scheme).bind(law).safeguarded(law) == looks


def test_jumps_open_where_no_single_shock_joins_the_states():
    def share_of(law, *states):
        return float(share(law, np.array(states)[:, None])[0])

    assert share_of(Cubic(), 1.0, 1.0, 0.6, -0.6, -1.0, -1.0) == 1
    assert share_of(Cubic(), 0.9, 0.7, 0.6, 0.4, 0.2, 0.1) == 0
    # The tangent from 1 leads to -1/2: up to there shocks are single ones.
    assert share_of(Cubic(), 1.0, 1.0, 0.3, -0.4, -0.49, -0.49) == 0
    assert share_of(Cubic(), 1.0, 1.0, 0.3, -0.4, -0.6, -0.6) > 0
    # A round-off decides nothing, and neither does the frame.
    assert share_of(Cubic(), 1.0, 1.0 - 1e-15, 1.0, 0.3, -0.4, -0.49) < 1e-9
    assert share_of(Drifting(), 1.0, 1.0, 0.6, -0.6, -1.0, -1.0) == 1
    # Of states that go up and down the bend is enough; hardly, where speeds hardly differ.
    assert share_of(Cubic(), 1.0, 0.9, 1.0, 0.3, -0.4, -0.49) == 1
    assert 0 < share_of(Cubic(), 1.0, 0.9, 1.0, 0.06, -0.06, 0.0) < 1


def test_from_either_side_it_is_the_same():
    cells = np.concatenate((stencils(1), np.sort(stencils(2), axis=0)), axis=1)
    there = share(Cubic(), cells)
    assert 0 < np.mean(there > 0) < 1
    np.testing.assert_array_equal(share(Mirrored(), cells[::-1]), there)
    np.testing.assert_array_equal(share(Cubic(), -cells), there)  # an odd flux


def test_the_share_leads_from_the_value_given_to_weno():
    cells, value = stencils(2), np.ones(2000)
    np.testing.assert_array_equal(safeguarded(value, cells, 0.0), value)
    np.testing.assert_allclose(safeguarded(value, cells, 1.0), weno5_z(*cells[:5]), rtol=1e-12)


def errors(equation, left, right, schemes, t_end):
    """Mean errors of a Riemann problem."""

    def slope(u):
        h = 1e-6
        return (equation.flux((u + h,), 0)[0] - equation.flux((u - h,), 0)[0]) / (2 * h)

    (name,) = equation.variables
    exact = riemann_solution(lambda u: equation.flux((u,), 0)[0], slope, left, right)
    grid = lf.Grid(x=(-0.5, 0.5, CELLS))
    problem = lf.Problem(equation, grid, lambda x: exact(x, 0.0), t_end=t_end, exact=exact)
    found = {s: lf.metrics.error(lf.solve(problem, s), problem.exact) for s in schemes}
    return {s: float(error[name][-1]) for s, error in found.items()}


@pytest.mark.parametrize("states", [(1.0, -1.0), (-1.0, 1.0), (1.0, -0.7), (-0.9, 1.0)], ids=str)
def test_a_jump_of_the_cubic_law_opens(states):
    found = errors(Cubic(), *states, ("weno5-z", "learned"), 0.12)
    # Without the safeguard the first two have twenty times WENO5-Z's error.
    assert found["learned"] < found["weno5-z"]


@pytest.mark.parametrize("mobility", [0.25, 1.0])
@pytest.mark.parametrize("policy", ["universal", "buckley_leverett"])
def test_displaced_oil(policy, mobility):
    law = lf.BuckleyLeverett(mobility=mobility)
    given = lf.shipped.named_policy(policy)
    for left, right in ((1.0, 0.0), (0.0, 1.0), (0.9, 0.2)):
        found = errors(law, left, right, ("weno5-z", "mp5", given), 0.2)
        assert found[given] < 1.2 * min(found["weno5-z"], found["mp5"])


def test_the_mirrored_problem_has_the_mirrored_rate():
    # A right value of the one law is a left value of the other.
    u = 0.5 * np.random.default_rng(4).normal(size=CELLS)
    grid = lf.Grid(x=(0, 1, CELLS))
    there, back = (
        lf.Semidiscretization(lf.Problem(law, grid, {"u": q}, "periodic", t_end=1.0), "learned")
        for law, q in ((Cubic(), u), (Mirrored(), u[::-1].copy()))
    )
    np.testing.assert_array_equal(there(0.0, there.initial())[:, ::-1], back(0.0, back.initial()))


def test_tensors_and_onnx_runtime_do_the_same():
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    from learnedflux.backends.torch_policy import OnDevice

    u = np.clip(0.5 + 0.4 * np.random.default_rng(3).normal(size=CELLS), 0, 1)
    problem = lf.Problem(
        lf.BuckleyLeverett(), lf.Grid(x=(0, 1, CELLS)), {"saturation": u}, "periodic", t_end=1.0
    )
    kernels, tensors = (
        lf.Semidiscretization(problem, "learned", backend=b) for b in ("numba", "torch")
    )
    q = problem.initial_state()
    cells = [np.roll(q[0], -j) for j in range(6)]
    assert (share(problem.equation, cells) > 0).any()
    expected = kernels(0.0, q).copy()
    size = np.abs(expected).max()

    def check(found):
        np.testing.assert_allclose(np.asarray(found), expected, rtol=0, atol=1e-12 * size)

    check(tensors(0.0, torch.tensor(q)))
    backend = tensors.backend
    backend.rule, backend.onnx = (
        None,
        OnDevice(tensors.scheme.reconstruction, torch, backend.device),
    )
    check(tensors(0.0, torch.tensor(q)))


def test_gradients_at_a_jump_are_finite_in_single_precision():
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    problem = lf.Problem(
        lf.BuckleyLeverett(),
        lf.Grid(x=(0, 1, 32)),
        lambda x: {"saturation": np.where(x < 0.5, 0.9, 0.1)},
        t_end=1.0,
    )
    semi = lf.Semidiscretization(problem, "learned", backend="torch", dtype="float32")
    q = semi.initial().requires_grad_()
    (gradient,) = torch.autograd.grad((semi(0.0, q) ** 2).sum(), q)
    assert torch.isfinite(gradient).all()


@pytest.mark.slow
def test_the_rotating_wave_is_found():
    def state(cells, scheme):
        problem = lf.Problem(
            Rotating(),
            lf.Grid(x=(-2.0, 2.0, cells), y=(-2.5, 1.5, cells)),
            lambda x, y: {"u": np.where(x * x + y * y < 1, 3.5 * np.pi, 0.25 * np.pi)},
            "outflow",
            t_end=1.0,
        )
        return lf.solve(problem, scheme).u.values[-1]

    fine = state(400, "muscl").reshape(100, 4, 100, 4).mean(axis=(1, 3))
    found = {s: np.abs(state(100, s) - fine).mean() for s in ("weno5-z", "mp5", "learned")}
    assert found["learned"] < 1.1 * found["weno5-z"] < found["mp5"]
