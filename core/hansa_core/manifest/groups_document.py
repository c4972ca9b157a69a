"""Groups as a manifest writes them: labels above lists of values, ranges, or smaller groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import DataType, Value
from hansa_core.documents.model import YAML, WholeRange, field_error, validated
from hansa_core.manifest.groups import Group, check_groups
from hansa_core.nearest import shown

REST = "rest"
"""Written in place of a group's values: all that no other group holds, NULL included."""

_RANGE_KEYS = frozenset({"from", "to"})

ReadValue = Callable[[object, ContractColumn, str], Value]
"""Reads one written value as the column's; raises ValueError that names the field."""


def groups_from_document(
    written: Mapping[str, object], column: ContractColumn, domain: Sequence[Value], read: ReadValue
) -> tuple[Group, ...]:
    """One nested hierarchy, the coarsest groups first. Raises ValueError that names the field, rule and remedy."""
    where = f"hierarchies.{column.name}"
    reader = _Reader(column, domain, read)
    if not written:
        raise field_error(where, "is empty", "write its groups, or leave it out")
    held = [value for group in _named(written, where) for value in reader.listed(*group)]
    every: tuple[Value | None, ...] = tuple(domain) if column.required else (*domain, None)
    reader.rest = tuple(value for value in every if value not in held)
    groups = tuple(reader.group(label, below, path) for label, below, path in _named(written, where))
    if reader.rests > 1:
        raise field_error(where, f"says {REST} twice", "say it of one group")
    check_groups(column.name, groups, domain, is_required=column.required)
    return groups


class _Reader:
    """Reads the groups of one column. `rest`: what the word stands for; `rests`: how often it was met."""

    def __init__(self, column: ContractColumn, domain: Sequence[Value], read: ReadValue) -> None:
        self._column = column
        self._domain = domain
        self._read = read
        self.rest: tuple[Value | None, ...] = ()
        self.rests = 0

    def group(self, label: str, below: object, path: str) -> Group:
        """The group that is written below a label."""
        if _is_nested(below):
            return Group(label=label, groups=tuple(self.group(*each) for each in _named(below, path)))
        if below == REST:
            self.rests += 1
            if not self.rest:
                raise field_error(path, f"there is no {REST}: other groups hold every value", "leave the group out")
            return Group(label=label, values=self.rest)
        values = self.listed(label, below, path)
        if not values:
            raise field_error(path, "is empty", "list at least one value, or leave the group out")
        return Group(label=label, values=values)

    def listed(self, label: str, below: object, path: str) -> tuple[Value | None, ...]:
        """The values that are named below a label, in all of its groups."""
        if _is_nested(below):
            return tuple(value for each in _named(below, path) for value in self.listed(*each))
        if isinstance(below, Mapping):
            return self._in_range(below, path)
        if below == REST:
            return ()
        if not isinstance(below, Sequence) or isinstance(below, str):
            rule = f"{shown(str(below))} is no list of values"
            raise field_error(path, rule, f"write [a, b], a range, smaller groups, or {REST}")
        return tuple(None if value is None else self._read(value, self._column, path) for value in below)

    def _in_range(self, below: Mapping[object, object], path: str) -> tuple[Value, ...]:
        if self._column.type is not DataType.INTEGER:
            raise field_error(path, "from and to are whole numbers, for an integer column", "list the values instead")
        try:
            ends = validated(below, WholeRange, YAML)
        except ValueError as wrong:
            raise ValueError(f"{path}.{wrong}") from None
        return tuple(value for value in self._domain if isinstance(value, int) and ends.first <= value <= ends.last)


def _is_nested(below: object) -> bool:
    return isinstance(below, Mapping) and not set(below) <= _RANGE_KEYS


def _named(written: object, path: str) -> list[tuple[str, object, str]]:
    """Each label with what stands below it and its path."""
    assert isinstance(written, Mapping)
    for label in written:
        if not isinstance(label, str) or not label:
            raise field_error(f"{path}.{label}", "is a label that is no text", "write it in quotes")
    return [(label, below, f"{path}.{label}") for label, below in written.items()]
