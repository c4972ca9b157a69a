"""The languages of the public pages: whole catalogues, a third without code, numbers and dates in their form."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations

from hansa_audit.languages.catalogue import SOURCE_LANGUAGE, shipped_folder, shipped_languages
from hansa_audit.languages.language import Language, language_of
from hansa_audit.report.refusal_words import refusal_words
from hansa_core.errors import ConfigError
from hansa_log_entries import NOON
from hansa_page_logs import DATA, EVENTFUL, PageLogs, hansa, page_logs, write_pages
from hansa_stable_codes import places

ROOT = Path(__file__).parents[2]
TRANSLATED = [each for each in shipped_languages() if each != SOURCE_LANGUAGE]
_PLACE = re.compile(r"%\(\w+\)s")
_SHOUTED = ("FOUND", "ALL", "MOST")
"""Places that the search fills in."""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> PageLogs:
    return page_logs(tmp_path_factory.mktemp("logs"))


def texts() -> Catalog:
    """What the pages say, as the catalogues' template has it."""
    return read_po(BytesIO(shipped_folder().joinpath("messages.pot").read_bytes()))


def forms(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text or ""),)


def test_the_template_has_every_text_of_the_pages() -> None:
    script = [sys.executable, str(ROOT / "docs/generate_catalogues.py"), "--check", str(shipped_folder())]
    subprocess.run(script, check=True, cwd=ROOT)


def test_there_is_more_than_one_language() -> None:
    assert TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_words_for_every_text_and_the_same_places_for_values(language: str) -> None:
    catalogue = read_po(BytesIO(shipped_folder().joinpath(f"{language}.po").read_bytes()), abort_invalid=True)
    assert catalogue.locale_identifier == language
    for text in texts():
        if not text.id:
            continue
        words = catalogue.get(forms(text.id)[0])
        assert words is not None, text.id
        assert not words.fuzzy, text.id
        said = forms(words.string)
        assert len(said) == (catalogue.num_plurals if text.pluralizable else 1), text.id
        for each in said:
            assert each.strip(), text.id
            assert set(_PLACE.findall(each)) <= set(_PLACE.findall(" ".join(forms(text.id)))), text.id
            for place in _SHOUTED:
                assert (place in each) == (place in forms(text.id)[0]), text.id
        assert set(_PLACE.findall(said[-1])) == set(_PLACE.findall(forms(text.id)[-1])), text.id


@pytest.fixture
def third(tmp_path: Path) -> Path:
    """A catalogue of a language that nobody wrote code for: every text in brackets."""
    return made_up(tmp_path, "nl")


def made_up(folder: Path, language: str, *, skip: int = 0) -> Path:
    catalogue = Catalog(locale=language)
    for text in list(texts())[1 + skip :]:
        said = tuple(f"⟦{each}⟧" for each in (*forms(text.id), *forms(text.id))[: catalogue.num_plurals])
        catalogue.add(text.id, said if text.pluralizable else f"⟦{text.id}⟧")
    path = folder / f"{language}.po"
    with path.open("wb") as stream:
        write_po(stream, catalogue)
    return path


def shown(content: str) -> Iterator[str]:
    """The texts of a page that its reader gets to read or hear, but for what is said to be English, and code."""
    content = re.sub(r"<code>[^<]*</code>", "", content)  # in the middle of a sentence
    yield from _shown(html5lib.parse(content, namespaceHTMLElements=False))


def _shown(element: ElementTree.Element) -> Iterator[str]:
    skipped = element.tag in ("style", "script", "code", "pre") or element.get("lang") == "en"
    if not isinstance(element.tag, str) or skipped:
        return
    yield from filter(None, (element.get(name) for name in ("aria-label", "title", "data-label", "data-found")))
    for text in (element.text, *(part for child in element for part in (*_children(child), child.tail))):
        if text and text.strip():
            yield text.strip()


def _children(child: ElementTree.Element) -> Iterator[str]:
    yield from _shown(child)


def rest(text: str) -> str:
    """What stands outside of all brackets."""
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = inner
    for name in sorted(DATA, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def test_a_third_language_needs_no_code_and_no_text_stays_english(logs: PageLogs, third: Path, tmp_path: Path) -> None:
    pages = write_pages(logs, tmp_path / "pages", str(third))
    assert {"report", "report-damaged", "site/index.html", f"site/{EVENTFUL}/rules.html"} <= set(pages)
    months = {"jan", "januari", "nov", "dec", "november", "december", "om"}
    for name, page in pages.items():
        content = page.read_text(encoding="utf-8")
        assert '<html lang="nl" dir="ltr">' in content
        words = {word.lower() for text in shown(content) for word in re.findall(r"[^\W\d_]{2,}", rest(text))}
        known = {"node", "log", "witness", "checkpoint", "tile", "utc", "rss", "sha", "geleden", "dagen", "maanden"}
        assert words - months - known - {"maand", "uur", "minuten", "minuut", "dag"} == set(), name


def test_numbers_and_dates_have_the_form_of_the_language(logs: PageLogs, tmp_path: Path) -> None:
    english, german = (write_pages(logs, tmp_path / tag, tag) for tag in ("en-GB", "de"))
    texts = [pages["report"].read_text(encoding="utf-8") for pages in (english, german)]
    assert '<html lang="en-GB"' in texts[0]
    assert '<html lang="de"' in texts[1]
    for said, text in zip(("0 of 1,000,000 millionths of ρ", "0 von 1.000.000 Millionstel ρ"), texts, strict=True):
        assert said in text
    for said, text in zip(
        ("1 January 2026 to 4 January 2026", "1. Januar 2026 bis 4. Januar 2026"), texts, strict=True
    ):
        assert said in text
    assert "refused (28%)" in texts[0]
    assert "abgelehnt (28\u00a0%)" in texts[1]
    feed = (tmp_path / "de/site/feed.xml").read_text(encoding="utf-8")
    assert "<language>de</language>" in feed
    assert "Ergebnis: beantwortet." in feed


@pytest.mark.parametrize("tag", ["de-AT", "de_AT"])
def test_a_regions_form_goes_with_its_languages_words(tag: str) -> None:
    language = language_of(tag)
    assert (language.tag, language.day(1_767_225_600)) == ("de-AT", "1. Jänner 2026")
    assert language.gettext("refused") == "abgelehnt"


def test_every_form_is_there_in_every_language_of_the_cldr() -> None:
    for tag in locale_identifiers():
        if "_" in tag:
            continue  # a region changes forms, and takes none away
        language = Language(tag, Locale.parse(tag), NullTranslations())
        for most in range(5):
            listed = language.listing(list("abcd"[:most]))
            assert all(item in listed for item in "abcd"[:most]), tag
        assert language.number(1_234_567)
        assert language.share(1, 3)
        assert language.time(NOON)
        for form in ("short", "medium", "long"):
            assert language.calendar_day(date(2026, 5, 1), form)
        for fields in ("yMMM", "y", "MMMd"):
            assert language.skeleton(date(2026, 5, 1), fields)
        for age_s in (1, 61, 3700, 90_000, 40_000_000):
            assert language.age(age_s)
            assert language.age(age_s, ago=True)


def test_a_language_from_right_to_left_turns_the_page(logs: PageLogs, tmp_path: Path) -> None:
    result = hansa("report", logs.quiet, "--html", tmp_path / "p.html", "--language", made_up(tmp_path, "ar"))
    assert result.exit_code == 0
    assert '<html lang="ar" dir="rtl">' in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_what_a_catalogue_lacks_stays_english_and_is_told(logs: PageLogs, tmp_path: Path) -> None:
    whole = texts()
    lacking = made_up(tmp_path, "nl", skip=7)
    result = hansa("report", logs.quiet, "--html", tmp_path / "p.html", "--language", lacking)
    assert result.exit_code == 0
    content = lacking.read_bytes()
    assert f"no words for {len(whole) - len(read_po(BytesIO(content)))} texts" in result.output


@pytest.mark.parametrize("bad", ["⟦%(city)s", "⟦%(town)s⟧", "⟦%(city)d⟧", ""])
def test_words_without_their_places_are_not_used(tmp_path: Path, bad: str) -> None:
    text = "What %(city)s was asked"
    catalogue = Catalog(locale="nl")
    catalogue.add(text, bad, flags=["python-format"])
    path = tmp_path / "nl.po"
    with path.open("wb") as stream:
        write_po(stream, catalogue)
    language = language_of(str(path))
    said = language.gettext(text, city="luebeck")
    assert said == ("⟦luebeck" if bad == "⟦%(city)s" else "What luebeck was asked")


def test_a_catalogue_puts_no_markup_into_a_page(logs: PageLogs, tmp_path: Path) -> None:
    catalogue = Catalog(locale="nl")
    catalogue.add("The log holds", "<script>alert(1)</script>")
    catalogue.add("Checked against %(keys)s.", "<img src=x>%(keys)s")
    command = next(text.id for text in texts() if str(text.id).startswith("Anybody with a copy"))
    catalogue.add(command, "<b>%(command)s</b>")
    with (tmp_path / "nl.po").open("wb") as stream:
        write_po(stream, catalogue)
    language = ("--language", tmp_path / "nl.po")
    hansa("report", logs.quiet, "--html", tmp_path / "p.html", "--profile", logs.profile, *language)
    content = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in content
    assert "&lt;b&gt;<code>hansa audit verify</code>&lt;/b&gt;" in content
    assert not re.search(r"<script|<img|<b><code", content)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("xx", "is no language"),
        ("", "is no language"),
        ("tlh-\x1b[31m", "is no language"),
        ("sv", "there are de, en, or name your own"),
        ("none.po", "cannot be read"),
        ("broken.po", "is no gettext catalogue"),
        ("nameless.po", "names no language"),
        ("binary.po", "is no gettext catalogue"),
        ("large.po", "bytes"),
    ],
)
def test_what_is_no_language_is_refused_with_the_remedy(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "broken.po").write_text('msgid "a"\nmsgstr "b"\nand more\n')
    (tmp_path / "nameless.po").write_text('msgid "a"\nmsgstr "b"\n')
    (tmp_path / "binary.po").write_bytes(bytes(range(256)))
    (tmp_path / "large.po").write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(ConfigError, match=re.escape(why)) as raised:
        language_of(str(tmp_path / name) if name.endswith(".po") else name)
    assert "\x1b" not in str(raised.value)


def test_every_rule_by_which_a_city_refuses_has_words() -> None:
    in_sql = ROOT / "core/hansa_core/sql"
    given = {
        code
        for code, found in places().items()
        for place in found
        if Path(place.file).is_relative_to(ROOT / "core") or Path(place.file).is_relative_to(ROOT / "node")
        if not Path(place.file).is_relative_to(in_sql)
    }
    assert len(given) > 25
    plain = {code for code in given if not refusal_words(code).values}
    assert given - plain == {"unknown_city", "unknown_coordinator"}  # of who asks, before any city is asked
