"""Template of the compiled kernel of one Runge-Kutta stage: all axes, tile by tile.

Copied and filled in like :mod:`learnedflux.backends.sweep`. The rate of change of a tile of cells
stays in cache from the first axis' sweep to the last, and goes from there into the new state: the
state is read and written once per stage. Tiles are independent of each other, so any number of
threads gives the same result to the last bit.
"""

from __future__ import annotations

from numba import njit

from learnedflux.backends.rows import row_at
from learnedflux.parts import part

SWEEP_X = SWEEP_Y = SWEEP_Z = DIMENSION = None


@part
def _finish(rate, step, q, old, out, apart, n, terms, factors, like):
    """Write ``n`` cells of the new state: a combination of old states and the rate."""
    a, b, c = factors
    for v in range(len(like)):
        gain, at = row_at(rate, v * step), v * apart
        base, first, new = row_at(q, at), row_at(old, at), row_at(out, at)
        if terms == 0:
            for i in range(n):
                new[i] = gain[i]
        elif terms == 1:
            for i in range(n):
                new[i] = b * base[i] + c * gain[i]
        else:
            for i in range(n):
                new[i] = (a * first[i] + b * base[i]) + c * gain[i]


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
    rate, rest = row_at(scratch, 0), scratch[(nv * tx * ty * tz + 7) // 8 * 8 :]
    now, before, then, apart = row_at(q, 0), row_at(old, 0), row_at(out, 0), q.shape[1]
    count = 0
    for number in range(first, last):
        z0 = number % tiles_z * tz
        y0 = number // tiles_z % tiles_y * ty
        x0 = number // (tiles_z * tiles_y) % tiles_x * tx
        e = number // (tiles_z * tiles_y * tiles_x)
        x1, y1, z1 = min(x0 + tx, nx), min(y0 + ty, ny), min(z0 + tz, nz)
        wx, wy, wz = x1 - x0, y1 - y0, z1 - z0
        plane = wy * wz  # cells of one x, neighbours in memory: tiles are cut along y or along z
        step = wx * plane
        if DIMENSION > 1:
            start = y0 * nz + z0
            count += SWEEP_X(
                eq, now, row_at(ghosts[0], 0), row_at(ghosts[1], 0), (batch, nx, ny * nz),
                (e, e + 1, x0, x1, start, start + plane), rate, step,
                scales[0], False, limiting, speeds[0], net, rest, like,
            )  # fmt: skip
        if DIMENSION > 2:
            a = e * nx + x0
            count += SWEEP_Y(
                eq, now, row_at(ghosts[2], 0), row_at(ghosts[3], 0), (batch * nx, ny, nz),
                (a, a + wx, y0, y1, 0, nz), rate, step,
                scales[1], True, limiting, speeds[1], net, rest, like,
            )  # fmt: skip
        for x in range(wx):
            a, row = (e * nx + x0 + x) * ny + y0, row_at(rate, x * plane)
            count += SWEEP_Z(
                eq, now, row_at(ghosts[-2], 0), row_at(ghosts[-1], 0), (batch * nx * ny, 1, nz),
                (a, a + wy, 0, 1, z0, z1), row, step,
                scales[-1], DIMENSION > 1, limiting, speeds[-1], net, rest, like,
            )  # fmt: skip
            at = a * nz + z0
            _finish(
                row, step, row_at(now, at), row_at(before, at), row_at(then, at), apart, plane,
                terms, factors, like,
            )  # fmt: skip
    return count
