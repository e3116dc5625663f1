"""The short loops over rows of faces of which the compiled kernels are made.

Each works on buffers (slot, variable, lane), and is inlined where it is called, so that what is
constant there (axis, layout, the pieces of the scheme) is constant here too. ``layout`` is the
stencil's radius and the lanes between neighbours along the axis: one where it is contiguous in
memory, none where neighbours are slots of a ring.
"""

from __future__ import annotations

from learnedflux.backends.rows import entries, load, rows_of, store
from learnedflux.ops import add, pointwise
from learnedflux.positivity import limit_flux, violates
from learnedflux.reconstruction.interface import face_speeds, from_fields

__all__ = [
    "fetch", "fetch_along", "fluxes", "gain", "inner", "limit", "prepare", "project", "seen",
    "speeds", "states",
]  # fmt: skip


# --- from the state into buffers (slot, variable, lane) ------------------------------------------


@pointwise
def fetch(q, lower, upper, a, k, b, n, cells, slot, radius, like):
    """Copy ``n`` lanes of the cells at ``k`` along the axis, or of the ghost cells there."""
    size = q.shape[2]
    for v in range(len(like)):
        if k < 0:
            source = lower[v, a, k + radius, b : b + n]
        elif k < size:
            source = q[v, a, k, b : b + n]
        else:
            source = upper[v, a, k - size, b : b + n]
        to = cells[slot, v, :n]
        for i in range(n):
            to[i] = source[i]


@pointwise
def fetch_along(q, lower, upper, a, first, n, cells, radius, like):
    """Copy ``n`` cells from ``first`` on along a contiguous axis, ghost cells where outside."""
    size = q.shape[3]
    begin, end = max(first, 0), min(first + n, size)
    for v in range(len(like)):
        to = cells[0, v, :n]
        for k in range(first, begin):
            to[k - first] = lower[v, a, 0, k + radius]
        source, place = q[v, a, 0, begin:end], to[begin - first : end - first]
        for i in range(end - begin):
            place[i] = source[i]
        for k in range(end, first + n):
            to[k - first] = upper[v, a, 0, k - size]


@pointwise
def prepare(eq, cells, w, slot, n, function, like):
    """Compute once per cell what all faces around it need."""
    q_at, w_at = (rows_of(cells[slot], 0, n, like),), rows_of(w[slot], 0, n, like)
    for i in range(n):
        (cell,) = load(q_at, i)
        store(w_at, i, function(eq, cell))


@pointwise
def cells_at(buffer, slot, start, j, n, step, like):
    """Rows of the cells ``j`` further along the axis than the first of the stencils."""
    s = start + j * step
    return rows_of(buffer[(slot + j * (1 - step)) % buffer.shape[0]], s, n, like)


# --- the passes of one row of faces --------------------------------------------------------------


@pointwise
def project(
    eq, w, slot, start, n, frames, fields, layout, axis, frame_of, into, framed, frame_like, like
):
    """Fill the frames of all faces, and the fields of the 2r cells around each in its frame."""
    radius, step = layout
    two = (
        cells_at(w, slot, start, radius - 1, n, step, like),
        cells_at(w, slot, start, radius, n, step, like),
    )
    frame_at = rows_of(frames, 0, n, frame_like)
    for i in range(n):
        a, b = load(two, i)
        store(frame_at, i, frame_of(eq, a, b, axis))
    if framed:
        for j in range(2 * radius):
            given = (frame_at, cells_at(w, slot, start, j, n, step, like))
            out = rows_of(fields[j], 0, n, like)
            for i in range(n):
                frame, cell = entries(given[0], i), entries(given[1], i)
                store(out, i, into(eq, frame, cell, axis))


@pointwise
def speeds(eq, w, slot, start, n, fast, layout, axis, frame_of, like):
    """Fill the characteristic speeds (side, field, lane) in the two cells beside each face."""
    radius, step = layout
    two = (
        cells_at(w, slot, start, radius - 1, n, step, like),
        cells_at(w, slot, start, radius, n, step, like),
    )
    below, above = rows_of(fast[0], 0, n, like), rows_of(fast[1], 0, n, like)
    for i in range(n):
        a, b = load(two, i)
        left, right = face_speeds(eq, a, b, axis, frame_of)
        store(below, i, left)
        store(above, i, right)


@pointwise
def states(eq, cells, slot, start, n, frames, left, right, layout, axis, out, frame_like, like):
    """Turn face values into conserved states in place."""
    radius, step = layout
    frame_at = rows_of(frames, 0, n, frame_like)
    cell_at = cells_at(cells, slot, start, radius - 1, n, step, like)
    at = rows_of(left, 0, n, like)
    for i in range(n):
        frame, cell, values = entries(frame_at, i), entries(cell_at, i), entries(at, i)
        store(at, i, from_fields(eq, frame, values, cell, axis, out))
    cell_at = cells_at(cells, slot, start, radius, n, step, like)
    at = rows_of(right, 0, n, like)
    for i in range(n):
        frame, cell, values = entries(frame_at, i), entries(cell_at, i), entries(at, i)
        store(at, i, from_fields(eq, frame, values, cell, axis, out))


@pointwise
def fluxes(eq, left, right, n, f, axis, riemann, balanced, like):
    """Fill the numerical fluxes."""
    states, f_at = (rows_of(left, 0, n, like), rows_of(right, 0, n, like)), rows_of(f, 0, n, like)
    for i in range(n):
        a, b = load(states, i)
        if balanced:
            a, b = eq.balance(a, b, axis)
        store(f_at, i, riemann(eq, a, b, axis))


@pointwise
def limit(eq, cells, slot, start, n, counted, f, speed, flags, layout, axis, like):
    """Limit the fluxes that would cost positivity in place; return how many of the first were."""
    radius, step = layout
    two = (
        cells_at(cells, slot, start, radius - 1, n, step, like),
        cells_at(cells, slot, start, radius, n, step, like),
    )
    f_at, count = rows_of(f, 0, n, like), 0
    for i in range(n):
        a, b = load(two, i)
        flags[i] = 1.0 if violates(eq, a, b, entries(f_at, i), speed) else 0.0
    for i in range(n):
        if flags[i] > 0.0:
            a, b = load(two, i)
            store(f_at, i, limit_flux(eq, a, b, entries(f_at, i), axis, speed))
            count += i < counted
    return count


@pointwise
def seen(eq, left, right, n, f, f_left, f_right, axis, like):
    """Fluxes as the cells on the two sides see them (balance laws with a static field)."""
    states, f_at = (rows_of(left, 0, n, like), rows_of(right, 0, n, like)), rows_of(f, 0, n, like)
    l_at, r_at = rows_of(f_left, 0, n, like), rows_of(f_right, 0, n, like)
    for i in range(n):
        a, b = load(states, i)
        star_a, star_b = eq.balance(a, b, axis)
        jump_a, jump_b, flux = eq.jump(a, star_a, axis), eq.jump(b, star_b, axis), entries(f_at, i)
        store(l_at, i, add(flux, jump_a))
        store(r_at, i, add(flux, jump_b))


@pointwise
def gain(f_lower, f_upper, rate, v, a, k, b, n, scale):
    """Add to ``n`` cells what they gain through their lower and upper faces."""
    to = rate[v, a, k, b : b + n]
    for i in range(n):
        to[i] += (f_lower[i] - f_upper[i]) * scale


@pointwise
def gain_balanced(f_lower, f_upper, within, rate, v, a, k, b, n, scale):
    """As :func:`gain`, with an inner term; so summed, mirrored data give mirrored results."""
    to = rate[v, a, k, b : b + n]
    for i in range(n):
        to[i] += ((f_lower[i] - f_upper[i]) + within[i]) * scale


@pointwise
def inner(eq, cells, slot, start, lower, upper, n, out, axis, step, like):
    """Fill the inner terms of balance laws."""
    states = (
        rows_of(lower, 0, n, like),
        rows_of(upper, 0, n, like),
        cells_at(cells, slot, start, 0, n, step, like),
    )
    out_at = rows_of(out, 0, n, like)
    for i in range(n):
        a, b, cell = load(states, i)
        store(out_at, i, eq.inner(a, b, cell, axis))
