"""Strict JSON reader: a document from outside has exactly one reading, by field and type."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from hansa_core.documents.bounds import check_bytes, check_json_depth
from hansa_core.errors import PeerError
from hansa_core.nearest import nearest, shown

_Kind = TypeVar("_Kind", str, dict[str, object])
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class JsonObject:
    """One object of a document, read by field and type. Every failure is a PeerError that names the field."""

    where: str
    values: Mapping[str, object]

    def require(self, names: Iterable[str], optional: Iterable[str] = ()) -> JsonObject:
        """Itself, if it has every field of `names` and none beyond those and `optional`."""
        names = tuple(names)
        known = {*names, *optional}
        for name in self.values:
            if name not in known:
                raise PeerError(f"{self.where}: unknown field {shown(name)}; {nearest(name, known)}")
        for name in names:
            self.value(name)
        return self

    def value(self, name: str) -> object:
        if name not in self.values:
            raise PeerError(f"{self.where}: field {name} is missing")
        return self.values[name]

    def text(self, name: str) -> str:
        value = self.value(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a string")
        return value

    def whole(self, name: str) -> int:
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "a whole number")
        return value

    def flag(self, name: str) -> bool:
        value = self.value(name)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(_only(str, item, self._wrong(name, "a list of strings")) for item in self._list(name))

    def objects(self, name: str) -> tuple[JsonObject, ...]:
        items = enumerate(self._list(name))
        return tuple(JsonObject(f"{self.where}.{name}[{index}]", self._as_object(name, item)) for index, item in items)

    def inner(self, name: str) -> JsonObject:
        return JsonObject(f"{self.where}.{name}", self._as_object(name, self.value(name)))

    def time(self, name: str) -> datetime:
        """A naive UTC time, written `2026-01-31T12:00:00Z`."""
        text = self.text(name)
        try:
            value = datetime.strptime(text, _TIME_FORMAT)
        except ValueError as error:
            raise self._wrong(name, "a time such as 2026-01-31T12:00:00Z") from error
        if time_text(value) != text:
            raise self._wrong(name, "a time such as 2026-01-31T12:00:00Z")
        return value

    def base64(self, name: str) -> bytes:
        """Bytes in standard base64, padded, in the one spelling that encoding them gives."""
        text = self.text(name)
        try:
            value = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise self._wrong(name, "standard base64") from error
        if base64.b64encode(value).decode() != text:
            raise self._wrong(name, "base64 in its canonical spelling")
        return value

    def _list(self, name: str) -> list[object]:
        value = self.value(name)
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value

    def _as_object(self, name: str, value: object) -> dict[str, object]:
        return _only(dict, value, self._wrong(name, "an object"))

    def _wrong(self, name: str, wanted: str) -> PeerError:
        return PeerError(f"{self.where}: field {name} must be {wanted}")


def read_object(document: bytes, what: str) -> JsonObject:
    """The document's one object; `what` names it in errors. Raises PeerError as `read_value`."""
    value = read_value(document, what)
    if not isinstance(value, dict):
        raise PeerError(f"{what} must be a JSON object")
    return JsonObject(what, value)


def read_value(document: bytes, what: str) -> object:
    """The document's one value; `what` names it in errors.

    Raises PeerError for repeated keys, floats, NaN, bad UTF-8, and what is longer or deeper than the bounds.
    """
    try:
        check_bytes(document)
        check_json_depth(document)
        if document.startswith(codecs.BOM_UTF8):
            raise ValueError("it begins with a byte order mark, which is no part of what was signed; save it without")
        value: object = _decoder.decode(document.decode("utf-8"))
    except _RepeatedFieldError as repeated:
        first, again = _lines_of(document.decode("utf-8"), repeated.name)
        where = f"in it twice, on line {first} and on line {again}; keep one"
        raise PeerError(f"{what} is not strict JSON: field {shown(repeated.name)} stands {where}") from None
    except ValueError as error:
        raise PeerError(f"{what} is not strict JSON: {error}") from error
    return value


def time_text(value: datetime) -> str:
    """A naive UTC time in whole seconds as `JsonObject.time` reads it."""
    return f"{value.isoformat(timespec='seconds')}Z"


class _RepeatedFieldError(ValueError):
    """An object has a field twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"field {shown(name)} stands in it twice")
        self.name = name


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise _RepeatedFieldError(next(name for name, count in counts.items() if count > 1))
    return values


def _no_number_but_whole(text: str) -> object:
    raise ValueError(f"{text[:40]} is no whole number")


_decoder = json.JSONDecoder(
    object_pairs_hook=_without_repeats, parse_float=_no_number_but_whole, parse_constant=_no_number_but_whole
)
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}:]', re.DOTALL)


def _lines_of(text: str, name: str) -> tuple[int, int]:
    """Two lines, counted from 1, on which one object of a JSON text has a field of that name."""
    objects: list[dict[str, int]] = []
    last, line, counted = "", 1, 0
    for token in _TOKEN.finditer(text):
        written = token.group()
        line, counted = line + text.count("\n", counted, token.start()), token.start()
        if written in ("{", "["):
            objects.append({})
        elif written in ("}", "]"):
            objects.pop()
        elif written == ":" and json.loads(last) == name:
            if name in objects[-1]:
                return objects[-1][name], line
            objects[-1][name] = line
        last = written
    raise AssertionError("only a text that repeats the name is searched")


def _only(kind: type[_Kind], value: object, otherwise: PeerError) -> _Kind:
    if not isinstance(value, kind):
        raise otherwise
    return value
