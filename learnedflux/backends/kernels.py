"""Template of the compiled kernels: loops over faces around the pointwise functions.

This file is never imported as it stands. The Numba backend writes a copy of it, named by a digest
of everything that enters the machine code, sets the names in CAPITALS to the pieces of one scheme
and one axis, and imports that: the pieces are then compile-time constants, everything inlines, and
Numba's disk cache finds the result again.

Arrays are (variable, row, cell) with rows contiguous; ``like`` is a tuple with one entry per
variable that tells the compiler their number. Loops are written so that LLVM vectorises them:
slices are offset beforehand (no index can wrap), selects stand where branches would, and error
model and contraction are those of NumPy (no fast-math: mirrored data must give mirrored results).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from learnedflux.backends.rows import load, rows_of, store, windows
from learnedflux.ops import pointwise, reverse, tmap, tmap_with
from learnedflux.positivity import limit_flux, violates
from learnedflux.reconstruction.interface import from_fields, to_fields

AXIS = RECONSTRUCT = PREPARE = FRAME = INTO = OUT = RIEMANN = OFFSETS = None
compiled = njit(error_model="numpy", nogil=True, cache=True)


@pointwise
def _prepared(eq, face, cell, axis):
    return PREPARE(eq, cell)


@compiled
def states(eq, q, ql, qr, like):
    """Fill the left and right states of all faces from padded cells."""
    n = ql.shape[2]
    for row in range(q.shape[1]):
        cells_at = windows(rows_of(q, row, like), OFFSETS, n)
        left_at, right_at = rows_of(ql, row, like), rows_of(qr, row, like)
        for i in range(n):
            cells = load(cells_at, i)
            prepared = tmap_with(_prepared, eq, cells[0], cells, AXIS)
            face, fields = to_fields(eq, prepared, AXIS, FRAME, INTO)
            left = tmap(RECONSTRUCT, *fields[:-1])
            right = tmap(RECONSTRUCT, *reverse(fields[1:]))
            r = len(cells) // 2
            store(left_at, i, from_fields(eq, face, left, cells[r - 1], AXIS, OUT))
            store(right_at, i, from_fields(eq, face, right, cells[r], AXIS, OUT))


@compiled
def stencils(eq, q, left, right, like):
    """Fill the stencils (variable, row, face, cell) that a policy reads, mirrored for the right."""
    n, width = left.shape[2], left.shape[3]
    for row in range(q.shape[1]):
        cells_at = windows(rows_of(q, row, like), OFFSETS, n)
        for i in range(n):
            cells = load(cells_at, i)
            prepared = tmap_with(_prepared, eq, cells[0], cells, AXIS)
            _, fields = to_fields(eq, prepared, AXIS, FRAME, INTO)
            for j in range(width):
                for k in range(len(like)):
                    left[k, row, i, j] = fields[j][k]
                    right[k, row, i, width - 1 - j] = fields[j][k]


@compiled
def states_from_values(eq, q, left, right, ql, qr, like):
    """Fill face states from face values (variable, row, face) that a policy chose."""
    n = ql.shape[2]
    for row in range(q.shape[1]):
        cells_at = windows(rows_of(q, row, like), OFFSETS, n)
        left_at, right_at = rows_of(ql, row, like), rows_of(qr, row, like)
        a_at, b_at = rows_of(left, row, like), rows_of(right, row, like)
        for i in range(n):
            cells = load(cells_at, i)
            r = len(cells) // 2
            face = FRAME(eq, PREPARE(eq, cells[r - 1]), PREPARE(eq, cells[r]), AXIS)
            a, b = load((a_at, b_at), i)
            store(left_at, i, from_fields(eq, face, a, cells[r - 1], AXIS, OUT))
            store(right_at, i, from_fields(eq, face, b, cells[r], AXIS, OUT))


@compiled
def fluxes(eq, ql, qr, f, like):
    """Fill the numerical fluxes of all faces."""
    for row in range(ql.shape[1]):
        left_at, right_at = rows_of(ql, row, like), rows_of(qr, row, like)
        f_at = rows_of(f, row, like)
        for i in range(ql.shape[2]):
            a, b = load((left_at, right_at), i)
            store(f_at, i, RIEMANN(eq, a, b, AXIS))


@compiled
def limit(eq, q, f, like):
    """Limit the fluxes that would cost positivity in place; return how many they were."""
    n, count = f.shape[2], 0
    flags, speeds = np.empty(n), np.empty(q.shape[2])
    r = len(OFFSETS) // 2
    for row in range(f.shape[1]):
        # Every row by its own waves, whatever rows it is computed with; ghost cells may hold
        # faster states than the interior (an inflow, say).
        q_at = (rows_of(q, row, like),)
        for i in range(q.shape[2]):
            (cell,) = load(q_at, i)
            speeds[i] = eq.max_speed(cell, AXIS)
        s = speeds.max()
        cells_at = windows(rows_of(q, row, like), (r - 1, r), n)
        f_at = rows_of(f, row, like)
        for i in range(n):
            a, b = load(cells_at, i)
            (flux,) = load((f_at,), i)
            flags[i] = 1.0 if violates(eq, a, b, flux, s) else 0.0
        if flags.max() > 0.0:
            for i in range(n):
                if flags[i] > 0.0:
                    a, b = load(cells_at, i)
                    (flux,) = load((f_at,), i)
                    store(f_at, i, limit_flux(eq, a, b, flux, AXIS, s))
                    count += 1
    return count


@compiled
def max_speed(eq, q, like):
    """Largest absolute wave speed along the axis; NaN if any cell's is."""
    top, n = 0.0, q.shape[2]
    speeds = np.empty(n)
    for row in range(q.shape[1]):
        q_at = (rows_of(q, row, like),)
        for i in range(n):
            (cell,) = load(q_at, i)
            speeds[i] = eq.max_speed(cell, AXIS)
        for i in range(n):
            if not speeds[i] <= top:  # true for NaN too
                top = speeds[i]
                if math.isnan(top):
                    return top
    return top


@compiled
def first_inadmissible(eq, q, like):
    """Flat index (row, cell) of the first non-finite or inadmissible cell, or (-1, -1)."""
    for row in range(q.shape[1]):
        q_at = (rows_of(q, row, like),)
        for i in range(q.shape[2]):
            (cell,) = load(q_at, i)
            fine = eq.admissible(cell)
            for k in range(len(like)):
                fine = fine and math.isfinite(cell[k])
            if not fine:
                return row, i
    return -1, -1
