"""A flux scheme: reconstruction, Riemann solver and the variables between them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from learnedflux.equations import Equation
from learnedflux.errors import InputError, PolicyMismatchError, UnknownNameError
from learnedflux.policy import Policy
from learnedflux.reconstruction import Reconstruction, compound, reconstructions, variables
from learnedflux.riemann import default_riemann, require_support, riemann_solvers
from learnedflux.shipped import default_policy
from learnedflux.table import Table

__all__ = ["BoundScheme", "Scheme", "schemes"]

LEARNED = "learned"
NO_RIEMANN = "none"  # what a scheme that splits fluxes has for a Riemann solver


@dataclass(frozen=True, repr=False)
class Scheme:
    """A flux scheme, every part of which can be exchanged.

    Parameters
    ----------
    reconstruction : str, Path, Reconstruction or Policy
        Name of a reconstruction (see :func:`lf.schemes`), ``"learned"`` for the policy shipped for
        the equation, the path of an ONNX policy, or one of these objects.
    riemann : str, optional
        Name of a Riemann solver. Default: the sharpest the equation supports (HLLC for Euler, the
        exact Godunov flux for scalar laws). None where fluxes are split.
    variables : str, optional
        Variables in which cells are turned into face values: "characteristic" (free of noise
        behind strong shocks), "characteristic-conserved" (the same from conserved averages: full
        order in smooth nonlinear flow too, larger errors at shocks), "primitive" or "conserved";
        or fluxes, split by the largest speed of the grid (global Lax-Friedrichs splitting) and
        added up without a Riemann solver: "split", or field by field "characteristic-split". These
        take the numbers they are given for values at cell centres. Default: "characteristic";
        "split" for a policy that was trained on split fluxes.
    positivity : bool
        Keep density, pressure and the like above zero by the flux limiter of Hu, Adams and Shu. In
        :func:`lf.solve` it is turned on for a step that fails without; in a
        :class:`lf.Semidiscretization`, which cannot know, it is always on. No effect on equations
        that name no such quantity.

    Examples
    --------
    >>> import learnedflux as lf
    >>> lf.Scheme("weno5-z", riemann="hll")
    Scheme
    ├── reconstruction: weno5-z, order 5, 5 cells
    ├── riemann: hll
    ├── variables: characteristic
    └── positivity: kept by the flux limiter
    >>> lf.Scheme("weno5-js", variables="split")
    Scheme
    ├── reconstruction: weno5-js, order 5, 5 cells
    ├── riemann: none (split fluxes are added)
    ├── variables: split
    └── positivity: kept by the flux limiter
    """

    reconstruction: str | Path | Reconstruction | Policy = "weno5-z"
    riemann: str | None = None
    variables: str | None = None
    positivity: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.positivity, bool):
            raise InputError(f"positivity must be True or False; got {self.positivity!r}.")
        given = self.reconstruction
        if isinstance(given, Path) or (isinstance(given, str) and given.endswith(".onnx")):
            given = Policy(given)
        if isinstance(given, str):
            if given != LEARNED and given not in reconstructions:
                known = [*reconstructions, *_aliases(), LEARNED]
                raise UnknownNameError("scheme", given, known)
        elif not isinstance(given, (Reconstruction, Policy)):
            raise InputError(
                "reconstruction must be a name, the path of an .onnx policy, a Reconstruction or "
                f"a Policy; got {type(given).__name__}."
            )
        object.__setattr__(self, "reconstruction", given)
        if self.variables is None:
            of_policy = given.variables if isinstance(given, Policy) else "characteristic"
            object.__setattr__(self, "variables", of_policy)
        variables.canonical(str(self.variables))
        if self.riemann is not None:
            riemann_solvers.canonical(self.riemann)
            if self._splits:
                raise InputError(
                    f"variables={self.variables!r} splits fluxes, which need no Riemann solver; "
                    f"leave riemann={self.riemann!r} out, or choose variables='characteristic', "
                    "'primitive' or 'conserved'."
                )

    @classmethod
    def of(cls, given: Any) -> Scheme:
        """Return ``given`` as a Scheme: a name, a path, a Policy, a Reconstruction or a Scheme."""
        return given if isinstance(given, Scheme) else cls(reconstruction=given)

    @property
    def name(self) -> str:
        """Name in tables and results."""
        r = self.reconstruction
        return r if isinstance(r, str) else r.name

    @property
    def _splits(self) -> bool:
        return variables[str(self.variables)].split is not None

    def replace(self, **changes: Any) -> Scheme:
        """Return a scheme with some parts exchanged."""
        return dataclasses.replace(self, **changes)

    def bind(self, equation: Equation) -> BoundScheme:
        """Choose what is left open for ``equation`` and check that all parts fit it."""
        given = self.reconstruction
        if given == LEARNED:
            given = default_policy(equation)
        elif isinstance(given, str):
            given = reconstructions[given]
        assert isinstance(given, (Reconstruction, Policy))
        kind = variables.canonical(str(self.variables))
        if self._splits:
            riemann = NO_RIEMANN
            if equation.balanced:
                raise InputError(
                    f"{equation.name} has fluxes of two sides (a static field), which cannot be "
                    f"split; got variables={kind!r}. Choose 'characteristic' or 'primitive'."
                )
        else:
            riemann = self.riemann or default_riemann(equation)
            require_support(riemann, equation)
        if kind.startswith("characteristic") and not equation.provides("to_characteristic"):
            plain = "split" if self._splits else "conserved"
            if not equation.scalar:
                raise InputError(
                    f"{equation.name} is a system without to_characteristic and "
                    "from_characteristic; define them, or pass "
                    f"Scheme(..., variables={plain!r})."
                )
            kind = plain  # the same thing for a scalar law
        if isinstance(given, Policy):
            _require_kind(given, kind, self._splits)
        if isinstance(given, Policy) and given.uses_speeds:
            _require_speeds(given, equation, kind)
        positivity = self.positivity and equation.provides("positive")
        return BoundScheme(self.name, given, riemann, kind, positivity)

    def __repr__(self) -> str:
        r = self.reconstruction
        if isinstance(r, str) and r != LEARNED:
            r = reconstructions[r]
        if isinstance(r, Reconstruction):
            what = f"{r.name}, order {r.order}, {r.cells} cells"
        elif isinstance(r, Policy):
            what = f"policy {r.name}, order {r.order}, {r.stencil} cells"
        else:
            what = "learned (the policy shipped for the equation)"
        riemann = self.riemann or "chosen by the equation"
        if self._splits:
            riemann = "none (split fluxes are added)"
        return (
            f"Scheme\n├── reconstruction: {what}\n"
            f"├── riemann: {riemann}\n"
            f"├── variables: {self.variables}\n"
            f"└── positivity: {'kept by the flux limiter' if self.positivity else 'not enforced'}"
        )


@dataclass(frozen=True)
class BoundScheme:
    """A scheme with everything decided for one equation."""

    name: str
    reconstruction: Reconstruction | Policy
    riemann: str
    variables: str
    positivity: bool = False

    @property
    def radius(self) -> int:
        """Cells needed on each side of a face."""
        return self.reconstruction.radius

    @property
    def splits(self) -> bool:
        """Whether split fluxes are reconstructed, and no states."""
        return variables[self.variables].split is not None

    @property
    def uses_speeds(self) -> bool:
        """Whether the reconstruction must be told characteristic speeds."""
        r = self.reconstruction
        return r.uses_speeds if isinstance(r, Policy) else r.speeds

    def safeguarded(self, equation: Equation) -> bool:
        """Whether a face must be looked at for compound waves, see ``reconstruction.compound``."""
        bends = equation.scalar and not (equation.convex or any(equation.linear_fields(1)))
        learned = isinstance(self.reconstruction, Policy) and self.radius == compound.RADIUS
        return bends and learned and not self.splits

    def for_steps(self, cfl: float, equation: Equation, dimension: int) -> BoundScheme:
        """Return the scheme for steps of a CFL number: learned ones bound large steps more."""
        given = self.reconstruction
        if isinstance(given, Policy) and any(self.linear_fields(equation, dimension)):
            return dataclasses.replace(self, reconstruction=given.for_steps(cfl))
        return self

    def linear_fields(self, equation: Equation, dimension: int) -> tuple[bool, ...]:
        """Whether each reconstructed variable is a linearly degenerate field."""
        fields = equation.linear_fields(dimension)
        is_field = len(fields) == 1 or self.variables.startswith("characteristic")
        return tuple(is_field and linear for linear in fields)


def _require_kind(policy: Policy, kind: str, splits: bool) -> None:
    """Raise where a policy trained on states is given split fluxes, or the other way round."""
    trained = variables[policy.variables].split is not None
    if trained == splits:
        return
    told = ("states", "split fluxes")
    plain = "'characteristic'" + ("" if policy.uses_speeds else " or 'primitive'")
    fit = "'split' or 'characteristic-split'" if trained else plain
    raise PolicyMismatchError(
        f"policy {policy.name!r} was trained to reconstruct {told[trained]}, and "
        f"variables={kind!r} reconstructs {told[splits]}. Choose variables={fit} (or leave it "
        "out), or another policy."
    )


def _require_speeds(policy: Policy, equation: Equation, kind: str) -> None:
    """Raise InputError where the fields a policy acts on have no characteristic speeds."""
    if not (equation.scalar or equation.provides("eigenvalues")):
        raise InputError(
            f"policy {policy.name!r} looks at characteristic speeds, and {equation.name} does not "
            "define eigenvalues(frame, axis); define it, or choose another policy."
        )
    if not (equation.scalar or kind.startswith("characteristic")):
        raise InputError(
            f"policy {policy.name!r} looks at characteristic speeds and acts on characteristic "
            f"variables; got variables={kind!r}."
        )


def _aliases() -> list[str]:
    return [alias for name in reconstructions for alias in reconstructions.aliases(name)]


def schemes() -> Table:
    """Return a table of the flux schemes there are.

    Returns
    -------
    Table
        Rows with name, other names, order, stencil (cells), a plain judgement and the reference.

    Examples
    --------
    >>> import learnedflux as lf
    >>> "teno5" in lf.schemes().column("scheme")
    True
    """
    rows = [
        {
            "scheme": name,
            "also": ", ".join(reconstructions.aliases(name)),
            "order": r.order,
            "stencil": r.cells,
            "judgement": r.judgement,
            "reference": r.reference,
        }
        for name, r in reconstructions.items()
    ]
    learned = {
        "scheme": LEARNED,
        "also": "any .onnx policy",
        "order": 5,
        "stencil": 6,
        "judgement": "policy trained through the solver; see lf.policies()",
        "reference": "method: Way, Kapilavai, Fu and Yu, arXiv:2203.08937",
    }
    return Table([*rows, learned])
