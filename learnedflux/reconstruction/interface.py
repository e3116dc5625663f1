"""The two states of a face, from the cells around it, in the variables chosen.

Split in two so that whatever turns cells into face values can stand between: a compiled
reconstruction, one call of a neural network for a whole sweep, or one torch expression.
"""

from __future__ import annotations

from learnedflux.ops import absolute, least, maximum, pointwise, scale, select, tmap, tmap_with

__all__ = ["face_speeds", "from_fields", "to_fields"]

STILL = 1e-30  # speeds below count as none


@pointwise
def to_fields(eq, cells, axis, frame, into):
    """Return the frame of a face and its 2r prepared cells in the variables to reconstruct."""
    r = len(cells) // 2
    face = frame(eq, cells[r - 1], cells[r], axis)
    return face, tmap_with(into, eq, face, cells, axis)


@pointwise
def from_fields(eq, face, values, cell, axis, out):
    """Return the primitive face state, or the cell's own where that would be next to nothing."""
    w = out(eq, face, values, axis)
    return select(eq.represents(w, cell), w, cell)


@pointwise
def _minus_size(x):
    return -absolute(x)


@pointwise
def _fastest(speeds):
    return -least(tmap(_minus_size, speeds))


@pointwise
def face_speeds(eq, a, b, axis, frame):
    """Characteristic speeds in the two prepared cells beside a face, over the fastest of all."""
    left = eq.eigenvalues(frame(eq, a, a, axis), axis)
    right = eq.eigenvalues(frame(eq, b, b, axis), axis)
    inverse = 1.0 / maximum(maximum(_fastest(left), _fastest(right)), STILL)
    return scale(inverse, left), scale(inverse, right)
