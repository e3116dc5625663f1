"""Convergence on the isentropic vortex: what the order of a scheme is worth in two dimensions.

Fluxes are those at face centres, so that nonlinear systems end up at second order, with a small
constant: errors fall faster on coarse grids.
"""

import pytest

import learnedflux as lf

GRIDS = (32, 64, 128)


def errors(variables, grids=GRIDS, t_end=2.0):
    found = []
    for cells in grids:
        # A step that shrinks faster than the grid, so that the error is that of space.
        problem = lf.problems.isentropic_vortex(cells=cells, t_end=t_end)
        scheme = lf.Scheme("weno5", variables=variables)
        ds = lf.solve(problem, scheme, cfl=0.4 * (grids[0] / cells) ** (2 / 3))
        found.append(float(lf.metrics.error(ds, problem.exact).density[-1]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "order", "finest"),
    [("characteristic", 1.9, 3.7e-5), ("characteristic-conserved", 2.1, 2.6e-5)],
)
def test_vortex(variables, order, finest):
    found = errors(variables)
    assert found[-1] < finest
    assert lf.metrics.observed_order(GRIDS[-2:], found[-2:]) > order
    assert lf.metrics.observed_order(GRIDS[:2], found[:2]) > 2.8
