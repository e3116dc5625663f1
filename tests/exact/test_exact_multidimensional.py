"""Exact solutions in two and three dimensions: published constants, conservation, the equations."""

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

import learnedflux as lf
from learnedflux.exact.burgers import EntropySolution
from learnedflux.exact.burgers_2d import DiagonalSolution
from learnedflux.exact.sedov import Sedov
from learnedflux.exact.vortex import isentropic_vortex

SURFACE = {1: 2.0, 2: 2 * np.pi, 3: 4 * np.pi}


def rule(start, stop, points=200):
    x, w = leggauss(points)
    return start + 0.5 * (stop - start) * (x + 1), 0.5 * (stop - start) * w


# --- Sedov's explosion ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dimension", "energy", "radius"),
    [(2, 0.311357, 0.75), (3, 0.851072, 1.0)],
)
def test_sedov_radius_of_kamm_and_timmes(dimension, energy, radius):
    """Their table, gamma = 1.4."""
    assert Sedov(dimension, 1.4, energy).radius(1.0) == pytest.approx(radius, abs=1e-5)


def test_sedov_constant_of_a_monatomic_gas():
    """R = 1.1517 (E t^2 / rho)^(1/5), as books have it."""
    assert Sedov(3, 5 / 3).radius(1.0) == pytest.approx(1.1517, abs=5e-5)
    assert Sedov(3, 5 / 3, energy=32.0).radius(1.0) == pytest.approx(2 * 1.15167, abs=1e-5)


@pytest.mark.parametrize("gamma", [1.1, 1.4, 5 / 3])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_sedov_keeps_mass_and_energy(dimension, gamma):
    solution, t = Sedov(dimension, gamma, energy=0.7, density=1.3), 0.6
    front = solution.radius(t)
    r, w = rule(0.0, front)
    rho, u, p = solution(r, t)
    shell = SURFACE[dimension] * w * r ** (dimension - 1)
    swept = SURFACE[dimension] * front**dimension / dimension * 1.3
    assert (rho * shell).sum() == pytest.approx(swept, rel=1e-8)
    energy = ((0.5 * rho * u * u + p / (gamma - 1)) * shell).sum()
    assert energy == pytest.approx(0.7, rel=1e-7)


def test_sedov_shock_obeys_rankine_hugoniot():
    gas, solution, t = lf.Euler(gamma=1.4), Sedov(2, 1.4, 0.5), 0.8
    front, h = solution.radius(t), 1e-6
    speed = (solution.radius(t + h) - solution.radius(t - h)) / (2 * h)
    behind = gas.to_conserved(tuple(float(v) for v in solution(front * (1 - 1e-10), t)))
    ahead = gas.to_conserved((1.0, 0.0, 0.0))
    jump = speed * np.subtract(behind, ahead)
    np.testing.assert_allclose(
        np.subtract(gas.flux(behind, 0), gas.flux(ahead, 0)), jump, rtol=1e-5
    )


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_sedov_solves_the_equations_of_motion(dimension):
    """Mass, momentum and entropy along the radius, by differences."""
    solution, gamma, h, j = Sedov(dimension, 1.4), 1.4, 1e-4, dimension - 1
    r, t = np.linspace(0.3, 0.95, 40) * solution.radius(1.0), 1.0

    def rate(part):
        return (part(r, t + h) - part(r, t - h)) / (2 * h)

    def slope(part):
        return (part(r + h, t) - part(r - h, t)) / (2 * h)

    rho, u, p = (lambda r, t, k=k: solution(r, t)[k] for k in range(3))
    mass = rate(rho) + slope(lambda r, t: rho(r, t) * u(r, t) * r**j) / r**j
    momentum = rho(r, t) * (rate(u) + u(r, t) * slope(u)) + slope(p)
    entropy = (
        rate(p) + u(r, t) * slope(p) + gamma * p(r, t) * slope(lambda r, t: u(r, t) * r**j) / r**j
    )
    for residual, size in ((mass, 4.0), (momentum, 1.0), (entropy, 1.0)):
        assert np.abs(residual).max() < 2e-5 * size


@pytest.mark.parametrize(("given", "text"), [({"gamma": 2.0}, "gamma"), ({"dimension": 4}, "dim")])
def test_sedov_refuses(given, text):
    with pytest.raises(lf.InputError, match=text):
        Sedov(**given)


# --- vortex ---------------------------------------------------------------------------------------


def test_vortex_is_steady():
    """The divergence of the fluxes of a vortex without mean flow vanishes."""
    gas, vortex, h = lf.Euler(), isentropic_vortex(velocity=(0.0, 0.0)), 1e-4
    x, y = np.random.default_rng(0).uniform(-3, 3, (2, 200))

    def flux(x, y, axis):
        return np.array(gas.flux(gas.to_conserved(tuple(vortex(x, y, 0.0).values())), axis))

    change = (flux(x + h, y, 0) - flux(x - h, y, 0) + flux(x, y + h, 1) - flux(x, y - h, 1)) / (
        2 * h
    )
    assert np.abs(change).max() < 2e-7


def test_vortex_moves_and_comes_back():
    vortex = isentropic_vortex(velocity=(1.0, 0.5), box=(20.0, 10.0))
    x, y = np.random.default_rng(1).uniform(-3, 3, (2, 50))
    for name, value in vortex(x, y, 0.0).items():
        np.testing.assert_allclose(vortex(x + 1.0, y + 0.5, 1.0)[name], value, rtol=1e-12)
        np.testing.assert_allclose(vortex(x, y, 20.0)[name], value, rtol=1e-12, atol=1e-14)
    entropy = vortex(x, y, 0.3)
    np.testing.assert_allclose(entropy["pressure"], entropy["density"] ** 1.4, rtol=1e-14)


# --- Burgers --------------------------------------------------------------------------------------


def test_diagonal_solution_reduces_to_one_dimension():
    """A function of x + y obeys Burgers' equation in (x + y) / 2."""
    line = EntropySolution(lambda s: np.sin(s), lambda s: -np.cos(s), (-1.0, 1.0))
    plane = DiagonalSolution(
        lambda x, y: np.sin(0.5 * (x + y)), lambda s, d: -np.cos(s) + 0.0 * d, (-1.0, 1.0)
    )
    x, y = np.random.default_rng(2).uniform(-4, 4, (2, 300))
    for t in (0.0, 0.5, 2.0):
        np.testing.assert_allclose(plane(x, y, t), line(0.5 * (x + y), t), atol=1e-13)


@pytest.mark.parametrize("name", ["burgers_gaussian_bump", "burgers_product", "burgers_sum"])
def test_diagonal_solutions_follow_characteristics(name):
    """Before shocks form, u(x + u t, y + u t, t) = u(x, y, 0)."""
    solution = lf.problems.get(name)().exact.function
    x, y = np.random.default_rng(3).uniform(0, 1, (2, 500))
    u = solution(x, y, 0.0)
    t = 0.05
    np.testing.assert_allclose(solution(x + u * t, y + u * t, t), u, atol=1e-11)


@pytest.mark.parametrize("name", ["burgers_sine_2d", "burgers_product", "burgers_sum"])
def test_periodic_burgers_problems_conserve(name):
    problem = lf.problems.get(name)(cells=24)
    start = problem.initial_state()[0].mean()
    end = problem.exact.cell_averages(problem.grid, problem.t_end)["u"].mean()
    assert end == pytest.approx(start, abs=1e-13)


@pytest.mark.parametrize("name", ["burgers_gaussian_bump", "burgers_product"])
def test_averages_are_those_of_the_points(name):
    """From the potential, against plain quadrature of the solution; also across shocks."""
    exact = lf.problems.get(name)().exact
    grid = lf.Grid(x=(0.3, 0.9, 5), y=(0.35, 0.85, 4))
    for t, bound in ((0.05, 1e-4), (0.2, 3e-3)):  # of 40 x 40 midpoints, then across a shock
        averages = exact.cell_averages(grid, t)["u"]
        x, y = (
            (grid.edges(a)[:-1, None] + grid.spacing[a] * (np.arange(40) + 0.5) / 40).ravel()
            for a in (0, 1)
        )
        points = exact(*np.meshgrid(x, y, indexing="ij"), t=t)["u"].reshape(5, 40, 4, 40)
        means = points.mean(axis=(1, 3))
        assert np.abs(averages - means).max() < bound
        assert np.abs(averages - means).mean() < 0.2 * bound
