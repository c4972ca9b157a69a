"""`messages.pot`, written from the texts of the pages, and the catalogues brought in line with it: `make pages`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from generated import write_or_check

SOURCE = Path(__file__).parents[1] / "audit" / "hansa_audit"
TEMPLATE = "messages.pot"
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
_KEYWORDS = {"_": None, "gettext": None, "message": None, "ngettext": (1, 2), "counted": (1, 2)}
_HEADER = "# Texts of the public pages. A catalogue of a language is a copy of it, LANGUAGE.po, with words in it."
# Fields that would differ at each making, and those of a project that has translators by the dozen.
_NOT_KEPT = re.compile(
    rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Project-Id-Version|Report-Msgid-Bugs-To|Last-Translator|'
    rb"Language-Team):.*\n"
)


def template() -> Catalog:
    """Every text of the pages, with the files that say it."""
    catalogue = Catalog(header_comment=_HEADER, fuzzy=False)
    for file, _, text, comments, context in extract_from_dir(str(SOURCE), _METHODS, keywords=_KEYWORDS):
        catalogue.add(text, locations=[(file, 0)], auto_comments=comments, context=context)
    return catalogue


def files(folder: Path) -> dict[Path, bytes]:
    """What the folder should hold: the template, and each catalogue with its words for the texts that there are."""
    said = template()
    found = {folder / TEMPLATE: _written(said)}
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as stream:
            catalogue = read_po(stream, abort_invalid=True)
        catalogue.update(said, no_fuzzy_matching=True)
        found[path] = _written(catalogue)
    return found


def _written(catalogue: Catalog) -> bytes:
    written = BytesIO()
    write_po(written, catalogue, width=100, ignore_obsolete=True, sort_output=True, include_lineno=False)
    return _NOT_KEPT.sub(b"", written.getvalue())


def main(arguments: Sequence[str]) -> int:
    """`--write FOLDER` the files, or `--check FOLDER`: 1 if one is not what would be written."""
    return write_or_check(arguments, files, told="the pages", remake="make pages")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
