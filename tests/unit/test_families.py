"""What families promise the kernels that skip their networks."""

import numpy as np
import pytest

from learnedflux.reconstruction.families import UPWIND, families
from learnedflux.reconstruction.stencil import differences

EPS = float(np.finfo(np.float64).eps)
SETTINGS = {"bounded5": (0.1, 0.1, 2.0), "steered6": (0.15, 0.1, 0.18, 0.8, 2.0, 4.0)}
COUNT = 4000


def cells_and_speeds():
    """Noise, monotone data, jumps and waves, in flow that is carried along and that is not."""
    rng = np.random.default_rng(0)
    noise, waves = rng.normal(size=(6, COUNT)), np.arange(6)[:, None] * rng.uniform(0, 2, COUNT)
    cells = np.concatenate(
        [noise, np.sort(noise, 0), np.sign(np.sort(noise, 0)), np.sin(waves), noise**5], axis=1
    )
    speeds = rng.uniform(-1, 1, (6, cells.shape[1]))
    speeds[1, ::2] = speeds[0, ::2]
    return cells, speeds


@pytest.mark.parametrize("name", families)
def test_answers_matter_nowhere_but_where_it_heeds_them(name):
    family, settings = families[name], SETTINGS[name]
    cells, speeds = cells_and_speeds()
    d, c, s = differences(*cells), cells[UPWIND], tuple(speeds)
    _, gates = family.look(d, c, s, settings, EPS)

    def value(answers):
        return family.decide(d, c, s, gates, answers, settings)

    silent, heeds = value((0.0,) * family.answers), family.heeds(s, gates)
    some = [value(tuple(a)) for a in np.random.default_rng(1).normal(size=(20, family.answers))]
    matters = np.any(np.array(some) != silent, axis=0)
    assert 0.1 < matters.mean() < 0.9
    assert heeds[matters].all()
    assert matters[heeds].mean() > 0.4, "elsewhere bounds hide them"
