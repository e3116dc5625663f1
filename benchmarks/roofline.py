"""What a core can do at best: memory bandwidth and rate of arithmetic, and the work of a step.

Bandwidth is that of a triad ``a = b + s c`` on arrays far beyond the cache, 24 bytes per element
(what the processor reads besides, to own the line it writes, is not counted). The rate is that of
multiplications and additions in equal number on independent lanes, without contraction of the two
into one instruction, which the library forbids itself.

The work of a step is counted in the source of the hand-written kernels, which share what can be
shared. An addition, multiplication, division, square root, comparison or selection is one flop;
signs and absolute values are none. The peak is out of reach, then: a division takes as long as
eight multiplications. Bytes are the least a step moves on a grid far beyond the cache, where each
stage is one pass over memory: the first reads a state and writes one, the other two read two and
write one.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import time
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from benchmarks import handwritten

__all__ = ["Machine", "bytes_per_step", "flops_per_step", "measure"]

BYTES = 8 * (2 + 3 + 3)  # per variable and cell
FLOPS = 2 * 4 * 8  # per element and pass of _multiply_add


@njit(error_model="numpy")
def _triad(a, b, c, s):
    for i in range(a.size):
        a[i] = b[i] + s * c[i]


@njit(error_model="numpy")
def _multiply_add(x, y, z, w, s, t, passes):
    for _ in range(passes):
        for i in range(x.size):
            a, b, c, d = x[i], y[i], z[i], w[i]
            a, b, c, d = a * s + t, b * s + t, c * s + t, d * s + t
            a, b, c, d = a * s + t, b * s + t, c * s + t, d * s + t
            a, b, c, d = a * s + t, b * s + t, c * s + t, d * s + t
            a, b, c, d = a * s + t, b * s + t, c * s + t, d * s + t
            a, b, c, d = a * s + t, b * s + t, c * s + t, d * s + t
            a, b, c, d = a * s + t, b * s + t, c * s + t, d * s + t
            a, b, c, d = a * s + t, b * s + t, c * s + t, d * s + t
            x[i], y[i], z[i], w[i] = a * s + t, b * s + t, c * s + t, d * s + t


class Machine(NamedTuple):
    """What one core was found to do at best."""

    bandwidth: float  # bytes per second
    rate: float  # flops per second
    vector: str  # widest registers in the arithmetic

    def seconds(self, flops: float, moved: float) -> float:
        """Least time for so many flops and bytes."""
        return max(flops / self.rate, moved / self.bandwidth)


def _fastest(function: Any, *arguments: Any, repeats: int = 9) -> float:
    function(*arguments)
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        function(*arguments)
        seconds.append(time.process_time() - started)
    return min(seconds)


def measure(megabytes: int = 128) -> Machine:
    """Measure the core this runs on; bandwidth on three arrays of so many megabytes."""
    n = megabytes * 2**20 // 8
    bandwidth = 24 * n / _fastest(_triad, np.ones(n), np.ones(n), np.ones(n), 0.5)
    x, passes = np.ones((4, 512)), 4000
    rate = FLOPS * passes * 512 / _fastest(_multiply_add, *x, 0.999, 0.001, passes)
    code = "".join(_multiply_add.inspect_asm().values())
    widths = {"zmm": "512 bit", "ymm": "256 bit", "xmm": "128 bit"}
    found = (w for r, w in widths.items() if re.search(rf"v?mulpd\b.*%{r}", code))
    return Machine(bandwidth, rate, next(found, "unknown width"))


# --- counting -------------------------------------------------------------------------------------


def _operations(node: ast.AST) -> int:
    """Flops of a piece of source; calls of other kernels with theirs."""
    if isinstance(node, ast.Subscript):
        return 0  # arithmetic on indices
    own, parts = 0, list(ast.iter_child_nodes(node))
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitAnd):
        folded = isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant)
        own = 0 if folded else 1
    elif isinstance(node, ast.Compare):
        own = 1
    elif isinstance(node, ast.IfExp):
        own = len(node.body.elts) if isinstance(node.body, ast.Tuple) else 1
    elif isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        own = 1 if name == "math.sqrt" else 0 if name == "abs" else _body(name)
    return own + sum(map(_operations, parts))


def _body(name: str) -> int:
    """Flops of one pass of a kernel's loop, or of all of a kernel without loop."""
    source = textwrap.dedent(inspect.getsource(getattr(handwritten, name).py_func))
    loops = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.For)]
    return sum(map(_operations, loops[0].body if loops else ast.parse(source).body))


def flops_per_step(reconstruction: str, variables: str) -> int:
    """Flops per cell of one step of the yardstick (two dimensions, SSPRK3)."""
    if variables == "characteristic":
        face = sum(map(_body, ("_weno", "_frame", "_acoustic", "_entropy")))
    else:
        face = 4 * _body({"weno5-z": "_weno", "muscl": "_muscl"}[reconstruction])
    face += 2 * _body("_fine") + _body("_hllc")
    stages = 3 * (_body("_primitive") + 2 * face)
    return stages + 4 * (_body("_first") + 2 * _body("_combine")) + _body("_speeds")


def bytes_per_step() -> int:
    """Bytes per cell of one step of SSPRK3 for the four variables of the yardstick."""
    return 4 * BYTES
