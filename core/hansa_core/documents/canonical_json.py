"""Canonical JSON (RFC 8785): the one encoding of a value, for whatever is hashed or signed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import rfc8785

from hansa_core.documents.strict_json import read_value
from hansa_core.errors import PeerError

JsonValue = str | int | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
"""JSON without floats, as a log holds it."""

# RFC 8785, 3.2.2.3: numbers are IEEE 754 doubles, which hold every integer up to here.
MAX_INTEGER = 2**53 - 1

# The encoder in C. Without floats, with integers in bounds and with names in ASCII (whose order is the same in UTF-16
# and by code point) it writes what RFC 8785 demands, and several times as fast as the package that knows all of it.
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: object) -> bytes:
    """The value as RFC 8785 JSON. `value`: dicts, lists, tuples, texts, integers, floats, truth values and None.

    Raises ValueError for an integer beyond `MAX_INTEGER`, NaN, infinity, half of a surrogate pair and anything else.
    """
    if _is_plain(value):
        return _encoder.encode(value).encode()
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # it checks what it is given


def plain_json(value: object) -> bytes:
    """The same of a value that `check_value` or the checks of a record have let pass: it is not looked at again."""
    return _encoder.encode(value).encode()


def _is_plain(value: object) -> bool:
    """Whether the encoder in C writes the value as RFC 8785 demands."""
    kind = type(value)
    if isinstance(value, str) or kind is bool or value is None:  # of a word of an enumeration, its text is written
        return True
    if kind is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER  # type: ignore[operator]
    if kind is dict:
        return all(type(name) is str and name.isascii() and _is_plain(each) for name, each in value.items())  # type: ignore[attr-defined]
    if kind is list or kind is tuple:
        return all(map(_is_plain, value))  # type: ignore[call-overload]
    return False


def check_value(value: object, name: str) -> None:
    """Raise ValueError unless `canonical_json` writes the value as RFC 8785 demands. `name` names it in the error."""
    match value:
        case None | bool():
            return
        case str():
            value.encode()
        case int():
            if abs(value) > MAX_INTEGER:
                raise ValueError(f"{name} holds an integer beyond 2^53 - 1")
        case list() | tuple():
            for each in value:
                check_value(each, name)
        case dict():
            for key, each in value.items():
                if not isinstance(key, str) or not key.isascii():
                    raise ValueError(f"{name} holds a name that is not ASCII text")
                check_value(each, name)
        case _:
            raise ValueError(f"{name} holds {type(value).__name__}, which is not JSON without floats")


def read_canonical(document: bytes, what: str) -> object:
    """The value of a document that is written in this one way. Raises PeerError; `what` names the document.

    A blank or another order do not come back as they were; all else is refused as in any JSON from outside.
    """
    value = read_value(document, what)
    try:
        again = _encoder.encode(value).encode()  # there are no floats in it; the schema judges its integers and names
    except UnicodeEncodeError as error:
        raise PeerError(f"{what} is not strict JSON: {error}") from error
    if again != document:
        raise PeerError(f"{what} is not RFC 8785 JSON: it reads back in other bytes")
    return value
