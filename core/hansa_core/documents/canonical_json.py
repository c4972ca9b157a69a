"""What is the one way to write a JSON value down? (RFC 8785, for the values that a log holds.)"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from hansa_core.errors import PeerError

JsonValue = str | int | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

# RFC 8785, 3.2.2.3: numbers are IEEE 754 doubles, which hold every integer up to here.
MAX_INTEGER = 2**53 - 1

# The encoder in C. Without floats, with integers in bounds and with names in ASCII (whose order is the same in UTF-16
# and by code point) it writes what RFC 8785 demands, and 8 times as fast as the package that knows all of it.
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: JsonValue) -> bytes:
    """The value as RFC 8785 JSON, if it has no float, no integer beyond `MAX_INTEGER` and no name beyond ASCII.

    Raises UnicodeEncodeError for half of a surrogate pair.
    """
    return _encoder.encode(value).encode()


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

    A repeated name, a float, -0, a blank or another order do not come back as they were.
    """
    try:
        value: object = _decoder.decode(document.decode())
        again = _encoder.encode(value).encode()
    except (ValueError, RecursionError) as error:
        raise PeerError(f"{what} is not strict JSON: {_reason(error)}") from error
    if again != document:
        raise PeerError(f"{what} is not RFC 8785 JSON: it reads back in other bytes")
    return value


def _refuse_number(text: str) -> object:
    raise ValueError(f"{text[:40]} is no whole number")


_decoder = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
