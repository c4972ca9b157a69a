"""The keys of a configuration model, in the order of its file: first plain ones, then sections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from hansa_core.documents.model import Section


def plain_keys(model: type[Section]) -> Mapping[str, FieldInfo]:
    """The keys that hold a value or a list of values."""
    return {key: field for key, field in _keys(model).items() if section_in(field) is None and not is_mapping(field)}


def section_keys(model: type[Section]) -> Mapping[str, FieldInfo]:
    """The keys that hold a section, a list of sections, or a table of the file's own names."""
    return {key: field for key, field in _keys(model).items() if key not in plain_keys(model)}


def _keys(model: type[Section]) -> Mapping[str, FieldInfo]:
    """Each field by the key that files write for it."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def section_in(field: FieldInfo) -> type[Section] | None:
    """The section that the key holds, or a list of."""
    for each in (field.annotation, *get_args(field.annotation)):
        if isinstance(each, type) and issubclass(each, Section):
            return each
    return None


def is_mapping(field: FieldInfo) -> bool:
    """Whether the key holds a table whose names the file chooses."""
    return get_origin(field.annotation) is Mapping


def is_list(field: FieldInfo) -> bool:
    """Whether the key holds a list."""
    return field.annotation is not None and get_args(field.annotation)[-1:] == (...,)


def default_of(field: FieldInfo) -> Any:
    """The value of a key that is left out, as a file would write it; None if it is required or has none."""
    if field.is_required():
        return None
    default = field.get_default(call_default_factory=True, validated_data={})
    match default:
        case None | bool() | int() | float() | str():
            return default
        case tuple():
            return list(default)
        case Path():
            return str(default)
        case _:
            return dict(default)


def description_of(name: str, field: FieldInfo) -> str:
    """What the key says, with its unit. Every key of a configuration has a description."""
    assert field.description is not None, name
    return field.description
