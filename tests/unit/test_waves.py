"""Amplification of waves: one array of many rows gives what single runs give."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux import evaluation
from learnedflux.boundaries import Boundary
from learnedflux.evaluation.waves import _domain, _Train
from learnedflux.reconstruction.steered import SETTINGS


def norm(u, mean):
    return np.sqrt(np.mean((u - mean) ** 2))


@pytest.mark.parametrize("scheme", ["godunov", "muscl"])
@pytest.mark.parametrize("length", [4, 10])
def test_as_in_a_run_of_its_own(scheme, length):
    ds = evaluation.amplification(
        [scheme], [4, 10], cfl=0.4, periods=3, amplitude=[0.1, 0.5], background="constant"
    )
    problem = lf.Problem(
        lf.Advection(),
        lf.Grid(x=(0, 20, 20)),
        # Waves are placed half a cell off, so that the shortest is not seen at its zeros.
        lambda x: 1.0 + 0.5 * np.sin(2 * np.pi * (x - 0.5) / length),
        "periodic",
        t_end=3.0 * length,
    )
    run = lf.solve(problem, scheme, dt=0.4)
    expected = norm(run.u.values[-1], 1.0) / norm(run.u.values[0], 1.0)
    found = ds.left.sel(wavelength=length, amplitude=0.5).item()
    assert found == pytest.approx(expected, rel=0.03)  # the last step there is a part of one


@pytest.mark.parametrize("length", [5, 10, 20])
@pytest.mark.parametrize(("background", "steepness"), [("slope", 1.5), ("0.4", 0.4)])
def test_on_a_slope_as_in_a_loop_of_its_own(length, background, steepness):
    """Periodic but for the height of the slope, step by step with one row only."""
    cells, height, dt = 20, 0.1, 0.3
    ds = evaluation.amplification(
        ["muscl"],
        [20, 5, 10],
        cfl=dt,
        periods=2,
        amplitude=[1e-3, height],
        background=["slope", 0.4],
    )
    slope = -steepness * height * 2 * np.pi / length

    def tilted(equation, inner, axis, side, t):
        return tuple(q + (1 if side else -1) * slope * cells for q in inner)

    side = Boundary("tilted", tilted, periodic=True)
    i = np.arange(cells)
    ground = 1.0 + slope * (i - 0.5 * (cells - 1))
    k = 2 * np.pi / length
    wave = height * (np.cos(k * (i - 0.5)) - np.cos(k * (i + 0.5))) / k
    problem = lf.Problem(
        lf.Advection(), lf.Grid(x=(0, cells, cells)), {"u": ground + wave}, (side, side), t_end=1.0
    )
    semi = lf.Semidiscretization(problem, "muscl")
    q, steps = semi.initial(), int(np.ceil(2 * length / dt))
    for _ in range(steps):
        q = lf.integrators.ssprk3(semi, 0.0, q, dt)
    left = norm(q[0], ground - slope * steps * dt) / norm(ground + wave, ground)
    found = ds.left.sel(wavelength=length, amplitude=height, background=background).item()
    assert found == pytest.approx(left, rel=1e-9)


@pytest.mark.parametrize("sound_speed", [1.5, 0.25])
def test_entropy_waves_are_advected_like_scalars(sound_speed):
    """Godunov's scheme takes the density for a scalar: the same decay at the same steps."""
    euler = evaluation.amplification(
        ["godunov"], [8, 16], cfl=0.2 * (1 + sound_speed), periods=2, amplitude=0.1,
        equation="Euler", sound_speed=sound_speed,
    )  # fmt: skip
    scalar = evaluation.amplification(
        ["godunov"], [8, 16], cfl=0.2, periods=2, amplitude=0.1, background="constant"
    )
    found = euler.left.sel(background="constant").values.ravel()
    np.testing.assert_allclose(found, scalar.left.values.ravel(), rtol=1e-9)
    assert not euler.grows.any()


@pytest.mark.parametrize("sound_speed", [1.5, 0.25])
def test_gas_flows_as_fast_as_asked(sound_speed):
    """Sound is fastest in the troughs: there it has the speed that was asked for."""
    train = _Train("Euler", lf.Scheme("godunov"), 20, [(0.0, 0.5, 10.0)], sound_speed, 0.4)
    _, velocity, _ = train.equation.to_primitive(tuple(train.q))
    fastest = train.equation.max_speed(tuple(train.q), 0).max()
    assert velocity == pytest.approx(np.ones((1, 20)))
    assert fastest == pytest.approx(1.0 + sound_speed, rel=1e-12)


def test_learned_schemes_are_measured_with_the_bounds_of_their_steps():
    """As ``solve`` takes them: narrower for large steps."""
    for pace, steepness in ((0.4, 4.0), (0.7, 1.0)):
        train = _Train("Advection", lf.Scheme("learned"), 20, [(0.0, 0.5, 10.0)], 1.5, pace)
        settings = train.backend.scheme.reconstruction.network.settings
        assert settings[SETTINGS.index("loose")] == steepness


def test_what_cannot_be_is_not_measured():
    """A density wave as high as its background leaves no gas."""
    ds = evaluation.amplification(
        ["godunov"], [8], cfl=0.5, periods=1, amplitude=[0.1, 0.99], equation="Euler"
    )
    assert np.isnan(ds.left.sel(amplitude=0.99)).all()
    assert not ds.grows.sel(amplitude=0.99).any()
    assert np.isfinite(ds.left.sel(amplitude=0.1, background="constant")).all()


def test_waves_that_grow_are_told():
    """Beyond CFL 1 anything does."""
    ds = evaluation.amplification(["godunov"], [4], cfl=[0.5, 2.0], periods=20, amplitude=0.1)
    assert not ds.grows.sel(cfl=0.5).any()
    assert ds.grows.sel(cfl=2.0).all()
    assert float(ds.highest.sel(cfl=2.0).min()) > 1e3


def test_domains_hold_whole_waves():
    assert _domain(evaluation.WAVELENGTHS) == 40
    assert _domain([2.5, 4]) == 20
    assert _domain([2.5, 3, 4, 5, 6, 8, 10, 12, 16, 20, 40]) == 240
    assert _domain([4]) == 16


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"wavelengths": [1.5]}, "wavelengths must be 2 cells or more"),
        ({"wavelengths": []}, "wavelengths must be 2 cells or more"),
        ({"wavelengths": [7.1, 11.3, 13.7]}, r"choose lengths .* 40 / k say"),
        ({"cfl": -1.0}, "cfl must be above 0 and finite"),
        ({"periods": 0}, "periods must be above 0"),
        ({"background": ["slope", -2.0]}, "slope must be 0 or more, and finite; got -2.0"),
        ({"sound_speed": 0.0}, "sound_speed must be above 0"),
        ({"background": "sloped"}, "no background named 'sloped'. Did you mean 'slope'"),
        ({"equation": "Eulr"}, "no equation with waves named 'Eulr'. Did you mean 'Euler'"),
        ({"schemes": "muscl"}, "schemes must be a list"),
    ],
)
def test_bad_questions(changes, text):
    with pytest.raises(lf.InputError, match=text):
        evaluation.amplification(**{"schemes": ["muscl"], "wavelengths": [4], **changes})
