"""Strict TOML reader: a file becomes a checked value, or an error that names file, field, rule and remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, ValidationInfo
from pydantic_core import PydanticKnownError

from hansa_core.documents.bounds import MAX_DEPTH, check_depth
from hansa_core.documents.model import TOML, Section, validated
from hansa_core.errors import ConfigError
from hansa_core.nearest import shown
from hansa_local.document_file import read_bytes, text_of

# What is not closed reaches to the end, so that nothing is looked at twice.
_LONG_STRINGS = (
    rb'"""(?:[^\\"]++|\\.|"(?!""))*+(?:""")?',
    rb"'''(?:[^']++|'(?!''))*+(?:''')?",
)
_STRINGS_AND_COMMENTS = re.compile(
    b"|".join((*_LONG_STRINGS, rb'"(?:[^"\\\n]++|\\.)*+"?', rb"'[^'\n]*+'?", rb"#[^\n]*+")), re.DOTALL
)
_LONG_KEY = re.compile(rb"\.(?:[ \t]*+[\w-]*+[ \t]*+\.){%d}" % MAX_DEPTH)

_SectionT = TypeVar("_SectionT", bound=Section)


def _below_the_folder(value: object, info: ValidationInfo) -> Path:
    """The default of a field is a Path already, and as relative as what the file says."""
    if not isinstance(value, str | Path):
        raise PydanticKnownError("string_type")
    if not str(value):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    folder: Path = (info.context or {})["folder"]
    return folder / value


FilePath = Annotated[Path, BeforeValidator(_below_the_folder)]
"""A path; a relative one is relative to the folder of the file that names it."""


def read_section(path: Path, kind: type[_SectionT], *, hint: str) -> _SectionT:
    """The checked content of the file. `hint`: the remedy where there is no such file. Raises ConfigError."""
    return section_of(read_toml(path, hint=hint), kind, path)


def section_of(document: Mapping[str, object], kind: type[_SectionT], path: Path) -> _SectionT:
    """The checked value of a document that was read from `path`. Raises ConfigError."""
    try:
        return validated(document, kind, TOML, {"folder": path.absolute().parent})
    except ValueError as wrong:
        raise ConfigError(f"{path}: {wrong}") from None


def read_toml(path: Path, *, hint: str) -> Mapping[str, object]:
    """The parsed file. Raises ConfigError if it is absent, unreadable or no TOML."""
    content = read_bytes(path, hint=hint)
    try:
        return toml_value(content)
    except ValueError as wrong:
        raise ConfigError(f"{path}: {wrong}") from None


def toml_value(content: bytes) -> Mapping[str, object]:
    """The table of a TOML text. Raises ValueError that names the line, the rule and the remedy."""
    text = text_of(content)
    bare = _STRINGS_AND_COMMENTS.sub(b"_", content)
    if _LONG_KEY.search(bare):
        raise ValueError(f"is nested too deeply: a key of more than {MAX_DEPTH} parts; shorten it")
    try:
        check_depth(content, _STRINGS_AND_COMMENTS)
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise ValueError(_repeated_key(text) or f"is no TOML ({failure}); mend that line") from None


def _repeated_key(text: str) -> str | None:
    """What to say of a text that is no TOML because a key stands twice in one table."""
    table = ""
    lines: dict[tuple[str, str], int] = {}
    for number, line in enumerate(_without_long_strings(text).split("\n"), start=1):
        written = line.strip()
        if written.startswith("[["):  # each begins a table of its own
            table = written.partition("]")[0].strip("[ \t")
            lines = {place: at for place, at in lines.items() if not f"{place[0]}.".startswith(f"{table}.")}
            continue
        if written.startswith("["):
            table = written.partition("]")[0].strip("[ \t")
            place, said = (table, ""), f"[{table}]"
        elif "=" in written and not written.startswith("#"):
            said = written.partition("=")[0].rstrip()
            place = (table, said)
        else:
            continue
        if place in lines:
            return f"{shown(said)} stands on line {lines[place]} and again on line {number}; keep one of them"
        lines[place] = number
    return None


def _without_long_strings(text: str) -> str:
    """The text with the same lines, in which no string that spans lines looks like keys."""
    found = re.compile(b"|".join(_LONG_STRINGS), re.DOTALL)
    return found.sub(lambda string: b"\n" * string.group().count(b"\n"), text.encode()).decode()
