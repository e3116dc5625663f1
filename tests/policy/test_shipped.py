"""Every shipped policy keeps what its card and the documentation promise."""

import json
import re

import numpy as np
import pytest

import learnedflux as lf

# Those of the paper's experiment promise something else: tests/policy/test_paper_policies.py.
SHIPPED = [p for p in lf.policies().column("path") if lf.Policy(p).variables != "split"]
CLASSICAL_SOD_LAX = 0.75  # of weno5-z's error: the least a learned scheme must gain


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda path: re.split(r"[/\\]", path)[-1])
def policy(request):
    return lf.Policy(request.param)


def l1(problem, scheme, **settings):
    ds = lf.solve(problem, scheme, **settings)
    errors = lf.metrics.error(ds, problem.exact)
    return float(errors[next(iter(errors.data_vars))][-1]), ds


def value(policy, stencil):
    """Face values of stencils, with speeds of all kinds where the policy looks at them."""
    speeds = None
    if policy.uses_speeds:
        speeds = np.random.default_rng(8).uniform(-1, 1, (len(stencil), 6))
    return policy(stencil, speeds=speeds)


def is_for_gas(policy):
    return "Euler" in policy.equations


def for_gas_alone(policy):
    if not is_for_gas(policy):
        pytest.skip("not trained on gas")


@pytest.mark.parametrize(
    ("name", "chosen", "fallback"),
    [
        ("sod", "euler", 0),
        ("composite_wave", "universal", 0),
        ("sawtooth", "burgers", 0),
        ("buckley_leverett", "buckley_leverett", 0),
        ("red_light", "universal", 1),
    ],
)
def test_what_is_shipped_is_chosen_by_equation(name, chosen, fallback, caplog):
    digests = {row["policy"]: row["digest"] for row in lf.policies()}
    with caplog.at_level("INFO", logger="learnedflux"):
        ds = lf.solve(lf.problems.get(name)(cells=20), "learned")
    assert ds.attrs["policy"] == chosen
    assert ds.attrs["policy_digest"] == digests[chosen]
    assert ds.attrs["policy_is_fallback"] == fallback
    assert f"policy '{chosen}' serves" in caplog.text
    assert ("no policy was trained for" in caplog.text) == bool(fallback)


def test_metadata_are_complete(policy):
    m = policy.metadata
    assert m["seeds"]
    assert len(m["recipe_digest"]) == 16
    assert m["errors"], "no error table"
    assert "trained on" in repr(policy)


def test_size(policy):
    assert policy.path.stat().st_size < 100_000


def test_card_is_reproduced(policy):
    card = policy.path.with_suffix(".md").read_text(encoding="utf-8")
    assert policy.digest in card
    told = policy.metadata["errors"]
    named = ("sod", "composite_wave", "shock_formation", "buckley_leverett", "dam_break_stoker")
    known = [name for name in named if name in told]
    assert known
    for name in known:
        error, _ = l1(lf.problems.get(name)(cells=200), policy)
        assert error == pytest.approx(told[name], rel=0.01)


@pytest.mark.parametrize("name", ["sod", "lax"])
def test_beats_weno5_on_shock_tubes_by_a_quarter(policy, name):
    for_gas_alone(policy)
    problem = lf.problems.get(name)(cells=200)
    learned, _ = l1(problem, policy)
    classical, _ = l1(problem, "weno5-z")
    assert learned <= CLASSICAL_SOD_LAX * classical


@pytest.mark.parametrize("name", ["sod", "lax"])
def test_no_new_extrema_in_shock_tubes(policy, name):
    # Start-up waves and tiny over- and undershoots are common to all high-order schemes; the
    # learned one does not keep to MP5's: it overshoots by one percent on Lax's shock tube.
    for_gas_alone(policy)
    problem = lf.problems.get(name)(cells=200)

    def excess(scheme):
        ds = lf.solve(problem, scheme)
        rho = ds.density.values[-1]
        exact = problem.exact.cell_averages(problem.grid, problem.t_end)["density"]
        span = exact.max() - exact.min()
        return max(rho.max() - exact.max(), exact.min() - rho.min(), 0.0) / span

    assert excess(policy) <= max(excess("mp5"), 1e-3) + 8e-3


@pytest.mark.parametrize(
    ("cfl", "allowed"),
    [
        (0.1, 1e-11),
        (0.33, 1e-11),
        (0.4, 3e-6),
        (0.46, 1e-8),
        (0.5, 1e-6),
        (0.6, 1e-4),
        (0.7, 1e-3),
        (0.8, 2e-2),
    ],
)
def test_no_new_extrema_at_jumps(policy, cfl, allowed):
    """Monotone data stay monotone as far as the bounds' steepness goes: MP5 allows 5e-4 at 0.4.

    From 0.45 on, with the bounds of small steps, they would overshoot by half the jump.
    """

    def levels(x):
        return np.where((x > 0.2) & (x < 0.5), 1.0, 0.0) - 0.5 * (x > 0.7)

    if not (is_for_gas(policy) or "Advection" in policy.equations):
        pytest.skip("not trained on what is carried along")
    if not is_for_gas(policy):
        problem = lf.Problem(lf.Advection(), lf.Grid(x=(0, 1, 100)), levels, "periodic", t_end=4.0)
        name, ground = "u", 0.0
    else:

        def initial(x):
            return {"density": 2.0 + levels(x), "velocity_x": 1.0, "pressure": 1.0}

        problem = lf.Problem(lf.Euler(), lf.Grid(x=(0, 1, 100)), initial, "periodic", t_end=4.0)
        name, ground = "density", 2.0
    step = lf.Semidiscretization(problem).stable_dt(problem.initial_state(), cfl)
    for size in ({"cfl": cfl}, {"dt": step}):
        ds = lf.solve(problem, policy, times=9, **size)
        assert float(ds[name].max()) <= ground + 1 + allowed
        assert float(ds[name].min()) >= ground - 0.5 - allowed
        variation = lf.metrics.total_variation(ds)[name]
        assert float(variation.max()) <= float(variation[0]) + 6 * allowed  # it has six sides


def test_extrema_of_smooth_caps_stay_within_a_percent(policy):
    # At the rounded top of the half-ellipse, and at its feet, bounds must let extrema live; TENO5
    # overshoots by 1.6 percent there.
    if "Advection" not in policy.equations:
        pytest.skip("not trained on what is carried along")
    ds = lf.solve(lf.problems.composite_wave(cells=200, t_end=8.0), policy, times=9)
    assert float(ds.u.max()) <= 1.01
    assert float(ds.u.min()) >= -5e-3


def test_order_on_smooth_advection(policy):
    cells, errors = [20, 40, 80, 160], []
    scalar = not is_for_gas(policy)
    make = lf.problems.sine_advection if scalar else lf.problems.density_wave
    share = 1.0 if scalar else 0.3  # of the step: sound runs besides
    for n in cells:
        errors.append(l1(make(cells=n), policy, dt=share * (2.0 / n) ** (5 / 3))[0])
    assert lf.metrics.observed_order(cells[1:], errors[1:]) >= 4.5
    # On resolved waves it *is* a linear scheme within the bounds, no worse than MP5's.
    mp5, _ = l1(make(cells=80), "mp5", dt=share * (2.0 / 80) ** (5 / 3))
    assert errors[2] <= 1.1 * mp5


def norm(u):
    return np.sqrt(((u - u.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1))


WAVES = 120, np.array([48, 40, 30, 24, 20, 15, 12, 8, 6, 4, 3])  # cells, and waves in them
PERIODS = 50  # of the shortest


@pytest.mark.parametrize("name", ["critical_sine", "fourth_power_sine"])
def test_flat_extrema_keep_their_order(policy, name):
    # MP5 is the linear fifth-order scheme there, bounds and all.
    if "Advection" not in policy.equations:
        pytest.skip("not trained on what is carried along")
    settings = {"integrator": "ssprk104", "cfl": 0.4}
    problems = [lf.problems.get(name)(cells=cells) for cells in (80, 160)]
    errors = [l1(problem, policy, **settings)[0] for problem in problems]
    for error, problem in zip(errors, problems, strict=True):
        assert error <= 0.5 * l1(problem, "mp5", **settings)[0]
    # Where the second derivative of critical_sine vanishes, its third is a thousandth. Of two grids
    # one hits that spot, with a third of MP5's error instead of a twentieth: that is no order.
    if name != "critical_sine":
        assert np.log2(errors[0] / errors[1]) >= 4.8


@pytest.mark.parametrize("cfl", [0.1, 0.4, 0.7])
def test_no_wave_grows(policy, cfl):
    """Sines of 2.5 to 40 cells, small and large, on low and high ground."""
    if is_for_gas(policy):
        pytest.skip("not for scalar laws")
    n, number = WAVES
    x = np.arange(n)
    for ground in (0.0, 5.0):
        for size in (1e-6, 1.0):
            steps = int(PERIODS * n / number.max() / cfl)
            wave = size * np.sin(2 * np.pi * number[:, None] * x / n)
            q = (ground + wave)[None]
            problem = lf.Problem(
                lf.Advection(), lf.Grid(x=(0, n, n)), {"u": q[0, 0]}, "periodic", t_end=1.0
            )
            semi = lf.Semidiscretization(problem, policy, cfl=cfl)
            before = norm(q[0])
            for _ in range(steps):
                q = lf.integrators.ssprk3(semi.backend.rhs, 0.0, q, cfl)
            # Round-off of the ground level counts for the small waves.
            assert (norm(q[0]) <= before * (1 + 1e-9) + 1e-13 * ground * n).all()


@pytest.mark.parametrize("cfl", [0.1, 0.4, 0.7])
@pytest.mark.parametrize("velocity", [0.5, -3.0])
def test_no_wave_of_density_grows(policy, cfl, velocity):
    """The same in a gas, slower and faster than sound."""
    for_gas_alone(policy)
    n, number = WAVES
    rho = 1.0 + np.concatenate(
        [size * np.sin(2 * np.pi * number[:, None] * np.arange(n) / n) for size in (1e-6, 0.1, 0.8)]
    )
    q = np.stack(lf.Euler().to_conserved((rho, velocity + 0 * rho, 1.0 + 0 * rho)))
    initial = dict(zip(("density", "momentum_x", "energy"), q[:, 0], strict=True))
    problem = lf.Problem(lf.Euler(), lf.Grid(x=(0, n, n)), initial, "periodic", t_end=1.0)
    semi = lf.Semidiscretization(problem, policy, cfl=cfl)
    dt = cfl / lf.Euler().max_speed(tuple(q), 0).max(axis=1, keepdims=True)
    before = norm(q[0])
    for _ in range(int(np.ceil((PERIODS / 2) * n / number.max() / abs(velocity * dt).max()))):
        q = lf.integrators.ssprk3(semi.backend.rhs, 0.0, q, dt)
    assert (norm(q[0]) <= before * (1 + 1e-9) + 1e-12 * n).all()


def test_equivariance(policy):
    rng = np.random.default_rng(1)
    stencil = np.concatenate(
        (rng.normal(size=(500, policy.stencil)), np.cumsum(rng.random((500, policy.stencil)), 1))
    )
    found = value(policy, stencil)
    for factor in (1e-8, 3.0, 1e8):
        np.testing.assert_allclose(value(policy, factor * stencil), factor * found, rtol=1e-12)
    np.testing.assert_allclose(value(policy, stencil + 7.0), found + 7.0, rtol=0, atol=1e-12 * 20)
    np.testing.assert_allclose(value(policy, -stencil), -found, rtol=0, atol=0)


def test_monotone_data_give_values_between_their_neighbours(policy):
    rng = np.random.default_rng(2)
    stencil = np.cumsum(rng.random((2000, policy.stencil)) ** 4, axis=1)
    found = value(policy, stencil)
    middle = policy.radius
    assert (found >= stencil[:, middle - 1] - 1e-14).all()
    assert (found <= stencil[:, middle] + 1e-14).all()


def test_flat_data_are_kept_exactly(policy):
    constants = np.array([0.0, -2.5, 1e-300, 1e12])
    found = value(policy, np.repeat(constants[:, None], 6, axis=1))
    np.testing.assert_array_equal(found, constants)


def test_works_on_all_its_equations(policy):
    # On the compound wave of Buckley and Leverett's law WENO5-Z is better: the card says so.
    named = {
        "Advection": ("composite_wave", "weno5-z"),
        "BuckleyLeverett": ("buckley_leverett", "mp5"),
        "Burgers": ("shock_formation", "weno5-z"),
        "Euler": ("sod", "weno5-z"),
        "ShallowWater": ("dam_break_stoker", "weno5-z"),
    }
    for equation in policy.equations:
        name, scheme = named[equation]
        problem = lf.problems.get(name)(cells=100)
        learned, ds = l1(problem, policy)
        classical, _ = l1(problem, scheme)
        assert learned < classical
        assert ds.attrs["policy_digest"] == policy.digest


@pytest.mark.parametrize(
    "name", ["slow_shock", "einfeldt_123", "leblanc", "toro3", "toro5", "blast"]
)
def test_hard_problems_end_positive(policy, name):
    for_gas_alone(policy)
    ds = lf.solve(lf.problems.get(name)(cells=200), policy)
    assert float(ds.density.min()) > 0
    assert float(ds.pressure.min()) > 0


def test_conservation_and_mirror_symmetry(policy):
    n = 64
    rng = np.random.default_rng(3)
    rho, p = 1 + rng.random(n // 2), 1 + rng.random(n // 2)
    u = rng.normal(size=n // 2)
    w = {
        "density": np.concatenate((rho, rho[::-1])),
        "velocity_x": np.concatenate((u, -u[::-1])),
        "pressure": np.concatenate((p, p[::-1])),
    }
    problem = lf.Problem(lf.Euler(), lf.Grid(x=(-1, 1, n)), w, "periodic", t_end=0.2)
    ds = lf.solve(problem, policy)
    defect = lf.metrics.conservation_defect(ds[["density", "momentum_x", "energy"]])
    assert max(abs(float(v[-1])) for v in defect.data_vars.values()) < 1e-13
    last = ds.isel(time=-1)
    np.testing.assert_array_equal(last.density.values, last.density.values[::-1])
    np.testing.assert_array_equal(last.momentum_x.values, -last.momentum_x.values[::-1])
    np.testing.assert_array_equal(last.energy.values, last.energy.values[::-1])


def test_the_recipe_beside_it_is_the_one_it_was_made_by(policy):
    pytest.importorskip("torch", reason="torch is not installed: recipes cannot be read")
    from learnedflux.training import Recipe

    recipe = policy.path.resolve().parents[1] / "training" / f"{policy.name}.toml"
    if not recipe.is_file():
        pytest.skip("recipes are not installed, only kept in the source tree")
    assert Recipe.of(recipe).digest == policy.metadata["recipe_digest"]
    # Settings that a recipe leaves to their defaults are in no digest.
    made = Recipe.of(recipe).new_policy(deployed=True).config
    assert json.loads(json.dumps(made)) == policy.metadata["config"]
