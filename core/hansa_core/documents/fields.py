"""Reading the fields of a parsed document, with errors that name the field, the rule and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from hansa_core.nearest import nearest, shown

_E = TypeVar("_E", bound=StrEnum)


class Fields:
    """One mapping of a document. `path`: where it stands, e.g. `columns.project`; every error begins with it."""

    def __init__(self, document: object, path: str, known: Iterable[str]) -> None:
        """Raises ValueError if `document` is no mapping, or has a key that is not in `known`."""
        self.path = path
        if not isinstance(document, Mapping):
            raise self.error("", "is no mapping", "write key: value lines under it")
        names = sorted(known)
        for key in document:
            if key not in names:
                raise self.error("", f"has an unknown key {shown(str(key))}", nearest(str(key), names))
        self._document = document

    def error(self, key: str, rule: str, remedy: str) -> ValueError:
        """The error about one field, or about the whole mapping for an empty key."""
        where = ".".join(part for part in (self.path, key) if part) or "the document"
        return ValueError(f"{where}: {rule}; {remedy}")

    def get(self, key: str) -> object:
        """The field as it stands; None if it is absent or empty."""
        return self._document.get(key)

    def text(self, key: str) -> str:
        """A field that must be text and not empty."""
        value = self.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "must be text, and it is missing or something else", f'write {key}: "…"')
        return value

    def optional_text(self, key: str) -> str | None:
        return None if self.get(key) is None else self.text(key)

    def flag(self, key: str) -> bool:
        """A field that is true or false; false if absent."""
        value = False if self.get(key) is None else self.get(key)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false", f"write {key}: true, or leave it out")
        return value

    def whole(self, key: str) -> int | None:
        """A field that is a whole number."""
        value = self.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.error(key, "must be a whole number", f"write {key}: 1")
        return value

    def choice(self, key: str, choices: type[_E]) -> _E:
        """A field that is one of a closed list."""
        value = self.text(key)
        if value not in set(choices):
            raise self.error(key, f"{shown(value)} is not offered", nearest(value, choices))
        return choices(value)

    def exact(self, key: str) -> Fraction | None:
        """A number, exactly as written."""
        return None if self.get(key) is None else self.exact_number(key, self.get(key))

    def exact_number(self, key: str, value: object) -> Fraction:
        """`value` as the number that was written: a YAML float by its decimal text, so that 0.1 is one tenth."""
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                return Fraction(value if isinstance(value, int) else str(value).strip())
            except (ValueError, ZeroDivisionError):  # inf, nan, text that is no number
                pass
        raise self.error(key, f"{shown(str(value))} is no number", f"write for example {key}: 0.25")

    def items(self, key: str) -> list[object] | None:
        """A field that is a list with at least one item."""
        value = self.get(key)
        if value is not None and (not isinstance(value, list) or not value):
            raise self.error(key, "must be a list with at least one item", f"write {key}: [a, b]")
        return value
