"""What the family ``steered6`` does whatever its network: when it is awake, and when it is not."""

import numpy as np
import pytest

from learnedflux.reconstruction import steered
from learnedflux.reconstruction.stencil import differences

EPS = float(np.finfo(np.float64).eps)
SETTINGS = (0.15, 0.1, 0.18, 0.8, 2.0, 4.0, 4.0)


def speeds_at(cells, gain, sound=0.0):
    """Speeds of waves: one everywhere, or some gained, or sound, from left cell to right."""
    one = np.ones_like(cells[0])
    return (one - gain, one, 0.5 * one, (0.5 - sound) * one, 1.5 * one, (1.5 + sound) * one)


def seen(cells):
    """What the family's functions take: differences, and the cell to the left of the face."""
    return differences(*cells), cells[2]


def awake(cells):
    return steered.awake(differences(*cells), cells[2], cells[3], SETTINGS, EPS)


def plain(cells, settings=SETTINGS):
    return steered.plain(*seen(cells), settings, EPS)


def sensor(cells, gain=0.0, sound=0.0, settings=SETTINGS):
    _, gates = steered.look(*seen(cells), speeds_at(cells, gain, sound), settings, EPS)
    return gates[0]


def value(cells, answers=(0.0,) * steered.ANSWERS, gain=0.0):
    """Face value by a network that answers so everywhere."""
    cells, speeds = tuple(map(np.asarray, cells)), speeds_at(np.asarray(cells), gain)
    _, gates = steered.look(*seen(cells), speeds, SETTINGS, EPS)
    return steered.decide(*seen(cells), speeds, gates, answers, SETTINGS)


def jump(width, places):
    """Cells around faces near a jump that has been smeared over some cells."""
    return np.tanh((np.arange(6)[:, None] - 2.5 - places) / width)


@pytest.mark.parametrize("length", [2.5, 3.0, 4.0, 6.0, 9.0, 15.0, 40.0])
@pytest.mark.parametrize("mean", [0.0, 3.0])
def test_it_sleeps_in_every_sine_wave(length, mean):
    phase = np.linspace(0, 2 * np.pi, 50)
    cells = mean + np.sin(2 * np.pi / length * np.arange(6)[:, None] + phase)
    assert (sensor(cells) == 0.0).all()
    assert not awake(cells).any()


def test_it_sleeps_on_slopes_and_parabolas():
    x = np.arange(6.0)[:, None] + np.linspace(-3, 3, 30)
    for cells in (2.0 * x, x * x, 1.0 + 1e-3 * np.exp(x / 8)):
        assert (sensor(cells) == 0.0).all()


@pytest.mark.parametrize("width", [1e-3, 0.5, 0.7])
def test_it_wakes_in_narrow_jumps(width):
    assert (sensor(jump(width, np.array([-0.5, 0.0, 0.5]))) > 0.0).all()


@pytest.mark.parametrize("width", [0.5, 1.0, 1.2])
def test_how_wide_a_jump_wakes_it_is_a_setting(width):
    cells = jump(width, np.array([-0.5, 0.5]))
    awake = [
        sensor(cells, settings=(*SETTINGS[:2], share, *SETTINGS[3:]))
        for share in (0.0, 0.18, 0.3, 0.5, 1.0)
    ]
    assert (np.diff(awake, axis=0) >= 0.0).all()
    assert (awake[0] == 0.0).all()
    assert (awake[1] > 0.0).all() == (width < 1.0)
    assert (awake[3] > 0.0).all()
    np.testing.assert_array_equal(awake[-1], sensor(cells, sound=0.2), "a contact counts in full")


def test_from_which_change_of_sound_on_a_jump_is_a_contact():
    """The difference of both spreads over their sum decides, from 0.03 to 0.055 by a ramp."""
    cells = jump(1.0, np.array([-0.5, 0.5]))
    for change, share in ((0.0299, 0.0), (0.03625, 0.25), (0.04875, 0.75), (0.0551, 1.0)):
        for sound in (change / (1.0 - change), -change / (1.0 + change)):
            counted = SETTINGS[2] + (1.0 - SETTINGS[2]) * share
            expected = sensor(cells, settings=(*SETTINGS[:2], counted, *SETTINGS[3:]))
            np.testing.assert_allclose(sensor(cells, sound=sound), expected, rtol=1e-9)


@pytest.mark.parametrize("sound", [0.2, -0.1])
def test_in_wide_jumps_it_wakes_where_sound_tells_a_contact(sound):
    cells = jump(1.5, np.array([-0.5, 0.0, 0.5]))
    assert (sensor(cells) == 0.0).all()
    assert (sensor(cells, sound=0.028) == 0.0).all(), "a wave of small amplitude"
    assert (sensor(cells, sound=sound) > 0.0).all()
    assert (sensor(jump(2.0, 0.0), sound=sound) == 0.0).all()
    # Whichever side is the faster, from whatever frame, however slow sound is.
    speeds = speeds_at(cells, 0.0, sound)
    expected = sensor(cells, sound=sound)
    turned = speeds[1::-1] + speeds[3:1:-1] + speeds[:3:-1]
    for other in (turned, tuple(s - 7.0 for s in speeds), tuple(0.1 * s for s in speeds)):
        _, gates = steered.look(*seen(cells), other, SETTINGS, EPS)
        np.testing.assert_allclose(gates[0], expected, rtol=1e-12)


@pytest.mark.parametrize("steepness", [0.5, 0.9, 1.0, 1.5])
def test_waves_on_slopes_wake_it_only_if_short_or_nonlinear(steepness):
    phase = np.linspace(0, 2 * np.pi, 100)
    for length, asleep in ((3.0, False), (7.5, True), (10.0, True), (20.0, True)):
        k = 2 * np.pi / length
        x = np.arange(6)[:, None]
        cells = np.sin(k * x + phase) + steepness * k * x
        for sound in (0.0, 0.2, -0.1):
            assert (sensor(cells, sound=sound) == 0.0).all() == asleep
        if length < 8.0:
            assert (sensor(cells, gain=0.1) > 0.0).any()
            assert (sensor(cells, gain=-0.1) > 0.0).any()


@pytest.mark.parametrize("steepness", [0.9, 1.5])
@pytest.mark.parametrize(("share", "length"), [(0.18, 4.5), (0.3, 5.0)])
def test_short_waves_on_slopes_are_waves_unless_sound_tells_a_contact(share, length, steepness):
    k, phase = 2 * np.pi / length, np.linspace(0, 2 * np.pi, 100)
    x = np.arange(6)[:, None]
    cells = np.sin(k * x + phase) + steepness * k * x
    settings = (*SETTINGS[:2], share, *SETTINGS[3:])
    assert (sensor(cells, settings=settings) == 0.0).all()
    assert (sensor(cells, sound=0.2, settings=settings) > 0.0).any()


def test_it_is_asked_for_both_sides_of_a_face_or_for_none():
    foot = np.array([0.0, 0.0, 0.0, 0.0, 0.01, 1.0])
    for cells in (foot, foot[::-1], 1.0 - foot, 1e-9 * foot):
        assert awake(cells)
        assert awake(cells[::-1])


@pytest.mark.parametrize("gain", [0.0, 0.1, -0.1])
def test_asleep_nothing_has_a_say(gain):
    rng = np.random.default_rng(3)
    waves = np.sin(np.arange(6)[:, None] * rng.uniform(0, 2, 4000) + rng.uniform(0, 6, 4000))
    steep = np.cumsum(np.exp(rng.uniform(-6, 0, (6, 4000))), axis=0)
    noise = rng.normal(size=(6, 4000))
    cells = np.concatenate(
        [waves, noise, np.sort(noise, axis=0), steep, 1.0 + 30.0 * EPS * np.sort(noise, axis=0)], 1
    )
    asleep = ~awake(cells)
    assert 0.05 < asleep.mean() < 0.9
    assert (sensor(cells, gain)[asleep] == 0.0).all()
    mine = value(cells, (9.0, -9.0, 9.0, -9.0, 9.0, 1.0), gain)
    np.testing.assert_array_equal(mine[asleep], plain(cells[:, asleep]))


def test_sleeping_it_is_exact_for_polynomials_of_fourth_degree():
    # Averages of x^5 over cells: exact but for the derivative that a fifth-order scheme misses.
    edges = np.arange(7.0)[:, None] - 3.0 + np.linspace(40, 60, 5)
    cells = np.diff(edges**5, axis=0) / 5.0  # of x^4
    value = plain(cells)
    np.testing.assert_allclose(value, edges[3] ** 4, rtol=1e-12)


@pytest.mark.parametrize("steepness", [0.0, 0.7])
def test_sleeping_it_interpolates_waves(steepness):
    # Averages of a sine wave on a slope over cells; sixth-order interpolation for comparison.
    for length, allowed in ((12.0, 2e-5), (6.0, 1e-3), (4.0, 2e-3)):
        k, phase = 2 * np.pi / length, np.linspace(0, 2 * np.pi, 60)
        x = np.arange(6.0)[:, None] - 2.5
        cells = np.sin(k * x + phase) * np.sin(k / 2) / (k / 2) + steepness * k * x
        # Without dissipation, and where the bounds let it.
        settings = (*SETTINGS[:3], 1.0, 1e6, 1e6, 1e6)
        value = plain(cells, settings)
        a, b, c, d, e, f = cells
        sixth = (37 * (c + d) - 8 * (b + e) + (a + f)) / 60
        error, others = abs(value - np.sin(phase)), abs(sixth - np.sin(phase))
        assert np.median(error) < allowed
        assert np.median(error) < 0.15 * np.median(others)


def test_its_dissipation_fades_with_the_wavenumber():
    def dissipation(length):
        k, phase = 2 * np.pi / length, np.linspace(0, 2 * np.pi, 60)
        cells = np.sin(k * (np.arange(6.0)[:, None] - 2.5) + phase)
        dissipative, central = (
            plain(cells, (*SETTINGS[:3], theta, 1e6, 1e6, 1e6)) for theta in (0.8, 1.0)
        )
        return np.median(abs(dissipative - central))

    # The upwind scheme's fades with the fifth power of the wavenumber; this one's two more.
    assert dissipation(20.0) / dissipation(40.0) == pytest.approx(2.0**7, rel=0.1)


def into_a_jump(growth):
    """Cells out of a plateau into a jump: each difference so many times the one before."""
    d = np.array([growth ** (j - 4.0) for j in range(5)])
    return tuple(np.concatenate([[0.0], np.cumsum(d)]))


@pytest.mark.parametrize("cells", list(map(into_a_jump, (5.0, 20.0, 1e6))))
def test_beside_jumps_that_are_carried_along_bounds_are_narrow(cells):
    assert awake(cells)
    below, above = cells[2], cells[2] + (cells[2] - cells[1]) * (1 + 1e-12)
    assert below <= value(cells) <= above
    for gain in (-0.1, 0.1):
        assert value(cells, gain=gain) == plain(cells)


def test_awake_in_what_is_carried_along_bounds_are_narrow_where_it_may_not_act():
    cells, upwards = (0.0, 0.0, 0.01, 0.5, 1.0, 1.0), (0.0, 0.0, 9.0, 0.0, 0.0, 0.0)
    for gain, steepness in ((0.0, 1.0), (0.2, 4.0), (-0.2, 4.0)):
        speeds = speeds_at(np.array(cells), gain, sound=0.2)
        _, (sensor, _, narrow) = steered.look(*seen(cells), speeds, SETTINGS, EPS)
        assert sensor > 0.9
        assert (narrow >= sensor) if gain == 0.0 else (narrow == 0.0)
        gates = (1.0, 0.0, 1.0 if gain == 0.0 else narrow)
        found = steered.decide(*seen(cells), speeds, gates, upwards, SETTINGS)
        assert found == pytest.approx(0.01 + steepness * 0.01)


def test_bounds_are_narrow_in_all_that_may_be_a_contact():
    cells = jump(1.5, np.array([-0.5, 0.0, 0.5]))
    _, (sensor, _, narrow) = steered.look(*seen(cells), speeds_at(cells, 0.0), SETTINGS, EPS)
    assert (sensor == 0.0).all()
    assert (narrow > 0.0).all()


@pytest.mark.parametrize("length", [2.5, 4.0, 6.0, 12.0, 30.0])
def test_in_waves_bounds_are_those_of_smooth_flow(length):
    k, phase = 2 * np.pi / length, np.linspace(0, 2 * np.pi, 400)
    cells = np.sin(k * np.arange(6.0)[:, None] + phase)
    np.testing.assert_allclose(value(cells), plain(cells), atol=1e-12)


def test_at_flat_minima_bounds_are_those_of_smooth_flow():
    # Averages of x^4: right of its minimum they need a steepness of 2.4.
    edges = np.arange(7.0)[:, None] - 2.5 + np.linspace(-4.0, 4.0, 161)
    cells = np.diff(edges**5, axis=0) / 5.0
    np.testing.assert_allclose(value(cells), plain(cells), atol=1e-12)


@pytest.mark.parametrize("length", [6.0, 8.0, 12.0])  # the bounds leave them alone
def test_its_dissipation_takes_energy(length):
    u = np.sin(2 * np.pi / length * np.arange(24.0) + 0.3)
    cells = tuple(np.roll(u, 2 - j) for j in range(6))

    def lost(theta):
        value = plain(cells, (*SETTINGS[:3], theta, 1e6, 1e6, 1e6))
        return np.sum(u * (value - np.roll(value, 1)))

    assert lost(0.8) > 1e-6
    assert abs(lost(1.0)) < 1e-13


@pytest.mark.parametrize("scale", [1e-28, 1e-18, 1e18])
def test_it_keeps_any_scale(scale):
    # Densities in grams per cubic centimetre are as small as that.
    cells = np.sin(np.arange(6.0)[:, None] + np.linspace(0, 6, 50))
    expected = plain(cells)
    np.testing.assert_allclose(plain(scale * cells) / scale, expected, 1e-12)


@pytest.mark.parametrize("cfl", [0.4, 0.8])  # bounds in smooth flow are narrow above 0.42
@pytest.mark.parametrize(
    ("left", "right", "steepness"),
    [
        pytest.param(0.8, 0.8, 2.0, id="carried along"),
        pytest.param(1.0, 0.6, 4.0, id="shock"),
        pytest.param(-0.6, -1.0, 4.0, id="shock to the left"),
        pytest.param(0.8, 0.79, 3.6, id="hardly a shock"),
        pytest.param(1.0, 0.1, 2.6, id="strong shock"),
        pytest.param(0.7, -0.6, 2.0, id="shock that stands"),
        pytest.param(0.6, 1.0, 2.0, id="fan"),
        pytest.param(-0.4, 0.4, 2.0, id="fan through rest"),
    ],
)
def test_in_shocks_that_run_bounds_are_wide(left, right, steepness, cfl):
    d, c = seen((0.0, 0.0, 0.1, 1.0, 1.0, 1.0))
    upwards, settings = (0.0, 0.0, 100.0, 0.0, 0.0, 0.0), steered.for_steps(SETTINGS, cfl)
    for one, other in ((left, right), (-right, -left)):  # as seen from the other side
        speeds = (one, other, -0.5, -0.5, 1.0, 1.0)
        value = steered.decide(d, c, speeds, (1.0, 1.0, 0.0), upwards, settings)
        assert value == pytest.approx(c + steepness * 0.1, rel=1e-12)
