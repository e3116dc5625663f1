"""Template of the compiled kernel of one Runge-Kutta stage: all axes, tile by tile.

Copied and filled in like :mod:`learnedflux.backends.sweep`. The rate of change of a tile of cells
stays in cache from the first axis' sweep to the last, and goes from there into the new state: the
state is read and written once per stage. Tiles are independent of each other, so any number of
threads gives the same result to the last bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from learnedflux.backends.rows import load, rows_of
from learnedflux.ops import dot, maximum, pointwise, subtract

SWEEP_X = SWEEP_Y = SWEEP_Z = DIMENSION = LANES = None
compiled = njit(error_model="numpy", nogil=True, cache=True)


@pointwise
def _finish(rate, q, old, out, n, from_rate, to, terms, factors):
    """Write one row of the new state: a combination of old states and the rate."""
    part, new = rate[from_rate : from_rate + n], out[to : to + n]
    a, b, c = factors
    if terms == 0:
        for i in range(n):
            new[i] = part[i]
    elif terms == 1:
        base = q[to : to + n]
        for i in range(n):
            new[i] = b * base[i] + c * part[i]
    else:
        base, first = q[to : to + n], old[to : to + n]
        for i in range(n):
            new[i] = (a * first[i] + b * base[i]) + c * part[i]


# It allocates nothing: without reference counts of slices its loops start twice as fast.
@njit(error_model="numpy", nogil=True, cache=True, _nrt=False)
def advance(
    eq, q, ghosts, old, out, terms, factors, shape, tile, first, last,
    scales, limiting, speeds, net, scratch, like,
):  # fmt: skip
    """Fill tiles ``first`` to ``last`` of ``out``; return how many fluxes were limited.

    ``out`` becomes the rate of change (``terms`` 0), ``b q + c rate`` (1) or
    ``a old + b q + c rate`` (2), with ``factors = (a, b, c)``. States are (variable, cell);
    ``shape`` is (batch, x, y, z) and ``tile`` the largest tile (x, y, z). The grid's last axis
    always stands in the place of z, its first in that of x; the others count one.
    """
    nv = len(like)
    batch, nx, ny, nz = shape
    tx, ty, tz = tile
    tiles_x, tiles_y, tiles_z = (nx + tx - 1) // tx, (ny + ty - 1) // ty, (nz + tz - 1) // tz
    room, rest = scratch[: nv * tx * ty * tz], scratch[nv * tx * ty * tz :]
    across_x = q.reshape((nv, batch, nx, ny * nz))
    across_y = q.reshape((nv, batch * nx, ny, nz))
    along_z = q.reshape((nv, batch * nx * ny, 1, nz))
    count = 0
    for number in range(first, last):
        z0 = number % tiles_z * tz
        y0 = number // tiles_z % tiles_y * ty
        x0 = number // (tiles_z * tiles_y) % tiles_x * tx
        e = number // (tiles_z * tiles_y * tiles_x)
        x1, y1, z1 = min(x0 + tx, nx), min(y0 + ty, ny), min(z0 + tz, nz)
        wx, wy, wz = x1 - x0, y1 - y0, z1 - z0
        plane = wy * wz  # cells of one x, neighbours in memory: tiles are cut along y or along z
        rate = room[: nv * wx * plane]
        rate[:] = 0.0
        if DIMENSION > 1:
            start = y0 * nz + z0
            count += SWEEP_X(
                eq, across_x, ghosts[0], ghosts[1], e, e + 1, x0, x1, start, start + plane,
                rate.reshape((nv, 1, wx, plane)), e,
                scales[0], limiting, speeds[0], net, rest, like,
            )  # fmt: skip
        if DIMENSION > 2:
            a = e * nx + x0
            count += SWEEP_Y(
                eq, across_y, ghosts[2], ghosts[3], a, a + wx, y0, y1, 0, nz,
                rate.reshape((nv, wx, wy, nz)), a,
                scales[1], limiting, speeds[1], net, rest, like,
            )  # fmt: skip
        for x in range(x0, x1):
            a = (e * nx + x) * ny + y0
            count += SWEEP_Z(
                eq, along_z, ghosts[-2], ghosts[-1], a, a + wy, 0, 1, z0, z1,
                rate.reshape((nv, wx * wy, 1, wz)), a - (x - x0) * wy,
                scales[-1], limiting, speeds[-1], net, rest, like,
            )  # fmt: skip
        for v in range(nv):
            for x in range(wx):
                at = ((e * nx + x0 + x) * ny + y0) * nz + z0
                _finish(rate, q[v], old[v], out[v], plane, (v * wx + x) * plane, at, terms, factors)
    return count


@compiled
def survey(eq, q, first, last, top, like):
    """Largest speed along each axis into ``top``; whether the cells are finite and admissible.

    A speed that is not a number stays one. ``q`` is (variable, cell); cells first..last count.
    """
    speeds = np.zeros((3, LANES))
    fine = np.ones(LANES)
    for start in range(first, last, LANES):
        m = min(LANES, last - start)
        q_at = (rows_of(q, start, m, like),)
        x, y, z = speeds[0, :m], speeds[1, :m], speeds[2, :m]
        for i in range(m):
            (cell,) = load(q_at, i)
            x[i] = maximum(x[i], eq.max_speed(cell, 0))
            if DIMENSION > 1:
                y[i] = maximum(y[i], eq.max_speed(cell, 1))
            if DIMENSION > 2:
                z[i] = maximum(z[i], eq.max_speed(cell, 2))
        for i in range(m):
            (cell,) = load(q_at, i)
            # The difference of a number and itself is zero only where it is finite.
            spread = dot(subtract(cell, cell), subtract(cell, cell))
            fine[i] = fine[i] if eq.admissible(cell) & (spread == 0.0) else 0.0
    for axis in range(len(top)):
        for i in range(LANES):
            top[axis] = maximum(top[axis], speeds[axis, i])
    return fine.min() > 0.0


@compiled
def first_inadmissible(eq, q, like):
    """Index of the first cell that is not finite or not admissible, or -1."""
    q_at = (rows_of(q, 0, q.shape[1], like),)
    for i in range(q.shape[1]):
        (cell,) = load(q_at, i)
        if not (eq.admissible(cell) & (dot(subtract(cell, cell), subtract(cell, cell)) == 0.0)):
            return i
    return -1
