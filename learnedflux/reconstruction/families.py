"""The families of learned reconstructions that every backend can run: all but their networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from learnedflux.reconstruction import bounded, steered
from learnedflux.reconstruction.stencil import differences

__all__ = ["Family", "families"]

Ask = Callable[[tuple[Any, ...]], Any]


@dataclass(frozen=True)
class Family:
    """What the networks of a family see and answer, and how that becomes a face value.

    Parameters
    ----------
    name : str
        As policy files call it.
    cells : int
        Cells that ``evaluate`` takes, of the six around a face.
    inputs, answers : int
        Width of a network's first and last layer.
    speeds : int
        Characteristic speeds that it takes besides.
    settings : tuple of str
        Names of its numbers.
    evaluate : callable
        ``evaluate(cells, speeds, settings, eps, ask)`` gives the left-biased face value of arrays
        or tensors; ``ask`` is the network, ``eps`` the spacing of numbers at one.
    """

    name: str
    cells: int
    inputs: int
    answers: int
    speeds: int
    settings: tuple[str, ...]
    evaluate: Callable[[tuple[Any, ...], Any, Mapping[str, float], float, Ask], Any]


def _bounded(cells: Any, speeds: Any, k: Mapping[str, float], eps: float, ask: Ask) -> Any:
    d, c = differences(*cells), cells[2]
    seen, sensor = bounded.features(d, c, k["threshold"], k["softness"], eps)
    return bounded.face_value(c, d, sensor, ask(seen), k["alpha"])


def _steered(cells: Any, speeds: Any, k: Mapping[str, float], eps: float, ask: Ask) -> Any:
    d, c = steered.differences6(*cells), cells[2]
    seen, sensor, monotone = steered.features(d, c, speeds, k["threshold"], k["softness"], eps)
    return steered.face_value(
        c, d, speeds, sensor, monotone, ask(seen), k["theta"], k["alpha"], k["loose"]
    )


families: dict[str, Family] = {
    bounded.FAMILY: Family(
        bounded.FAMILY,
        bounded.CELLS,
        bounded.INPUTS,
        bounded.INPUTS,
        0,
        ("threshold", "softness", "alpha"),
        _bounded,
    ),
    steered.FAMILY: Family(
        steered.FAMILY,
        steered.CELLS,
        steered.INPUTS,
        steered.ANSWERS,
        steered.SPEEDS,
        ("threshold", "softness", "theta", "alpha", "loose"),
        _steered,
    ),
}
