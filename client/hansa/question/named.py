"""Mappings whose keys complete as attributes at a prompt; a wrong key names the nearest one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown

T = TypeVar("T")


class UnknownNameError(RefusedError, AttributeError, KeyError):
    """There is nothing of that name; also an AttributeError and a KeyError, as Python's own tools expect."""


class Named(Mapping[str, T], Generic[T]):
    """A mapping with its keys as attributes. A key that Python cannot spell so, or that a method shadows, is `[key]`.

    `whole`: what the things belong to, for the refusal; `code`: its code.
    """

    __slots__ = ("_code", "_things", "_whole")

    def __init__(self, things: Mapping[str, T], *, whole: str, code: str) -> None:
        self._things = dict(things)
        self._whole = whole
        self._code = code

    def __getitem__(self, name: str) -> T:
        try:
            return self._things[name]
        except KeyError:
            raise unknown(name, self._things, whole=self._whole, code=self._code) from None

    def __getattr__(self, name: str) -> T:
        if name.startswith("_"):  # Python and notebooks look for many such names
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *completions(self._things)})

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._things)

    def __repr__(self) -> str:
        return f"<{self._whole}: {', '.join(self._things)}>"


def completions(names: Mapping[str, object]) -> list[str]:
    """The names that Python can spell as an attribute."""
    return [name for name in names if name.isidentifier() and not name.startswith("_")]


def unknown(name: str, known: Mapping[str, object], *, whole: str, code: str) -> UnknownNameError:
    """The refusal of a name, with the nearest of those known."""
    remedy = nearest(name, known) if known else "there is none"
    return UnknownNameError(code, f"{shown(name)} is not in {whole}", remedy, name)
