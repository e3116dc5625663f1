"""Cell averages: exact for constants, polynomials and jumps wherever they are."""

import numpy as np
import pytest

from learnedflux import Grid, InputError
from learnedflux.averages import cell_averages


def averages_of(integral, edges):
    return np.diff(integral(edges)) / np.diff(edges)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_constants_are_exact(dimension):
    grid = Grid(**{axis: (0.1, 0.9, 7) for axis in "xyz"[:dimension]})
    result = cell_averages(lambda *points: 0.1, grid)
    assert result.shape == grid.shape
    assert np.all(result == 0.1)


@pytest.mark.parametrize("points", [2, 3, 5])
def test_polynomials_up_to_the_rule_are_exact_without_refinement(points):
    calls = []

    def power(x):
        calls.append(len(x))
        return x ** (2 * points - 1)

    grid = Grid(x=(-0.5, 1.0, 4))
    result = cell_averages(power, grid, points=points)
    degree = 2 * points
    expected = averages_of(lambda x: x**degree / degree, grid.edges(0))
    np.testing.assert_allclose(result, expected, rtol=1e-14, atol=1e-15)
    assert len(calls) == 2  # one to learn the structure, one for all points


def test_higher_polynomials_are_refined_to_round_off():
    grid = Grid(x=(-1.0, 1.0, 3))
    expected = averages_of(lambda x: x**21 / 21, grid.edges(0))
    np.testing.assert_allclose(cell_averages(lambda x: x**20, grid), expected, atol=1e-14)


@pytest.mark.parametrize("cells", [1, 7, 200])
def test_jumps_anywhere_are_found(cells):
    grid = Grid(x=(0.0, 1.0, cells))
    edges = grid.edges(0)
    # Also a hair away from an edge, where no Gauss point would see them.
    near = [edges[cells // 2] + shift for shift in (1e-12, 1e-9, 1e-6, 1e-3, -1e-9)]
    for jump in [*np.random.default_rng(1).random(50), *near]:
        result = cell_averages(lambda x, jump=jump: np.where(x < jump, 3.0, -1.0), grid)
        left = np.clip((jump - edges[:-1]) * cells, 0.0, 1.0)
        np.testing.assert_allclose(result, 4.0 * left - 1.0, atol=4e-13)


def test_two_jumps_and_a_kink_in_one_cell():
    result = cell_averages(
        lambda x: np.where((x > 0.3) & (x < 0.7), 1.0, 0.0) + np.abs(x - 0.412),
        Grid(x=(0.0, 1.0, 1)),
    )
    assert result[0] == pytest.approx(0.4 + (0.412**2 + 0.588**2) / 2, abs=1e-13)


def test_singular_ends():
    result = cell_averages(lambda x: np.sqrt(np.maximum(x - 0.31, 0.0)), Grid(x=(0.0, 1.0, 2)))
    exact = [2 * (2 / 3) * 0.19**1.5, 2 * (2 / 3) * (0.69**1.5 - 0.19**1.5)]
    np.testing.assert_allclose(result, exact, atol=1e-13)
    # Infinite on an edge, but integrable: no point lies on an edge.
    assert cell_averages(lambda x: x**-0.5, Grid(x=(0.0, 1.0, 1)))[0] == pytest.approx(2, abs=1e-6)


def test_mirrored_functions_have_mirrored_averages_to_the_last_bit():
    grid = Grid(x=(-1.0, 1.0, 33))

    def bump(x):
        return np.exp(-30.0 * (x - 0.2) ** 2) + np.where(np.abs(x - 0.123) < 0.3, 1.0, 0.0)

    forward = cell_averages(bump, grid)
    assert np.array_equal(cell_averages(lambda x: bump(-x), grid), forward[::-1])
    assert np.array_equal(cell_averages(lambda x: -bump(x), grid), -forward)
    plane = Grid(x=(-1.0, 1.0, 12), y=(-1.0, 1.0, 12))
    disc = cell_averages(lambda x, y: 1.0 * (x * x + y * y < 0.5), plane)
    assert np.array_equal(disc, disc[::-1])
    assert np.array_equal(disc, disc[:, ::-1])


def test_structure_of_the_result_is_that_of_the_function():
    grid = Grid(x=(0.0, 1.0, 4))
    as_dict = cell_averages(lambda x: {"a": x, "b": 2}, grid)
    assert list(as_dict) == ["a", "b"]
    np.testing.assert_allclose(as_dict["a"], grid.centers(0))
    assert as_dict["b"].tolist() == [2.0] * 4
    first, second = cell_averages(lambda x: (x, x * x), grid)
    np.testing.assert_allclose(first, grid.centers(0))
    np.testing.assert_allclose(second, averages_of(lambda x: x**3 / 3, grid.edges(0)))
    assert cell_averages(lambda x: x > 2, grid).dtype == np.float64


def test_two_dimensions():
    grid = Grid(x=(0.0, 1.0, 8), y=(0.0, 2.0, 4))
    smooth = cell_averages(lambda x, y: np.sin(x) * y**3, grid)
    in_x = averages_of(lambda x: -np.cos(x), grid.edges(0))
    in_y = averages_of(lambda y: y**4 / 4, grid.edges(1))
    np.testing.assert_allclose(smooth, np.outer(in_x, in_y), atol=1e-13)
    corner = cell_averages(lambda x, y: 1.0 * ((x < 0.303) & (y < 1.234)), grid)
    assert corner.mean() == pytest.approx(0.303 * 1.234 / 2, abs=1e-11)
    disc = cell_averages(lambda x, y: 1.0 * (x * x + y * y < 0.64), grid)
    assert disc.mean() * 2 == pytest.approx(np.pi * 0.64 / 4, abs=1e-4)


def test_three_dimensions():
    grid = Grid(x=(0.0, 1.0, 3), y=(0.0, 1.0, 2), z=(0.0, 1.0, 4))
    result = cell_averages(lambda x, y, z: x + y * z + 1.0 * (z < 0.3), grid)
    assert result.shape == (3, 2, 4)
    assert result.mean() == pytest.approx(0.5 + 0.25 + 0.3, abs=1e-10)


def test_noise_comes_to_an_end():
    rng = np.random.default_rng(0)
    points = 0

    def noise(x):
        nonlocal points
        points += len(x)
        return rng.normal(size=x.shape)

    result = cell_averages(noise, Grid(x=(0.0, 1.0, 50)))
    assert np.isfinite(result).all()
    assert points < 1_000_000


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda x: {"u": np.where(x > 0.5, np.nan, 0.0)},
            r"function: 'u' is nan at x = 0\.\d+",
        ),
        (lambda x: (x, 1.0 / (x > 2)), r"function: entry 1 is inf at x = 0\.\d+"),
        (lambda x: 1.0 if x < 0.5 else 0.0, r"branches on an array .* use numpy.where"),
        (lambda x: {"u": np.zeros(3)}, r"function: 'u' has shape \(3,\) instead of"),
        (lambda x: {"u": "high"}, "function: 'u' is 'high', not numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_refuses(function, message):
    with pytest.raises(InputError, match=message):
        cell_averages(function, Grid(x=(0.0, 1.0, 10)))


def test_refuses_too_few_points_and_passes_other_errors_on():
    grid = Grid(x=(0.0, 1.0, 10))
    with pytest.raises(InputError, match="points must be at least 2; got 1"):
        cell_averages(lambda x: x, grid, points=1)
    with pytest.raises(KeyError):
        cell_averages(lambda x: {}["nothing"], grid)
    with pytest.raises(ValueError, match="my own"):
        cell_averages(lambda x: (_ for _ in ()).throw(ValueError("my own")), grid)
