"""Template of the compiled kernels that look at states: their speeds, and whether they can be.

Copied and filled in like :mod:`learnedflux.backends.sweep`, once per equation and dimension: all
schemes share them.
"""

from __future__ import annotations

from numba import njit

from learnedflux.backends.rows import entries, row_at, rows_at, rows_of
from learnedflux.ops import dot, maximum, minimum, subtract

DIMENSION = LANES = None
compiled = njit(error_model="numpy", nogil=True, cache=True)


@compiled
def survey(eq, q, first, last, top, lanes, like):
    """Largest speed along each axis into ``top``; whether the cells are finite and admissible.

    A speed that is not a number stays one. ``q`` is (variable, cell); cells first..last count.
    ``lanes`` is scratch, (4, LANES).
    """
    x, y, z, fine = rows_at(row_at(lanes, 0), LANES, (0.0, 0.0, 0.0, 0.0))
    for i in range(LANES):
        x[i] = y[i] = z[i] = 0.0
        fine[i] = 1.0
    for start in range(first, last, LANES):
        m = min(LANES, last - start)
        cells = rows_of(q, start, m, like)
        for i in range(m):
            cell = entries(cells, i)
            x[i] = maximum(x[i], eq.max_speed(cell, 0))
            if DIMENSION > 1:
                y[i] = maximum(y[i], eq.max_speed(cell, 1))
            if DIMENSION > 2:
                z[i] = maximum(z[i], eq.max_speed(cell, 2))
        for i in range(m):
            cell = entries(cells, i)
            # The difference of a number and itself is zero only where it is finite.
            spread = dot(subtract(cell, cell), subtract(cell, cell))
            fine[i] = fine[i] if eq.admissible(cell) & (spread == 0.0) else 0.0
    for axis in range(len(top)):
        at = row_at(lanes, axis * LANES)
        for i in range(LANES):
            top[axis] = maximum(top[axis], at[i])
    good = 1.0
    for i in range(LANES):
        good = minimum(good, fine[i])
    return good > 0.0


@compiled
def first_inadmissible(eq, q, like):
    """Index of the first cell that is not finite or not admissible, or -1."""
    cells = rows_of(q, 0, q.shape[1], like)
    for i in range(q.shape[1]):
        cell = entries(cells, i)
        if not (eq.admissible(cell) & (dot(subtract(cell, cell), subtract(cell, cell)) == 0.0)):
            return i
    return -1
