"""Named pieces a user can list, look up and add to with a decorator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from learnedflux.errors import InputError, UnknownNameError

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Mapping from name to piece whose failed look-up suggests the nearest name.

    Parameters
    ----------
    kind : str
        What the pieces are, in the words of an error message ("scheme", "Riemann solver").

    Examples
    --------
    >>> shapes = Registry("shape")
    >>> shapes.add("square", 4, aliases=("box",))
    4
    >>> shapes["box"]
    4
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._pieces: dict[str, T] = {}
        self._aliases: dict[str, str] = {}

    def add(self, name: str, piece: T, aliases: tuple[str, ...] = ()) -> T:
        """Store ``piece`` under ``name``; a name already taken is refused."""
        for key in (name, *aliases):
            if key in self._pieces or key in self._aliases:
                raise InputError(f"a {self.kind} named {key!r} is already registered.")
        self._pieces[name] = piece
        self._aliases.update(dict.fromkeys(aliases, name))
        return piece

    def remove(self, name: str) -> None:
        """Forget a piece and its aliases."""
        name = self.canonical(name)
        del self._pieces[name]
        self._aliases = {alias: to for alias, to in self._aliases.items() if to != name}

    def canonical(self, name: str) -> str:
        """Return the name a piece is stored under, following an alias."""
        key = self._aliases.get(name, name)
        if key not in self._pieces:
            raise UnknownNameError(self.kind, name, [*self._pieces, *self._aliases])
        return key

    def aliases(self, name: str) -> tuple[str, ...]:
        """Return the other names of ``name``."""
        return tuple(alias for alias, to in self._aliases.items() if to == name)

    def register(
        self, name: str, make: Callable[[Callable[..., object]], T], aliases: tuple[str, ...] = ()
    ) -> Callable[[Callable[..., object]], Callable[..., object]]:
        """Return a decorator that stores ``make(function)`` and returns the function unchanged."""

        def decorate(function: Callable[..., object]) -> Callable[..., object]:
            self.add(name, make(function), aliases)
            return function

        return decorate

    def __getitem__(self, name: str) -> T:
        return self._pieces[self.canonical(name)]

    def __contains__(self, name: object) -> bool:
        return name in self._pieces or name in self._aliases

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)
