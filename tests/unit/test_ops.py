"""The vocabulary means the same for numbers, arrays, tensors and compiled code."""

import inspect
import math

import numba
import numpy as np
import pytest

from learnedflux import ops
from learnedflux.reconstruction import bounded, reconstructions, steered
from learnedflux.reconstruction.stencil import differences

WORLDS = ["numbers", "numpy", "numba", "torch"]
RULES = reconstructions.values()
NUMBERS = [-2.5, -1.0, -0.0, 0.0, 1e-200, 0.5, 1.0, 3.0]


def in_world(world, function, *columns):
    """Apply a scalar function, entry by entry, in one of the worlds; return a list of floats."""
    if world == "numbers":
        return [function(*entries) for entries in zip(*columns, strict=True)]
    arrays = [np.array(column, dtype=float) for column in columns]
    if world == "numpy":
        return np.broadcast_to(function(*arrays), arrays[0].shape).tolist()
    if world == "torch":
        torch = pytest.importorskip("torch", reason="needs the extra 'train'")
        return function(*map(torch.tensor, arrays)).tolist()
    inner = function if function.__module__ == ops.__name__ else numba.njit(function)
    call = (lambda a: inner(a)) if len(arrays) == 1 else (lambda a, b: inner(a, b))
    compiled = numba.njit(error_model="numpy")(call)
    return [compiled(*map(float, entries)) for entries in zip(*arrays, strict=True)]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (ops.minimum, min),
        (ops.maximum, max),
        (lambda a, b: ops.where(a < b, a, b), min),
        (lambda a, b: ops.dot((a, b), (b, a)), lambda a, b: 2 * a * b),
        (lambda a, b: ops.least((a, b, a)), min),
        (lambda a, b: ops.add_at((a, b), 1, a)[1], lambda a, b: a + b),
        (lambda a, b: ops.set_at((a, b), 0, b)[0], lambda a, b: b),
        (lambda a, b: ops.negate_at((a, b), 1)[1], lambda a, b: -b),
        (lambda a, b: ops.reverse((a, b, 2.0))[2], lambda a, b: a),
        (ops.smaller, min),
        (ops.larger, max),
        (lambda a, b: ops.add((a, b), (b, a))[0], lambda a, b: a + b),
        (lambda a, b: ops.subtract((a, b), (b, a))[1], lambda a, b: b - a),
        (lambda a, b: ops.scale(2.0, (a, b))[1], lambda a, b: 2 * b),
        (lambda a, b: ops.select(a < b, (a, b), (b, a))[0], min),
        (lambda a, b: ops.fill(a, (b, b, b))[2], lambda a, b: a),
    ],
)
def test_two_numbers(world, function, expected):
    a, b = zip(*((x, y) for x in NUMBERS for y in NUMBERS), strict=True)
    assert in_world(world, function, a, b) == [expected(*pair) for pair in zip(a, b, strict=True)]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (ops.absolute, abs),
        (ops.sign, lambda x: (x > 0) - (x < 0)),
        (lambda x: ops.sqrt(ops.absolute(x)), lambda x: math.sqrt(abs(x))),
        (lambda x: ops.safe_sqrt(x * x), abs),
        (lambda x: ops.safe_div(x, 2.0 + x * x), lambda x: x / (2 + x * x)),
        (lambda x: ops.minimum(x, 0.5), lambda x: min(x, 0.5)),
        (lambda x: ops.maximum(0.5, x), lambda x: max(x, 0.5)),
    ],
)
def test_one_number(world, function, expected):
    found = in_world(world, function, NUMBERS)
    np.testing.assert_allclose(found, [expected(x) for x in NUMBERS], rtol=1e-15, atol=2e-15)


@pytest.mark.parametrize("world", WORLDS)
def test_exponential(world):
    np.testing.assert_allclose(in_world(world, ops.exp, [-1.0, 0.0, 2.0]), np.exp([-1, 0, 2]))


@pytest.mark.parametrize("world", WORLDS)
def test_roots_of_negative_numbers_are_nan_and_guarded_ones_nearly_zero(world):
    assert np.isnan(in_world(world, ops.sqrt, [-1.0])).all()
    assert in_world(world, ops.safe_sqrt, [-1.0, 0.0]) == pytest.approx([1e-15, 1e-15])


@pytest.mark.parametrize("world", WORLDS)
def test_guarded_quotients_are_finite(world):
    found = in_world(world, ops.safe_div, [1.0, -1.0, 0.0, 3.0], [0.0, 0.0, 0.0, 2.0])
    assert np.isfinite(found).all()
    assert found[2:] == [0.0, 1.5]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("function", [ops.minimum, ops.maximum], ids=["minimum", "maximum"])
def test_nan_comes_out_whichever_side_it_went_in(world, function):
    nan = math.nan
    assert np.isnan(in_world(world, function, [nan, 1.0, nan], [1.0, nan, nan])).all()


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("function", [ops.smaller, ops.larger], ids=["smaller", "larger"])
def test_nan_on_the_right_comes_out_of_the_fast_ones_too(world, function):
    assert np.isnan(in_world(world, function, [1.0, math.nan], [math.nan, math.nan])).all()


FACE = np.cumsum([0.3, 1.0, 0.2, 2.0, 0.1, 0.4, 0.7])
SETTINGS = (0.15, 0.1, 0.18, 0.8, 2.0, 4.0, 4.0)


@numba.njit(error_model="numpy")
def steered_plain(a, b, c, d, e, f):
    return steered.plain(differences(a, b, c, d, e, f), c, SETTINGS, 2e-16)


@numba.njit(error_model="numpy")
def bounded_plain(a, b, c, d, e):
    return bounded.plain(differences(a, b, c, d, e), c, (0.1, 0.1, 2.0), 2e-16)


@pytest.mark.parametrize(
    "rule",
    [*(numba.njit(error_model="numpy")(r.function) for r in RULES), steered_plain, bounded_plain],
    ids=[*(r.name for r in RULES), "steered6", "bounded5"],
)
def test_compiled_face_values_are_nan_where_a_cell_is(rule):
    """Though they are made of smallest and largest numbers that may lose one."""
    cells = FACE[: len(inspect.signature(rule.py_func).parameters)]
    assert np.isfinite(rule(*cells))
    for k in range(len(cells)):
        bad = cells.copy()
        bad[k] = np.nan
        assert np.isnan(rule(*bad))


def test_gradients_of_guarded_functions_are_finite():
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    for dtype in (torch.float64, torch.float32):
        x = torch.zeros(3, dtype=dtype, requires_grad=True)
        value = ops.safe_sqrt(x) + ops.safe_div(1.0 + x, x) + ops.absolute(x) + ops.sign(x)
        (gradient,) = torch.autograd.grad(value.sum(), x)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("n", range(1, 7))
def test_tuples_of_any_length_compile(n):
    @numba.njit(error_model="numpy")
    def compiled(a, b):
        return (
            ops.tmap(ops.minimum, a, b),
            ops.add(ops.scale(2.0, a), ops.reverse(b)),
            ops.dot(a, b),
            ops.least(a),
        )

    a, b = tuple(1.0 + i for i in range(n)), tuple(2.0 - 0.7 * i for i in range(n))
    mapped, summed, product, least = compiled(a, b)
    assert mapped == tuple(map(min, a, b)) == ops.tmap(ops.minimum, a, b)
    assert summed == tuple(2 * x + y for x, y in zip(a, reversed(b), strict=True))
    assert product == ops.dot(a, b)  # to the last bit, as it is summed in the same order
    assert least == ops.least(a) == min(a)


def test_stencils_keep_their_order():
    def function(eq, face, cell, axis):
        return (cell[0] * eq + face + axis,)

    cells = ((1.0,), (2.0,), (3.0,))
    assert ops.tmap_with(function, 2.0, 0.5, cells, 1) == ((3.5,), (5.5,), (7.5,))
    compiled = numba.njit(function)

    @numba.njit
    def run(cells):
        return ops.tmap_with(compiled, 2.0, 0.5, cells, 1)

    assert run(cells) == ((3.5,), (5.5,), (7.5,))
