"""The policies of the paper's experiment: what they promise, and that nobody gets them unasked."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.reconstruction import Reconstruction
from learnedflux.reconstruction.weno import weno5_js_sharp

PATHS = {p["policy"]: p["path"] for p in lf.policies() if p["policy"].startswith("paper_")}
LIMIT = 250_000  # bytes


@pytest.fixture(scope="module", params=PATHS)
def policy(request):
    return lf.Policy(PATHS[request.param])


def test_there_is_one_per_recipe():
    assert set(PATHS) == {"paper_burgers", "paper_euler"}


def test_size_and_metadata(policy):
    assert policy.path.stat().st_size < LIMIT
    assert policy.metadata["family"] == "weno_weights"
    assert policy.digest in policy.path.with_suffix(".md").read_text(encoding="utf-8")
    assert policy.metadata["seeds"] == [0, 1, 2]


def test_it_is_for_split_fluxes_and_never_chosen(policy):
    assert policy.variables == "split"
    equation = {"Burgers": lf.Burgers(), "Euler": lf.Euler()}[policy.equations[0]]
    assert lf.Scheme("learned").bind(equation).reconstruction.digest != policy.digest
    told = f"policy '{policy.name}' was trained to reconstruct split fluxes"
    with pytest.raises(lf.PolicyError, match=told):
        lf.Scheme(policy, variables="characteristic").bind(equation)


def l2(problem, scheme, dt, steps):
    """L2 error of values at cell centres after forward Euler steps, outflow or periodic."""
    if not problem.boundaries[0][0].periodic:
        problem = problem.replace(boundary="outflow", exact=problem.exact)
    semi = lf.Semidiscretization(problem, scheme, threads=1)
    x = problem.grid.centers(0)

    def exact(t):
        return np.stack(problem.equation.to_conserved(tuple(problem.exact(x, t=t).values())))

    q = exact(0.0)
    for _ in range(steps):
        q = q + dt * semi(0.0, q)
    return float(np.sqrt(problem.grid.spacing[0] * np.sum((q - exact(steps * dt))[0] ** 2)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "state", "dt"),
    [
        ("paper_burgers", "smooth_sine", 4e-4),
        ("paper_burgers", "rarefaction", 4e-4),
        ("paper_burgers", "accelshock", 4e-4),
        ("paper_euler", "paper_sod", 1e-4),
        ("paper_euler", "shock_tube", 1e-4),
    ],
)
def test_within_a_tenth_of_weno_on_what_it_was_trained_on(name, state, dt):
    problem = lf.problems.get(state)(cells=128)
    weno = Reconstruction("weno5-paper", weno5_js_sharp, 5, 5)
    theirs = l2(problem, lf.Scheme(weno, variables="split", positivity=False), dt, 500)
    ours = l2(problem, lf.Scheme(PATHS[name], positivity=False), dt, 500)
    assert ours <= 1.1 * theirs
