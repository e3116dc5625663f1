"""Did answers change? Ten numbers per run, as they were when last looked at.

A difference is no error in itself, but one that must be meant: say so in the changelog, and write
the numbers anew with ``python tests/regression/test_fingerprints.py``.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.reconstruction import reconstructions, variables
from learnedflux.riemann import riemann_solvers

KEPT = Path(__file__).with_name("fingerprints.json")
# Smooth and broken data, scalar laws and gas, each kind of boundary; few cells, as any will do.
PROBLEMS = {
    "composite_wave": (100, 1.0),
    "smooth_sine": (40, 0.2),
    "tophat": (40, 0.2),
    "shock_formation": (40, 0.2),
    "accelshock": (40, 0.2),
    "density_wave": (20, 1.0),
    "sod": (50, 0.2),
    "lax": (50, 0.13),
    "einfeldt_123": (40, 0.15),
    "shu_osher": (80, 0.9),
    "blast": (60, 0.02),
}
SOLVERS = [name for name, found in riemann_solvers.items() if found.supports(lf.Euler())]
RUNS = {
    **{f"{p} {scheme}": (p, scheme, {}) for p in PROBLEMS for scheme in reconstructions},
    **{f"sod weno5-z {r}": ("sod", lf.Scheme("weno5-z", riemann=r), {}) for r in SOLVERS},
    **{f"lax weno5-z {v}": ("lax", lf.Scheme("weno5-z", variables=v), {}) for v in variables},
    **{
        f"tophat weno5-z {name}": ("tophat", "weno5-z", {"integrator": name})
        for name in lf.integrators.integrators
    },
}


def fingerprint(run):
    """First variable of the final state in ten cells spread over the grid."""
    name, scheme, options = RUNS[run]
    cells, t_end = PROBLEMS[name]
    problem = lf.problems.get(name)(cells=cells).replace(t_end=t_end)
    ds = lf.solve(problem, scheme, **options)
    first = ds[next(iter(ds.data_vars))][-1].values
    return first[np.linspace(0, cells - 1, 10).round().astype(int)]


@pytest.mark.parametrize(
    "run",
    # The kernels of all other schemes are compiled among the slow tests.
    [pytest.param(r, marks=() if RUNS[r][1] == "weno5-z" else pytest.mark.slow) for r in RUNS],
)
def test_numbers_are_as_they_were(run):
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert run in kept, f"no numbers are kept of {run!r}; write them, see the top of this file"
    # Another processor may round a sine in the initial state otherwise.
    np.testing.assert_allclose(fingerprint(run), kept[run], rtol=1e-8, atol=1e-10)


def test_no_numbers_are_kept_of_what_is_no_more():
    assert set(json.loads(KEPT.read_text(encoding="utf-8"))) == set(RUNS)


def main():
    lines = [f"{json.dumps(run)}: {json.dumps(fingerprint(run).tolist())}" for run in RUNS]
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
