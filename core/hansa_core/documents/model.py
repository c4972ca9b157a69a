"""Frozen pydantic models of documents that people write: field types, and pydantic's errors in our words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from hansa_core.nearest import nearest, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY_MARK, _RANGE_MARK, _LIST_MARK = "[key]", "[range]", "[list]"  # pydantic's and our own, in a place of an error

_ItemT = TypeVar("_ItemT")
_ChoiceT = TypeVar("_ChoiceT", bound=StrEnum)
_SectionT = TypeVar("_SectionT", bound="Section")


class Section(BaseModel):
    """A mapping of a document. Its fields are the known keys; nothing is converted in silence."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_default=True)


class YamlSection(Section):
    """A mapping of a YAML document, where a key without a value counts as left out."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, document: object) -> object:
        if not isinstance(document, Mapping):
            return document
        return {key: value for key, value in document.items() if value is not None or key not in known_keys(cls)}


Text = Annotated[str, Field(min_length=1)]
ListOf = Annotated[tuple[_ItemT, ...], Field(strict=False)]
"""Lists are read into tuples."""


def exact(value: object) -> Fraction:
    """The number that was written: a float of the file by its decimal text, so that 0.1 is one tenth.

    Raises ValueError for anything else.
    """
    if isinstance(value, int | float | str | Fraction) and not isinstance(value, bool):
        try:
            return Fraction(value if isinstance(value, int | Fraction) else str(value).strip())
        except (ValueError, ZeroDivisionError):  # infinity, NaN, text that is no number
            pass
    raise ValueError(f"{shown(str(value))} is no number; write for example 0.25")


Exact = Annotated[Fraction, BeforeValidator(exact), WithJsonSchema({"type": ["number", "string"]})]
"""A number of any size and precision, exactly as written."""


def one_of(kind: type[_ChoiceT]) -> BeforeValidator:
    """The validator of a text that names one of a closed list."""

    def choose(value: object) -> _ChoiceT:
        if isinstance(value, str) and value in set(kind):
            return kind(value)
        raise ValueError(f"{shown(str(value))} is not offered; {nearest(str(value), kind)}")

    return BeforeValidator(choose)


class WholeRange(YamlSection):
    """The whole numbers from one to another, both included."""

    first: int = Field(alias="from", description="the first of the whole numbers")
    last: int = Field(alias="to", description="the last of the whole numbers")


Values = Annotated[
    Annotated[WholeRange, Tag(_RANGE_MARK)] | Annotated[ListOf[object], Field(min_length=1), Tag(_LIST_MARK)],
    Discriminator(lambda written: _RANGE_MARK if isinstance(written, Mapping | WholeRange) else _LIST_MARK),
]
"""A list of values, or the range of whole numbers `{from: 1980, to: 2026}`."""


def absent_table() -> Any:
    """The default of a section whose keys all have defaults: an absent table is an empty one."""
    return {}


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a file format is spoken of. `link`: between field and rule. `table`: rule and remedy of a missing mapping."""

    link: str
    table: tuple[str, str]


TOML = Syntax(" ", ("must be a table", "write its keys and values under its name in brackets"))
YAML = Syntax(": ", ("is no mapping", "write key: value lines under it"))

_RULES = {
    "missing": ("is missing", "add it"),
    "string_type": ("must be a text", "write it in quotes"),
    "string_too_short": ("is empty", "write a text"),
    "int_type": ("must be a whole number", "write digits without quotes"),
    "bool_type": ("must be true or false", "write it without quotes"),
    "float_type": ("must be a number", "write it without quotes"),
    "tuple_type": ("must be a list", 'write it as ["a", "b"]'),
    "too_short": ("is empty", "list at least one"),
    "greater_than_equal": ("is {input}", "write {ge} or more"),
    "less_than_equal": ("is {input}", "write {le} or less"),
    "greater_than": ("is {input}", "write more than {gt}"),
    "invalid_key": ("is a key that is no text", "write it in quotes"),
}
_TABLE_TYPES = frozenset({"model_type", "mapping_type", "dict_type", "model_attributes_type"})


def validated(document: object, kind: type[_SectionT], syntax: Syntax, context: Any = None) -> _SectionT:
    """The checked value of a parsed document. Raises ValueError that names the field, the rule and the remedy."""
    try:
        return kind.model_validate(document, context=context)
    except ValidationError as wrong:
        # A misspelt key is often also a missing one: what was written is said, not what was not.
        errors = sorted(wrong.errors(), key=lambda error: error["type"] != "extra_forbidden")
        raise ValueError(_said(errors[0], kind, syntax)) from None


def field_error(field: str, rule: str, remedy: str) -> ValueError:
    """The error about one field of a document; an empty `field` is the whole document."""
    return ValueError(f"{field or 'the document'}: {rule}; {remedy}")


def check_known(names: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise ValueError for a key of the mapping at `where` that is none of the known ones."""
    known = sorted(known)
    for name in names:
        if name not in known:
            raise field_error(where, f"has an unknown key {shown(name)}", nearest(name, known))


def known_keys(kind: type[Section]) -> Mapping[str, Any]:
    """The type of each key of a section, as the file spells it."""
    return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}


def _said(error: ErrorDetails, kind: type[Section], syntax: Syntax) -> str:
    """The field as the file names it, the rule, and the remedy."""
    where = _dotted(error["loc"]) or ("the document" if syntax is YAML else "")
    if error["type"] == "extra_forbidden":
        rule, remedy = "is no known key", nearest(str(error["loc"][-1]), _keys_beside(kind, error["loc"]))
    elif error["type"] in _TABLE_TYPES:
        rule, remedy = syntax.table
    elif error["type"] in _RULES:
        values = {"input": error["input"], **error.get("ctx", {})}
        rule, remedy = (text.format(**values) for text in _RULES[error["type"]])
    else:  # a check of ours, which names rule and remedy itself
        said = str(error.get("ctx", {}).get("error", error["msg"]))
        return f"{where}: {said}" if where else said
    return f"{where}{syntax.link}{rule}; {remedy}"


def _dotted(loc: Sequence[int | str]) -> str:
    text = ""
    for part in loc:
        if part in (_KEY_MARK, _RANGE_MARK, _LIST_MARK):
            continue
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." + (part if _BARE_KEY.fullmatch(part) else shown(part))
    return text.removeprefix(".")


def _keys_beside(kind: type[Section], loc: Sequence[int | str]) -> Iterable[str]:
    """The known keys of the section in which the last part of `loc` stands."""
    annotation: Any = kind
    for part in loc[:-1]:
        section = _section_in(annotation)
        if _is_mapping(annotation):
            annotation = get_args(annotation)[1]  # `part` is a name of the document's own
        elif section is not None and part in known_keys(section):
            annotation = known_keys(section)[str(part)]
    section = _section_in(annotation)
    return () if section is None else known_keys(section)


def _section_in(annotation: Any) -> type[Section] | None:
    """The section that an annotation names, however it is wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for each in get_args(annotation) if (found := _section_in(each)) is not None), None)


def _is_mapping(annotation: Any) -> bool:
    return isinstance(get_origin(annotation), type) and issubclass(get_origin(annotation), Mapping)
