"""Checkpoints: files from which a run can be taken up again, to the last bit.

A checkpoint is a result like any other: the outputs up to then and, last, the state from which the
run goes on. One more attribute, ``checkpoint``, holds what else the time loop must know.
"""

from __future__ import annotations

import json
import numbers
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from learnedflux.dataset import Statistics, identity, states_of
from learnedflux.errors import InputError
from learnedflux.files import replace_file
from learnedflux.integrators import Integrator
from learnedflux.reconstruction import reconstructions
from learnedflux.scheme import LEARNED, NO_RIEMANN, Scheme
from learnedflux.semidiscretization import Semidiscretization
from learnedflux.shipped import policies

if TYPE_CHECKING:
    from learnedflux.timeloop import TimeLoop

__all__ = ["Checkpoint", "Kept", "read"]

OWN = "checkpoint"  # the attribute


@dataclass(frozen=True)
class Checkpoint:
    """Where, and how often, a run writes down where it stands; see :func:`lf.resume`.

    The file is a result in NetCDF (HDF5), with all outputs up to then and the present state as the
    last. It is first written before the first step, so that a path that cannot be written to is
    told of at once; a later one that fails (a full disk) is a warning. A new one takes the place of
    the old when it is complete.

    Parameters
    ----------
    path : str or Path
        File to write; a run that begins does not replace one that is there. Missing folders are
        made.
    every : int
        Steps from one to the next.

    Raises
    ------
    InputError
        If ``path`` is no path, or ``every`` no whole number above 0.

    Examples
    --------
    >>> import tempfile
    >>> import learnedflux as lf
    >>> file = tempfile.mkdtemp() + "/run.h5"
    >>> problem = lf.problems.sod(cells=50)
    >>> ds = lf.solve(problem, "weno5", checkpoint=lf.Checkpoint(file, every=10))
    >>> again = lf.resume(file, problem)
    >>> bool((again.density == ds.density).all())
    True
    """

    path: Path
    every: int = 1000

    def __post_init__(self) -> None:
        if not isinstance(self.path, (str, Path)) or not str(self.path):
            raise InputError(f"a checkpoint needs the path of a file; got {self.path!r}.")
        # Absolute: the program may change its folder while it runs.
        object.__setattr__(self, "path", Path(self.path).expanduser().absolute())
        if self.path.is_dir():
            raise InputError(f"a checkpoint is a file, and {self.path} is a folder.")
        whole = isinstance(self.every, numbers.Integral) and not isinstance(self.every, bool)
        if not whole or self.every < 1:
            raise InputError(f"every is a number of steps, 1 or more; got {self.every!r}.")

    def begin(self, loop: TimeLoop) -> None:
        """Write the first checkpoint of a run.

        Raises
        ------
        InputError
            If the file is there already: it may be all that is left of a long run.
        """
        if self.path.exists():
            raise InputError(
                f"{self.path} is there already; go on from it by lf.resume, remove it, or give "
                "another path."
            )
        self.write(loop)

    def write(self, loop: TimeLoop) -> None:
        """Write down where a run stands."""
        saved, outputs = loop.saved, len(loop.saved)
        if not saved or saved[-1][0] < loop.t:
            saved = [*saved, (loop.t, loop.semi.to_numpy(loop.q))]
        ds = loop.result(saved)
        rule = loop.semi.scheme.reconstruction
        more = {
            "registered": any(rule is known for known in reconstructions.values()),
            "arguments": loop.arguments,
            "outputs": outputs,
            "stable": loop.stable,
            "every": int(self.every),
        }
        ds.attrs[OWN] = json.dumps(more)
        with replace_file(self.path) as temporary:
            ds.to_netcdf(temporary, engine="h5netcdf")


@dataclass(frozen=True)
class Kept:
    """What a checkpoint holds.

    Parameters
    ----------
    path : Path
        The file.
    ds : Dataset
        The outputs up to then, and the state.
    outputs : int
        How many of the states are outputs: all, or all but the last.
    stable : float
        Step of CFL number one.
    every : int
        Steps from one checkpoint to the next.
    arguments : dict
        Arguments of :func:`lf.solve` that decide how the run goes on.
    registered : bool
        Whether the reconstruction is a registered one.
    """

    path: Path
    ds: xr.Dataset = field(repr=False)
    outputs: int
    stable: float
    every: int
    arguments: dict[str, Any]
    registered: bool

    def scheme(self, reconstruction: Any = None) -> Scheme:
        """Return the scheme of the run, by default from what is registered and shipped."""
        a, chosen = self.ds.attrs, reconstruction
        if chosen is None:
            chosen, digest = a["scheme"], a.get("policy_digest")
            shipped = {str(row["digest"]): Path(str(row["path"])) for row in policies()}
            if digest is not None and chosen != LEARNED:
                chosen = shipped.get(digest)
            if chosen is None or (digest is None and not self.registered):
                which = f", digest {digest}" if digest else ""
                raise InputError(
                    f"the run in {self.path} was by {a['reconstruction']!r}{which}, which is not "
                    "among what is registered and shipped; pass it: scheme='policy.onnx', say."
                )
        riemann = None if a["riemann"] == NO_RIEMANN else a["riemann"]
        return Scheme(chosen, riemann, a["variables"], bool(a["positivity"]))

    def require(self, semi: Semidiscretization) -> None:
        """Raise InputError unless problem and scheme are those of the run."""
        before, now = self.ds.attrs, identity(semi)
        told = ", ".join(
            f"{name} was {before.get(name)}, is {value}"
            for name, value in now.items()
            if _lasting(before.get(name)) != _lasting(value)
        )
        if told:
            raise InputError(
                f"the run in {self.path} is another: {told}. Give the problem, and the scheme if "
                "it was not from the tables, that the run began with."
            )

    def put_into(self, loop: TimeLoop) -> None:
        """Take a run to where it stood."""
        a, times, q = self.ds.attrs, self.ds.time.values, states_of(self.ds, loop.semi.names)
        loop.saved = list(zip(map(float, times), q, strict=True))[: self.outputs]
        loop.t, loop.q = float(times[-1]), loop.semi.backend.asarray(q[-1])
        loop.stable, loop.semi.backend.limited = self.stable, int(a["faces_limited"])
        took = int(a["steps"]), int(a["steps_rejected"]), float(a["seconds_stepping"])
        loop.stats, loop.origin = Statistics(*took), self.path


def _lasting(value: Any) -> str:
    """Return a value in words, without addresses of objects."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(value))


def read(path: str | Path) -> Kept:
    """Read a checkpoint.

    Raises
    ------
    InputError
        If there is no such file, or it is no checkpoint.
    """
    if not isinstance(path, (str, Path)):
        raise InputError(f"resume needs the path of a checkpoint; got {path!r}.")
    path = Path(path).expanduser().absolute()
    if not path.is_file():
        raise InputError(f"there is no checkpoint {path}.")
    try:
        ds = xr.load_dataset(path, engine="h5netcdf")
        more = json.loads(ds.attrs[OWN])
    except PermissionError:
        raise
    except (OSError, KeyError, ValueError):
        raise InputError(
            f"{path} is no checkpoint; lf.solve(..., checkpoint=lf.Checkpoint({str(path)!r})) "
            "writes one."
        ) from None
    method = more["arguments"]["integrator"]
    rows = tuple(tuple(tuple(term) for term in row) for row in method["rows"])
    more["arguments"]["integrator"] = Integrator(**{**method, "rows": rows})
    return Kept(path, ds, **more)
