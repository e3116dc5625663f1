"""Template of the compiled kernels of one scheme along one axis.

This file is never imported as it stands. The Numba backend writes a copy of it, named by a digest
of everything that enters the machine code, sets the names in CAPITALS to the pieces of one scheme,
and imports that: the pieces are then compile-time constants, everything inlines, and Numba's disk
cache finds the result again.

A state is (variable, outer, along, inner), where ``along`` is the swept axis. Faces are taken in
rows: neighbours along the axis itself where it is contiguous in memory (``inner`` is 1), else
neighbours along the inner index, one face row after the other. Each row passes through short loops
over buffers (slot, variable, lane) that stay in cache: cells to face values, face values to fluxes.
So written, LLVM vectorises every loop: rows are pointers (no index can wrap), selects stand where
branches would, few arrays meet in a loop, and error model and contraction are those of NumPy (no
fast-math: mirrored data must give mirrored results). Each loop is a function of its own, compiled
once and called.

Component-wise rules go over cells, not faces: the cells around one give its values at both of its
faces. Characteristic fields differ from face to face, so there each face takes its two values.
"""

from __future__ import annotations

from numba import njit

from learnedflux.backends.network import gather, propose, settle
from learnedflux.backends.rows import (
    array_at,
    cells_of,
    column,
    entries,
    moved,
    row_at,
    rows_at,
    rows_of,
    stencil,
    store,
)
from learnedflux.ops import add, maximum, overload, pointwise, reverse, tmap_with
from learnedflux.parts import part
from learnedflux.positivity import limit_flux, violates
from learnedflux.reconstruction.compound import bent, safeguarded, unjoined
from learnedflux.reconstruction.interface import face_speeds, from_fields

AXIS = CONTIGUOUS = RADIUS = OFFSETS = BALANCED = LEARNED = BY_CELL = COMPOUND = None
SPLIT = HALVES = PARTS = None
PREPARE = FRAME = FRAME_LIKE = FRAMED = INTO = OUT = RECONSTRUCT = PAIR = PRIMITIVE = RIEMANN = (
    BETWEEN
) = None
AWAKE = PLAIN = LOOK = HEARD = DECIDE = LAYERS = SPEEDS_LIKE = SPEEDS = None
RING = STEP = None  # slots of cells that are kept, and lanes between neighbours along the axis
LANES = WIDE = None  # faces per row, and numbers from one row to the next
compiled = njit(error_model="numpy", nogil=True, cache=True)


# --- the loops over one row ----------------------------------------------------------------------


@part
def _fetch(eq, source, step, cells, w, n, keeps, speed, like):
    """Compute once what all faces around ``n`` cells need; keep the cells too where it is asked.

    ``speed`` is the largest along the axis, by which fluxes are split.
    """
    given, kept, to = (
        rows_at(source, step, like),
        rows_at(cells, WIDE, like),
        rows_at(w, WIDE, like),
    )
    for i in range(n):
        store(to, i, PREPARE(eq, entries(given, i)))
    if SPLIT:
        right_going = rows_at(row_at(w, len(like) * WIDE), WIDE, like)
        left_going = rows_at(row_at(w, 2 * len(like) * WIDE), WIDE, like)
        for i in range(n):
            one, other = HALVES(eq, entries(given, i), AXIS, speed)
            store(right_going, i, one)
            store(left_going, i, other)
    if keeps:
        for i in range(n):
            store(kept, i, entries(given, i))


@part
def _pairs(w, upper, lower, n, like):
    """Values of ``n`` cells at their upper and their lower faces; ``w`` are the cells around."""
    for v in range(len(like)):
        to_upper, to_lower, shift = row_at(upper, v * WIDE), row_at(lower, v * WIDE), v * WIDE
        if SPLIT:
            half = len(like) * WIDE
            for i in range(n):
                to_upper[i] = RECONSTRUCT(*entries(w, half + shift + i))
            for i in range(n):
                to_lower[i] = RECONSTRUCT(*reverse(entries(w, 2 * half + shift + i)))
        else:
            for i in range(n):
                to_upper[i], to_lower[i] = PAIR(*entries(w, shift + i))


@part
def _frames(eq, w, frames, n, like):
    """Fill the frames of ``n`` faces."""
    below, above = rows_at(w[RADIUS - 1], WIDE, like), rows_at(w[RADIUS], WIDE, like)
    to = rows_at(frames, WIDE, FRAME_LIKE)
    for i in range(n):
        store(to, i, FRAME(eq, entries(below, i), entries(above, i), AXIS))


@part
def _field(eq, w, frames, left, right, n, rest, like):
    """Both values of one field at ``n`` faces: the one with which ``rest`` begins."""
    shift = (len(like) - len(rest)) * WIDE
    face, to_left, to_right = (
        rows_at(frames, WIDE, FRAME_LIKE),
        row_at(left, shift),
        row_at(right, shift),
    )
    half = len(like) * WIDE
    for i in range(n):
        if SPLIT:
            frame = entries(face, i)
            cells = tmap_with(INTO, eq, frame, cells_of(w, half + i, WIDE, like), AXIS)
            to_left[i] = RECONSTRUCT(*column(cells, rest)[:-1])
            cells = tmap_with(INTO, eq, frame, cells_of(w, 2 * half + i, WIDE, like), AXIS)
            to_right[i] = RECONSTRUCT(*reverse(column(cells, rest)[1:]))
        else:
            cells = tmap_with(INTO, eq, entries(face, i), cells_of(w, i, WIDE, like), AXIS)
            values = column(cells, rest)
            to_left[i] = RECONSTRUCT(*values[:-1])
            to_right[i] = RECONSTRUCT(*reverse(values[1:]))


def _fields(eq, w, frames, left, right, n, rest, like):
    raise TypeError("only for compiled code")


@overload(_fields)
def _fields_compiled(eq, w, frames, left, right, n, rest, like):
    """All fields, one loop each."""
    if len(rest) == 0:
        return lambda eq, w, frames, left, right, n, rest, like: None

    def first(eq, w, frames, left, right, n, rest, like):
        _field(eq, w, frames, left, right, n, rest, like)
        _fields(eq, w, frames, left, right, n, rest[1:], like)

    return first


@part
def _project(eq, w, frames, fields, n, like):
    """Fill the fields of the 2r cells around each face in its frame."""
    face = rows_at(frames, WIDE, FRAME_LIKE)
    for j in range(2 * RADIUS):
        cell, to = rows_at(w[j], WIDE, like), rows_at(fields, WIDE, like)
        for i in range(n):
            store(to, i, INTO(eq, entries(face, i), entries(cell, i), AXIS))
        fields = row_at(fields, len(like) * WIDE)


@part
def _speeds(eq, w, fast, n, like):
    """Fill the characteristic speeds in the two cells beside each face."""
    below, above = rows_at(w[RADIUS - 1], WIDE, like), rows_at(w[RADIUS], WIDE, like)
    left, right = rows_at(fast, WIDE, like), rows_at(row_at(fast, len(like) * WIDE), WIDE, like)
    for i in range(n):
        one, other = face_speeds(eq, entries(below, i), entries(above, i), AXIS, FRAME)
        store(left, i, one)
        store(right, i, other)


@part
def _safeguard(eq, w, left, right, shares, n, like):
    """Move the face values of a policy to WENO5-Z's where waves of a scalar law may be compound."""
    bends = 0
    for i in range(n):
        shares[i] = bent(eq, cells_of(w, i, WIDE, like), AXIS)
    for i in range(n):
        bends += shares[i] > 0.0
    if bends > 0:
        for i in range(n):
            shares[i] *= unjoined(eq, cells_of(w, i, WIDE, like), AXIS)
        for i in range(n):
            cells = entries(w, i)
            left[i] = safeguarded(left[i], cells, shares[i])
            right[i] = safeguarded(right[i], reverse(cells), shares[i])


@part
def _states(eq, cell, frames, values, n, like):
    """Turn face values into conserved states in place."""
    face, cell = rows_at(frames, WIDE, FRAME_LIKE), rows_at(cell, WIDE, like)
    at = rows_at(values, WIDE, like)
    for i in range(n):
        own = PRIMITIVE(eq, entries(cell, i))
        w = from_fields(eq, entries(face, i), entries(at, i), own, AXIS, OUT)
        store(at, i, eq.to_conserved(w))


@part
def _fluxes(eq, left, right, f, n, step, like):
    """Fill the numerical fluxes between states."""
    left, right, to = rows_at(left, step, like), rows_at(right, step, like), rows_at(f, step, like)
    for i in range(n):
        a, b = entries(left, i), entries(right, i)
        if BALANCED:
            a, b = eq.balance(a, b, AXIS)
        store(to, i, RIEMANN(eq, a, b, AXIS))


@part
def _fluxes_of_values(eq, below, above, frames, left, right, f, n, like):
    """Turn the values of faces into states and those into fluxes, without keeping the states."""
    face, to = rows_at(frames, WIDE, FRAME_LIKE), rows_at(f, WIDE, like)
    below, above = rows_at(below, WIDE, like), rows_at(above, WIDE, like)
    left, right = rows_at(left, WIDE, like), rows_at(right, WIDE, like)
    for i in range(n):
        frame = entries(face, i)
        a, b = PRIMITIVE(eq, entries(below, i)), PRIMITIVE(eq, entries(above, i))
        a = from_fields(eq, frame, entries(left, i), a, AXIS, OUT)
        b = from_fields(eq, frame, entries(right, i), b, AXIS, OUT)
        store(to, i, BETWEEN(eq, a, b, AXIS))


@part
def _fluxes_of_halves(eq, frames, left, right, f, n, like):
    """Add the values of the two halves of the flux at faces."""
    face, to = rows_at(frames, WIDE, FRAME_LIKE), rows_at(f, WIDE, like)
    left, right = rows_at(left, WIDE, like), rows_at(right, WIDE, like)
    for i in range(n):
        store(to, i, OUT(eq, entries(face, i), add(entries(left, i), entries(right, i)), AXIS))


@part
def _limit(eq, below, above, f, n, counted, speed, flags, like):
    """Limit the fluxes that would cost positivity in place; return how many of the first were."""
    below, above = rows_at(below, WIDE, like), rows_at(above, WIDE, like)
    to, count = rows_at(f, WIDE, like), 0
    for i in range(n):
        a, b = entries(below, i), entries(above, i)
        flags[i] = 1.0 if violates(eq, a, b, entries(to, i), speed) else 0.0
    for i in range(n):
        if flags[i] > 0.0:
            a, b = entries(below, i), entries(above, i)
            store(to, i, limit_flux(eq, a, b, entries(to, i), AXIS, speed))
            count += i < counted
    return count


@part
def _seen(eq, left, right, f, f_left, f_right, n, like):
    """Fluxes as the cells on the two sides see them (balance laws with a static field)."""
    left, right, f = rows_at(left, WIDE, like), rows_at(right, WIDE, like), rows_at(f, WIDE, like)
    to_left, to_right = rows_at(f_left, WIDE, like), rows_at(f_right, WIDE, like)
    for i in range(n):
        a, b, flux = entries(left, i), entries(right, i), entries(f, i)
        star_a, star_b = eq.balance(a, b, AXIS)
        store(to_left, i, add(flux, eq.jump(a, star_a, AXIS)))
        store(to_right, i, add(flux, eq.jump(b, star_b, AXIS)))


@part
def _inner(eq, cells, lower, upper, out, n, like):
    """Fill the inner terms of balance laws."""
    lower, upper = rows_at(lower, WIDE, like), rows_at(upper, WIDE, like)
    cells, out = rows_at(cells, WIDE, like), rows_at(out, WIDE, like)
    for i in range(n):
        store(out, i, eq.inner(entries(lower, i), entries(upper, i), entries(cells, i), AXIS))


@part
def _gain(lower, upper, within, rate, step, n, scale, adds, like):
    """What ``n`` cells gain through their lower and upper faces becomes, or adds to, their rate.

    With an inner term summed as it is, mirrored data give mirrored results.
    """
    for v in range(len(like)):
        low, high, inside = (
            row_at(lower, v * WIDE),
            row_at(upper, v * WIDE),
            row_at(within, v * WIDE),
        )
        to = row_at(rate, v * step)
        if BALANCED and adds:
            for i in range(n):
                to[i] += ((low[i] - high[i]) + inside[i]) * scale
        elif BALANCED:
            for i in range(n):
                to[i] = ((low[i] - high[i]) + inside[i]) * scale
        elif adds:
            for i in range(n):
                to[i] += (low[i] - high[i]) * scale
        else:
            for i in range(n):
                to[i] = (low[i] - high[i]) * scale


# --- whole sweeps --------------------------------------------------------------------------------


@pointwise
def _carve(scratch, like):
    """Rows of one flat scratch array: cells, prepared cells, frames, fields, and so on."""
    slot = len(like) * WIDE
    cells = row_at(scratch, 0)
    w = row_at(cells, RING * slot)
    frames = row_at(w, RING * PARTS * slot)
    left = row_at(frames, len(FRAME_LIKE) * WIDE)
    right = row_at(left, 2 * slot)
    f = row_at(right, 2 * slot)
    f_left = row_at(f, 2 * slot) if BALANCED else f
    f_right = row_at(f_left, 2 * slot) if BALANCED else f
    fields = row_at(f_right, 2 * slot)
    slots = (1 + PARTS) * RING + 6 + 4 * BALANCED + 2 * RADIUS * FRAMED + 2 * SPEEDS
    used = slots * slot + len(FRAME_LIKE) * WIDE
    return cells, w, frames, left, right, f, f_left, f_right, fields, scratch[used:]


@pointwise
def _half(pair, which, like):
    """One of two buffers that lie together."""
    return row_at(pair, which * len(like) * WIDE)


@pointwise
def _around(buffer, slot, parts, like):
    """Rows of the first variable of the 2r cells around each face, in a ring or in one row."""
    return stencil(buffer, slot, RING, parts * len(like) * WIDE, STEP, OFFSETS)


@pointwise
def _policy_rows(w, fields, v, like):
    """Rows of variable ``v`` of the 2r cells around each face, as a policy sees them."""
    if FRAMED:
        w = stencil(fields, 0, 2 * RADIUS, len(like) * WIDE, 0, OFFSETS)
    return moved(w, v * WIDE)


@pointwise
def _seen_speeds(below, above, v, last):
    """Rows of the speeds a policy sees at a field, from those in the cells beside the faces."""
    if SPEEDS:
        return (
            row_at(below, v * WIDE),
            row_at(above, v * WIDE),
            row_at(below, 0),
            row_at(above, 0),
            row_at(below, last * WIDE),
            row_at(above, last * WIDE),
        )
    return ()


@pointwise
def _at_faces(eq, w, views, left, right, n, net, like):
    """Fill the left and right values of ``n`` faces."""
    frames, fields, scratch = views[2], views[8], views[9]
    if FRAMED:
        _frames(eq, w, frames, n, like)
    if LEARNED:
        if FRAMED:
            _project(eq, w, frames, fields, n, like)
        lefts, rights = array_at(left, len(like), WIDE), array_at(right, len(like), WIDE)
        count = 0
        for v in range(len(like)):
            at = _policy_rows(w, fields, v, like)
            count += propose(at, lefts[v, :n], rights[v, :n], v, net, scratch, AWAKE, PLAIN)
        if count > 0:
            below = row_at(fields, 2 * RADIUS * FRAMED * len(like) * WIDE)
            above, waiting, last = row_at(below, len(like) * WIDE), 0, len(like) - 1
            if SPEEDS:
                _speeds(eq, w, below, n, like)
            for v in range(len(like)):
                at = _policy_rows(w, fields, v, like)
                speeds = _seen_speeds(below, above, v, last)
                waiting = gather(at, speeds, n, v, waiting, scratch, like)
            settle(
                lefts, rights, waiting, net, scratch, like, SPEEDS_LIKE, LAYERS, LOOK, HEARD, DECIDE
            )
        if COMPOUND:
            _safeguard(eq, w, left, right, row_at(scratch, 0), n, like)
    else:
        _fields(eq, w, frames, left, right, n, like, like)


@pointwise
def _at_cells(w, upper, lower, n, like):
    """Fill the values of ``n`` cells at their two faces, where they make no use of a frame."""
    if BY_CELL:
        _pairs(w, upper, lower, n, like)


@pointwise
def _through(eq, views, slot, now, n, limiting, counted, speed, like):
    """Turn the face values of one row of ``n`` faces into fluxes; return how many were limited."""
    cells, w, frames, left, right, f, f_left, f_right, _, scratch = views
    around, m = _around(w, slot, PARTS, like), (n + 7) // 8 * 8
    left, right, f = _half(left, now, like), _half(right, now, like), _half(f, now, like)
    below, above, count = around[RADIUS - 1], around[RADIUS], 0
    if SPLIT:
        _fluxes_of_halves(eq, frames, left, right, f, m, like)
    elif BALANCED:
        _states(eq, below, frames, left, m, like)
        _states(eq, above, frames, right, m, like)
        _fluxes(eq, left, right, f, m, WIDE, like)
    else:
        _fluxes_of_values(eq, below, above, frames, left, right, f, m, like)
    if limiting:
        around = _around(cells, slot, 1, like)
        below, above = around[RADIUS - 1], around[RADIUS]
        count = _limit(eq, below, above, f, n, counted, speed, row_at(scratch, 0), like)
    if BALANCED:
        f_left, f_right = _half(f_left, now, like), _half(f_right, now, like)
        _seen(eq, left, right, f, f_left, f_right, m, like)
    return count


@part
def _sweep_across(
    eq, q, lower, upper, sizes, tile, rate, step, scale, adds, limiting, speeds, net, scratch, like
):
    views = _carve(scratch, like)
    cells, w, _, left, right, f, f_left, f_right = views[:8]
    (outer, along, inner), (a0, a1, k0, k1, b0, b1) = sizes, tile
    count, entry, slots = 0, outer // len(speeds), len(like) * WIDE
    keeps = limiting or BALANCED
    for a in range(a0, a1):
        for b in range(b0, b1, LANES):
            n = min(LANES, b1 - b)
            m = (n + 7) // 8 * 8  # whole vectors: what the last lanes hold is never used
            for k in range(k0 - RADIUS, k1 + RADIUS):  # a cell; below is said for which face
                new = (k - k0 + RADIUS) % RING
                if k < 0:
                    source, apart = row_at(lower, (a * RADIUS + k + RADIUS) * inner + b), RADIUS
                elif k < along:
                    source, apart = row_at(q, (a * along + k) * inner + b), along
                else:
                    source, apart = row_at(upper, (a * RADIUS + k - along) * inner + b), RADIUS
                at, step_of = new * slots, outer * apart * inner
                to, to_w, speed = row_at(cells, at), row_at(w, PARTS * at), speeds[a // entry]
                _fetch(eq, source, step_of, to, to_w, n, keeps, speed, like)
                face = k - k0 - RADIUS + 1  # the one below cell k0 + face has all its cells now
                slot, now = (new + 1) % RING, face % 2
                if face == -1:  # the cell below the first face
                    around = _around(w, slot, PARTS, like)[1:]
                    _at_cells(around, _half(left, 0, like), _half(right, 1, like), m, like)
                if face < 0:
                    continue
                around = _around(w, slot, PARTS, like)
                if BY_CELL:
                    next_left = _half(left, 1 - now, like)
                    _at_cells(around[1:], next_left, _half(right, now, like), m, like)
                else:
                    left_now, right_now = _half(left, now, like), _half(right, now, like)
                    _at_faces(eq, around, views, left_now, right_now, m, net, like)
                # A face between two tiles is computed by both, and counted by one.
                counted = n if k0 + face < k1 or k1 == along else 0
                count += _through(eq, views, slot, now, n, limiting, counted, speed, like)
                if face > 0:
                    place = ((a - a0) * (k1 - k0) + face - 1) * (b1 - b0) + b - b0
                    # The inner terms take the place of a flux that is needed no more.
                    old, gone = 1 - now, _half(f, 1 - now, like)
                    low, high = _half(f_right, old, like), _half(f_left, now, like)
                    if BALANCED:
                        cell = _around(cells, slot, 1, like)[RADIUS - 1]
                        _inner(
                            eq, cell, _half(right, old, like), _half(left, now, like), gone, m, like
                        )
                    _gain(low, high, gone, row_at(rate, place), step, n, scale, adds, like)
    return count


@part
def _sweep_along(
    eq, q, lower, upper, sizes, tile, rate, step, scale, adds, limiting, speeds, net, scratch, like
):
    views = _carve(scratch, like)
    cells, w, _, left, right, f, f_left, f_right = views[:8]
    (outer, _, size), (a0, a1, _, _, k0, k1) = sizes, tile
    count, entry, keeps = 0, outer // len(speeds), limiting or BALANCED
    parts = (k1 - k0 + LANES - 3) // (LANES - 2)
    most = (k1 - k0 + parts - 1) // parts
    for a in range(a0, a1):
        for k in range(k0, k1, most):
            n = min(most, k1 - k)
            first, last = k - RADIUS, k + n + RADIUS
            begin, end, speed = max(first, 0), min(last, size), speeds[a // entry]
            if first < begin:
                source = row_at(lower, a * RADIUS + first + RADIUS)
                _fetch(eq, source, outer * RADIUS, cells, w, begin - first, keeps, speed, like)
            at, source, inside = begin - first, row_at(q, a * size + begin), end - begin
            _fetch(
                eq, source, outer * size, row_at(cells, at), row_at(w, at), inside, keeps, speed,
                like,
            )  # fmt: skip
            if end < last:
                at, source = end - first, row_at(upper, a * RADIUS + end - size)
                _fetch(
                    eq, source, outer * RADIUS, row_at(cells, at), row_at(w, at), last - end,
                    keeps, speed, like,
                )  # fmt: skip
            around = _around(w, 0, PARTS, like)
            if BY_CELL:  # the lower face of a cell comes before its upper one
                _at_cells(around[:-1], left, row_at(right, -1), (n + 9) // 8 * 8, like)
            else:
                _at_faces(eq, around, views, left, right, (n + 8) // 8 * 8, net, like)
            counted = n + 1 if k + n == size else n
            count += _through(eq, views, 0, 0, n + 1, limiting, counted, speed, like)
            within = _half(f, 1, like)
            if BALANCED:
                cell = row_at(cells, RADIUS)
                _inner(eq, cell, right, row_at(left, 1), within, n, like)
            to = row_at(rate, (a - a0) * (k1 - k0) + k - k0)
            _gain(f_right, row_at(f_left, 1), within, to, step, n, scale, adds, like)
    return count


@part
def sweep(
    eq, q, lower, upper, sizes, tile, rate, step, scale, adds, limiting, speeds, net, scratch, like
):
    """Compute the fluxes' divergence along the axis for one tile of cells.

    ``q`` and the ghost cells ``lower`` and ``upper`` are rows, of arrays (variable, outer, along,
    inner) of such ``sizes``; the tile is outer a0..a1, along k0..k1, inner b0..b1; where the axis
    is contiguous, along and inner change places. ``rate`` holds the tile alone, a variable every
    ``step`` numbers; the divergence ``adds`` to it or takes its place. Returns how many fluxes were
    limited.
    """
    if CONTIGUOUS:
        return _sweep_along(
            eq, q, lower, upper, sizes, tile, rate, step, scale, adds, limiting, speeds, net,
            scratch, like,
        )  # fmt: skip
    return _sweep_across(
        eq, q, lower, upper, sizes, tile, rate, step, scale, adds, limiting, speeds, net, scratch,
        like,
    )  # fmt: skip


# --- parts of a sweep, for whoever wants face states or brings values of its own -----------------
# Their arrays are (variable, row, cell) or (variable, row, face), and the axis is contiguous.


@pointwise
def _padded(eq, q, row, first, n, views, like):
    """Bring ``n`` faces' cells of a padded array into the buffers; return the rows around them."""
    _, rows, size = q.shape
    source = row_at(q, row * size + first)
    # The speed is for split fluxes, whose face values are made elsewhere.
    _fetch(eq, source, rows * size, views[0], views[1], n + 2 * RADIUS - 1, True, 1.0, like)
    return _around(views[1], 0, PARTS, like)


@pointwise
def _copy(source, source_step, to, to_step, n, like):
    """Copy ``n`` lanes of all variables."""
    given, taken = rows_at(source, source_step, like), rows_at(to, to_step, like)
    for i in range(n):
        store(taken, i, entries(given, i))


@pointwise
def _give_states(eq, views, ql, qr, row, first, n, like):
    """Turn the face values in the buffers into states, and copy them out."""
    left, right, frames = views[3], views[4], views[2]
    around, (_, rows, size) = _around(views[1], 0, PARTS, like), ql.shape
    _states(eq, around[RADIUS - 1], frames, left, n, like)
    _states(eq, around[RADIUS], frames, right, n, like)
    place, step = row * size + first, rows * size
    _copy(left, WIDE, row_at(ql, place), step, n, like)
    _copy(right, WIDE, row_at(qr, place), step, n, like)


@compiled
def states(eq, q, ql, qr, net, scratch, like):
    """Fill the face states of padded cells."""
    views = _carve(scratch, like)
    left, right, most = views[3], views[4], LANES - 2
    for row in range(q.shape[1]):
        for first in range(0, ql.shape[2], most):
            n = min(most, ql.shape[2] - first)
            around = _padded(eq, q, row, first, n, views, like)
            if BY_CELL:
                _at_cells(around[:-1], left, row_at(right, -1), n + 1, like)
            else:
                _at_faces(eq, around, views, left, right, n, net, like)
            _give_states(eq, views, ql, qr, row, first, n, like)


@compiled
def stencils(eq, q, left, right, scratch, like):
    """Fill the stencils (variable, row, face, cell) that a policy reads, mirrored for the right."""
    views, width, most = _carve(scratch, like), left.shape[3], LANES - 2
    for row in range(q.shape[1]):
        for first in range(0, left.shape[2], most):
            n = min(most, left.shape[2] - first)
            around = _padded(eq, q, row, first, n, views, like)
            if FRAMED:
                _frames(eq, around, views[2], n, like)
                _project(eq, around, views[2], views[8], n, like)
            for v in range(len(like)):
                at = _policy_rows(around, views[8], v, like)
                for i in range(n):
                    for j, value in enumerate(entries(at, i)):
                        left[v, row, first + i, j] = value
                        right[v, row, first + i, width - 1 - j] = value


@compiled
def states_from_values(eq, q, left, right, ql, qr, scratch, like):
    """Fill face states from face values that a policy chose."""
    views, (_, rows, size), most = _carve(scratch, like), left.shape, LANES - 2
    for row in range(q.shape[1]):
        for first in range(0, ql.shape[2], most):
            n = min(most, ql.shape[2] - first)
            around = _padded(eq, q, row, first, n, views, like)
            if FRAMED:
                _frames(eq, around, views[2], n, like)
            place = row * size + first
            _copy(row_at(left, place), rows * size, views[3], WIDE, n, like)
            _copy(row_at(right, place), rows * size, views[4], WIDE, n, like)
            if COMPOUND:
                _safeguard(eq, around, views[3], views[4], row_at(views[9], 0), n, like)
            _give_states(eq, views, ql, qr, row, first, n, like)


@compiled
def fluxes(eq, ql, qr, f, like):
    """Fill the numerical fluxes (variable, face) between states."""
    n = ql.shape[1]
    _fluxes(eq, row_at(ql, 0), row_at(qr, 0), row_at(f, 0), n, n, like)


@compiled
def limit(eq, q, f, speeds, scratch, like):
    """Limit fluxes of padded cells in place; return how many they were."""
    views, (_, rows, size), most = _carve(scratch, like), f.shape, LANES - 2
    count, entry, flux = 0, rows // len(speeds), views[5]
    for row in range(rows):
        for first in range(0, size, most):
            n = min(most, size - first)
            _padded(eq, q, row, first, n, views, like)
            at, flags, to = (
                _around(views[0], 0, 1, like),
                row_at(views[9], 0),
                row_at(f, row * size),
            )
            below, above, to = at[RADIUS - 1], at[RADIUS], row_at(to, first)
            _copy(to, rows * size, flux, WIDE, n, like)
            count += _limit(eq, below, above, flux, n, n, speeds[row // entry], flags, like)
            _copy(flux, WIDE, to, rows * size, n, like)
    return count


@compiled
def max_speed(eq, q, like):
    """Largest wave speed along the axis of states (variable, cell)."""
    top, cells = 0.0, rows_of(q, 0, q.shape[1], like)
    for i in range(q.shape[1]):
        top = maximum(top, eq.max_speed(entries(cells, i), AXIS))
    return top
