"""The values of a statement's parameters, from what a caller or a command line hands in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hansa.question.constants import NULL, constant_of, is_missing
from hansa.question.options import Params
from hansa_core.errors import RefusedError
from hansa_core.nearest import shown
from hansa_core.plan.expression import Literal
from hansa_core.sql.parameters import MAX_LISTED, MAX_PARAMETERS, Parameter


def read_parameters(params: Params) -> tuple[Parameter, ...]:
    """Each value by its name or place. Raises RefusedError `wrong_parameter` or `wrong_type`.

    None is NULL; a list, a set, an array or a column of a frame is a list for IN.
    """
    if isinstance(params, str | bytes) or not isinstance(params, Mapping | list | tuple):
        remedy = "give a dict for $name, or a list for ? and $1"
        raise _wrong(f"params is {type(params).__name__}, and no dict or list", remedy, "params")
    given = params if isinstance(params, Mapping) else {str(place): one for place, one in enumerate(params, start=1)}
    if len(given) > MAX_PARAMETERS:
        raise _wrong(f"a statement has at most {MAX_PARAMETERS} parameters", "put the values into a list", "params")
    found: dict[str, Parameter] = {}
    for name, value in given.items():
        key = _name(name)
        if key in found:
            raise _wrong(f"two values are called ${key}", "letters of either case are the same: rename one", f"${key}")
        found[key] = _parameter(key, value)
    return tuple(found.values())


def _name(name: object) -> str:
    text = str(name).removeprefix("$").lower()
    if not text.isascii() or not (text.isidentifier() or (text.isdigit() and not text.startswith("0"))):
        remedy = "name it with letters, digits and _, or by its place from 1"
        raise _wrong(f"{shown(str(name))} is no name of a parameter", remedy, "params")
    return text


def _parameter(name: str, value: object) -> Parameter:
    listed = _listed(value)
    if listed is None:
        return Parameter(name=name, values=(_literal(name, value),))
    if len(listed) > MAX_LISTED:
        remedy = "compare with a range, or join a table of your own"
        raise _wrong(f"a list has at most {MAX_LISTED:,} values", remedy, f"${name}")
    return Parameter(name=name, values=tuple(_literal(name, one) for one in listed), is_list=True)


def _listed(value: object) -> list[object] | None:
    """What a list holds; None where the value is no list."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) != 1:
        return None
    return list(value)


def _literal(name: str, value: object) -> Literal:
    if is_missing(value):
        return NULL
    try:
        return constant_of(value)
    except RefusedError as unfit:
        remedy = unfit.remedy.replace("lit(None)", "None")
        raise RefusedError(unfit.code, f"${name}: {unfit.rule}", remedy, unfit.field) from None


def _wrong(rule: str, remedy: str, field: str) -> RefusedError:
    return RefusedError("wrong_parameter", rule, remedy, field)
