"""The policies shipped with the library: which there are, by name, and for which equation."""

from __future__ import annotations

import logging
from importlib import resources
from pathlib import Path

from learnedflux.equations import Equation
from learnedflux.errors import PolicyError, UnknownNameError
from learnedflux.policy import Policy
from learnedflux.reconstruction import variables
from learnedflux.table import Table

__all__ = ["default_policy", "named_policy", "policies"]

log = logging.getLogger("learnedflux")


def _folder() -> Path:
    """Folder of shipped policies: inside the wheel, or beside the package in a source tree."""
    inside = Path(str(resources.files("learnedflux") / "pretrained"))
    return inside if inside.is_dir() else Path(__file__).resolve().parents[1] / "pretrained"


_loaded: dict[tuple[Path, int], Policy] = {}


def _shipped() -> list[Policy]:
    found = []
    for path in sorted(_folder().glob("*.onnx")):
        key = (path, path.stat().st_mtime_ns)
        if key not in _loaded:
            _loaded[key] = Policy(path)
        found.append(_loaded[key])
    return found


def policies() -> Table:
    """Return a table of the policies shipped with the library.

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.policies().column("policy")
    ['buckley_leverett', 'burgers', 'euler', 'paper_burgers', 'paper_euler', 'shallow_water',
     'universal']
    """
    return Table(
        {
            "policy": p.name,
            "version": p.version,
            "equations": ", ".join(p.equations),
            "order": p.order,
            "stencil": p.stencil,
            "digest": p.digest,
            "path": str(p.path),
        }
        for p in _shipped()
    )


def named_policy(given: str) -> Policy:
    """Return a policy by the name of a shipped one, or by the path of an ``.onnx`` file.

    Raises
    ------
    UnknownNameError
        If none of that name is shipped.
    PolicyError
        If the file is missing, is no ONNX model, or breaks the contract.
    """
    if given.endswith(".onnx"):
        return Policy(given)
    shipped = {p.name: p for p in _shipped()}
    if given not in shipped:
        raise UnknownNameError("policy", given, [*shipped, "FILE.onnx"])
    return shipped[given]


def default_policy(equation: Equation) -> Policy:
    """Return the policy that ``scheme="learned"`` means for ``equation``.

    The one trained for the fewest equations among those trained for this one; else the universal
    one, which sees one characteristic field at a time and so can serve any equation.
    """
    shipped = _shipped()
    if not shipped:
        raise PolicyError(f"no policy is shipped in {str(_folder())!r}; reinstall learnedflux.")
    # Those trained on split fluxes repeat an experiment; they are there to be asked for by path.
    shipped = [p for p in shipped if variables[p.variables].split is None]
    special = [p for p in shipped if equation.name in p.equations]
    if special:
        found = min(special, key=lambda p: len(p.equations))
        log.info("policy %r serves %s, for which it was trained", found.name, equation.name)
        return found
    universal = [p for p in shipped if p.name == "universal"]
    if not universal:
        raise PolicyError(
            f"no shipped policy was trained for {equation.name}; train one with "
            "learnedflux.training.train(...) and pass its path as the scheme."
        )
    log.info("no policy was trained for %s; policy 'universal' serves it", equation.name)
    return universal[0]
