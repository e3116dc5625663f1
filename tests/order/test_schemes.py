"""Order of accuracy in smooth flow, measured on grids fine enough to show it."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.exact.burgers import EntropySolution
from learnedflux.metrics import observed_order

FIFTH = ["weno5-js", "weno5-z", "teno5", "mp5"]
STEEP = 5.0 / 3.0  # a third-order integrator keeps pace with fifth order if dt falls as h^(5/3)


def errors(problem, scheme, grids, factor=0.4, power=STEEP, variable=None, **options):
    """Mean L1 errors at the end, of the first variable by default."""
    found = []
    for cells in grids:
        case = problem.with_cells(cells)
        dt = factor * case.grid.spacing[0] ** power
        ds = lf.solve(case, scheme, dt=dt, **options)
        found.append(lf.metrics.error(ds, case.exact))
    name = variable or next(iter(found[0].data_vars))
    return [float(e[name][-1]) for e in found]


# --- advection of a density wave ------------------------------------------------------------------


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", FIFTH)
def test_density_wave_fifth_order(scheme):
    grids = (20, 40, 80, 160)
    found = errors(lf.problems.density_wave(), scheme, grids, factor=0.8)
    assert observed_order(grids, found) == pytest.approx(5.0, abs=0.15)
    for pair in (slice(0, 2), slice(1, 3), slice(2, 4)):
        assert observed_order(grids[pair], found[pair]) == pytest.approx(5.0, abs=0.25)


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", ["learned"])
def test_density_wave_learned(scheme):
    grids = (20, 40, 80)
    assert observed_order(grids, errors(lf.problems.density_wave(), scheme, grids)) >= 4.5


# Limiters clip extrema, which costs some of the second order in L1, superbee most of it.
@pytest.mark.compiles
@pytest.mark.parametrize(
    ("scheme", "least", "most"),
    [
        ("constant", 0.9, 1.1),
        ("muscl-minmod", 1.75, 2.1),
        ("muscl-mc", 1.8, 2.1),
        ("muscl-superbee", 1.4, 2.1),
        ("weno3-z", 2.1, 3.1),
    ],
)
def test_density_wave_low_order(scheme, least, most):
    grids = (160, 320) if scheme != "constant" else (320, 640)
    found = errors(lf.problems.density_wave(), scheme, grids, factor=0.15, power=1.0)
    assert least <= observed_order(grids, found) <= most


def test_density_wave_muscl():
    grids = (40, 80, 160)
    found = errors(lf.problems.density_wave(), "muscl", grids)
    assert 1.9 <= observed_order(grids, found) <= 2.1


# --- the classical sine test, number by number ----------------------------------------------------


def test_seventh_order():
    """On tensors; steps so small that their third order does not show."""
    grids, found = (10, 20, 40), []
    for cells in grids:
        problem = lf.problems.sine_advection(cells=cells).replace(t_end=0.5)
        dt = 0.8 * problem.grid.spacing[0] ** (7.0 / 3.0)
        ds = lf.solve(problem, "weno7-z", dt=dt, backend="torch")
        found.append(float(lf.metrics.error(ds, problem.exact).u[-1]))
    assert observed_order(grids[1:], found[1:]) == pytest.approx(7.0, abs=0.15)
    assert found[-1] < 1e-8


@pytest.mark.compiles
@pytest.mark.parametrize(
    ("scheme", "published"),
    [
        ("weno5-js", (4.63e-5, 1.45e-6, 4.51e-8)),
        ("weno5-z", (7.95e-6, 2.49e-7, 7.80e-9)),
    ],
)
def test_sine_after_one_period(scheme, published):
    """On [-1, 1], to t = 2, dt = h^(5/3); mean L1 error of cell averages."""
    found = errors(lf.problems.sine_advection(), scheme, (40, 80, 160), factor=1.0)
    np.testing.assert_allclose(found, published, rtol=0.02)


# --- nonlinear flow -------------------------------------------------------------------------------


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", [*FIFTH, "learned"])
def test_burgers_before_the_shock(scheme):
    """Two sine waves on a fast mean flow, at a third of the time at which they break."""
    problem = lf.problems.other_sine().replace(t_end=0.05)
    grids = (80, 160, 320)
    found = errors(problem, scheme, grids, factor=0.5)
    # Steep gradients are resolved late: the finest pair counts.
    assert observed_order(grids[1:], found[1:]) > 4.5
    if scheme in ("mp5", "teno5"):
        assert observed_order(grids[1:], found[1:]) == pytest.approx(5.0, abs=0.15)


def gamma_three():
    """Smooth Euler flow with an exact solution: with gamma = 3, u + c and u - c obey Burgers."""

    def invariant(sign):
        a, b = sign * 1.2, 0.25
        wave = EntropySolution(
            lambda y: a + b * np.sin(np.pi * (y + 0.1 * sign)),
            lambda y: a * y - b / np.pi * np.cos(np.pi * (y + 0.1 * sign)),
            (a - b, a + b),
        )
        return wave

    right, left = invariant(1.0), invariant(-1.0)

    def exact(x, t):
        plus, minus = right(x, t), left(x, t)
        sound = 0.5 * (plus - minus)
        density = sound / np.sqrt(3.0)
        return {"density": density, "velocity_x": 0.5 * (plus + minus), "pressure": density**3}

    return lf.Problem(
        lf.Euler(gamma=3.0),
        lf.Grid(x=(-1.0, 1.0, 40)),
        lambda x: exact(x, 0.0),
        "periodic",
        t_end=0.4,  # waves break at 1 / (0.25 pi) = 1.27
        exact=exact,
    )


@pytest.mark.slow
@pytest.mark.parametrize("variables", ["conserved", "characteristic-conserved"])
@pytest.mark.parametrize("variable", ["density", "momentum_x", "energy"])
def test_full_order_in_nonlinear_flow_of_a_system(variables, variable):
    grids = (40, 80)
    scheme = lf.Scheme("mp5", variables=variables)
    found = errors(gamma_three(), scheme, grids, factor=0.2, variable=variable)
    assert observed_order(grids, found) > 4.6


def test_second_order_of_primitive_characteristic_variables():
    """The documented price of projecting primitive variables: a small second-order error."""
    grids = (160, 320)
    found = errors(gamma_three(), "mp5", grids, factor=0.2)
    assert observed_order(grids, found) == pytest.approx(2.0, abs=0.4)
    assert found[-1] < 2e-6


@pytest.mark.slow
def test_hllc_and_others_agree_to_the_order_of_the_scheme():
    """In smooth flow the Riemann solver does not matter but to high order."""
    results = [
        lf.solve(gamma_three().with_cells(80), lf.Scheme("mp5", riemann=r), dt=2e-3).density[-1]
        for r in ("hllc", "roe", "hll", "rusanov")
    ]
    for other in results[1:]:
        assert 0 < float(abs(other - results[0]).max()) < 1e-6


# --- boundaries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("velocity", [1.0, -1.0])
def test_inflow_that_varies_in_time(velocity):
    """A wave sent in through a side, at second order: ghost cells all hold the value of now."""
    wave = lambda s: np.sin(2.0 * np.pi * s)  # noqa: E731 - one line of formula
    entrance = 0.0 if velocity > 0 else 1.0
    inflow = lf.boundaries.inflow(u=lambda t: float(wave(entrance - velocity * t)))
    sides = (inflow, "outflow") if velocity > 0 else ("outflow", inflow)
    problem = lf.Problem(
        lf.Advection(velocity=velocity),
        lf.Grid(x=(0.0, 1.0, 40)),
        lambda x: wave(x),
        {"x": sides},
        t_end=1.0,
        exact=lambda x, t: wave(x - velocity * t),
    )
    found = errors(problem, "weno5-z", (40, 80), factor=0.4, power=1.0)
    assert found[1] < 0.04
    assert observed_order((40, 80), found) > 0.9


def test_a_wave_between_walls():
    """Sound in a closed tube, twice as long with mirror images: walls keep the order."""
    grids = (20, 40)

    def tube(stop, boundary):
        def initial(x):
            return {
                "density": 1.0 + 0.01 * np.cos(np.pi * x),
                "velocity_x": 0.01 * np.sin(np.pi * x),
                "pressure": 1.0 + 0.014 * np.cos(np.pi * x),
            }

        grid = lf.Grid(x=(0.0, stop, 20))
        return lf.Problem(lf.Euler(), grid, initial, boundary, t_end=1.0)

    for cells in grids:
        closed = lf.solve(tube(1.0, "wall").with_cells(cells), "mp5", dt=0.1 / cells)
        image = lf.solve(tube(2.0, "periodic").with_cells(2 * cells), "mp5", dt=0.1 / cells)
        gap = closed.density[-1].values - image.density[-1].values[:cells]
        assert np.abs(gap).max() < 1e-14


# --- in time --------------------------------------------------------------------------------------


@pytest.mark.parametrize("integrator", ["ssprk2", "ssprk3", "ssprk104", "rk4"])
def test_order_in_time_of_a_whole_solver(integrator):
    """On one grid against a run with a tiny step: what remains is the error in time."""
    problem = lf.problems.sine_advection(cells=40).replace(t_end=0.5)
    order = lf.integrators.integrators[integrator].order
    reference = lf.solve(problem, "mp5", dt=0.5 / 3200, integrator="rk4").u[-1]
    steps = (20, 40, 80)
    found = [
        float(
            abs(
                lf.solve(problem, "mp5", dt=0.5 / n, integrator=integrator).u[-1] - reference
            ).mean()
        )
        for n in steps
    ]
    assert observed_order(steps, found) == pytest.approx(order, abs=0.2)
