"""What an equation is: pointwise functions of one state, for every dimension and backend."""

from __future__ import annotations

import dataclasses
import inspect
from collections import namedtuple
from typing import Any, ClassVar, dataclass_transform

from numba import types
from numba.extending import overload_method

from learnedflux.errors import InputError
from learnedflux.ops import COMPILE, Scalar, absolute, add, least, maximum, scale, subtract

__all__ = ["LEAST", "Equation"]

LEAST = 0.01  # share of the cell's state (density, pressure ...) that a face state must keep
State = tuple[Scalar, ...]

_arity: dict[str, int] = {}  # of the methods Numba knows, without self


def _compile_method(name: str, arity: int) -> None:
    """Let Numba call method ``name`` on the parameters of any equation, compiled from its class.

    Numba looks methods up by name and type; the type of an equation's parameters is a NamedTuple
    class of its own, which leads back to the equation's Python source.
    """
    if name in _arity:
        if _arity[name] != arity:
            raise InputError(
                f"method {name!r} takes {arity} argument(s) here but {_arity[name]} in another "
                "equation; methods of one name must take equally many. Rename it."
            )
        return

    def source(parameters: Any) -> Any:
        equation = getattr(parameters.instance_class, "equation", None)
        return None if equation is None else getattr(equation, name)

    # Numba reads the number of arguments off the function it is given.
    by_arity = (
        lambda self: source(self),
        lambda self, a: source(self),
        lambda self, a, b: source(self),
        lambda self, a, b, c: source(self),
        lambda self, a, b, c, d: source(self),
        lambda self, a, b, c, d, e: source(self),
        lambda self, a, b, c, d, e, f: source(self),
    )
    if arity >= len(by_arity):
        raise InputError(
            f"method {name!r} takes {arity} arguments; pointwise methods take up to 6."
        )
    _arity[name] = arity
    for kind in (types.NamedTuple, types.NamedUniTuple):
        overload_method(kind, name, jit_options=COMPILE, strict=False)(by_arity[arity])


@dataclass_transform(frozen_default=True)
class Equation:
    r"""Base of all conservation laws :math:`q_t + \sum_d f_d(q)_{x_d} = 0`.

    A subclass is a frozen dataclass without asking for it: annotated names are its parameters.
    It must say ``variables``, ``flux`` and ``max_speed``; everything else has a default that is
    right for a scalar law or merely turns off what needs it (``hllc`` needs ``contact``).
    Methods are pointwise: ``q`` is a tuple of scalars in the order of ``variables``, ``axis`` is
    0, 1 or 2. Use the words of :mod:`learnedflux.ops`, no ``if`` on data, no captured variables,
    and call other methods through ``self``.

    Examples
    --------
    >>> class Linear(Equation):
    ...     speed: float = 2.0
    ...     variables = ("u",)
    ...     def flux(self, q, axis):
    ...         return (self.speed * q[0],)
    ...     def max_speed(self, q, axis):
    ...         return abs(self.speed) + 0.0 * q[0]
    >>> Linear(speed=3.0).flux((2.0,), 0)
    (6.0,)
    """

    variables: ClassVar[tuple[str, ...]] = ()
    """Conserved variables; a system with a vector in it overrides :meth:`conserved_names`."""

    primitive: ClassVar[tuple[str, ...]] = ()
    """Primitive variables; empty means the conserved ones."""

    units: ClassVar[dict[str, str]] = {}
    """Units by variable name where they are not "1"."""

    defaults: ClassVar[dict[str, float]] = {}
    """Primitive variables that an initial state need not name, and what they are then."""

    convex: ClassVar[bool] = False
    """Whether a scalar law's flux is convex, or concave, everywhere: then no wave is compound, and
    learned schemes need not look for those."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for key, value in vars(cls).items():
            plain = isinstance(value, (int, float)) and not key.startswith("_")
            known = vars(cls).get("__annotations__", {}) | Equation.__annotations__
            if plain and key not in known:
                kind = type(value).__name__
                raise InputError(
                    f"{cls.__name__}.{key} is no parameter without its type: write "
                    f"{key}: {kind} = {value!r}."
                )
        if "flux" in vars(cls) and "convex" not in vars(cls):
            cls.convex = False  # what was said of another flux
        dataclasses.dataclass(frozen=True)(cls)
        names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        # Numba cannot dispatch on an empty tuple, so there is always one field.
        parameters = namedtuple(f"{cls.__name__}Parameters", [*names, "unused"])  # type: ignore[misc]
        parameters.equation = cls  # type: ignore[attr-defined]
        # Numba's disk cache finds a type again by where it can be imported from.
        parameters.__module__ = cls.__module__
        parameters.__qualname__ = f"{cls.__qualname__}._parameters"
        cls._parameters = parameters  # type: ignore[attr-defined]
        for name, method in inspect.getmembers(cls, inspect.isfunction):
            if not name.startswith("__"):
                _compile_method(name, method.__code__.co_argcount - 1)

    # --- what a subclass says ------------------------------------------------------------------

    def flux(self, q: State, axis: int) -> State:
        """Physical flux along ``axis``."""
        raise NotImplementedError(f"{type(self).__name__} must define flux(self, q, axis).")

    def max_speed(self, q: State, axis: int) -> Scalar:
        """Largest absolute wave speed along ``axis``."""
        raise NotImplementedError(f"{type(self).__name__} must define max_speed(self, q, axis).")

    # --- defaults ------------------------------------------------------------------------------

    def to_primitive(self, q: State) -> State:
        """Primitive variables of a conserved state."""
        return q

    def to_conserved(self, w: State) -> State:
        """Conserved variables of a primitive state."""
        return w

    def positive(self, q: State) -> State:
        """Quantities that must stay above zero, concave in ``q`` (density, pressure)."""
        return (1.0 + 0.0 * q[0],)

    def admissible(self, q: State) -> Scalar:
        """Whether a state is physical: all of :meth:`positive` above zero."""
        return least(self.positive(q)) > 0.0

    def represents(self, w: State, cell: State) -> Scalar:
        """Whether a reconstructed face state ``w`` may be used, or the cell's own must be.

        Both are primitive. Admissible states form a convex cone, so ``q - LEAST * cell`` being one
        says that density and pressure keep about that share.
        """
        part = scale(LEAST, self.to_conserved(cell))
        return self.admissible(subtract(self.to_conserved(w), part))

    def mirror(self, q: State, axis: int) -> State:
        """State seen in a wall normal to ``axis``."""
        return q

    def wave_speeds(self, ql: State, qr: State, axis: int) -> tuple[Scalar, Scalar]:
        """Bounds of the slowest and the fastest wave of the Riemann problem ``ql | qr``."""
        s = maximum(self.max_speed(ql, axis), self.max_speed(qr, axis))
        return -s, s

    def eigenvalues(self, frame: State, axis: int) -> State:
        """Characteristic speeds, slowest first. Of a scalar law the slope of its flux.

        By default a difference of fluxes, right to about nine digits where values are of order one;
        a law whose slope is known says so itself, and a system must.
        """
        u = frame[0]
        step = 1e-5 * absolute(u) + 1e-8
        rise = self.flux((u + step,), axis)[0] - self.flux((u - step,), axis)[0]
        return ((0.5 / step) * rise,)

    # Balance laws with a static field (a bottom, say): the flux is two-sided at a face, and a cell
    # gets the integral of the nonconservative product. An equation defines all three or none.

    def balance(self, ql: State, qr: State, axis: int) -> tuple[State, State]:
        """Face states as the Riemann solver shall see them, so that states at rest stay at rest."""
        return ql, qr

    def jump(self, q: State, star: State, axis: int) -> State:
        """What the cell on ``q``'s side sees besides the flux of the balanced state ``star``."""
        return scale(0.0, q)

    def inner(self, lower: State, upper: State, cell: State, axis: int) -> State:
        """Integral of the nonconservative product over a cell, along ``axis``.

        ``lower`` and ``upper`` are the face states inside the cell, ``cell`` is its average.
        """
        return scale(0.0, cell)

    # Characteristic projection, in primitive variables. A frame holds what it needs of a mean.

    def frame(self, w: State, axis: int) -> State:
        """Return the frame of a primitive mean state."""
        return w

    def face_frame(self, a: State, b: State, axis: int) -> State:
        """Return the frame of the face between cells of primitive states ``a`` and ``b``."""
        return self.frame(scale(0.5, add(a, b)), axis)

    def beside(self, frame: State, cell: State) -> State:
        """State, primitive or conserved, in which a face of this frame sees a cell."""
        return cell

    def to_characteristic(self, frame: State, w: State, axis: int) -> State:
        """Amplitudes: left eigenvectors of the primitive Jacobian at ``frame``, times ``w``."""
        return w

    def from_characteristic(self, frame: State, a: State, axis: int) -> State:
        """Primitive state of amplitudes: the inverse of :meth:`to_characteristic`."""
        return a

    def linear_primitive(self, frame: State, q: State, axis: int) -> State:
        """Multiply ``q`` by the matrix dw/dq of :meth:`to_primitive` at ``frame``."""
        return q

    def linear_conserved(self, frame: State, w: State, axis: int) -> State:
        """Multiply ``w`` by the matrix dq/dw: the inverse of :meth:`linear_primitive`."""
        return w

    # --- for the rest of the library -------------------------------------------------------------

    @property
    def scalar(self) -> bool:
        """Whether there is one conserved variable only."""
        return len(self.conserved_names(1)) == 1

    @property
    def name(self) -> str:
        """Name in results and error messages."""
        return type(self).__name__

    @property
    def value_range(self) -> tuple[float, float]:
        """Lowest and highest value that training problems of a scalar law take.

        A law with bounds of its own says so: ``value_range = (0.0, 1.0)``. A system that is to be
        trained on defines ``random_states(self, rng, shape)`` instead: primitive variables in one
        dimension, one array of ``shape`` each, drawn independently.
        """
        return (-1.0, 1.0)

    def conserved_names(self, dimension: int) -> tuple[str, ...]:
        """Names of the conserved variables in ``dimension`` dimensions."""
        return self.variables

    def primitive_names(self, dimension: int) -> tuple[str, ...]:
        """Names of the primitive variables in ``dimension`` dimensions."""
        return self.primitive or self.conserved_names(dimension)

    def linear_fields(self, dimension: int) -> tuple[bool, ...]:
        """Whether each characteristic field is linearly degenerate (advected, never steepening)."""
        return (False,) * len(self.conserved_names(dimension))

    def parameters(self) -> dict[str, Any]:
        """Parameters by name."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}  # type: ignore[arg-type]

    def compiled(self) -> Any:
        """Parameters as the NamedTuple on which compiled kernels call this equation's methods."""
        return self._parameters(*self.parameters().values(), 0.0)  # type: ignore[attr-defined]

    def provides(self, method: str) -> bool:
        """Whether this equation defines an optional method (``contact``, say) itself."""
        own = getattr(type(self), method, None)
        return own is not None and own is not getattr(Equation, method, None)

    @property
    def balanced(self) -> bool:
        """Whether this is a balance law with two-sided fluxes (:meth:`balance`)."""
        return self.provides("balance")

    def require_dimension(self, dimension: int) -> None:
        """Raise InputError where this equation cannot be posed in ``dimension`` dimensions."""
        if not self.conserved_names(dimension):
            raise InputError(f"{self.name} names no variables; set variables = (...) on the class.")
