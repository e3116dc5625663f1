"""How functions that only ever become part of a kernel are compiled: with it, once.

Numba takes every function it compiles for one that may be called: it optimises it, makes machine
code of it, links it into each function that calls it and optimises that again, all it contains
included. What lies four calls deep in a kernel is optimised five times. A part is only typed and
put into LLVM's language; optimiser and code generator see it in the kernel alone. The kernel comes
out the same, in half the time.

Numba has no option for this. What is replaced below are the last steps of its compilation. Should a
later version not ask for one of them, or lack one of the names they are made of, parts are compiled
the long way again.
"""

from __future__ import annotations

import logging
from typing import Any

import numba
from numba import njit
from numba.core.compiler import Compiler

__all__ = ["PartCompiler", "part"]


def _short_way() -> type[Compiler]:
    """Return the compiler of parts, made of what Numba keeps to itself."""
    from numba import _dynfunc
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler_machinery import register_pass
    from numba.core.typed_passes import NativeLowering

    class _Part(JITCodeLibrary):
        """Code to be linked into other code, never to be run by itself."""

        def _optimize_final_module(self) -> None:
            """Leave that to the kernel."""

        def _finalize_final_module(self) -> None:
            """End as it is, without machine code."""
            self._finalize_dynamic_globals()
            self._finalized = True

    @register_pass(mutates_CFG=True, analysis_only=False)
    class _Lowering(NativeLowering):
        _name = "learnedflux_part_lowering"

        def run_pass(self, state: Any) -> bool:
            state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
            state.flags.no_compile = True
            super().run_pass(state)
            made = state.cr
            # Callers know a function by an object of this kind, as empty as that of any function
            # that Python cannot call.
            where, name = made.fndesc.lookup_module(), made.fndesc.qualname
            known = _dynfunc.make_function(where, name, "", 0, made.env, (state.library,))
            state.targetctx.insert_user_function(known, made.fndesc, [state.library])
            state.cr = made._replace(cfunc=known)
            return True

    class PartCompiler(Compiler):
        """Compiler, ``pipeline_class=`` of ``numba.njit``, of functions that only kernels call."""

        def define_pipelines(self) -> list[Any]:
            """Return Numba's steps with the one above among them."""
            pipelines: list[Any] = super().define_pipelines()
            for one in pipelines:
                one.passes = [
                    (_Lowering if step is NativeLowering else step, what)
                    for step, what in one.passes
                ]
                one.finalize()
            return pipelines

    return PartCompiler


try:
    PartCompiler = _short_way()
except (ImportError, AttributeError):
    logging.getLogger("learnedflux").warning(
        "Numba %s is newer than this version of learnedflux knows: kernels take twice as long to "
        "compile, and are the same.",
        numba.__version__,
    )
    PartCompiler = Compiler

part = njit(
    error_model="numpy",
    _nrt=False,  # nothing in it is counted
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
    pipeline_class=PartCompiler,
)
"""Decorator of a loop of a kernel: compiled once, and called unless the optimiser inlines it.

Only compiled code may call it: from Python there is no way in, and trying ends the process.
"""
