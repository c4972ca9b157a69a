"""One table of an operator's TOML file, read key by key: what is missing, mistyped or unknown is named."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from hansa_core.errors import ConfigError

_Kind = TypeVar("_Kind", str, int, list[object], dict[str, object])
_NAMES = {str: "a text", int: "a whole number", list: "a list", dict: "a table"}


class TomlTable:
    """A table that remembers which keys were asked for, so that `close` can name the ones nobody knows."""

    def __init__(self, entries: Mapping[str, object], *, file: Path, name: str = "") -> None:
        self._entries = entries
        self._file = file
        self._name = name
        self._asked: list[str] = []

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._take(key, str, default)
        if not value:
            raise self.wrong(key, "is empty", "write a text")
        return value

    def integer(self, key: str, default: int | None = None, *, least: int, most: int) -> int:
        """A whole number in [least, most]."""
        value = self._take(key, int, default)
        if not least <= value <= most:
            raise self.wrong(key, f"is {value}", f"write a whole number from {least} to {most}")
        return value

    def path(self, key: str, default: str | None = None) -> Path:
        """A path; a relative one is relative to the file's folder."""
        return self._file.parent / self.text(key, default)

    def flag(self, key: str, *, default: bool) -> bool:
        """true or false."""
        self._asked.append(key)
        value = self._entries.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false", f"it is a {type(value).__name__}")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        values = self._take(key, list, None if default is None else list(default))
        texts = tuple(value for value in values if isinstance(value, str) and value)
        if len(texts) != len(values):
            raise self.wrong(key, "must be a list of texts", 'write it as ["a", "b"]')
        return texts

    def table(self, key: str) -> TomlTable:
        """A table below this one; an absent one is empty."""
        return TomlTable(self._take(key, dict, {}), file=self._file, name=f"{self._name}{key}.")

    def free_keys(self) -> tuple[str, ...]:
        """All keys of a table whose keys are the operator's own."""
        return tuple(self._entries)

    def close(self) -> None:
        """Refuse the keys that nobody asked for. Raises ConfigError that names the nearest known key."""
        for key in self._entries:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, n=1, cutoff=0.0)
                raise self.wrong(key, "is no known key", f"the nearest known key is {self._name}{near[0]}")

    def wrong(self, key: str, rule: str, remedy: str) -> ConfigError:
        """The error that names file, field, rule and remedy."""
        return ConfigError(f"{self._file}: {self._name}{key} {rule}; {remedy}")

    def _take(self, key: str, kind: type[_Kind], default: _Kind | None) -> _Kind:
        self._asked.append(key)
        value = self._entries.get(key, default)
        if value is None:
            raise self.wrong(key, "is missing", f"write {_NAMES[kind]}")
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.wrong(key, f"must be {_NAMES[kind]}", f"it is a {type(value).__name__}")
        return value
