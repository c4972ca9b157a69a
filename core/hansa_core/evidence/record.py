"""Frozen dataclasses of log kinds: checked at birth, written as JSON, and described in JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

from hansa_core.documents.canonical_json import JsonValue
from hansa_core.evidence.kinds import Digests, Kind, OneDigest, Words


class Record:
    """A frozen dataclass whose fields are annotated with kinds, are records, or are tuples of records.

    A field that may be None is absent in JSON then. Raises ValueError at birth.
    """

    __slots__ = ()
    RULES: ClassVar[tuple[dict[str, Any], ...]] = ()  # what `check_together` demands, in JSON Schema
    FREE: ClassVar[tuple[str, ...]] = ()  # digests and counts of nearly every one anew, at which no rule looks

    def __post_init__(self) -> None:
        for name, check in _checks_of(type(self)):
            check(getattr(self, name), name)
        self.check_together()

    def check_together(self) -> None:
        """Raise ValueError if the fields, each good by itself, contradict each other."""

    def to_json(self) -> dict[str, JsonValue]:
        """The record as a JSON object."""
        written: dict[str, JsonValue] = {}
        for member in fields_of(type(self)):
            value = getattr(self, member.name)
            if value is not None:
                written[member.name] = member.write(value) if member.is_written else value
        return written

    @classmethod
    def from_json(cls, values: Mapping[str, Any], *, is_valid: bool = False) -> Self:
        """The record of a JSON object. Raises ValueError or TypeError for a wrong field.

        `is_valid`: the object was held against `schema`, so the same checks need not run a second time.
        """
        if not is_valid:
            known = {member.name: member for member in fields_of(cls)}
            return cls(
                **{name: known[name].read(value) if name in known else value for name, value in dict(values).items()}
            )
        record = cls.__new__(cls)
        for member in fields_of(cls):
            value = values.get(member.name)
            if value is not None and member.is_compound:
                value = member.read(value, is_valid=True)
            object.__setattr__(record, member.name, value)
        return record

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The JSON Schema of the object; other records stand in it by reference to `$defs`."""
        members = fields_of(cls)
        rules = {"allOf": list(cls.RULES)} if cls.RULES else {}
        return {
            "type": "object",
            "description": " ".join((cls.__doc__ or "").split()),
            "properties": {member.name: member.schema() for member in members},
            "required": [member.name for member in members if not member.is_optional],
            "additionalProperties": False,
            **rules,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordField:
    """One field: of a kind, or a record, or (`is_many`) a tuple of records."""

    name: str
    is_optional: bool
    kind: Kind | None = None
    record: type[Record] | None = None
    is_many: bool = False
    is_compound: bool = field(init=False)  # JSON holds its value in another form
    is_written: bool = field(init=False)  # it is not handed to JSON as it is

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_compound", self.kind is None or isinstance(self.kind, Words))
        object.__setattr__(self, "is_written", self.kind is None or isinstance(self.kind, Digests | OneDigest))

    def check(self, value: object, name: str) -> None:
        if value is None and self.is_optional:
            return
        if self.kind is not None:
            self.kind.check(value, name)
            return
        assert self.record is not None
        if self.is_many:
            if not isinstance(value, tuple) or not all(isinstance(each, self.record) for each in value):
                raise ValueError(f"{name} must be a tuple of {self.record.__name__}")
        elif not isinstance(value, self.record):
            raise ValueError(f"{name} must be a {self.record.__name__}")

    def write(self, value: Any) -> JsonValue:
        if self.record is None:
            return dict(value) if isinstance(self.kind, Digests | OneDigest) else value
        return [each.to_json() for each in value] if self.is_many else value.to_json()

    def read(self, value: Any, *, is_valid: bool = False) -> object:
        if self.record is None:
            return tuple(value) if isinstance(self.kind, Words) else value
        if self.is_many:
            return tuple(self.record.from_json(each, is_valid=is_valid) for each in value)
        return self.record.from_json(value, is_valid=is_valid)

    def schema(self) -> dict[str, Any]:
        if self.kind is not None:
            return self.kind.schema()
        assert self.record is not None
        one = {"$ref": f"#/$defs/{self.record.__name__}"}
        return {"type": "array", "items": one} if self.is_many else one


Check = Callable[[object, str], None]
_CHECKS: dict[type[Record], tuple[tuple[str, Check], ...]] = {}
_FIELDS: dict[type[Record], tuple[RecordField, ...]] = {}  # each class's annotations are read once


def records_in(cls: type[Record]) -> tuple[type[Record], ...]:
    """The records that fields of this one hold."""
    return tuple(member.record for member in fields_of(cls) if member.record is not None)


def _checks_of(cls: type[Record]) -> tuple[tuple[str, Check], ...]:
    """What checks each field; a kind that needs no other look checks by itself."""
    known = _CHECKS.get(cls)
    if known is None:
        known = tuple(
            (each.name, each.check if each.kind is None or each.is_optional else each.kind.check)
            for each in fields_of(cls)
        )
        _CHECKS[cls] = known
    return known


def fields_of(cls: type[Record]) -> tuple[RecordField, ...]:
    known = _FIELDS.get(cls)
    if known is None:
        hints = get_type_hints(cls, include_extras=True)
        known = tuple(_field(each.name, hints[each.name]) for each in fields(cls))  # type: ignore[arg-type]
        _FIELDS[cls] = known
    return known


def _field(name: str, hint: Any) -> RecordField:
    is_optional = isinstance(hint, UnionType) or NoneType in get_args(hint)
    if is_optional:
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        return RecordField(name=name, is_optional=is_optional, record=get_args(hint)[0], is_many=True)
    if isinstance(hint, type) and issubclass(hint, Record):
        return RecordField(name=name, is_optional=is_optional, record=hint)
    return RecordField(name=name, is_optional=is_optional, kind=hint.__metadata__[0])
