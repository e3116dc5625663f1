"""Parts of kernels are compiled with the kernel, by what Numba keeps to itself; or without that."""

import subprocess
import sys

from numba import njit
from numba.core.compiler import Compiler

from learnedflux.parts import PartCompiler, part

WITHOUT = """
import sys
import numba
import numba.core.codegen, numba.core.dispatcher  # have what they need of it
del numba._dynfunc
sys.modules["numba._dynfunc"] = None

import numpy as np
from learnedflux.ops import pointwise
from learnedflux.parts import PartCompiler, part

assert PartCompiler is numba.core.compiler.Compiler

@pointwise
def double(x):
    return 2.0 * x

@part
def all_doubled(x):
    for i in range(x.size):
        x[i] = double(x[i])

@numba.njit
def kernel(x):
    all_doubled(x)

x = np.arange(3.0)
kernel(x)
assert x.tolist() == [0.0, 2.0, 4.0]
"""


def test_the_installed_numba_has_what_it_takes():
    assert PartCompiler is not Compiler

    @part
    def double(x):
        return 2.0 * x

    @njit
    def kernel(x):
        return double(x)

    assert kernel(2.0) == 4.0
    (compiled,) = double.overloads.values()
    assert type(compiled.library).__name__ == "_Part"


def test_without_it_parts_are_compiled_the_long_way():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "twice as long" in done.stderr
