"""Annotated TOML of a configuration model: every key with its meaning, and its default where nothing is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from pydantic.fields import FieldInfo
from tomlkit.container import Container
from tomlkit.items import AoT, Table

from hansa_core.documents.model import Section
from hansa_local.model_keys import default_of, description_of, is_list, plain_keys, section_in, section_keys

Values = Mapping[str, Any]
"""What a file sets: a value, a list, a mapping of a section, or a list of such mappings, by key."""


def annotated_toml(model: type[Section], values: Values, head: Sequence[str]) -> bytes:
    """A file that `model` reads. `values`: what it sets; every other key stands in a comment with its default.

    `head`: the first lines, each a comment. Raises ValueError for a key that the model does not know, or requires.
    """
    document = tomlkit.document()
    for line in (*head, "Values that are commented out show the default."):
        document.add(tomlkit.comment(line))
    _add_keys(document, model, values)
    return tomlkit.dumps(document).encode()


def _add_keys(into: tomlkit.TOMLDocument | Table, model: type[Section], values: Values) -> None:
    unknown = values.keys() - plain_keys(model).keys() - section_keys(model).keys()
    if unknown:
        raise ValueError(f"{model.__name__} has no key {', '.join(sorted(unknown))}")
    for name, field in plain_keys(model).items():
        _separate(into)
        _add_value(into, name, field, values)
    for name, field in section_keys(model).items():
        into.add(name, _section(name, field, values.get(name)))


def _separate(into: tomlkit.TOMLDocument | Table) -> None:
    """A blank line before each key of the file itself; the keys of a section stand together."""
    if isinstance(into, Container):
        into.add(tomlkit.nl())


def _add_value(into: tomlkit.TOMLDocument | Table, name: str, field: FieldInfo, values: Values) -> None:
    into.add(tomlkit.comment(description_of(name, field)))
    if name in values:
        into.add(name, tomlkit.item(values[name]))
        return
    if field.is_required():
        raise ValueError(f"{name} is required; set it")
    default = default_of(field)
    written = '"…"' if default is None else tomlkit.item(default).as_string()
    into.add(tomlkit.comment(f"{name} = {written}"))


def _section(name: str, field: FieldInfo, value: Any) -> Table | AoT:
    section, says = section_in(field), description_of(name, field)
    if section is None:
        table = tomlkit.table()
        table.comment(says)
        for key, each in (value or {}).items():
            table.add(key, each)
        return table
    if not is_list(field):
        return _table(section, value or {}, says)
    if not value:
        raise ValueError(f"{name} holds sections; write at least one")
    tables = tomlkit.aot()
    for each in value:
        tables.append(_table(section, each, says))
    return tables


def _table(section: type[Section], values: Values, says: str) -> Table:
    table = tomlkit.table()
    table.comment(says)
    _add_keys(table, section, values)
    return table
