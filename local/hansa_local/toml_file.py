"""How does a TOML file become a checked value? Every mistake names the file, the field, the rule and the remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import PydanticKnownError

from hansa_core.errors import ConfigError
from hansa_core.nearest import nearest, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RULES = {
    "missing": ("is missing", "add it"),
    "string_type": ("must be a text", "write it in quotes"),
    "string_too_short": ("is empty", "write a text"),
    "int_type": ("must be a whole number", "write digits without quotes"),
    "bool_type": ("must be true or false", "write it without quotes"),
    "float_type": ("must be a number", "write it without quotes"),
    "tuple_type": ("must be a list", 'write it as ["a", "b"]'),
    "too_short": ("is empty", "list at least one"),
    "model_type": ("must be a table", "write its keys and values under its name in brackets"),
    "mapping_type": ("must be a table", "write its keys and values under its name in brackets"),
    "greater_than_equal": ("is {input}", "write {ge} or more"),
    "less_than_equal": ("is {input}", "write {le} or less"),
    "greater_than": ("is {input}", "write more than {gt}"),
}


class Section(BaseModel):
    """A table of the file. Its fields are the known keys; nothing is converted in silence."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", validate_default=True)


_SectionT = TypeVar("_SectionT", bound=Section)
_ItemT = TypeVar("_ItemT")


def _below_the_folder(value: object, info: ValidationInfo) -> Path:
    """The default of a field is a Path already, and as relative as what the file says."""
    if not isinstance(value, str | Path):
        raise PydanticKnownError("string_type")
    if not str(value):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    folder: Path = (info.context or {})["folder"]
    return folder / value


Text = Annotated[str, Field(min_length=1)]
FilePath = Annotated[Path, BeforeValidator(_below_the_folder)]
"""A path; a relative one is relative to the folder of the file that names it."""
ListOf = Annotated[tuple[_ItemT, ...], Field(strict=False)]
"""TOML's lists are read into tuples."""


def absent_table() -> Any:
    """The default of a section whose keys all have defaults: an absent table is an empty one."""
    return {}


def read_section(path: Path, kind: type[_SectionT], *, hint: str) -> _SectionT:
    """The checked content of the file. `hint`: the remedy where there is no such file. Raises ConfigError."""
    return section_of(read_toml(path, hint=hint), kind, path)


def section_of(document: Mapping[str, object], kind: type[_SectionT], path: Path) -> _SectionT:
    """The checked value of a document that was read from `path`. Raises ConfigError."""
    try:
        return kind.model_validate(document, context={"folder": path.absolute().parent})
    except ValidationError as wrong:
        # A misspelt key is often also a missing one: what was written is said, not what was not.
        errors = sorted(wrong.errors(), key=lambda error: error["type"] != "extra_forbidden")
        raise ConfigError(f"{path}: {_said(errors[0], kind)}") from None


def read_toml(path: Path, *, hint: str) -> Mapping[str, object]:
    """The parsed file. Raises ConfigError if it is absent, unreadable or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be read ({failure.strerror}); {hint}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise ConfigError(f"{path}: is no TOML ({failure}); mend that line") from None


def _said(error: ErrorDetails, kind: type[Section]) -> str:
    """The field as TOML would name it, the rule, and the remedy."""
    where = _dotted(error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where} is no known key; {nearest(str(error['loc'][-1]), _known_keys(kind, error['loc']))}"
    if error["type"] in _RULES:
        values = {"input": error["input"], **error.get("ctx", {})}
        rule, remedy = (text.format(**values) for text in _RULES[error["type"]])
        return f"{where} {rule}; {remedy}"
    said = error["msg"].removeprefix("Value error, ")  # of a check of ours, which names rule and remedy itself
    return f"{where}: {said}" if where else said


def _dotted(loc: Sequence[int | str]) -> str:
    text = ""
    for part in loc:
        if part == "[key]":  # pydantic's mark for a mistake in the key itself
            continue
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." + (part if _BARE_KEY.fullmatch(part) else shown(part))
    return text.removeprefix(".")


def _known_keys(kind: type[Section], loc: Sequence[int | str]) -> Mapping[str, object]:
    """The fields of the section in which the last part of `loc` stands."""
    for part in loc[:-1]:
        if isinstance(part, str):
            annotation = kind.model_fields[part].annotation
            (kind,) = (each for each in (annotation, *get_args(annotation)) if _is_section(each))
    return kind.model_fields


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)
