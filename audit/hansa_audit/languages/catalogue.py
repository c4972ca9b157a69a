"""Catalogues: gettext files with the words of one language, those that are shipped and those that a person names."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import NullTranslations, Translations

from hansa_core.errors import ConfigError

SOURCE_LANGUAGE = "en"
"""That of the texts in the code, which needs no catalogue."""
SUFFIX, TEMPLATE = ".po", "messages.pot"
_MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class LoadedCatalogue:
    """`tag`: the language, as the catalogue names it. `missing`: how many texts stay English."""

    tag: str
    words: NullTranslations
    missing: int


def shipped_folder() -> Traversable:
    """Where the catalogues lie that come with Hansa, and `messages.pot`, from which a new one begins."""
    return files("hansa_audit.languages").joinpath("catalogues")


def shipped_languages() -> list[str]:
    """All that can be named without a file: English, and one for each catalogue."""
    found = (each.name for each in shipped_folder().iterdir() if each.name.endswith(SUFFIX))
    return sorted([SOURCE_LANGUAGE, *(name.removesuffix(SUFFIX) for name in found)])


def shipped_catalogue(language: str) -> LoadedCatalogue:
    """The catalogue of one of `shipped_languages`."""
    if language == SOURCE_LANGUAGE:
        return LoadedCatalogue(language, NullTranslations(), 0)
    return loaded(shipped_folder().joinpath(f"{language}{SUFFIX}").read_bytes(), f"{language}{SUFFIX}")


def named_catalogue(file: Path) -> LoadedCatalogue:
    """A catalogue that a person wrote. Raises ConfigError."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as failure:
        raise ConfigError(f"--language {file}: cannot be read ({failure.strerror}); name a catalogue") from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"--language {file}: has more than {_MOST_BYTES} bytes; a catalogue has fewer")
    return loaded(content, f"--language {file}")


def read_catalogue(content: bytes) -> Catalog:
    """As gettext files are read. Raises ValueError."""
    try:
        return read_po(BytesIO(content), abort_invalid=True)
    except PoFileError as broken:
        raise ValueError(str(broken)) from None


def loaded(content: bytes, name: str) -> LoadedCatalogue:
    """From the bytes of a gettext file. `name`: how an error calls it. Raises ConfigError.

    Texts that are marked as fuzzy, or whose places for values differ, stay English.
    """
    try:
        catalogue = read_catalogue(content)
    except (ValueError, LookupError) as broken:
        raise ConfigError(f"{name}: is no gettext catalogue ({broken}); start from messages.pot") from None
    if catalogue.locale_identifier is None:
        raise ConfigError(f'{name}: names no language; write "Language: nl\\n" into its header')
    for each in list(catalogue):
        if each.id and (each.fuzzy or not all(_strings(each.string)) or each.check(catalogue)):
            catalogue.delete(each.id)
    wanted = read_catalogue(shipped_folder().joinpath(TEMPLATE).read_bytes())
    missing = sum(1 for each in wanted if each.id and each.id not in catalogue)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return LoadedCatalogue(catalogue.locale_identifier, Translations(compiled), missing)


def _strings(said: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return tuple(said) if isinstance(said, tuple | list) else (said or "",)
