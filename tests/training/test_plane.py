"""Training problems of gas in the plane: what they are, and that policies are trained on them."""

import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

import learnedflux as lf  # noqa: E402
from learnedflux import training  # noqa: E402
from learnedflux.training.distributions import Batch, Size  # noqa: E402
from learnedflux.training.plane import (  # noqa: E402
    INTERVAL,
    Plane,
    PlaneProblems,
    gas_patches,
)
from learnedflux.training.reference import (  # noqa: E402
    FinePool,
    PoolSettings,
    periodic_backend,
    restricted,
)
from learnedflux.training.tasks import march  # noqa: E402

GAS = lf.Euler()
needs_compiler = pytest.mark.skipif(
    shutil.which("c++") is None, reason="no C++ compiler for compiled rollouts"
)


def patches(seed, rows=6, cells=8, points=3):
    return gas_patches(GAS, np.random.default_rng(seed), rows, cells, points)


def test_patches_are_gas_of_few_states():
    q = patches(0, rows=40)
    assert q.shape == (4, 40, 24, 24)
    assert GAS.admissible(tuple(q)).all()
    states = [len(np.unique(q[:, row].reshape(4, -1).round(9), axis=1).T) for row in range(40)]
    even = [np.ptp(p) < 1e-12 * p.max() for p in GAS.to_primitive(tuple(q))[-1]]
    assert 4 < sum(even) < 20
    plain = [count for count in states if count <= 6]
    assert len(plain) > 20, "most have no waves"
    assert min(states) > 1
    np.testing.assert_array_equal(q, patches(0, rows=40))
    assert np.abs(q - patches(1, rows=40)).max() > 0.1


def test_averages_on_the_training_grid_are_those_of_finer_cells():
    fine = np.arange(2 * 1 * 6 * 4, dtype=float).reshape(2, 1, 6, 4)
    coarse = restricted(fine, 2)
    assert coarse.shape == (2, 1, 3, 2)
    assert coarse[1, 0, 2, 1] == fine[1, 0, 4:6, 2:4].mean()
    row = np.arange(6.0).reshape(1, 1, 6)
    np.testing.assert_array_equal(restricted(row, 3)[0, 0], [1.0, 4.0])


@pytest.fixture(scope="module")
def pool():
    """Runs by the scheme whose kernels other tests need too."""
    settings = PoolSettings(
        5, rows=3, cells=10, scheme="weno5-z", refinement=2, snapshots=4, interval=INTERVAL,
        progress=False,
    )  # fmt: skip
    return FinePool(GAS, gas_patches, settings)


def test_reference_runs_in_the_plane_keep_what_is_conserved(pool):
    assert pool.states.shape == (4, 4, 3, 10, 10)
    total = pool.states.sum(axis=(-2, -1))
    np.testing.assert_allclose(total, total[:, :1].repeat(4, axis=1), rtol=1e-11, atol=1e-10)
    assert np.abs(pool.states[:, 1:] - pool.states[:, :-1]).max() > 0.01


def test_reference_runs_are_those_of_the_solver(pool):
    row, fine = 1, 20
    start = patches([5, 77], rows=3, cells=10, points=2)[:, row]
    names = GAS.primitive_names(2)
    initial = dict(zip(names, GAS.to_primitive(tuple(start)), strict=True))
    grid = lf.Grid(x=(0.0, 10.0, fine), y=(0.0, 10.0, fine))
    posed = lf.Problem(GAS, grid, initial, "periodic", t_end=float(pool.unit[row]))
    ds = lf.solve(posed, "weno5-z", cfl=0.2, progress=False).isel(time=-1)
    found = ds.density.transpose("x", "y").values
    coarse = found.reshape(10, 2, 10, 2).mean(axis=(1, 3))
    gap = np.abs(coarse - pool.states[0, 1, row]).mean()
    assert gap < 2e-3 * np.ptp(coarse)
    assert np.abs(pool.states[0, 0, row] - coarse).mean() > 20 * gap


@pytest.mark.parametrize("steps", [4, 24])
def test_pieces_of_runs_keep_their_steps_below_the_cfl_number(pool, steps):
    start, end, dt = pool.draw(np.random.default_rng(0), 40, steps, (0.2, 0.5))
    assert start.shape == end.shape == (4, 40, 10, 10)
    speeds = sum(GAS.max_speed(tuple(start), axis).reshape(40, -1).max(axis=1) for axis in (0, 1))
    assert (dt[:, 0] * speeds).max() <= 0.5


def test_a_batch_in_the_plane_is_marched_row_by_row():
    q = patches(3, rows=2, cells=6, points=2)
    dt = np.array([[0.05], [0.1]])
    batch = Batch(GAS, q, q, dt, 2)
    assert batch.parts.shape == (2, 12, 12)
    assert batch.parts[:, :, :6].all()
    assert not batch.parts[:, :, 6:].any()
    together = march(periodic_backend(GAS, lf.Scheme("weno5-z"), (12, 12)), batch)
    for row in (0, 1):
        one = Batch(GAS, q[:, row : row + 1], q, dt[row : row + 1], 2)
        alone = march(periodic_backend(GAS, lf.Scheme("weno5-z"), (12, 12)), one)
        np.testing.assert_allclose(together[:, row], alone[:, 0], rtol=0, atol=1e-14)


TINY = {
    "name": "tiny",
    "family": "steered6",
    "equations": ["Euler"],
    "kinds": {"single": 8},
    "plane": {"cells": 16, "rows": 8, "pool": 2},
    "iterations": 4,
    "cells": 32,
    "steps": [4],
    "ahead": 1.5,
    "validate_every": 2,
    "baselines": ["weno5-z"],
    "progress": False,
}


@pytest.mark.slow
@needs_compiler
def test_policies_are_trained_in_the_plane_besides(tmp_path, monkeypatch):
    # One scheme for all: its kernels are compiled once.
    monkeypatch.setattr("learnedflux.training.plane.REFERENCE", "weno5-z")
    monkeypatch.setattr("learnedflux.training.comparison.SCHEMES", ("weno5-z",))
    monkeypatch.setattr("learnedflux.training.plane.SNAPSHOTS", 12)
    both = training.train(**TINY, folder=tmp_path / "both")
    assert {"loss_Euler", "loss_Euler_2D", "error_Euler_2D_plane"} <= set(both.history)
    assert np.isfinite(both.history.loss_Euler_2D).all()
    flat = training.train(**TINY | {"plane": None}, folder=tmp_path / "flat")
    assert "loss_Euler_2D" not in flat.history
    first, other = (
        torch.nn.utils.parameters_to_vector(run.policy.parameters()) for run in (both, flat)
    )
    assert not torch.equal(first, other)
    again = training.train(**TINY, folder=tmp_path / "both", resume=True)
    assert torch.equal(torch.nn.utils.parameters_to_vector(again.policy.parameters()), first)
    table = training.compare(both.recipe, both.export(tmp_path / "a.onnx", card=False))
    assert table.column("problems") == ["Euler single", "Euler plane"]
    assert all(0.0 < row["tiny"] < 1.5 * row["weno5-z"] for row in table)


def test_problems_in_the_plane_take_half_the_steps(monkeypatch, pool):
    monkeypatch.setattr("learnedflux.training.plane.FinePool", lambda *given: pool)
    problems = PlaneProblems(Plane(cells=10), GAS, 0)
    batch = problems.draw([1], {"plane": 5}, Size(0, 128, 48, (0.1, 0.6)))
    assert (batch.steps, batch.initial.shape) == (24, (4, 5, 10, 10))
    assert batch.kinds == ("plane",) * 5
    assert problems.kinds(10) == ["plane"]
    assert problems.kinds(20) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"plane": {"cels": 16}}, "no setting of the plane named 'cels'. Did you mean 'cells'"),
        ({"plane": {"rows": 0}}, "plane.rows must be a whole number above 0; got 0"),
        ({"plane": {"pool": True}}, "plane.pool must be a whole number above 0; got True"),
        ({"plane": {"cells": 8}}, "plane.cells must be at least 16"),
        ({"plane": {"rows": 12}}, "a multiple of 8 rows; plane.rows is 12"),
        ({"plane": 3}, "plane must be a table; got 3"),
        ({"equations": ["Burgers"], "kinds": {}}, r"plane holds problems of Euler; got Burgers"),
        (
            {"rollout": "torch", "ahead": 0.0, "kinds": {}},
            r"plane is for the compiled rollout; .*\(family 'steered6', rollout 'torch'\)",
        ),
    ],
)
def test_wrong_settings_are_named(changes, text):
    settings = {key: value for key, value in TINY.items() if key != "progress"} | changes
    with pytest.raises(lf.InputError, match=text):
        training.Recipe.of(None, **settings)


def test_an_empty_table_asks_for_the_defaults():
    settings = {"family": "steered6", "equations": ["Euler"]}
    assert training.Recipe(**settings).in_the_plane is None
    assert training.Recipe(**settings, plane={}).in_the_plane == Plane()
    assert Plane.of({"rows": 16}) == Plane(rows=16)
