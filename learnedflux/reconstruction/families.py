"""The families of learned reconstructions that every backend can run: all but their networks.

A family is five pointwise functions: whether a face must be looked at, for its left or its right
value (``awake``), the left value where not (``plain``), what the network sees there, and gates
(``look``), whether its answers make a difference (``heard``), and what they lead to (``decide``).
They take the differences of the cells around the face, from upwind to downwind, the upwind cell
(``awake`` both cells beside the face), characteristic speeds if the family uses any, and its
settings; ``eps`` is the spacing of floating-point numbers at one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from learnedflux.reconstruction import bounded, steered
from learnedflux.reconstruction.stencil import differences

__all__ = ["UPWIND", "Family", "families"]

UPWIND = 2  # the upwind cell, of those around a face


def _alike(settings: tuple[float, ...], cfl: float) -> tuple[float, ...]:
    """Return the settings, which are the same for steps of every size."""
    return settings


@dataclass(frozen=True)
class Family:
    """A family of policies.

    Parameters
    ----------
    name : str
        As policy files call it.
    cells : int
        Cells it takes, of the six around a face.
    speeds : int
        Characteristic speeds that it takes besides.
    inputs, gates, answers : int
        How many numbers the network sees, ``look`` returns besides, and the network answers.
    settings : tuple of str
        Names of its settings, in their order.
    awake, plain, look, heard, decide : callable
        Pointwise functions ``awake(d, below, above, settings, eps)``,
        ``plain(d, c, settings, eps)``, ``look(d, c, speeds, settings, eps)``,
        ``heard(speeds, gates)`` and ``decide(d, c, speeds, gates, answers, settings)``.
    for_steps : callable, optional
        ``for_steps(settings, cfl)``: the settings for steps of that size where the equation carries
        something along; default: the same for all.
    """

    name: str
    cells: int
    speeds: int
    inputs: int
    gates: int
    answers: int
    settings: tuple[str, ...]
    awake: Callable[..., Any]
    plain: Callable[..., Any]
    look: Callable[..., Any]
    heard: Callable[..., Any]
    decide: Callable[..., Any]
    for_steps: Callable[[tuple[float, ...], float], tuple[float, ...]] = _alike

    def evaluate(
        self, cells: Any, speeds: Any, settings: tuple[float, ...], eps: float, ask: Any
    ) -> Any:
        """Return the face values of arrays or tensors; ``ask`` is the network, of a tuple."""
        d, c = differences(*cells), cells[UPWIND]
        seen, gates = self.look(d, c, speeds, settings, eps)
        return self.decide(d, c, speeds, gates, ask(seen), settings)


families: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            bounded.FAMILY,
            bounded.CELLS,
            0,
            bounded.INPUTS,
            1,
            bounded.INPUTS,
            bounded.SETTINGS,
            bounded.awake,
            bounded.plain,
            bounded.look,
            bounded.heard,
            bounded.decide,
        ),
        Family(
            steered.FAMILY,
            steered.CELLS,
            steered.SPEEDS,
            steered.INPUTS,
            3,
            steered.ANSWERS,
            steered.SETTINGS,
            steered.awake,
            steered.plain,
            steered.look,
            steered.heard,
            steered.decide,
            steered.for_steps,
        ),
    )
}
