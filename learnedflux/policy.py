"""Learned policies: ONNX files that map the cells around a face to its left-biased value.

The contract of a policy file: input ``stencil`` (face, 2r) float64 holds the 2r cells around each
face from left to right, in any variable and at any scale; output ``value`` (face,) float64 is the
left-biased face value. Right states come from the same map on mirrored cells. An optional input
``field`` (face,) float64 is 1 where the variable is a linearly degenerate characteristic field (a
contact, say) and 0 where it is genuinely nonlinear; an optional input ``speeds``
(face, 6) float64 holds characteristic speeds beside the face, see
:mod:`learnedflux.reconstruction.steered`. Normalisation, network, sensor and bounds are all in the
graph; the metadata say where the policy comes from and what it was trained on. Their optional entry
``variables`` says in which variables, see :class:`~learnedflux.Scheme`: a policy trained on split
fluxes works on no others.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from learnedflux.errors import PolicyError, PolicyMismatchError
from learnedflux.reconstruction import steered, variables
from learnedflux.reconstruction.families import Family, families

__all__ = ["CONTRACT_KEY", "REQUIRED", "Network", "Policy"]

log = logging.getLogger("learnedflux")
CONTRACT_KEY = "learnedflux"  # metadata entry that holds the JSON text below
REQUIRED: dict[str, type | tuple[type, ...]] = {
    "contract": int,
    "name": str,
    "version": str,
    "family": str,
    "stencil": int,
    "order": (int, float),
    "equations": list,
    "cfl": list,
    "recipe": str,
    "recipe_digest": str,
    "seeds": list,
    "errors": dict,
    "licence": str,
    "library": str,
}
CONTRACT = 1
LARGEST = 32  # cells of a stencil


class Policy:
    """A learned reconstruction, loaded from an ONNX file and checked against the contract.

    Parameters
    ----------
    path : str or Path
        ONNX file.
    threads : int
        Threads ONNX Runtime may use for one call.

    Raises
    ------
    PolicyError
        If the file is missing, is no ONNX model, or breaks the contract; the message says how.

    Examples
    --------
    >>> import learnedflux as lf
    >>> paths = {row["policy"]: row["path"] for row in lf.policies()}
    >>> policy = lf.Policy(paths["paper_burgers"])
    >>> policy([[2.0, 2.0, 2.0, 2.0, 2.0, 2.0]])
    array([2.])
    """

    def __init__(self, path: str | Path, threads: int = 1) -> None:
        self.path, self._threads = Path(path), threads
        if not self.path.is_file():
            raise PolicyError(
                f"no policy file {str(path)!r}. Give the path of an .onnx file, or "
                "scheme='learned' for a shipped one; lf.policies() lists those."
            )
        content = self.path.read_bytes()
        self.digest = hashlib.sha256(content).hexdigest()[:16]
        self._session = _session(content, self.path, threads)
        self.metadata = _metadata(self._session, self.path)
        self.name: str = self.metadata["name"]
        self.version: str = self.metadata["version"]
        self.order: float = self.metadata["order"]
        self.equations: list[str] = self.metadata["equations"]
        self.stencil: int = self.metadata["stencil"]
        self.variables: str = self.metadata.get("variables", "characteristic")
        self._uses_field = any(i.name == "field" for i in self._session.get_inputs())
        self._uses_speeds = any(i.name == "speeds" for i in self._session.get_inputs())
        _check_signature(self)
        self.network = _network(self)

    def __reduce__(self) -> tuple[type[Policy], tuple[Path, int]]:
        return Policy, (self.path, self._threads)

    @property
    def radius(self) -> int:
        """Cells needed on each side of a face."""
        return self.stencil // 2

    @property
    def uses_field(self) -> bool:
        """Whether it must be told which fields are linearly degenerate."""
        return self._uses_field

    @property
    def uses_speeds(self) -> bool:
        """Whether it must be told characteristic speeds."""
        return self._uses_speeds

    def for_steps(self, cfl: float) -> Policy:
        """Return the policy as it is for steps of a CFL number; most are the same for all."""
        if self.network is None:
            return self
        settings = self.network.family.for_steps(self.network.settings, cfl)
        if settings == self.network.settings:
            return self
        changed = object.__new__(Policy)  # copy.copy would read and check the file again
        changed.__dict__.update(self.__dict__)
        changed.network = self.network._replace(settings=settings)
        return changed

    def session_on(self, device: str, index: int = 0) -> Any:
        """Return an ONNX Runtime session on a device, or None if ONNX Runtime knows none there."""
        if device == "cpu":
            return self._session
        import onnxruntime

        provider = {"cuda": "CUDAExecutionProvider"}.get(device)
        if provider not in onnxruntime.get_available_providers():
            return None
        return _session(
            self.path.read_bytes(), self.path, self._threads, (provider, {"device_id": index})
        )

    def __call__(self, stencil: Any, field: Any = None, speeds: Any = None) -> np.ndarray:
        """Return the left-biased face values.

        Parameters
        ----------
        stencil : array_like, shape (face, 2r)
            Cells around each face, left to right.
        field : array_like, shape (face,), optional
            1 for linearly degenerate fields; needed only by policies that declare it (default 0).
        speeds : array_like, shape (face, 6), optional
            Characteristic speeds over the fastest: of the field itself, of the first and of the
            last field, each in the upwind and the downwind cell. Policies that declare this input
            cannot do without, others do not look at it.

        Returns
        -------
        ndarray, shape (face,)
        """
        cells = np.ascontiguousarray(stencil, dtype=np.float64)
        if cells.ndim != 2 or cells.shape[1] != self.stencil:
            raise PolicyMismatchError(
                f"policy {self.name!r} takes an array (face, {self.stencil}); got {cells.shape}."
            )
        feed = {"stencil": cells}
        if self._uses_field:
            kind = 0.0 if field is None else field
            feed["field"] = np.ascontiguousarray(
                np.broadcast_to(np.asarray(kind, dtype=np.float64), cells.shape[:1])
            )
        if self._uses_speeds:
            shape = (len(cells), steered.SPEEDS)
            if speeds is None or np.shape(speeds) != shape:
                raise PolicyMismatchError(
                    f"policy {self.name!r} needs speeds of shape {shape}; got "
                    f"{None if speeds is None else np.shape(speeds)}."
                )
            feed["speeds"] = np.ascontiguousarray(speeds, dtype=np.float64)
        value: np.ndarray = self._session.run(["value"], feed)[0]
        return value

    def sweep(
        self,
        stencils: np.ndarray,
        linear_fields: tuple[bool, ...],
        speeds: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return left and right face values (variable, row, face) of a whole sweep in one call.

        Parameters
        ----------
        stencils : ndarray, shape (2, variable, row, face, 2r)
            Left stencils, and right ones already mirrored.
        linear_fields : tuple of bool
            Which variables are linearly degenerate fields.
        speeds : ndarray, shape (2, variable, row, face, 6), optional
            What a policy that uses speeds reads.
        """
        shape = stencils.shape[:-1]
        field = None
        if self._uses_field:
            per_variable = np.array(linear_fields, dtype=np.float64)[None, :, None, None]
            field = np.broadcast_to(per_variable, shape).reshape(-1)
        if speeds is not None:
            speeds = speeds.reshape(-1, speeds.shape[-1])
        values = self(stencils.reshape(-1, self.stencil), field, speeds).reshape(shape)
        return values[0], values[1]

    def __repr__(self) -> str:
        m = self.metadata
        errors = ", ".join(
            f"{name} {'fails' if value is None else format(value, '.3g')}"
            for name, value in m["errors"].items()
        )
        return (
            f"Policy {self.name!r} version {self.version} (family {m['family']})\n"
            f"├── stencil: {self.stencil} cells, order {self.order:g}\n"
            f"├── trained on: {', '.join(self.equations)}; CFL {m['cfl'][0]:g} to {m['cfl'][1]:g}\n"
            f"├── recipe: {m['recipe']} ({m['recipe_digest']}), seeds {m['seeds']}\n"
            f"├── errors: {errors or 'none stated'}\n"
            f"├── licence: {m['licence']}; made with learnedflux {m['library']}\n"
            f"└── file: {self.path.name}, digest {self.digest}"
        )


def _session(content: bytes, path: Path, threads: int, *preferred: Any) -> Any:
    # Imported here: a tenth of a second that classical schemes need not pay.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its messages are raised as exceptions besides
    try:
        return onnxruntime.InferenceSession(
            content, options, providers=[*preferred, "CPUExecutionProvider"]
        )
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise PolicyError(
            f"{str(path)!r} is not a readable ONNX model ({reason}). It may be truncated, or not "
            "a policy at all; export one with learnedflux.training."
        ) from error


def _metadata(session: Any, path: Path) -> dict[str, Any]:
    stored = session.get_modelmeta().custom_metadata_map
    where = f"{str(path)!r} breaks the policy contract:"
    if CONTRACT_KEY not in stored:
        raise PolicyError(
            f"{where} it has no {CONTRACT_KEY!r} metadata. It is an ONNX model, but was not "
            "exported as a policy; use learnedflux.training's export."
        )
    try:
        found = json.loads(stored[CONTRACT_KEY])
    except ValueError as error:
        raise PolicyError(f"{where} its metadata are not JSON ({error}).") from error
    if not isinstance(found, dict):
        raise PolicyError(f"{where} its metadata are not a JSON object.")
    for key, kind in REQUIRED.items():
        if key not in found:
            raise PolicyError(f"{where} metadata entry {key!r} is missing.")
        if not isinstance(found[key], kind) or isinstance(found[key], bool):
            raise PolicyError(f"{where} metadata entry {key!r} is {found[key]!r}.")
    if found["contract"] != CONTRACT:
        raise PolicyError(
            f"{where} it follows version {found['contract']}, this library reads {CONTRACT}."
        )
    if not 2 <= found["stencil"] <= LARGEST or found["stencil"] % 2:
        raise PolicyError(
            f"{where} the stencil is {found['stencil']} cells; it must be even, 2 to {LARGEST}."
        )
    kind = found.get("variables", "characteristic")
    if not isinstance(kind, str) or kind not in variables:
        raise PolicyError(
            f"{where} variables is {kind!r}; this library knows {', '.join(variables)}."
        )
    if len(found["cfl"]) != 2 or not all(isinstance(c, (int, float)) for c in found["cfl"]):
        raise PolicyError(f"{where} cfl is {found['cfl']!r}; it must be [lowest, highest].")
    return found


def _probes(width: int) -> np.ndarray:
    """Stencils of many kinds: noise, monotone data, jumps and small waves."""
    noise = np.random.default_rng(0).normal(size=(64, width))
    return np.concatenate((noise, np.sort(noise), np.sign(np.sort(noise)), 1 + 1e-9 * noise))


def _speeds_of_probes(count: int) -> np.ndarray:
    """Speeds of many kinds: nonlinear fields, contacts, and what is carried along by itself."""
    speeds = np.random.default_rng(1).uniform(-1, 1, (count, steered.SPEEDS))
    speeds[1::2, 1] = speeds[1::2, 0]
    speeds[3::4, 3::2] = speeds[3::4, 2::2]
    return speeds


def _probed(policy: Policy, stencils: np.ndarray) -> np.ndarray:
    """Return a policy's values of stencils, with speeds of all kinds where it uses them."""
    speeds = _speeds_of_probes(len(stencils)) if policy.uses_speeds else None
    return policy(stencils, speeds=speeds)


def _check_signature(policy: Policy) -> None:
    """Check inputs, outputs and, on numbers, what any consistent flux needs."""
    where = f"{str(policy.path)!r} breaks the policy contract:"
    inputs = {i.name: i for i in policy._session.get_inputs()}
    outputs = {o.name: o for o in policy._session.get_outputs()}
    if "stencil" not in inputs:
        raise PolicyError(f"{where} it has no input 'stencil' (it has {', '.join(inputs)}).")
    if "value" not in outputs:
        raise PolicyError(f"{where} it has no output 'value' (it has {', '.join(outputs)}).")
    unknown = set(inputs) - {"stencil", "field", "speeds"}
    if unknown:
        raise PolicyError(f"{where} this library cannot feed input {sorted(unknown)[0]!r}.")
    for tensor in (*inputs.values(), outputs["value"]):
        if tensor.type != "tensor(double)":
            raise PolicyError(f"{where} {tensor.name!r} is {tensor.type}, not tensor(double).")
    width = inputs["stencil"].shape[-1]
    if len(inputs["stencil"].shape) != 2 or width not in (policy.stencil, "cells", None):
        raise PolicyError(
            f"{where} 'stencil' has shape {inputs['stencil'].shape}; it must be "
            f"(face, {policy.stencil}) as its metadata say."
        )
    if policy.uses_speeds and list(inputs["speeds"].shape[1:]) != [steered.SPEEDS]:
        raise PolicyError(
            f"{where} 'speeds' has shape {inputs['speeds'].shape}; it must be "
            f"(face, {steered.SPEEDS})."
        )
    constants = np.array([-3.0, 0.0, 1e-8, 2.0, 7e5])
    try:
        values = _probed(policy, np.repeat(constants[:, None], policy.stencil, axis=1))
    except PolicyError:
        raise
    except Exception as error:
        raise PolicyError(f"{where} it does not run ({str(error).splitlines()[0]}).") from error
    if values.shape != constants.shape:
        raise PolicyError(
            f"{where} 'value' has shape {values.shape} for {len(constants)} faces; it must be "
            "(face,)."
        )
    if not np.isfinite(_probed(policy, _probes(policy.stencil))).all():
        raise PolicyError(f"{where} it gives values that are not finite for finite cells.")
    if not np.allclose(values, constants, rtol=1e-12, atol=0.0):
        raise PolicyError(
            f"{where} it is not consistent: cells that all hold {constants[-2]:g} must give the "
            f"face value {constants[-2]:g}, not {values[-2]:g}."
        )


class Network(NamedTuple):
    """What a policy of a known family consists of, for executors other than ONNX Runtime."""

    family: Family
    settings: tuple[float, ...]
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]  # weight (out, in) and bias (out,)

    def __call__(self, cells: np.ndarray, speeds: np.ndarray | None = None) -> np.ndarray:
        """Return the face values of stencils (face, cell) by NumPy: the plain way to say it."""
        eps = float(np.finfo(np.float64).eps)
        rows = tuple(cells[:, j] for j in range(self.family.cells))
        fast = None if speeds is None else tuple(speeds.T)
        value: np.ndarray = self.family.evaluate(rows, fast, self.settings, eps, self._answer)
        return value

    def _answer(self, seen: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        x = np.stack(seen)
        for number, (weight, bias) in enumerate(self.layers):
            x = weight @ x + bias[:, None]
            x = np.maximum(x, 0.0) if number < len(self.layers) - 1 else x
        return tuple(x)


def _network(policy: Policy) -> Network | None:
    """Return the network of a policy whose family is known here, having checked that it is it."""
    m = policy.metadata
    family = families.get(m["family"])
    if family is None or "weights" not in m:
        return None
    where = f"{str(policy.path)!r} breaks the policy contract:"
    cure = "If another version of learnedflux wrote it, train it anew: the family has changed."
    try:
        settings = tuple(float(m["config"][key]) for key in family.settings)
        layers = tuple(
            (np.array(layer["weight"], dtype=np.float64), np.array(layer["bias"], dtype=np.float64))
            for layer in m["weights"]
        )
        network = Network(family, settings, layers)
        probes = _probes(policy.stencil)
        speeds = _speeds_of_probes(len(probes)) if policy.uses_speeds else None
        told, found = network(probes, speeds), policy(probes, speeds=speeds)
        same = np.allclose(told, found, rtol=1e-12, atol=1e-12)
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(
            f"{where} its config or weights make no network ({error!r}). {cure}"
        ) from error
    if not same:
        raise PolicyError(f"{where} the weights in its metadata are not those of its graph. {cure}")
    return network
