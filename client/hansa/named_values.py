"""Values of parameters from the command line: NAME=TEXT, and NAME:=JSON for what is no text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal

import typer

_GIVEN = re.compile(r"\$?(?P<name>[A-Za-z_][A-Za-z0-9_]*|[1-9][0-9]*)(?P<json>:?)=(?P<value>.*)", re.DOTALL)


def named_values(given: Iterable[str]) -> dict[str, object]:
    """Each value by its name or place: a text as it came, so that a postcode keeps its zero.

    Raises typer.BadParameter.
    """
    values: dict[str, object] = {}
    for one in given:
        found = _GIVEN.fullmatch(one)
        if found is None or found["name"].lower() in values:
            raise _bad(f"{one!r} is no NAME=TEXT or NAME:=JSON with a name of its own")
        values[found["name"].lower()] = _json(one, found["value"]) if found["json"] else found["value"]
    return values


def _json(given: str, text: str) -> object:
    try:
        value: object = json.loads(text, parse_float=Decimal)
    except ValueError:
        raise _bad(f"{given!r}: what follows := is no JSON; write = for a text") from None
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict | list) for item in value)):
        raise _bad(f"{given!r}: a value is a number, text, true, false or null, or a list of them")
    return value


def _bad(rule: str) -> typer.BadParameter:
    return typer.BadParameter(rule, param_hint="--param")
