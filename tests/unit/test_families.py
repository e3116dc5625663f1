"""What every family of policies owes the kernels that run it."""

import numpy as np
import pytest

from learnedflux.reconstruction.families import UPWIND, families
from learnedflux.reconstruction.stencil import differences

EPS = float(np.finfo(np.float64).eps)
SETTINGS = {"bounded5": (0.1, 0.1, 2.0), "steered6": (0.15, 0.1, 0.18, 0.8, 2.0, 4.0, 4.0)}
FACES = 4000


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(params=sorted(families))
def faces(request, rng):
    """A family; cells around many faces, jumps, kinks, noise and waves; and speeds there."""
    family = families[request.param]
    x = np.arange(6.0)[:, None] - 2.5 + rng.uniform(-2, 2, FACES)
    shapes = (np.tanh(x / rng.uniform(0.1, 2, FACES)), abs(x), rng.normal(size=x.shape), np.sin(x))
    cells = np.choose(rng.integers(0, len(shapes), FACES), shapes)
    speeds = rng.uniform(-1, 1, (family.speeds, FACES))
    if family.speeds:  # in half of the faces own speeds are equal
        speeds[1] = np.where(rng.uniform(size=FACES) < 0.5, speeds[0], speeds[1])
    return family, tuple(cells), tuple(speeds)


def test_where_a_network_is_not_heard_it_makes_no_difference(faces, rng):
    family, cells, speeds = faces
    d, c, settings = differences(*cells), cells[UPWIND], SETTINGS[family.name]
    _, gates = family.look(d, c, speeds, settings, EPS)
    heard = np.asarray(family.heard(speeds, gates))
    silence = family.decide(d, c, speeds, gates, (0.0,) * family.answers, settings)
    changed = np.zeros(FACES, dtype=bool)
    for _ in range(20):
        answers = tuple(rng.normal(size=(family.answers, FACES)))
        changed |= family.decide(d, c, speeds, gates, answers, settings) != silence
    assert not changed[~heard].any()
    assert 0.2 < heard.mean() < 0.9
    # Bounds may leave one value only: then it is asked in vain.
    assert changed[heard].mean() > 0.8


def test_asleep_a_face_has_the_plain_value(faces):
    family, cells, speeds = faces
    d, c, settings = differences(*cells), cells[UPWIND], SETTINGS[family.name]
    awake = family.awake(d, cells[UPWIND], cells[UPWIND + 1], settings, EPS)
    _, gates = family.look(d, c, speeds, settings, EPS)
    found = family.decide(d, c, speeds, gates, (1.0,) * family.answers, settings)
    np.testing.assert_array_equal(found[~awake], family.plain(d, c, settings, EPS)[~awake])
    assert 0.2 < np.mean(awake) < 0.9
