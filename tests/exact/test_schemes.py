"""Schemes find the right weak solution: errors below stated numbers, shocks where they belong."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.metrics import observed_order
from learnedflux.reconstruction import reconstructions
from learnedflux.riemann import riemann_solvers

SCHEMES = [*reconstructions, "learned"]
FIFTH = ["weno5-js", "weno5-z", "teno5", "mp5"]
EULER_SOLVERS = [name for name, found in riemann_solvers.items() if found.supports(lf.Euler())]
SCALAR_SOLVERS = [name for name, found in riemann_solvers.items() if found.supports(lf.Burgers())]


def first_error(ds, problem):
    """Mean L1 error of the first variable at the end."""
    found = lf.metrics.error(ds, problem.exact)
    return float(found[next(iter(found.data_vars))][-1])


def run(name, scheme, cells=200, **options):
    problem = lf.problems.get(name)(cells=cells)
    ds = lf.solve(problem, scheme, **options)
    return ds, problem


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.compiles
@pytest.mark.parametrize(
    ("scheme", "expected"), [("weno5-js", 4.98e-2), ("weno5-z", 4.11e-2), ("teno5", 3.80e-2)]
)
def test_composite_wave_after_five_periods(scheme, expected):
    """Jiang and Shu's wave on 200 cells at t = 10, CFL 0.6, SSPRK3."""
    problem = lf.problems.composite_wave(cells=200, t_end=10.0)
    ds = lf.solve(problem, scheme, cfl=0.6, integrator="ssprk3")
    assert first_error(ds, problem) == pytest.approx(expected, rel=0.02)


@pytest.mark.compiles
@pytest.mark.parametrize(
    ("scheme", "most"),
    [
        ("weno5-js", 2.60e-3),
        ("weno5-z", 2.30e-3),
        ("teno5", 2.05e-3),
        ("mp5", 1.55e-3),
        ("muscl", 3.15e-3),
        ("constant", 1.40e-2),
        ("muscl-minmod", 4.40e-3),
        ("muscl-mc", 2.55e-3),
        ("muscl-superbee", 1.70e-3),
        ("weno3-z", 3.15e-3),
    ],
)
def test_sod(scheme, most):
    """200 cells, t = 0.2, CFL 0.4, SSPRK3, characteristic variables, HLLC."""
    chosen = lf.Scheme(scheme, riemann="hllc", variables="characteristic")
    ds, problem = run("sod", chosen, cfl=0.4, integrator="ssprk3")
    # Far below the bound something would be wrong as well.
    assert 0.8 * most < first_error(ds, problem) <= most


# Measured at 200 cells, CFL 0.4: MUSCL, WENO5-Z, TENO5, MP5, each times about 1.05.
MEASURED = {
    "lax": (9.3e-3, 6.4e-3, 5.4e-3, 4.3e-3),
    "einfeldt_123": (3.1e-3, 3.4e-3, 3.6e-3, 4.8e-3),
    "leblanc": (2.6e-3, 2.3e-3, 1.8e-3, 1.6e-3),
    "toro3": (7.4e-2, 5.4e-2, 4.8e-2, 4.0e-2),
    "toro5": (1.6e-2, 1.4e-2, 1.7e-2, 1.9e-2),
    "sod2": (2.3e-3, 1.8e-3, 1.4e-3, 1.2e-3),
    "slow_moving_shock": (8.7e-3, 1.3e-2, 1.25e-2, 1.6e-2),
    "sonic_rarefaction": (6.4e-3, 6.1e-3, 4.9e-3, 3.2e-3),
    "tophat": (2.7e-3, 2.3e-3, 2.0e-3, 1.6e-3),
    "sawtooth": (5.7e-4, 4.9e-4, 3.9e-4, 2.0e-4),
    "accelshock": (5.9e-4, 6.2e-4, 5.3e-4, 3.3e-5),
    "shock": (5.0e-3, 4.5e-3, 3.9e-3, 3.3e-3),
    "rarefaction": (3.2e-3, 2.3e-3, 2.1e-3, 2.0e-3),
    "shock_formation": (3.2e-3, 2.8e-3, 2.4e-3, 1.9e-3),
    "smooth_rare": (2.7e-4, 5.0e-6, 5.6e-6, 5.6e-6),
    "gaussian": (2.5e-3, 1.5e-3, 1.1e-3, 8.5e-4),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURED)
def test_errors_stay_as_measured(name):
    for scheme, most in zip(("muscl", "weno5-z", "teno5", "mp5"), MEASURED[name], strict=True):
        assert first_error(*run(name, scheme)) <= most, scheme


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", ["weno5-z", "mp5", "learned"])
def test_errors_at_jumps_fall_with_the_cell(scheme):
    grids = (100, 200, 400)
    found = [first_error(*run("sod", scheme, cells)) for cells in grids]
    # The policy keeps the contact sharp on coarse grids already, and gains less on fine ones.
    assert observed_order(grids, found) > (0.7 if scheme == "learned" else 0.75)


def test_conserved_variables_have_errors_alike():
    """Not the density alone: all variables of Sod's tube, relative to their size."""
    ds, problem = run("sod", "mp5")
    found = lf.metrics.error(ds, problem.exact).isel(time=-1)
    size = abs(ds.isel(time=-1)).mean()
    for variable in found.data_vars:
        assert float(found[variable] / size[variable]) < 0.012, variable


# --- places of shocks -----------------------------------------------------------------------------


def shock_offset(ds, problem, variable):
    """Cells between the strongest jump of the exact solution and that of the result.

    Both are where the variable crosses the middle of the jump, interpolated between cells.
    """
    grid = problem.grid
    exact = problem.exact.cell_averages(grid, problem.t_end)[variable]
    at = int(np.argmax(np.abs(np.diff(exact))))
    window = slice(max(at - 6, 0), at + 8)
    level = 0.5 * (exact[at - 2] + exact[at + 3])

    def crossing(values):
        part = values[window] - level
        k = int(np.flatnonzero(part[:-1] * part[1:] <= 0)[0])
        return k + part[k] / (part[k] - part[k + 1])

    return crossing(ds[variable][-1].values) - crossing(exact)


SHOCKS = {
    "sod": "pressure",
    "lax": "pressure",
    "sod2": "pressure",
    "toro3": "pressure",
    "slow_moving_shock": "pressure",
    "shock": "u",
    "tophat": "u",
    "sawtooth": "u",
    "shock_formation": "u",
    "accelshock": "u",
}


@pytest.mark.compiles
@pytest.mark.parametrize("name", SHOCKS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_shocks_stand_within_one_cell(scheme, name):
    ds, problem = run(name, scheme, cells=100)
    # First order smears the contact behind a shock into it, which shifts the middle of the jump.
    allowed = 1.5 if scheme == "constant" else 1.0
    assert abs(shock_offset(ds, problem, SHOCKS[name])) < allowed


@pytest.mark.compiles
@pytest.mark.parametrize("solver", EULER_SOLVERS)
def test_shocks_stand_within_one_cell_by_every_riemann_solver(solver):
    ds, problem = run("sod", lf.Scheme("weno5-z", riemann=solver), cells=100)
    assert abs(shock_offset(ds, problem, "pressure")) < 1.0
    assert first_error(ds, problem) < 5e-3


# --- entropy --------------------------------------------------------------------------------------


def sonic_fan(cells=100):
    """A jump -1 | 1 right at a face: the entropy solution is a fan, the wrong one stands still."""
    return lf.Problem(
        lf.Burgers(),
        lf.Grid(x=(-1.0, 1.0, cells)),
        lambda x: np.where(x < 0, -1.0, 1.0),
        t_end=0.5,
        exact=lambda x, t: np.clip(x / max(t, 1e-300), -1.0, 1.0),
    )


@pytest.mark.compiles
@pytest.mark.parametrize(
    "scheme",
    [*SCHEMES, *(pytest.param(lf.Scheme("weno5-z", riemann=r), id=r) for r in SCALAR_SOLVERS)],
)
def test_a_jump_across_the_sonic_point_opens(scheme):
    for cells in (100, 101):
        problem = sonic_fan(cells)
        ds = lf.solve(problem, scheme)
        u = ds.u[-1].values
        assert first_error(ds, problem) < (3.5e-2 if scheme == "constant" else 1.2e-2)
        # The ramp is straight: no step is left at the sonic point.
        assert np.diff(u).max() < 4.5 * (2.0 / cells) / problem.t_end
        assert np.diff(u).min() > -1e-3


@pytest.mark.compiles
@pytest.mark.parametrize(
    "scheme",
    [
        "constant",
        "weno5-z",
        "learned",
        *(pytest.param(lf.Scheme("weno5-z", riemann=r), id=r) for r in EULER_SOLVERS),
    ],
)
def test_a_sonic_rarefaction_of_a_gas_is_smooth(scheme):
    """Toro's test 1: the left fan contains the sonic point."""
    equation = lf.Euler()
    problem = lf.Problem(
        equation,
        lf.Grid(x=(0.0, 1.0, 100)),
        lambda x: {
            "density": np.where(x < 0.3, 1.0, 0.125),
            "velocity_x": np.where(x < 0.3, 0.75, 0.0),
            "pressure": np.where(x < 0.3, 1.0, 0.1),
        },
        t_end=0.2,
    )
    w = lf.solve(problem, scheme).isel(time=-1)
    speed = w.velocity_x - np.sqrt(1.4 * w.pressure / w.density)
    sonic = int(np.argmax(speed.values > 0))
    assert 10 < sonic < 60
    falls = -np.diff(w.density.values)[sonic - 4 : sonic + 4]
    assert (falls > 0).all()
    assert falls.max() < 3.0 * np.median(falls)


# --- robustness -----------------------------------------------------------------------------------


@pytest.mark.compiles
@pytest.mark.parametrize("name", ["einfeldt_123", "leblanc", "toro3", "toro5", "slow_shock"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_strong_problems_are_survived(scheme, name):
    ds, _ = run(name, scheme, cells=100)
    assert float(ds.density.min()) > 0
    assert float(ds.pressure.min()) > 0
    assert ds.attrs["steps_rejected"] <= 0.05 * ds.attrs["steps"]


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", ["muscl", "weno5-z", "teno5", "mp5", "learned"])
def test_blast_waves_meet(scheme):
    ds, _ = run("blast", scheme, cells=200)
    assert float(ds.pressure.min()) > 0
    assert 4.0 < float(ds.density[-1].max()) < 7.0
    if scheme != "muscl":  # which smears the thin peak below the height of the broad one
        assert 0.74 < float(ds.x[int(np.argmax(ds.density[-1].values))]) < 0.80
    total = ds.density.sum("x")
    assert float(total[-1]) == pytest.approx(float(total[0]), rel=1e-13)


# --- waves behind a shock -------------------------------------------------------------------------


@pytest.mark.slow
def test_shu_osher_against_a_fine_run():
    """Density L1 at 200 cells, against 10 times finer MP5."""
    fine = lf.solve(lf.problems.shu_osher(cells=2000), "mp5")
    expected = {"weno5-js": 6.33e-2, "weno5-z": 4.50e-2, "teno5": 3.92e-2, "mp5": 3.70e-2}
    for scheme, value in expected.items():
        ds = lf.solve(lf.problems.shu_osher(cells=200), scheme)
        found = float(lf.metrics.error(ds, fine).density[-1])
        assert found == pytest.approx(value, rel=0.1), scheme
