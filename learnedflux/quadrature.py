"""Adaptive Gauss quadrature over many boxes at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import legendre

__all__ = ["Quadrature", "exact_mean"]

TOLERANCE = (1e-14, 1e-12, 1e-10)  # of the local size of a variable, on its average; the same
DEPTH = 48  # bisections after which a jump is located to round-off
GROWTH = (8, 8, 3)  # boxes cut at once, per cell that a jump crosses, by dimension
SPARE = 1 << 8  # and so many more, that coarse grids do as well as fine ones
NEGLIGIBLE = 1e-3  # of the largest value anywhere: smaller ones need no relative accuracy
CHUNK = 1 << 17  # points evaluated at once: what fits into a cache

Evaluate = Callable[[np.ndarray], np.ndarray]


def _lobatto(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Lobatto nodes and weights, the end nodes a hair inside.

    A jump at an edge belongs to no cell, and functions singular at an edge stay usable.
    """
    last = np.zeros(points)
    last[-1] = 1.0
    inner = legendre.legroots(legendre.legder(last))
    nodes = np.concatenate([[-1.0], np.sort(inner.real), [1.0]])
    nodes = 0.5 * (nodes - nodes[::-1])
    weights = 2.0 / (points * (points - 1) * legendre.legval(nodes, last) ** 2)
    nodes[0], nodes[-1] = -1.0 + 1e-14, 1.0 - 1e-14
    return nodes, weights


def _product(along: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (axis, node) and weights of a product of rules; symmetric in the axes bit for bit."""
    nodes = np.array(list(itertools.product(*(nodes for nodes, _ in along)))).T
    weights = list(itertools.product(*(0.5 * weights for _, weights in along)))
    return nodes, np.prod(np.sort(weights, axis=1), axis=1)


def exact_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean over the axis before the last, the same to the last bit in any order.

    Terms are rounded to multiples of one power of two, small against their spread, so that their
    sum is exact. Hence constants come out unchanged and symmetric data give symmetric bits.
    """
    lowest, highest = values.min(axis=-2), values.max(axis=-2)
    middle = 0.5 * lowest + 0.5 * highest
    rounder = np.ldexp(1.5, np.frexp(highest - lowest)[1])[..., None, :]
    terms = (values - middle[..., None, :]) * weights[:, None]
    terms += rounder
    terms -= rounder
    return np.asarray(middle + terms.sum(axis=-2))


class Quadrature:
    """Means of a function over boxes, which it cuts where two rules disagree.

    Parameters
    ----------
    evaluate : callable
        From points (axis, point) to values (variable, point).
    points : int
        Gauss points along each axis.
    dimension : int
        Number of axes.
    """

    def __init__(self, evaluate: Evaluate, points: int, dimension: int) -> None:
        self.evaluate, self.dimension = evaluate, dimension
        self.largest: Any = None  # size anywhere, per variable
        gauss, lobatto = legendre.leggauss(points), _lobatto(points + 1)
        axes = range(dimension)
        self.gauss = _product([gauss] * dimension)
        # Rules to compare with have Lobatto nodes along one axis, which tells where to cut, and, so
        # that jumps across a corner are seen as well, along all.
        special = [(axis,) for axis in axes] + ([tuple(axes)] if dimension > 1 else [])
        self.others = [
            _product([lobatto if a in some else gauss for a in axes]) for some in special
        ]
        # Values at the ends of the polynomial through the values at Gauss points.
        self.ends = legendre.legvander(np.array([-1.0, 1.0]), points - 1) @ np.linalg.inv(
            legendre.legvander(gauss[0], points - 1)
        )
        self.corners = np.array(list(itertools.product(lobatto[0][[0, -1]], repeat=dimension))).T

    def average(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Means over boxes (variable, box)."""
        return self._average(lower, upper, None, 0, lower.shape[1])

    def _values(self, nodes: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Values (variable, node, box)."""
        center, half = 0.5 * (lower + upper), 0.5 * (upper - lower)
        places = center[:, None, :] + half[:, None, :] * nodes[:, :, None]
        values = self.evaluate(places.reshape(self.dimension, -1))
        return values.reshape(len(values), *places.shape[1:])

    def _chunks(self, lower: np.ndarray, upper: np.ndarray, nodes: int) -> Any:
        step = max(1, CHUNK // nodes)
        for first in range(0, lower.shape[1], step):
            yield lower[:, first : first + step], upper[:, first : first + step]

    def _screen(self, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, ...]:
        """Means, how far the corners are from what is expected there, and the largest size."""
        nodes, weights = self.gauss
        count = len(weights)
        both = np.concatenate([nodes, self.corners], axis=1)
        pieces = []
        for low, high in self._chunks(lower, upper, both.shape[1]):
            values = self._values(both, low, high)
            inner, outer = values[:, :count], values[:, count:]
            surprise = np.abs(outer - self._extrapolated(inner)).max(axis=-2)
            pieces.append((exact_mean(inner, weights), surprise, np.abs(values).max(axis=-2)))
        return tuple(np.concatenate(part, axis=-1) for part in zip(*pieces, strict=True))

    def _extrapolated(self, values: np.ndarray) -> np.ndarray:
        """Values at the corners of the polynomial through those at Gauss points."""
        count, _, boxes = values.shape
        points = self.ends.shape[1]
        values = values.reshape(count, *(points,) * self.dimension, boxes)
        for _ in range(self.dimension):  # one axis after the other; no BLAS for such small sums
            sides = [sum(end[k] * values[:, k] for k in range(points)) for end in self.ends]
            values = np.stack(sides, axis=-2)
        return values.reshape(count, -1, boxes)

    def _sample(self, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, ...]:
        """Means, disagreement (rule, variable, box), and the largest size."""
        rules = [self.gauss, *self.others]
        nodes = np.concatenate([nodes for nodes, _ in rules], axis=1)
        ends = np.cumsum([len(weights) for _, weights in rules])[:-1]
        pieces = []
        for low, high in self._chunks(lower, upper, nodes.shape[1]):
            values = self._values(nodes, low, high)
            blocks = np.split(values, ends, axis=-2)
            mean, *rest = (exact_mean(v, w) for v, (_, w) in zip(blocks, rules, strict=True))
            error = np.stack([np.abs(other - mean) for other in rest])
            pieces.append((mean, error, np.abs(values).max(axis=-2)))
        return tuple(np.concatenate(part, axis=-1) for part in zip(*pieces, strict=True))

    def _average(
        self,
        lower: np.ndarray,
        upper: np.ndarray,
        scale: np.ndarray | None,
        depth: int,
        limit: int,
    ) -> np.ndarray:
        """Means over boxes; those where the rules disagree are cut, unless more than ``limit``.

        The limit stops noise and jumps of many cells, by their number: mirrored boxes must share
        their fate.
        """
        dimension = self.dimension
        allowed = TOLERANCE[dimension - 1] * 2.0**depth
        doubtful = np.arange(lower.shape[1])
        if dimension > 1:
            mean, surprise, size = self._screen(lower, upper)
            scale = _scale(size) if scale is None else scale
            self.largest = scale.max(axis=-1, keepdims=True) if depth == 0 else self.largest
            # The rule's error is about the square of what its polynomial misses at the corners, so
            # this is an error of a hundredth of what is allowed.
            doubtful = np.flatnonzero((surprise**2 > allowed * scale * self.largest).any(axis=0))
            if doubtful.size:
                _, error, _ = self._sample(lower[:, doubtful], upper[:, doubtful])
        else:
            mean, error, size = self._sample(lower, upper)
            scale = _scale(size) if scale is None else scale
        if not doubtful.size:
            return mean
        relative = (error / scale[:, doubtful]).max(axis=1)  # (rule, box)
        worse = relative.max(axis=0) > allowed
        split, along = doubtful[worse], relative[:dimension, worse]
        if depth == 0:
            limit = min(GROWTH[dimension - 1] * split.size, lower.shape[1]) + SPARE
        if depth == DEPTH or not split.size or split.size > limit:
            return mean
        # Cut across every axis along which the rules disagree much; if only corners tell, all.
        most = along.max(axis=0)
        cut = np.where(most > 0.1 * allowed, along > 0.1 * most, True)
        masks = (1 << np.arange(dimension)) @ cut
        groups = [(split[masks == mask], mask) for mask in np.unique(masks)]
        children = [_children(lower[:, b], upper[:, b], mask) for b, mask in groups]
        lows, highs = (np.concatenate(c, axis=-1) for c in zip(*children, strict=True))
        boxes = np.concatenate(
            [np.tile(b, 1 << int(mask).bit_count()) for b, mask in groups]
        )  # the box each child is part of
        means = self._average(lows, highs, scale[:, boxes], depth + 1, limit)
        first = 0
        for b, mask in groups:
            parts = 1 << int(mask).bit_count()
            block = means[:, first : first + parts * b.size].reshape(len(means), parts, b.size)
            mean[:, b] = exact_mean(block, np.full(parts, 1.0 / parts))
            first += parts * b.size
        return mean


def _scale(size: np.ndarray) -> np.ndarray:
    """What errors are relative to, per variable and box."""
    least = NEGLIGIBLE * size.max(axis=-1, keepdims=True)
    return np.asarray(np.maximum(size, least) + 1e-300)


def _children(lower: np.ndarray, upper: np.ndarray, mask: int) -> tuple[np.ndarray, np.ndarray]:
    """Halves, quarters or eighths of boxes, cut across the axes in ``mask``; part by part."""
    middle = 0.5 * (lower + upper)
    axes = [axis for axis in range(len(lower)) if mask >> axis & 1]
    lows, highs = [], []
    for sides in itertools.product((0, 1), repeat=len(axes)):
        low, high = lower.copy(), upper.copy()
        for axis, side in zip(axes, sides, strict=True):
            (low if side else high)[axis] = middle[axis]
        lows.append(low)
        highs.append(high)
    return np.concatenate(lows, axis=-1), np.concatenate(highs, axis=-1)
