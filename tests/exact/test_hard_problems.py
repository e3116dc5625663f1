"""Problems that break schemes: near vacuum, strong shocks, jets; every scheme must come through."""

import numpy as np
import pytest

import learnedflux as lf

SCHEMES = ("godunov", "muscl", "weno3-z", "weno5-js", "weno5-z", "teno5", "mp5", "learned")
LINES = {"einfeldt_123": 200, "leblanc": 400, "toro3": 200, "toro5": 200, "blast": 400}


def check_positive(ds):
    assert (ds.density > 0).all()
    assert (ds.pressure > 0).all()
    assert int(ds.attrs["faces_limited"]) >= 0


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", LINES)
def test_in_one_dimension(name, scheme):
    check_positive(lf.solve(lf.problems.get(name)(cells=LINES[name]), scheme, cfl=0.4))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["sedov_2d", "mach2000_jet"])
def test_in_two_dimensions(name, scheme):
    problem = lf.problems.get(name)(cells=48)
    check_positive(lf.solve(problem, scheme, cfl=0.4))


@pytest.mark.compiles
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_limiter_leaves_sod_alone(scheme):
    ds = lf.solve(lf.problems.sod(cells=200), scheme)
    assert ds.attrs["faces_limited"] == 0
    assert ds.attrs["steps_rejected"] == 0
    # On in every call, too.
    semi = lf.Semidiscretization(lf.problems.sod(cells=200), scheme)
    q, t = semi.initial(), 0.0
    for _ in range(20):
        dt = semi.stable_dt(q, 0.4)
        q, t = lf.integrators.ssprk3(semi, t, q, dt), t + dt
    assert semi.backend.limited == 0


# Density L1 of the issue that asked for this engine, at most a tenth above.
PUBLISHED = [
    ("einfeldt_123", 200, "weno5-js", 5.8e-3),
    ("einfeldt_123", 200, "teno5", 4.8e-3),
    ("leblanc", 400, "weno5-js", 1.66e-3),
    ("leblanc", 400, "teno5", 1.28e-3),
]


@pytest.mark.compiles
@pytest.mark.parametrize(("name", "cells", "scheme", "error"), PUBLISHED)
def test_errors(name, cells, scheme, error):
    problem = lf.problems.get(name)(cells=cells)
    ds = lf.solve(problem, scheme, cfl=0.4)
    assert float(lf.metrics.error(ds, problem.exact).density[-1]) < 1.1 * error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cells", "fine", "errors"),
    [
        ("shu_osher", 200, 4000, {"weno5-js": 6.4e-2, "weno5-z": 4.7e-2, "teno5": 4.0e-2}),
        ("blast", 400, 3200, {"weno5-js": 6.8e-2, "teno5": 5.3e-2}),
    ],
)
def test_errors_against_a_fine_run(name, cells, fine, errors):
    def density(n, scheme):
        return lf.solve(lf.problems.get(name)(cells=n), scheme).density[-1].values

    reference = density(fine, "weno5-z").reshape(cells, -1).mean(axis=1)
    for scheme, error in errors.items():
        assert np.abs(density(cells, scheme) - reference).mean() < 1.1 * error
