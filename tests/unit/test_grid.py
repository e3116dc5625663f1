"""Grids: geometry, value semantics and what they refuse."""

import numpy as np
import pytest

from learnedflux import Grid, InputError


def test_geometry_of_one_two_and_three_dimensions():
    grid = Grid(x=(0, 2, 4), y=(-1, 1, 8), z=(0, 3, 2))
    assert grid.axes == ("x", "y", "z")
    assert grid.dimension == 3
    assert grid.shape == (4, 8, 2)
    assert grid.size == 64
    assert grid.spacing == (0.5, 0.25, 1.5)
    assert grid.volume == 0.5 * 0.25 * 1.5
    assert grid.start == (0.0, -1.0, 0.0)
    assert grid.stop == (2.0, 1.0, 3.0)
    assert Grid(x=(0, 1, 3)).axes == ("x",)
    assert Grid(x=(0, 1, 3), y=(0, 1, 2)).dimension == 2


def test_edges_and_centers():
    grid = Grid(x=(0.1, 0.7, 3))
    np.testing.assert_allclose(grid.edges(0), [0.1, 0.3, 0.5, 0.7], rtol=1e-15)
    np.testing.assert_allclose(grid.centers(0), [0.2, 0.4, 0.6], rtol=1e-15)
    assert grid.edges(0)[0] == 0.1
    assert grid.edges(0)[-1] == 0.7


@pytest.mark.parametrize("cells", [1, 2, 7, 100, 333])
@pytest.mark.parametrize("half", [0.3, 1.0, np.pi])
def test_symmetric_grid_is_symmetric_to_the_last_bit(half, cells):
    grid = Grid(x=(-half, half, cells))
    assert np.array_equal(grid.edges(0), -grid.edges(0)[::-1])
    assert np.array_equal(grid.centers(0), -grid.centers(0)[::-1])


def test_equal_by_value_hashable_and_frozen():
    grid = Grid(x=[0, 1, np.int64(10)])
    assert grid == Grid(x=(0.0, 1.0, 10))
    assert hash(grid) == hash(Grid(x=(0.0, 1.0, 10)))
    assert grid != Grid(x=(0.0, 1.0, 11))
    assert repr(grid) == "Grid(x=(0.0, 1.0, 10))"
    with pytest.raises(AttributeError):
        grid.x = (0, 1, 3)


def test_with_cells():
    assert Grid(x=(0, 1, 10)).with_cells(20) == Grid(x=(0, 1, 20))
    square = Grid(x=(0, 2, 8), y=(0, 1, 4))
    assert square.with_cells(16) == Grid(x=(0, 2, 16), y=(0, 1, 8))
    assert square.with_cells(3, 5).shape == (3, 5)
    with pytest.raises(InputError, match=r"3 numbers of cells .* 2 dimension"):
        square.with_cells(1, 2, 3)
    with pytest.raises(InputError, match="must be an integer"):
        square.with_cells(2.5)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({}, r"a grid needs x=\(start, stop, cells\)"),
        ({"y": (0, 1, 2)}, "a grid needs x="),
        ({"x": (0, 1, 2), "z": (0, 1, 2)}, "a grid with z needs y as well"),
        ({"x": (0, 1)}, r"axis 'x' is \(0, 1\), not three numbers. Give x=\(start, stop, cells\)"),
        ({"x": 5}, "axis 'x' is 5, not three numbers"),
        ({"x": "abc"}, "not three numbers"),
        ({"x": (0, 1, -3)}, "axis 'x' has -3 cells; that must be positive"),
        ({"x": (0, 1, 0)}, "has 0 cells; that must be positive"),
        ({"x": (0, 1, 2.5)}, "has 2.5 cells; that must be an integer"),
        ({"x": (0, 1, "many")}, "has 'many' cells; that must be an integer"),
        ({"x": (0, 1, True)}, "has True cells; that must be an integer"),
        ({"x": (0, 1, 4), "y": (1, 1, 4)}, "axis 'y' runs from 1.0 to 1.0; stop must be above"),
        ({"x": (2, 1, 4)}, "axis 'x' runs from 2.0 to 1.0; stop must be above start"),
        ({"x": (0, np.inf, 4)}, "runs from 0.0 to inf; both must be finite"),
        ({"x": (np.nan, 1, 4)}, "runs from nan to 1.0; both must be finite"),
        ({"x": (None, 1, 4)}, "runs from None to 1, not between two numbers"),
    ],
)
def test_refuses(axes, message):
    with pytest.raises(InputError, match=message):
        Grid(**axes)
