"""Parameters in the account of a question: each value as text beside its type, so that none changes on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from hansa_core.contract.types import DataType, Value
from hansa_core.documents.strict_json import JsonObject
from hansa_core.errors import PeerError
from hansa_core.plan.expression import Literal

if TYPE_CHECKING:
    from hansa_core.sql.parameters import Parameter

_FIELDS = ("name", "list", "values")
_VALUE_FIELDS = ("type", "value")
_READERS: Mapping[DataType, Callable[[str], Value]] = {
    DataType.BOOLEAN: lambda text: {"true": True, "false": False}[text],
    DataType.INTEGER: int,
    DataType.NUMBER: float,
    DataType.TEXT: str,
    DataType.DATE: date.fromisoformat,
    DataType.TIMESTAMP: datetime.fromisoformat,
}


def parameter_document(parameter: Parameter) -> dict[str, Any]:
    """The parameter as JSON."""
    values = [{"type": one.type.value, "value": _text(one.value)} for one in parameter.values]
    return {"name": parameter.name, "list": parameter.is_list, "values": values}


def parameters_in(document: JsonObject) -> tuple[Parameter, ...]:
    """The parameters of an account; none where it does not name them. Raises PeerError."""
    if "parameters" not in document.values:
        return ()
    from hansa_core.sql.parameters import Parameter  # sqlglot, which most accounts do without

    found = []
    for entry in document.objects("parameters"):
        entry.require(_FIELDS)
        values = tuple(_literal(one.require(_VALUE_FIELDS)) for one in entry.objects("values"))
        try:
            found.append(Parameter(name=entry.text("name"), values=values, is_list=entry.flag("list")))
        except ValueError as wrong:
            raise PeerError(f"{entry.where}: {wrong}") from wrong
    return tuple(found)


def _text(value: Value | None) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case float():
            return repr(value)
    return str(value)


def _literal(entry: JsonObject) -> Literal:
    value = entry.value("value")
    try:
        kind = DataType(entry.text("type"))
        if value is None:
            return Literal(None, kind)
        literal = Literal(_READERS[kind](entry.text("value")), kind)
    except (ValueError, KeyError) as wrong:
        raise PeerError(f"{entry.where}: is no value of the question language") from wrong
    if _text(literal.value) != value:
        raise PeerError(f"{entry.where}: {value!r} is not how {kind} is written")
    return literal
