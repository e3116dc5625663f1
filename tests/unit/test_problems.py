"""The catalogue of named problems: complete, as published, with exact solutions that fit."""

import inspect

import numpy as np
import pytest

import learnedflux as lf

EULER_RIEMANN = {
    # name: left, right, jump, domain, t_end
    "sod": ((1, 0, 1), (0.125, 0, 0.1), 0.5, (0, 1), 0.2),
    "lax": ((0.445, 0.698, 3.528), (0.5, 0, 0.571), 0.5, (0, 1), 0.13),
    "einfeldt_123": ((1, -2, 0.4), (1, 2, 0.4), 0.5, (0, 1), 0.15),
    "leblanc": ((1, 0, 0.2 / 3), (1e-3, 0, 2e-10 / 3), 3.0, (0, 9), 6.0),
    "toro3": ((1, 0, 1000), (1, 0, 0.01), 0.5, (0, 1), 0.012),
    "toro5": ((1, -19.59745, 1000), (1, -19.59745, 0.01), 0.8, (0, 1), 0.012),
    "paper_sod": ((1, 0, 1), (0.125, 0, 0.1), 0.0, (-0.5, 0.5), 0.2),
    "shock_tube": ((0.445, 0.689, 3.528), (0.5, 0, 0.571), 0.0, (-0.5, 0.5), 0.13),
    "sod2": ((1, 0, 1), (0.01, 0, 0.01), 0.0, (-0.5, 0.5), 0.1),
    "double_rarefaction": ((1, -2, 0.4), (1, 2, 0.4), 0.0, (-0.5, 0.5), 0.15),
    "slow_shock": ((5.6698, -1.4701, 100), (1, -10.5, 1), 0.0, (-0.5, 0.5), 0.04),
    "slow_moving_shock": ((3.86, -0.81, 10.33), (1, -3.44, 1), 0.0, (-0.5, 0.5), 0.1),
    "sonic_rarefaction": ((3.857, 0.92, 10.333), (1, 3.55, 1), 0.0, (-5, 5), 0.7),
}
BURGERS = {
    "smooth_sine": lambda x: np.sin(2 * np.pi * x) / (0.2 * np.pi),
    "other_sine": lambda x: 2.5 + 0.5 * np.sin(4 * np.pi * x),
    "gaussian": lambda x: 1 + np.exp(-60 * (x - 0.5) ** 2),
    "random_sine": lambda x: 3.0 + 0.5 * np.sin(4 * np.pi * x),
    "smooth_rare": lambda x: np.tanh(60 * (x - 0.5)),
    "accelshock": lambda x: np.where(x < 0.25, 3, 3 * (x - 1)),
    "shock": lambda x: np.where(x < 0.25, 3, 1),
    "shock_formation": lambda x: 1 + np.tanh(-10 * (x - 0.25)),
    "sawtooth": lambda x: np.where((x > 0.333) & (x < 0.666), 2 * (x - 0.333) / 0.333, 0),
    "tophat": lambda x: np.where((x > 1 / 3) & (x < 2 / 3), 1, 0),
    "rarefaction": lambda x: np.where(x < 0.5, 1, 2),
}
OTHERS = {
    "density_wave",
    "shu_osher",
    "titarev_toro",
    "blast",
    "sine_advection",
    "composite_wave",
    "critical_sine",
    "fourth_power_sine",
    "burgers_half_sine",
}
PERIODIC = {"smooth_sine", "other_sine", "random_sine"} | OTHERS - {
    "shu_osher",
    "titarev_toro",
    "blast",
}
PRACTICE = {  # water, oil, traffic, sound
    "acoustic_pulse",
    "buckley_leverett",
    "dam_break_ritter",
    "dam_break_stoker",
    "green_light",
    "island",
    "lake_at_rest",
    "parabolic_bowl",
    "red_light",
    "small_perturbation",
}
UNSOLVED = {"shu_osher", "titarev_toro", "blast", "island", "small_perturbation"}
NAMES = [n for n in lf.problems.names() if lf.problems.get(n)().grid.dimension == 1]
SOLVED = [name for name in NAMES if name not in UNSOLVED]


def points(case, count=999):
    (start, stop, _) = case.grid.x
    return start + (stop - start) * (np.arange(count) + 0.5) / count


# --- the catalogue --------------------------------------------------------------------------------


def test_every_problem_is_there_and_no_other():
    assert set(NAMES) == set(EULER_RIEMANN) | set(BURGERS) | OTHERS | PRACTICE
    for name in lf.problems.names():
        assert getattr(lf.problems, name) is lf.problems.get(name)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("gste", "composite_wave"),
        ("123", "einfeldt_123"),
        ("random", "random_sine"),
        ("woodward_colella", "blast"),
        ("stoker", "dam_break_stoker"),
        ("ritter", "dam_break_ritter"),
        ("thacker", "parabolic_bowl"),
    ],
)
def test_aliases(alias, name):
    assert lf.problems.get(alias) is lf.problems.get(name)


def test_unknown_name():
    with pytest.raises(lf.UnknownNameError, match=r"no problem named 'sodd'\. Did you mean 'sod'"):
        lf.problems.get("sodd")


def test_register():
    @lf.problems.register("calm", aliases=("quiet",))
    def calm(cells=4):
        return lf.Problem(lf.Burgers(), lf.Grid(x=(0, 1, cells)), lambda x: 0.0, t_end=1.0)

    try:
        assert lf.problems.get("quiet")(cells=7).grid.shape == (7,)
        assert "calm" in lf.problems.names()
        with pytest.raises(lf.InputError, match="'sod' is already registered"):
            lf.problems.register("sod")(calm)
    finally:
        lf.problems.catalogue.problems.remove("calm")
    assert "calm" not in lf.problems.names()


def test_table():
    table = lf.problems.table()
    assert table.column("problem") == lf.problems.names()
    row = dict(zip(table.column("problem"), table, strict=True))["lax"]
    assert row["equation"] == "Euler"
    assert row["t_end"] == 0.13
    assert row["domain"] == "[0, 1]"
    assert row["exact"] == "yes"
    assert "Lax" in row["reference"]
    assert "composite_wave" in repr(table)


# --- every problem --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_complete_and_sound(name):
    factory = lf.problems.get(name)
    case = factory(cells=40)
    assert case.name == name
    assert case.grid.shape == (40,)
    assert case.reference
    assert case.description
    text = inspect.getdoc(factory)
    assert "Expected behaviour" in text
    assert "References" in text
    q = case.initial_state()
    assert np.isfinite(q).all()
    assert np.all(case.equation.admissible(tuple(q)))
    sides = {side.name for side in case.boundaries[0]}
    assert (sides == {"periodic"}) == (name in PERIODIC)
    assert (case.exact is None) == (name in UNSOLVED)


@pytest.mark.parametrize("name", SOLVED)
def test_exact_solution_starts_at_the_initial_state(name):
    case = lf.problems.get(name)(cells=60)
    averages = case.exact.cell_averages(case.grid, 0.0)
    for variable, q in zip(case.equation.conserved_names(1), case.initial_state(), strict=True):
        np.testing.assert_allclose(averages[variable], q, atol=1e-14, rtol=1e-14)


@pytest.mark.parametrize("name", SOLVED)
def test_exact_solution_conserves(name):
    """What is in the domain changes by the flux through its ends, over the whole run."""
    case = lf.problems.get(name)(cells=50)
    end = case.exact.cell_averages(case.grid, case.t_end)
    start = case.initial_state()
    names = case.equation.conserved_names(1)
    change = np.array([(end[n] - q).sum() for n, q in zip(names, start, strict=True)])
    change *= case.grid.spacing[0]
    nodes, weights = np.polynomial.legendre.leggauss(30)
    gained = np.zeros(len(names))
    for node, weight in zip(nodes, weights, strict=True):
        t = 0.5 * case.t_end * (1.0 + node)
        ends = case.exact(np.array(case.grid.x[:2]), t=t)
        w = tuple(ends[n] for n in case.equation.primitive_names(1))
        fluxes = np.array(case.equation.flux(case.equation.to_conserved(w), 0))
        gained += 0.5 * case.t_end * weight * (fluxes[:, 0] - fluxes[:, 1])
    scale = np.abs(start).sum(axis=1) * case.grid.spacing[0] + np.abs(gained) + 1e-3
    # A bottom pushes on the water.
    free = [n != "momentum_x" or name != "parabolic_bowl" for n in names]
    np.testing.assert_allclose((change / scale)[free], (gained / scale)[free], atol=1e-11)


@pytest.mark.parametrize("name", EULER_RIEMANN)
def test_euler_riemann_problems(name):
    left, right, jump, domain, t_end = EULER_RIEMANN[name]
    case = lf.problems.get(name)()
    assert case.grid.x[:2] == domain
    assert case.t_end == t_end
    assert case.equation == lf.Euler(gamma=5 / 3 if name == "leblanc" else 1.4)
    x = points(case)
    for variable, a, b in zip(case.initial(x), left, right, strict=True):
        np.testing.assert_allclose(case.initial(x)[variable], np.where(x < jump, a, b), rtol=1e-15)
    # No wave has left the domain at the end.
    ends = case.exact(np.array(domain, dtype=float), t=t_end)
    for variable, a, b in zip(ends, left, right, strict=True):
        np.testing.assert_allclose(ends[variable], [a, b], rtol=1e-14)


@pytest.mark.parametrize("name", BURGERS)
def test_burgers_problems(name):
    case = lf.problems.get(name)()
    assert case.grid.x[:2] == (0.0, 1.0)
    assert case.t_end == 0.2
    assert case.equation == lf.Burgers()
    x = points(case)
    np.testing.assert_allclose(case.initial(x), BURGERS[name](x), atol=3e-15)


# --- single problems ------------------------------------------------------------------------------


def test_random_sine():
    one, same, other = (lf.problems.random_sine(seed=seed) for seed in (1, 1, 2))
    x = points(one)
    assert np.array_equal(one.initial(x), same.initial(x))
    assert not np.array_equal(one.initial(x), other.initial(x))
    given = lf.problems.random_sine(a=1.0, b=-0.3, k=8)
    np.testing.assert_allclose(given.initial(x), 1.0 - 0.3 * np.sin(8 * np.pi * x), atol=1e-14)
    with pytest.raises(lf.InputError, match="k must be even and positive"):
        lf.problems.random_sine(k=3)


@pytest.mark.parametrize("t", [0.0, 0.1, 0.2])
def test_shock_formation_lets_the_exact_values_in(t):
    """To second order in the cell width, which it need not know."""
    case = lf.problems.shock_formation()
    lower, upper = case.boundaries[0]
    assert upper.name == "outflow"
    errors = []
    for h in (0.01, 0.005, 0.0025):
        inside = case.exact.function.averages(h * np.arange(4), t)
        outside = case.exact.function.averages(h * np.arange(-3, 1), t)[::-1]
        (ghost,) = lower.ghost(case.equation, (inside,), 0, 0, t)
        errors.append(np.abs(ghost - outside).max())
    assert errors[-1] < 3e-4
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2.0, atol=0.1)


def test_accelshock_stands_before_a_wall():
    """The ramp is odd about x = 1, so that a wall there is exact."""
    case = lf.problems.accelshock()
    assert [side.name for side in case.boundaries[0]] == ["outflow", "wall"]
    s = np.linspace(0.0, 0.3, 20)
    solution = case.exact.function
    np.testing.assert_allclose(solution(1.0 + s, 0.2), -solution(1.0 - s, 0.2), atol=1e-13)


def test_composite_wave_is_that_of_jiang_and_shu():
    case = lf.problems.composite_wave()
    assert case.t_end == 8.0
    assert lf.problems.composite_wave(t_end=10.0).t_end == 10.0
    peaks = case.initial(np.array([-0.9, -0.7, -0.3, 0.1, 0.5, 0.7]))
    gaussian = (4.0 + 2.0 * 0.5 ** (1 / 36)) / 6.0
    ellipse = (4.0 + 2.0 * np.sqrt(1.0 - 0.05**2)) / 6.0
    np.testing.assert_allclose(peaks, [0.0, gaussian, 1.0, 1.0, ellipse, 0.0], atol=1e-14)
    q = case.initial_state()
    assert np.array_equal(case.exact.cell_averages(case.grid, 8.0)["u"], q[0])


def test_shocks_into_sine_waves_obey_rankine_hugoniot():
    """The given digits are those of a moving shock in a gas of density 1 and pressure 1."""
    for name, jump in (("shu_osher", -4.0), ("titarev_toro", -4.5)):
        case = lf.problems.get(name)()
        behind = {k: float(v) for k, v in case.initial(np.array(jump - 0.1)).items()}
        left = case.equation.to_conserved(tuple(behind.values()))
        right = case.equation.to_conserved((1.0, 0.0, 1.0))
        speed = (left[1] - right[1]) / (left[0] - right[0])
        jump_q = np.subtract(left, right)
        jump_f = np.subtract(case.equation.flux(left, 0), case.equation.flux(right, 0))
        np.testing.assert_allclose(jump_f, speed * jump_q, rtol=2e-5)


def test_blast_is_at_rest_between_walls():
    case = lf.problems.blast()
    w = case.initial(np.array([0.05, 0.5, 0.95]))
    assert w["pressure"].tolist() == [1000.0, 0.01, 100.0]
    assert [side.name for side in case.boundaries[0]] == ["wall", "wall"]
    assert case.t_end == 0.038


def test_smooth_profiles():
    x = np.array([-0.75, -0.1, 0.3, 0.5])
    s = np.sin(np.pi * x)
    profiles = {
        "sine_advection": s,
        "critical_sine": np.sin(np.pi * x - s / np.pi),
        "fourth_power_sine": s**4,
        "burgers_half_sine": 0.5 + s,
    }
    for name, expected in profiles.items():
        case = lf.problems.get(name)()
        assert case.grid.x[:2] == (-1.0, 1.0)
        np.testing.assert_allclose(case.initial(x), expected, atol=1e-15)


def test_burgers_half_sine_follows_its_characteristics():
    case = lf.problems.burgers_half_sine()
    assert case.t_end == pytest.approx(0.5 / np.pi)  # half the time of the shock, 1 / pi
    feet = np.linspace(-0.9, 0.7, 33)
    u = 0.5 + np.sin(np.pi * feet)
    found = case.exact(feet + case.t_end * u, t=case.t_end)["u"]
    np.testing.assert_allclose(found, u, atol=1e-12)
