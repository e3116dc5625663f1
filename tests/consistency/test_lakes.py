"""Water at rest stays at rest over any bottom, around dry land too; no water is lost or negative.

All schemes are run on tensors, which need no compiling, for some steps and, among the slow tests,
for some hundred; the default and the learned scheme in compiled kernels, for a thousand.
"""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.positivity import limit_flux
from learnedflux.reconstruction import reconstructions
from learnedflux.riemann import riemann_solvers

SCHEMES = [*reconstructions, "learned"]
SOLVERS = [name for name, found in riemann_solvers.items() if found.supports(lf.ShallowWater())]
PARTS = [
    *SCHEMES,
    *(pytest.param(lf.Scheme("weno5-z", riemann=r), id=f"weno5-z-{r}") for r in SOLVERS),
    *(
        pytest.param(lf.Scheme(s, variables="characteristic-conserved"), id=f"{s}-conserved")
        for s in ("weno5-z", "mp5")
    ),
]
PLACES = ["lake_at_rest", "island"]
PLANE = (16, 12)


def march(problem, scheme, steps, backend):
    semi = lf.Semidiscretization(problem, scheme, backend=backend)
    q = semi.initial()
    dt = float(semi.stable_dt(q, 0.4))
    for step in range(steps):
        q = lf.integrators.ssprk3(semi, step * dt, q, dt)
    return np.array(semi.to_numpy(q))


def fastest(problem, q):
    return max(np.abs(v).max() for v in problem.equation.to_primitive(tuple(q))[1:-1])


def check_rest(problem, scheme, steps, backend):
    start = problem.initial_state()
    q = march(problem, scheme, steps, backend)
    assert fastest(problem, q) <= 1e-13
    assert np.abs(q[0] - start[0]).max() <= 1e-13
    np.testing.assert_allclose(q[-1], start[-1], rtol=0, atol=1e-15)
    if problem.name == "island":
        dry = start[0] == 0.0
        assert 0 < dry.sum() < dry.size
        np.testing.assert_array_equal(q[0][dry], 0.0)
    assert q[0].min() >= 0.0


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("scheme", PARTS)
def test_rest_on_tensors(scheme, name):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    check_rest(lf.problems.get(name)(cells=40), scheme, 20, "torch")


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("scheme", ["weno5-z", pytest.param("learned", marks=pytest.mark.slow)])
def test_rest_in_compiled_kernels_for_a_thousand_steps(scheme, name):
    check_rest(lf.problems.get(name)(cells=100), scheme, 1000, "numba")


@pytest.mark.slow
def test_rest_in_two_dimensions():
    for name in PLACES:
        check_rest(lf.problems.get(name)(cells=PLANE), "weno5-z", 30, "numba")


@pytest.mark.slow
@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("scheme", PARTS)
def test_rest_for_long(scheme, name):
    """Long enough for round-off that grows at a shore to show: it would tenfold in 50 steps."""
    check_rest(lf.problems.get(name)(cells=100), scheme, 300, "torch")


@pytest.mark.slow
@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("scheme", ["muscl", "weno5-z", "mp5", "learned"])
def test_rest_in_the_plane_for_long(scheme, name):
    check_rest(lf.problems.get(name)(cells=PLANE), scheme, 300, "torch")


@pytest.mark.parametrize("boundary", ["wall", "periodic", "outflow"])
def test_rest_whatever_the_bottom_and_the_sides(boundary):
    """A bottom of steps and spikes, and land with cliffs that rises out of the water."""
    rng = np.random.default_rng(0)
    bottom = rng.uniform(-1.0, 0.15, 60)
    bottom[[*range(10, 17), *range(35, 41)]] += 1.5
    problem = lf.Problem(
        lf.ShallowWater(),
        lf.Grid(x=(0.0, 1.0, 60)),
        {"depth": np.maximum(0.2 - bottom, 0.0), "velocity_x": np.zeros(60), "bottom": bottom},
        boundary,
        t_end=1.0,
    )
    assert (problem.initial_state()[0] == 0.0).sum() == 13
    q = march(problem, "weno5-z", 100, "numba")
    assert fastest(problem, q) <= 1e-13


def test_a_small_wave_is_not_drowned_by_the_bottom():
    """Two halves of a wave leave a bump; what is left behind is as small as on a flat bottom."""
    found = lf.solve(lf.problems.small_perturbation(cells=100, size=1e-5)).isel(time=-1)
    surface = found.depth + found.bottom - 1.0
    assert float(abs(surface).max()) < 0.8e-5  # half of it each, steepened over the bump
    assert float(surface.sel(x=slice(1.65, 1.95)).max()) > 0.2e-5
    assert float(abs(surface.sel(x=slice(0.75, 1.0))).max()) < 0.1e-5


def test_the_limiter_moves_water_and_no_ground():
    """Towards the Rusanov flux of the balanced cells, as far as depth needs."""
    water = lf.ShallowWater()
    deep, film, f, speed = (0.1, 0.0, 0.0), (1e-6, 1e-6, 0.5), (5.0, 1.0, 0.0), 4.0
    for ql, qr, flux in ((deep, film, f), (film, deep, f), (film, deep, (-5.0, 1.0, 0.0))):
        limited = limit_flux(water, ql, qr, flux, 0, speed)
        assert limited[0] / flux[0] < 0.1
        assert limited[2] == 0.0
        assert ql[0] - limited[0] / speed >= 0.0
        assert qr[0] + limited[0] / speed >= 0.0
    dry = (0.0, 0.0, 0.0)
    assert limit_flux(water, dry, dry, f, 0, speed) == (0.0, 0.0, 0.0)


# --- no water is lost -----------------------------------------------------------------------------


def sloshing(cells=60):
    """A wave that runs up two beaches, over an islet, and falls back."""
    return lf.Problem(
        lf.ShallowWater(gravity=1.0),
        lf.Grid(x=(-1.0, 1.0, cells)),
        lambda x: {
            "depth": np.maximum(0.3 * (x < 0) - 0.35 * x * x - 0.25 * np.exp(-200 * x * x), 0.0),
            "velocity_x": 0.0,
            "bottom": 0.35 * x * x + 0.25 * np.exp(-200 * x * x),
        },
        "wall",
        t_end=6.0,
    )


def check_water(scheme, backend="numba"):
    problem = sloshing()
    found = lf.solve(problem, scheme, backend=backend)
    total = found.depth.sum("x")
    assert float(found.depth.min()) >= 0.0
    assert float(total[-1]) == pytest.approx(float(total[0]), rel=1e-12)
    assert float(abs(found.velocity_x).max()) < 3.0
    assert found.attrs["steps"] < 1500  # no thin water outruns the rest


@pytest.mark.parametrize("scheme", ["weno5-z"])
def test_water_is_kept_on_moving_shores(scheme):
    check_water(scheme)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", PARTS)
def test_water_is_kept_on_moving_shores_by_every_scheme(scheme):
    check_water(scheme)


def test_walls_and_mirrors():
    """A lake that is symmetric stays so to the last bit, over a bottom that is."""
    x = np.linspace(-1, 1, 41)
    x = 0.5 * (x - x[::-1])
    bottom = 0.3 * np.cos(3 * x)
    problem = lf.Problem(
        lf.ShallowWater(),
        lf.Grid(x=(-1.0, 1.0, 41)),
        {
            "depth": np.maximum(0.5 + 0.3 * np.exp(-20 * x * x) - bottom, 0.0),
            "velocity_x": 0.5 * x,
            "bottom": bottom,
        },
        "wall",
        t_end=1.0,
    )
    q = march(problem, "weno5-z", 100, "numba")
    assert np.abs(q[0] - problem.initial_state()[0]).max() > 0.05
    np.testing.assert_array_equal(q[0], q[0][::-1])
    np.testing.assert_array_equal(q[1], -q[1][::-1])
