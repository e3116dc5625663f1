"""The two states of a face, from the cells around it, in the variables chosen.

Split in two so that whatever turns cells into face values can stand between: a compiled
reconstruction, one call of a neural network for a whole sweep, or one torch expression.
"""

from __future__ import annotations

from learnedflux.ops import pointwise, select, tmap_with

__all__ = ["from_fields", "to_fields"]


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
