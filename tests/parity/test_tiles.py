"""The compiled engine: no thread, tile or way to take a stage may change a single bit."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.backends import numba_cpu, workers
from learnedflux.backends.shelf import MOST

SHAPES = {1: (61,), 2: (23, 37), 3: (9, 11, 14)}


def semidiscretization(dimension, scheme, threads=1, boundary="wall"):
    rng = np.random.default_rng(dimension)
    shape, equation = SHAPES[dimension], lf.Euler()
    state = {name: rng.normal(size=shape) for name in equation.primitive_names(dimension)}
    state["density"] = 0.3 + rng.random(shape)
    state["pressure"] = 0.2 + rng.random(shape)
    grid = lf.Grid(**{a: (0.0, 1.0, n) for a, n in zip("xyz", shape, strict=False)})
    problem = lf.Problem(equation=equation, grid=grid, initial=state, boundary=boundary, t_end=1.0)
    return lf.Semidiscretization(problem, scheme, threads=threads)


@pytest.mark.parametrize("scheme", ["weno5", "learned"])
@pytest.mark.parametrize("dimension", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_threads_and_tiles_change_no_bit(dimension, scheme, monkeypatch):
    serial = semidiscretization(dimension, scheme)
    q = serial.initial()
    expected, limited = serial(0.0, q), serial.backend.limited
    monkeypatch.setattr(workers, "SHARED", 1)
    for tile in ((7, 4, 13), (2, 3, 5), (64, 64, 64)):
        monkeypatch.setattr(numba_cpu, "TILE", tile)
        for threads in (1, 3):
            other = semidiscretization(dimension, scheme, threads)
            np.testing.assert_array_equal(other(0.0, q), expected)
            assert other.backend.limited == limited, "a face between tiles is counted once"
            assert other.survey(q) == serial.survey(q)
    assert limited > 0


@pytest.mark.parametrize("integrator", ["euler", "ssprk2", "ssprk3", "rk4", "ssprk104"])
def test_a_stage_is_its_formula(integrator):
    semi = semidiscretization(2, "weno5", boundary="periodic")
    q, method = semi.initial(), lf.integrators.integrators[integrator]
    plain = method(lambda t, state: semi(t, state), 0.0, q, 1e-3)
    np.testing.assert_array_equal(method(semi, 0.0, q, 1e-3), plain)


def test_what_a_caller_holds_is_never_overwritten():
    semi = semidiscretization(1, "weno5")
    q = semi.initial()
    row = semi(0.0, q)[1]  # a view, of an array that has no name any more
    kept = row.copy()
    for k in range(2 * MOST):
        semi(0.0, (1.0 + k) * q)
    np.testing.assert_array_equal(row, kept)


def test_arrays_that_nobody_holds_are_used_again():
    semi = semidiscretization(1, "weno5")
    q = semi.initial()
    places = {semi(0.0, q).ctypes.data for _ in range(5)}
    assert len(places) == 1


@pytest.mark.slow
def test_a_policy_of_unknown_family_gives_the_same_through_onnx_runtime(tmp_path):
    # One that looks at no speeds: such run in the kernels or on tensors.
    pytest.importorskip("torch", reason="torch is not installed: no policy can be made")
    from learnedflux.training import Recipe
    from learnedflux.training.export import export

    recipe = Recipe.of(None, family="bounded5")
    made = export(recipe.new_policy(), tmp_path / "made.onnx", recipe, card=False)
    semi, other = semidiscretization(2, made), semidiscretization(2, made)
    other.backend.asked = semi.scheme.reconstruction
    q = semi.initial()
    expected = semi(0.0, q)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(other(0.0, q), expected, rtol=1e-12, atol=1e-12 * scale)
    assert other.backend.limited == semi.backend.limited > 0


def test_threads_are_checked():
    with pytest.raises(lf.errors.InputError, match="threads must be a whole number above 0"):
        semidiscretization(1, "weno5", threads=0)
    problem = lf.problems.sod(cells=20)
    with pytest.raises(lf.errors.InputError, match="threads is for backend='numba'"):
        lf.Semidiscretization(problem, backend="torch", threads=2)


def test_bad_cells_show_wherever_they_are():
    semi = semidiscretization(2, "weno5")
    for value in (np.nan, np.inf, -1.0):
        q = semi.initial()
        q[0, 22, 36] = value
        stable, fine = semi.survey(q)
        assert not fine
        assert semi.backend.first_inadmissible(q) == (22, 36)
        if np.isnan(value):
            assert np.isnan(stable)
