"""Memory is used again only when nobody can see it."""

import gc

import numpy as np

from learnedflux.backends.shelf import MOST, Shelf


def test_memory_comes_back_when_the_last_view_is_gone():
    shelf = Shelf()
    array = shelf.take((3, 40))
    place = array.ctypes.data
    view = array[1, ::2].reshape(4, 5)
    del array
    gc.collect()
    other = shelf.take((3, 40))
    assert not np.shares_memory(other, view)
    del view
    gc.collect()
    assert shelf.take((3, 40)).ctypes.data == place


def test_arrays_start_on_a_cache_line_and_can_be_written():
    shelf = Shelf()
    for shape in ((5,), (3, 7), (2, 3, 9)):
        array = shelf.take(shape)
        array[...] = 1.0
        assert array.shape == shape
        assert array.flags.c_contiguous
        assert array.ctypes.data % 64 == 0


def test_arrays_outlive_the_shelf():
    array = Shelf().take((1000,))
    array[:] = 3.0
    gc.collect()
    assert (array == 3.0).all()


def test_not_more_are_kept_than_are_of_use():
    shelf = Shelf()
    arrays = [shelf.take((8,)) for _ in range(MOST + 5)]
    arrays.clear()
    gc.collect()
    assert len(shelf._free[15]) == MOST
