"""``torch.compile`` for the torch backend: announced, shared between runs, and never in the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from learnedflux.errors import InputError

__all__ = ["Compiler"]

log = logging.getLogger("learnedflux")
PROGRAMS = 64  # equations, schemes, shapes ... that one process keeps compiled
# Operations that may become one kernel. By torch's default, 64, a learned scheme is cut into parts
# that pass dozens of arrays through the device's memory: 1.6 times the time, twice the memory.
FUSED = 4096

Function = Callable[..., Any]


class Compiler:
    """Compile functions of tensors, or leave them as they are.

    What torch has compiled before, for another problem of the same kind, it finds again: in this
    process by its own guards, in another one on disk.

    Parameters
    ----------
    torch : module
        PyTorch.
    device : torch.device
        Where the tensors are.
    wanted : bool or None
        True: compile, and raise where torch cannot. False: do not. None: compile on a GPU, and go
        on without, with a warning, where torch cannot.
    what : str
        What the log says is compiled.
    """

    def __init__(self, torch: Any, device: Any, wanted: bool | None, what: str) -> None:
        if wanted not in (None, True, False):
            raise InputError(f"compile must be True, False or None; got {wanted!r}.")
        self.torch, self.device, self.what = torch, device, what
        self.demanded = wanted is True
        self.active = device.type != "cpu" if wanted is None else wanted
        self._programs: dict[Function, Function] = {}

    def __call__(self, function: Function) -> Function:
        """Return a function compiled, if this compiles; torch does so when it is first called."""
        if not self.active:
            return function
        if function not in self._programs:
            if not self._programs:
                log.warning(
                    "compiling %s by torch for %s (half a minute or so, once; parts are kept on "
                    "disk)",
                    self.what,
                    self.device,
                )
            self._programs[function] = self._program(function)
        return self._programs[function]

    def _program(self, function: Function) -> Function:
        options = {"max_fusion_size": FUSED}
        fast = self.torch.compile(function, recompile_limit=PROGRAMS, options=options)
        exc = self.torch._dynamo.exc

        def call(*arguments: Any) -> Any:
            if not self.active:
                return function(*arguments)
            try:
                return fast(*arguments)
            except (exc.BackendCompilerFailed, exc.TorchDynamoException) as error:
                reason = str(error).strip().partition("\n")[0]
                if self.demanded:
                    raise InputError(
                        f"torch.compile fails here: {reason}. Pass compile=False, or install what "
                        "it needs (a C++ compiler, or Triton on a GPU)."
                    ) from error
                log.warning("torch.compile fails (%s); running without", reason)
                self.active = False
                return function(*arguments)

        return call
