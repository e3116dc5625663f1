"""Training problems: admissible, conservative, and with true answers."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

import learnedflux as lf
from learnedflux import training
from learnedflux.backends import NumbaBackend
from learnedflux.boundaries import boundaries
from learnedflux.exact.burgers import riemann
from learnedflux.exact.lax_oleinik import convex_averages
from learnedflux.grid import Grid
from learnedflux.integrators import ssprk3
from learnedflux.scheme import Scheme
from learnedflux.training import laws
from learnedflux.training.distributions import BLOCK, draw_rows, supported
from learnedflux.training.profiles import FINE
from learnedflux.training.reference import FinePool, PoolSettings
from learnedflux.training.scalar import _carried, _two_fans

SIZE = training.Size(rows=8, cells=64, steps=20, cfl=(0.1, 0.6))
POOL = PoolSettings(seed=0, rows=6, cells=64, scheme="mp5", refinement=4, snapshots=16)
# One compiled scheme per equation serves the pools and the tests below.
CASES = [
    (lf.Advection(velocity=-2.0), "profiles"),
    (lf.Burgers(), "profiles"),
    (lf.Burgers(), "riemann"),
    (lf.Burgers(), "states"),
    (lf.LighthillWhithamRichards(jam_density=3.0), "profiles"),
    (lf.BuckleyLeverett(), "riemann"),
    (lf.Euler(), "gas_riemann"),
    (lf.Euler(), "gas_states"),
    (lf.ShallowWater(), "states"),
    (lf.ShallowWater(gravity=2.0), "water_riemann"),
    (lf.Acoustics(bulk_modulus=4.0), "states"),
]


def prepared(equation, name, pool=POOL):
    return supported(equation, name).prepare(equation, pool)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0].name}-{case[1]}")
def batch(request):
    return draw_rows(request.param[1], prepared(*request.param), [3], 0, SIZE)


def test_shapes_and_admissibility(batch):
    number = len(batch.equation.conserved_names(1))
    assert batch.initial.shape == batch.target.shape == (number, SIZE.rows, SIZE.cells)
    assert batch.dt.shape == (SIZE.rows, 1)
    for q in (batch.initial, batch.target):
        assert np.isfinite(q).all()
        assert np.all(batch.equation.admissible(tuple(q)))


def test_scalar_values_keep_to_the_range(batch):
    if not batch.equation.scalar:
        pytest.skip("a system")
    low, high = batch.equation.value_range
    for q in (batch.initial, batch.target):
        assert q.min() >= low - 1e-9
        assert q.max() <= high + 1e-9


def test_cfl_numbers_stay_in_range(batch):
    speed = np.broadcast_to(
        batch.equation.max_speed(tuple(batch.initial), 0), (SIZE.rows, SIZE.cells)
    )
    cfl = batch.dt[:, 0] * speed.max(axis=1)
    assert (cfl <= SIZE.cfl[1] * 1.0001).all()
    assert (cfl > 0).all()


def test_totals_are_conserved(batch):
    gap = np.abs(batch.target.sum(axis=-1) - batch.initial.sum(axis=-1))
    size = np.abs(batch.initial).sum(axis=-1) + 1e-12
    # Exact gas states are sampled at 64 points per cell, so a jump is placed to 1/64 of one.
    sampled = {"gas_riemann", "water_riemann"} & set(batch.kinds)
    assert (gap / size).max() < (5e-3 if sampled else 1e-11)


def test_targets_are_what_a_good_scheme_comes_close_to(batch):
    periodic = boundaries["periodic"]
    scheme = Scheme("mp5").bind(batch.equation)
    grid = Grid(x=(0, SIZE.cells, SIZE.cells))
    backend = NumbaBackend(batch.equation, grid, scheme, ((periodic, periodic),))
    q = batch.initial
    for _ in range(batch.steps):
        q = ssprk3(backend.rhs, 0.0, q, batch.dt)
    moved = np.abs(batch.target - batch.initial)[0].mean()
    missed = np.abs(q - batch.target)[0].mean()
    assert missed < 0.35 * moved


def test_waves_are_moved_by_whole_cells_at_all_cfl_numbers():
    equation = lf.Advection(velocity=-2.0)
    batch = draw_rows("waves", prepared(equation, "waves"), [3], 0, SIZE._replace(rows=64))
    moved = np.round(batch.dt[:, 0] * SIZE.steps * 2.0).astype(int)
    shifted = [np.roll(u, -k) for u, k in zip(batch.initial[0], moved, strict=True)]
    np.testing.assert_array_equal(batch.target[0], shifted)
    cfl = 2.0 * batch.dt[:, 0]
    assert 0.05 <= cfl.min() < 0.1
    assert 0.65 < cfl.max() <= 0.7
    assert np.abs(batch.initial).max() <= 1.0
    with pytest.raises(lf.InputError, match="needs a scalar law with a linear flux"):
        supported(lf.Burgers(), "waves")


def test_two_problems_of_a_row_are_told_apart():
    batch = draw_rows("riemann", prepared(lf.Burgers(), "riemann"), [5], 0, SIZE)
    assert batch.parts.sum(axis=1) == pytest.approx(SIZE.cells / 2, abs=1)
    # The circle is cut where the state is constant, on both sides of a problem.
    ends = batch.parts != np.roll(batch.parts, 1, axis=1)
    steps = np.abs(batch.target[0] - np.roll(batch.target[0], 1, axis=1))
    assert steps[ends].max() < 1e-9
    halves = draw_rows("profiles", prepared(lf.Burgers(), "profiles"), [5], 0, SIZE).parts
    assert np.all(halves[:, : SIZE.cells // 2] == 1.0)
    assert np.all(halves[:, SIZE.cells // 2 :] == 0.0)


def test_a_problem_depends_on_its_number_alone():
    """However many ranks share a batch, and however many rows each takes."""
    draw = prepared(lf.Burgers(), "profiles")
    whole = draw_rows("profiles", draw, [1, 2], 0, SIZE)
    start, rows = BLOCK - 1, BLOCK  # across the border of two blocks
    part = draw_rows("profiles", draw, [1, 2], start, SIZE._replace(rows=rows))
    np.testing.assert_array_equal(part.initial, whole.initial[:, start : start + rows])
    np.testing.assert_array_equal(part.target, whole.target[:, start : start + rows])
    np.testing.assert_array_equal(part.dt, whole.dt[start : start + rows])


def test_fine_runs_of_a_law_that_is_neither_find_its_compound_waves():
    """The default reference scheme, against the exact solution of a Riemann problem."""
    equation = lf.BuckleyLeverett()

    def one_jump(equation, rng, rows, cells, points):
        x = (np.arange(cells * points) + 0.5) / points
        return np.broadcast_to((x < cells / 2).astype(float), (1, rows, x.size)).copy()

    settings = PoolSettings(seed=0, rows=1, cells=64, snapshots=6)
    found = FinePool(equation, one_jump, settings)
    t = 5 * found.unit[0]
    slopes = laws.slope(equation, np.linspace(0, 1, 257))
    exact = _two_fans(equation, 0.0, 1.0, 0.0, (slopes.min(), slopes.max()), t, 64)
    assert np.abs(found.states[0, 5, 0] - exact).mean() < 2e-3


# --- exact solutions ------------------------------------------------------------------------------


def test_lax_oleinik_meets_the_exact_riemann_solution():
    cells, fine, t = 40, FINE, 6.0
    values = np.zeros((cells, fine))
    values[10:30] = 1.0  # a fan at 10 and a shock at 30
    found = convex_averages(lambda u: 0.5 * u * u, lambda u: u, values, t)
    points = 200
    x = (np.arange(cells * points) + 0.5) / points
    exact = np.where(x < 20, riemann(0.0, 1.0, (x - 10) / t), riemann(1.0, 0.0, (x - 30) / t))
    np.testing.assert_allclose(found, exact.reshape(cells, points).mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(found.sum(), values.mean(axis=1).sum(), rtol=1e-12)


@pytest.mark.parametrize("equation", [lf.Burgers(), lf.LighthillWhithamRichards()])
def test_the_two_exact_solutions_of_a_riemann_problem_agree(equation):
    values = np.where(np.arange(48 * FINE).reshape(48, FINE) < 24 * FINE, 0.9, 0.2)
    slopes = laws.slope(equation, np.linspace(0.2, 0.9, 257))
    t = 8.0
    fans = _two_fans(equation, 0.2, 0.9, 0.0, (slopes.min(), slopes.max()), t, 48)
    np.testing.assert_allclose(fans, _carried(equation, values, t), atol=1e-10)


# --- the registry ---------------------------------------------------------------------------------


def test_shapes_of_fluxes():
    found = {e.name: laws.shape(e) for e, _ in CASES if e.scalar}
    assert found == {
        "Advection": "linear",
        "Burgers": "convex",
        "LighthillWhithamRichards": "concave",
        "BuckleyLeverett": "neither",
    }


def test_a_distribution_of_ones_own():
    @training.distribution("still", supports=lambda e: e.scalar, needs="a scalar law")
    def still(equation, rng, size):
        q = np.full((1, size.rows, size.cells), rng.random())
        return training.Batch(equation, q, q, np.full((size.rows, 1), 0.1), size.steps)

    try:
        recipe = training.Recipe(equations=["Burgers"], distributions={"Burgers": {"still": 1}})
        assert recipe.mix(lf.Burgers()) == {"still": 1.0}
        with pytest.raises(lf.InputError, match="no problems of Euler: it needs a scalar law"):
            training.Recipe(equations=["Euler"], distributions={"Euler": {"still": 1}})
    finally:
        training.distributions.remove("still")


def test_what_no_problems_are_known_for_is_told():
    class Bare(lf.Equation):
        variables = ("a", "b")

        def flux(self, q, axis):
            return q

        def max_speed(self, q, axis):
            return 1.0 + 0.0 * q[0]

    with pytest.raises(lf.InputError, match="no training problems of Bare: give it a method rand"):
        training.Recipe(equations=[Bare()])
    with pytest.raises(lf.UnknownNameError, match="Did you mean 'profiles'"):
        training.Recipe(equations=["Burgers"], distributions={"Burgers": {"profile": 1}})
    with pytest.raises(lf.InputError, match=r"convex or concave flux\. Usable for it: riemann"):
        supported(lf.BuckleyLeverett(), "profiles")


def test_no_problem_is_trivial(batch):
    moved = np.abs(batch.target - batch.initial).mean(axis=-1)
    assert (moved.max(axis=0) > 0).all()
