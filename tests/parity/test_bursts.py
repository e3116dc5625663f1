"""The loop on the device takes the very steps of the ordinary one."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.bursts import Bursts
from learnedflux.integrators import integrators

torch = pytest.importorskip("torch", reason="needs the extra 'train'")


def both(posed, scheme, **options):
    """A run in bursts, and one that a callback makes go step by step."""
    steps = []
    fast = lf.solve(posed, scheme, backend="torch", **options)
    slow = lf.solve(
        posed, scheme, backend="torch", callback=lambda t, n, q: steps.append(t), **options
    )
    assert fast.attrs["steps"] == slow.attrs["steps"] == len(steps)
    assert fast.attrs["steps_rejected"] == slow.attrs["steps_rejected"]
    assert fast.attrs["faces_limited"] == slow.attrs["faces_limited"]
    np.testing.assert_array_equal(fast.time, slow.time)
    for variable in fast.data_vars:
        np.testing.assert_array_equal(fast[variable], slow[variable])
    return fast


@pytest.mark.parametrize(
    ("name", "scheme", "options"),
    [
        ("sod", "weno5", {}),
        ("sod", "muscl", {"dt": 2.7e-3}),
        ("sod", "muscl", {"dtype": "float32"}),
        ("sine_advection", "mp5", {"times": [0.0, 0.03, 0.031, 0.4, 1.0]}),
        ("sine_advection", "muscl", {"integrator": "ssprk104", "cfl": 0.9}),
        ("tophat", "godunov", {"integrator": "euler", "cfl": 0.8}),
        ("tophat", "muscl", {"integrator": "rk4"}),
    ],
)  # fmt: skip
def test_same_steps_as_one_by_one(name, scheme, options):
    posed = lf.problems.get(name)(cells=40)
    both(posed.replace(t_end=min(posed.t_end, 1.0)), scheme, **options)


def test_steps_that_fail_are_made_again():
    """A strong double rarefaction: the limiter and shorter steps are needed, then no more."""

    def initial(x):
        return {
            "density": 1.0,
            "velocity_x": np.where(x < 0.5, -20.0, 20.0),
            "pressure": 0.01,
        }

    posed = lf.Problem(lf.Euler(), lf.Grid(x=(0.0, 1.0, 50)), initial, "outflow", t_end=0.01)
    ds = both(posed, "mp5")
    assert ds.attrs["steps_rejected"] > 0
    assert ds.attrs["faces_limited"] > 0


def test_sources_without_time():
    posed = lf.problems.sine_advection(cells=30).replace(
        source=lambda q, x, t: (-0.5 * q[0] + 0.1 * x[0],), t_end=0.5
    )
    both(posed, "muscl")


def test_a_state_at_rest():
    posed = lf.Problem(lf.Burgers(), lf.Grid(x=(0.0, 1.0, 10)), lambda x: 0.0 * x, t_end=3.0)
    assert both(posed, "weno5", times=4).attrs["steps"] == 3


def test_failures_say_the_same():
    posed = lf.problems.sine_advection(cells=20).replace(source=lambda q, x, t: (1e308 + q[0],))
    errors = []
    for callback in (None, lambda t, n, q: None):
        with pytest.raises(lf.UnstableError) as caught:
            lf.solve(posed, "muscl", backend="torch", callback=callback)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]


def test_most_steps_are_kept_to():
    posed = lf.problems.sine_advection(cells=40)
    with pytest.raises(lf.UnstableError, match=r"17 steps .max_steps. were not enough") as caught:
        lf.solve(posed, "muscl", backend="torch", max_steps=17)
    assert caught.value.step == 17
    assert caught.value.result.attrs["steps"] == 17


@pytest.mark.parametrize(
    ("changes", "suits"),
    [
        ({}, True),
        ({"boundary": "outflow"}, True),
        ({"boundary": {"x": (lf.boundaries.inflow(u=1.0), "outflow")}}, True),
        ({"boundary": {"x": (lf.boundaries.inflow(u=lambda t: 1.0 + t), "outflow")}}, False),
        ({"boundary": lambda eq, cells, axis, side, t: tuple(0 * q for q in cells)}, True),
        ({"boundary": lambda eq, cells, axis, side, t: tuple(t + q for q in cells)}, False),
        ({"source": lambda q, x, t: (-q[0],)}, True),
        ({"source": lambda q, x, t: (-q[0] * t,)}, False),
        ({"source": lambda q, x, t: (torch.where(x[0] < t, q[0], 0.0),)}, False),
        ({"source": lambda q, x, t: (q[0] if t < 0.1 else 2 * q[0],)}, False),
        ({"source": lambda q, x, t: (np.sin(t) * q[0],)}, False),
    ],
)
def test_functions_of_time_get_their_plain_number(changes, suits):
    posed = lf.problems.sine_advection(cells=20).replace(t_end=0.2, **changes)
    semi = lf.Semidiscretization(posed, "muscl", backend="torch")
    assert Bursts.suit(semi, semi.initial()) is suits
    both(posed, "muscl")
    numba = lf.Semidiscretization(lf.problems.sod(cells=20))
    assert not Bursts.suit(numba, numba.initial())


def test_one_look_per_burst(monkeypatch):
    """Nothing but the end of a burst asks the device for a number."""
    posed = lf.problems.sod(cells=40)
    semi = lf.Semidiscretization(posed, "muscl", backend="torch")
    q = semi.initial()
    stable, _ = semi.survey(q)
    bursts = Bursts(semi, integrators["ssprk3"], 0.4, None)
    bursts.length = 16
    looks = []
    for name in ("tolist", "item", "__float__", "__bool__", "__int__", "numpy", "cpu"):
        original = getattr(torch.Tensor, name)

        def counted(self, *args, original=original, name=name):
            looks.append(name)
            return original(self, *args)

        monkeypatch.setattr(torch.Tensor, name, counted)
    _, _, _, steps, fine = bursts(0.0, q, stable, posed.t_end, 100)
    assert fine
    assert steps == 16
    assert looks == ["tolist"]
