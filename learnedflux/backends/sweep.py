"""Template of the compiled kernels of one scheme along one axis.

This file is never imported as it stands. The Numba backend writes a copy of it, named by a digest
of everything that enters the machine code, sets the names in CAPITALS to the pieces of one scheme,
and imports that: the pieces are then compile-time constants, everything inlines, and Numba's disk
cache finds the result again.

A state is (variable, outer, along, inner), where ``along`` is the swept axis. Faces are taken in
rows: neighbours along the axis itself where it is contiguous in memory (``inner`` is 1), else
neighbours along the inner index, one face row after the other. Each row passes through short loops
over buffers that stay in cache: cells to fields, fields to face values, values to states, states to
fluxes. So written, LLVM vectorises every loop: slices are offset beforehand (no index can wrap),
selects stand where branches would, few arrays meet in a loop, and error model and contraction are
those of NumPy (no fast-math: mirrored data must give mirrored results).
"""

from __future__ import annotations

from numba import njit

from learnedflux.backends import passes
from learnedflux.backends.network import propose, settle
from learnedflux.backends.rows import entries, load, rows_of, stencil_of
from learnedflux.ops import maximum, pointwise

AXIS = CONTIGUOUS = RADIUS = OFFSETS = LEFT = RIGHT = BALANCED = LEARNED = None
PREPARE = FRAME = FRAME_LIKE = FRAMED = INTO = OUT = RECONSTRUCT = RIEMANN = None
AWAKE = PLAIN = LOOK = DECIDE = FAMILY_LIKE = SPEEDS = None
RING = STEP = LAYOUT = (
    None  # slots of cells that are kept, and lanes between neighbours along the axis
)
LANES = ALONG = None  # faces per row across and along a contiguous axis
compiled = njit(error_model="numpy", nogil=True, cache=True)
# Large functions go into their callers as they are, to be optimised there and only there.
inlined = njit(error_model="numpy", inline="always")


# --- one row of faces ----------------------------------------------------------------------------


@pointwise
def _stencil(w, fields, slot, start, v, n, offsets):
    """Rows of one variable in the cells around each face, by their offset in the stencil."""
    if FRAMED:
        return stencil_of(fields, v, 0, 0, n, offsets, 1, 0)
    return stencil_of(w, v, slot, start, n, offsets, 1 - STEP, STEP)


@pointwise
def _fast(fast, v, n, here, beyond, first, last):
    """Rows of the speeds that a policy sees, on the sides ``here`` and ``beyond`` of the faces."""
    if SPEEDS:
        return (
            fast[here, v, :n],
            fast[beyond, v, :n],
            fast[here, first, :n],
            fast[beyond, first, :n],
            fast[here, last, :n],
            fast[beyond, last, :n],
        )
    return ()


@inlined
def _reconstruct(eq, w, fields, slot, start, n, left, right, fast, net, scratch, like):
    """Fill the left and right face values of all variables."""
    if LEARNED:
        waiting, last = 0, len(like) - 1
        if SPEEDS:
            passes.speeds(eq, w, slot, start, n, fast, LAYOUT, AXIS, FRAME, like)
        for v in range(len(like)):
            a = _stencil(w, fields, slot, start, v, n, LEFT)
            b = _stencil(w, fields, slot, start, v, n, RIGHT)
            # Seen from the right everything is mirrored: sides, signs and the order of fields.
            s, t = _fast(fast, v, n, 0, 1, 0, last), _fast(fast, v, n, 1, 0, last, 0)
            to = left[v, :n]
            waiting = propose(a, s, 1.0, to, 2 * v, waiting, net, scratch, AWAKE, PLAIN)
            to = right[v, :n]
            waiting = propose(b, t, -1.0, to, 2 * v + 1, waiting, net, scratch, AWAKE, PLAIN)
        if waiting > 0:
            settle(left, right, waiting, net, scratch, FAMILY_LIKE, LOOK, DECIDE)
    else:
        for v in range(len(like)):
            a, to = _stencil(w, fields, slot, start, v, n, LEFT), left[v, :n]
            for i in range(n):
                to[i] = RECONSTRUCT(*entries(a, i))
            b, to = _stencil(w, fields, slot, start, v, n, RIGHT), right[v, :n]
            for i in range(n):
                to[i] = RECONSTRUCT(*entries(b, i))


# --- whole sweeps --------------------------------------------------------------------------------


@pointwise
def _carve(scratch, lanes, like):
    """Views of one flat scratch array: cells, prepared cells, frames, fields, and so on."""
    n, wide = len(like), lanes + 2 * RADIUS
    most = 2 * RADIUS if FRAMED else 1
    shapes = (RING * n * wide, len(FRAME_LIKE) * lanes, most * n * lanes, 2 * n * lanes)
    o = 0
    cells = scratch[o : o + shapes[0]].reshape((RING, n, wide))
    o += shapes[0]
    w = scratch[o : o + shapes[0]].reshape((RING, n, wide))
    o += shapes[0]
    frames = scratch[o : o + shapes[1]].reshape((len(FRAME_LIKE), lanes))
    o += shapes[1]
    fields = scratch[o : o + shapes[2]].reshape((most, n, lanes))
    o += shapes[2]
    left = scratch[o : o + shapes[3]].reshape((2, n, lanes))
    o += shapes[3]
    right = scratch[o : o + shapes[3]].reshape((2, n, lanes))
    o += shapes[3]
    f = scratch[o : o + shapes[3]].reshape((2, n, lanes))
    o += shapes[3]
    if BALANCED:
        seen = scratch[o : o + shapes[3]].reshape((2, n, lanes))
        o += shapes[3]
        f_right = scratch[o : o + shapes[3]].reshape((2, n, lanes))
        o += shapes[3]
    else:
        seen, f_right = f, f
    fast = scratch[o : o + shapes[3]].reshape((2, n, lanes))
    if SPEEDS:
        o += shapes[3]
    return cells, w, frames, fields, left, right, f, seen, f_right, fast, scratch[o:]


@inlined
def _faces(eq, views, slot, start, n, now, limiting, counted, speed, net, like):
    """All passes of one row of ``n`` faces; returns how many fluxes were limited."""
    cells, w, frames, fields, left, right, f, f_left, f_right, fast, rest = views
    m = (n + 7) // 8 * 8  # whole vectors: what the last lanes hold is never used
    passes.project(
        eq, w, slot, start, m, frames, fields, LAYOUT, AXIS, FRAME, INTO, FRAMED, FRAME_LIKE, like
    )
    _reconstruct(eq, w, fields, slot, start, m, left[now], right[now], fast, net, rest, like)
    below, above = left[now], right[now]
    passes.states(
        eq, cells, slot, start, m, frames, below, above, LAYOUT, AXIS, OUT, FRAME_LIKE, like
    )
    passes.fluxes(eq, below, above, m, f[now], AXIS, RIEMANN, BALANCED, like)
    count = 0
    if limiting:
        count = passes.limit(
            eq, cells, slot, start, n, counted, f[now], speed, rest, LAYOUT, AXIS, like
        )
    if BALANCED:
        passes.seen(eq, below, above, m, f[now], f_left[now], f_right[now], AXIS, like)
    return count


@inlined
def _sweep_across(
    eq,
    q,
    lower,
    upper,
    a0,
    a1,
    k0,
    k1,
    b0,
    b1,
    rate,
    origin,
    scale,
    limiting,
    speeds,
    net,
    scratch,
    like,
):
    views = _carve(scratch, LANES, like)
    cells, w = views[:2]
    left, right, f, f_left, f_right = views[4:9]
    count, entry, size = 0, q.shape[1] // len(speeds), q.shape[2]
    for a in range(a0, a1):
        for b in range(b0, b1, LANES):
            n = min(LANES, b1 - b)
            for k in range(2 * RADIUS - 1):
                passes.fetch(q, lower, upper, a, k0 - RADIUS + k, b, n, cells, k, RADIUS, like)
                passes.prepare(eq, cells, w, k, n, PREPARE, like)
            for k in range(k1 - k0 + 1):  # the face below cell k0 + k
                slot, new, now = k % RING, (k + RING - 1) % RING, k % 2
                at = k0 + k + RADIUS - 1
                passes.fetch(q, lower, upper, a, at, b, n, cells, new, RADIUS, like)
                passes.prepare(eq, cells, w, new, n, PREPARE, like)
                # A face between two tiles is computed by both, and counted by one.
                counted = n if k < k1 - k0 or k1 == size else 0
                count += _faces(
                    eq, views, slot, 0, n, now, limiting, counted, speeds[a // entry], net, like
                )
                if k > 0:
                    to = (a - origin, k - 1, b - b0, n, scale)
                    if BALANCED:
                        # The inner terms take the place of a flux that is needed no more.
                        out = f[1 - now]
                        at = (slot + RADIUS - 1) % RING
                        below, above = right[1 - now], left[now]
                        passes.inner(eq, cells, at, 0, below, above, n, out, AXIS, STEP, like)
                        for v in range(len(like)):
                            lower_flux, upper_flux = f_right[1 - now, v], f_left[now, v]
                            passes.gain_balanced(lower_flux, upper_flux, out[v], rate, v, *to)
                    else:
                        for v in range(len(like)):
                            passes.gain(f[1 - now, v], f[now, v], rate, v, *to)
    return count


@inlined
def _sweep_along(
    eq, q, lower, upper, a0, a1, k0, k1, rate, origin, scale, limiting, speeds, net, scratch, like
):
    views = _carve(scratch, ALONG, like)
    cells, w = views[:2]
    left, right, f, f_left, f_right = views[4:9]
    count, entry, size = 0, q.shape[1] // len(speeds), q.shape[3]
    parts = (k1 - k0 + ALONG - 10) // (ALONG - 9)
    part = (k1 - k0 + parts - 1) // parts
    for a in range(a0, a1):
        for k in range(k0, k1, part):
            n = min(part, k1 - k)
            wide = n + 2 * RADIUS
            passes.fetch_along(q, lower, upper, a, k - RADIUS, wide, cells, RADIUS, like)
            passes.prepare(eq, cells, w, 0, wide, PREPARE, like)
            counted = n + 1 if k + n == size else n
            count += _faces(
                eq, views, 0, 0, n + 1, 0, limiting, counted, speeds[a // entry], net, like
            )
            to = (a - origin, 0, k - k0, n, scale)
            if BALANCED:
                out = f[1]
                upper_states = left[0, :, 1:]
                passes.inner(eq, cells, 0, RADIUS, right[0], upper_states, n, out, AXIS, STEP, like)
                for v in range(len(like)):
                    upper_flux = f_left[0, v, 1:]
                    passes.gain_balanced(f_right[0, v], upper_flux, out[v], rate, v, *to)
            else:
                for v in range(len(like)):
                    passes.gain(f[0, v], f[0, v, 1:], rate, v, *to)
    return count


@inlined
def sweep(
    eq, q, lower, upper, a0, a1, k0, k1, b0, b1, rate, origin, scale, limiting, speeds, net,
    scratch, like,
):  # fmt: skip
    """Add the fluxes' divergence along the axis to ``rate``, for one tile of cells.

    ``q`` is (variable, outer, along, inner), the ghost cells ``lower`` and ``upper`` alike, and
    the tile is outer a0..a1, along k0..k1, inner b0..b1; where the axis is contiguous, along and
    inner change places. ``rate`` holds the tile alone, outer ``origin`` first. Returns how many
    fluxes were limited.
    """
    if CONTIGUOUS:
        count = _sweep_along(
            eq, q, lower, upper, a0, a1, b0, b1, rate, origin, scale, limiting, speeds, net,
            scratch, like,
        )  # fmt: skip
    else:
        count = _sweep_across(
            eq, q, lower, upper, a0, a1, k0, k1, b0, b1, rate, origin, scale, limiting, speeds,
            net, scratch, like,
        )  # fmt: skip
    return count


# --- parts of a sweep, for whoever wants face states or brings values of its own -----------------


@inlined
def _padded(eq, q, row, first, n, views, like):
    """Bring ``n`` faces' cells from a padded array (variable, row, cell) into the buffers."""
    for v in range(len(like)):
        for i in range(n + 2 * RADIUS - 1):
            views[0][0, v, i] = q[v, row, first + i]
    passes.prepare(eq, views[0], views[1], 0, n + 2 * RADIUS - 1, PREPARE, like)
    passes.project(
        eq,
        views[1],
        0,
        0,
        n,
        views[2],
        views[3],
        LAYOUT,
        AXIS,
        FRAME,
        INTO,
        FRAMED,
        FRAME_LIKE,
        like,
    )


@compiled
def states(eq, q, ql, qr, net, scratch, like):
    """Fill the face states (variable, row, face) of padded cells; the axis is contiguous."""
    views = _carve(scratch, ALONG, like)
    cells, w, frames, fields, left, right = views[:6]
    for row in range(q.shape[1]):
        for first in range(0, ql.shape[2], ALONG):
            n = min(ALONG, ql.shape[2] - first)
            _padded(eq, q, row, first, n, views, like)
            _reconstruct(eq, w, fields, 0, 0, n, left[0], right[0], views[9], net, views[10], like)
            below, above = left[0], right[0]
            passes.states(
                eq, cells, 0, 0, n, frames, below, above, LAYOUT, AXIS, OUT, FRAME_LIKE, like
            )
            ql[:, row, first : first + n] = left[0, :, :n]
            qr[:, row, first : first + n] = right[0, :, :n]


@compiled
def stencils(eq, q, left, right, scratch, like):
    """Fill the stencils (variable, row, face, cell) that a policy reads, mirrored for the right."""
    views = _carve(scratch, ALONG, like)
    width = left.shape[3]
    for row in range(q.shape[1]):
        for first in range(0, left.shape[2], ALONG):
            n = min(ALONG, left.shape[2] - first)
            _padded(eq, q, row, first, n, views, like)
            for v in range(len(like)):
                rows = _stencil(views[1], views[3], 0, 0, v, n, OFFSETS)
                for j in range(width):
                    for i in range(n):
                        left[v, row, first + i, j] = rows[j][i]
                        right[v, row, first + i, width - 1 - j] = rows[j][i]


@compiled
def states_from_values(eq, q, left, right, ql, qr, scratch, like):
    """Fill face states from face values (variable, row, face) that a policy chose."""
    views = _carve(scratch, ALONG, like)
    for row in range(q.shape[1]):
        for first in range(0, ql.shape[2], ALONG):
            n = min(ALONG, ql.shape[2] - first)
            _padded(eq, q, row, first, n, views, like)
            a, b = views[4][0], views[5][0]
            a[:, :n] = left[:, row, first : first + n]
            b[:, :n] = right[:, row, first : first + n]
            passes.states(
                eq, views[0], 0, 0, n, views[2], a, b, LAYOUT, AXIS, OUT, FRAME_LIKE, like
            )
            ql[:, row, first : first + n] = a[:, :n]
            qr[:, row, first : first + n] = b[:, :n]


@compiled
def fluxes(eq, ql, qr, f, like):
    """Fill the numerical fluxes (variable, face) between states."""
    passes.fluxes(eq, ql, qr, ql.shape[1], f, AXIS, RIEMANN, BALANCED, like)


@compiled
def limit(eq, q, f, speeds, scratch, like):
    """Limit fluxes (variable, row, face) of padded cells in place; return how many they were."""
    views = _carve(scratch, ALONG, like)
    count, entry = 0, q.shape[1] // len(speeds)
    for row in range(q.shape[1]):
        for first in range(0, f.shape[2], ALONG):
            n = min(ALONG, f.shape[2] - first)
            _padded(eq, q, row, first, n, views, like)
            part = views[6][0]
            part[:, :n] = f[:, row, first : first + n]
            count += passes.limit(
                eq, views[0], 0, 0, n, n, part, speeds[row // entry], views[10], LAYOUT, AXIS, like
            )
            f[:, row, first : first + n] = part[:, :n]
    return count


@compiled
def max_speed(eq, q, like):
    """Largest wave speed along the axis of states (variable, cell)."""
    top, q_at = 0.0, (rows_of(q, 0, q.shape[1], like),)
    for i in range(q.shape[1]):
        (cell,) = load(q_at, i)
        top = maximum(top, eq.max_speed(cell, AXIS))
    return top
