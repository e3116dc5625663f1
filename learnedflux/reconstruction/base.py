"""What a reconstruction is, and the registry of those there are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from learnedflux.errors import InputError
from learnedflux.ops import Scalar, pointwise, reverse
from learnedflux.registry import Registry

__all__ = ["Reconstruction", "reconstructions", "register"]


@dataclass(frozen=True)
class Reconstruction:
    """A rule that gives the left-biased value at face i+1/2 from the cells around it.

    Parameters
    ----------
    name : str
        Name in the registry.
    function : callable
        Pointwise function of ``cells`` scalars, the cell averages from left to right with the
        upwind cell i in the middle. The right state comes from the same function on the mirrored
        cells, which makes mirror symmetry exact.
    cells : int
        Number of cells the function takes; odd.
    order : int
        Formal order in smooth flow.
    judgement : str
        One plain sentence: what it is good for and what not.
    reference : str
        Publication.
    both : callable, optional
        Pointwise function of the same cells that returns ``function`` of them and of their mirror
        image, to the last bit, at less than twice the work.
    speeds : bool
        Whether the function takes all 2r cells around a face and a seventh argument, the speeds of
        :mod:`~learnedflux.reconstruction.steered`: a policy in training, on the torch backend only.
    """

    name: str
    function: Callable[..., Scalar]
    cells: int
    order: int
    judgement: str = ""
    reference: str = ""
    both: Callable[..., tuple[Scalar, Scalar]] | None = None
    speeds: bool = False

    @property
    def pair(self) -> Callable[..., tuple[Scalar, Scalar]]:
        """Pointwise function of the cells: the values of the middle one at both of its faces."""
        return self.both or _twice(self.function)

    @property
    def radius(self) -> int:
        """Cells needed on each side of a face, which is also the ghost width."""
        return (self.cells + 1) // 2


@functools.cache
def _twice(function: Callable[..., Scalar]) -> Callable[..., tuple[Scalar, Scalar]]:
    @pointwise
    def pair(*cells):
        return function(*cells), function(*reverse(cells))

    return pair


reconstructions: Registry[Reconstruction] = Registry("scheme")


def register(
    name: str,
    *,
    cells: int,
    order: int,
    judgement: str = "",
    reference: str = "",
    aliases: tuple[str, ...] = (),
    both: Callable[..., tuple[Scalar, Scalar]] | None = None,
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Decorator that adds a pointwise reconstruction function to the registry.

    Parameters
    ----------
    name : str
        Name by which ``solve(..., scheme=name)`` finds it.
    cells : int
        Number of cells the function takes; odd, upwind cell in the middle.
    order : int
        Formal order in smooth flow.
    judgement, reference : str
        Shown by ``lf.schemes()``.
    aliases : tuple of str
        Further names.
    both : callable, optional
        The value at both faces of the middle cell, where that is cheaper than twice the function;
        see :class:`Reconstruction`.

    Examples
    --------
    >>> import learnedflux as lf
    >>> @lf.reconstruction.register("fromm", cells=3, order=2)
    ... def fromm(b, c, d):
    ...     return c + 0.25 * (d - b)
    >>> lf.reconstruction.reconstructions.remove("fromm")
    """
    if cells < 1 or cells % 2 == 0:
        raise InputError(f"a reconstruction takes an odd number of cells; got {cells}.")
    if "learned" in (name, *aliases):
        raise InputError("the name 'learned' means the shipped policies; choose another.")

    def make(function: Callable[..., object]) -> Reconstruction:
        pointwise(function)
        if both is not None:
            pointwise(both)
        return Reconstruction(name, function, cells, order, judgement, reference, both)

    return reconstructions.register(name, make, aliases)
