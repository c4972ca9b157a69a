"""Writes a register as static pages: an index, pages of questions and of rules for each city, a search, and feeds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from hansa_audit.languages.language import Language
from hansa_audit.register.feeds import json_feed, rss_feed
from hansa_audit.register.register import QUESTIONS_A_PAGE, Register
from hansa_audit.register.registered_log import RegisteredQuestion
from hansa_audit.register.rule_titles import rules_title
from hansa_audit.report.page_templates import page_templates
from hansa_audit.report.style import STYLE
from hansa_audit.rules.history import rules_text
from hansa_core.errors import ConfigError

_LISTING = "register.json"


def write_site(register: Register, folder: Path, language: Language) -> int:
    """Write all pages in one language; returns how many files. What an earlier register had and this has not goes.

    Raises ConfigError where the folder holds something else, or cannot be written.
    """
    earlier = _earlier(folder)
    pages = dict(_files(register, language))
    pages[_LISTING] = json.dumps({"league": register.league, "files": sorted(pages)}, indent=1)
    try:
        for name, content in pages.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f"{path.name}.new")
            unfinished.write_text(content, encoding="utf-8")
            unfinished.replace(path)
        for name in earlier - pages.keys():
            (folder / name).unlink(missing_ok=True)
    except OSError as failure:
        raise ConfigError(f"{folder}: cannot be written ({failure.strerror}); make room or name another") from None
    return len(pages)


def _earlier(folder: Path) -> set[str]:
    """The files of the register that lies there."""
    listing = folder / _LISTING
    try:
        if not folder.exists() or not any(folder.iterdir()):
            return set()
        names = json.loads(listing.read_bytes())["files"]
        if not all(isinstance(name, str) and ".." not in name and not name.startswith("/") for name in names):
            raise ValueError
        return set(names)
    except FileNotFoundError:
        raise ConfigError(f"{folder}: holds other files and no register; name a new folder") from None
    except NotADirectoryError:
        raise ConfigError(f"{folder}: is no folder; name a new one") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{listing}: is not what `hansa audit site` writes; name a new folder") from None


def _files(register: Register, language: Language) -> Iterator[tuple[str, str]]:
    pages = page_templates(language)
    pages.globals |= {"register": register, "now_unix_s": register.now_unix_s, "rules_title": rules_title}
    yield "style.css", STYLE
    yield "index.html", pages.get_template("index.html").render(up="")
    yield "search.html", pages.get_template("search.html").render(up="")
    yield "search.js", _search_script(register, language)
    yield "feed.xml", rss_feed(register, language)
    yield "feed.json", json_feed(register, language)
    for log in register.logs:
        about = {"log": log, "up": "../"}
        parts = list(_parts(log.questions))
        yield f"{log.city}/index.html", pages.get_template("city.html").render(about, parts=parts)
        rules = [(each, each.document and rules_text(each.document)) for each in log.rules]
        yield f"{log.city}/rules.html", pages.get_template("rules.html").render(about, rules=rules)
        for number, part in enumerate(parts, start=1):
            page = pages.get_template("questions.html").render(about, questions=part, page=number, of=len(parts))
            yield f"{log.city}/questions-{number}.html", page


def _parts(questions: Sequence[RegisteredQuestion]) -> Iterator[Sequence[RegisteredQuestion]]:
    for start in range(0, len(questions), QUESTIONS_A_PAGE):
        yield questions[start : start + QUESTIONS_A_PAGE]


def _search_script(register: Register, language: Language) -> str:
    """The questions as data that a page can load from a file too, where nothing else can be fetched."""
    questions = [(each, log, number) for log in register.logs for number, each in enumerate(log.questions)]
    questions.sort(key=lambda item: item[0].time_unix_s)  # the search shows the newest
    rows = [
        [
            log.city,
            language.time(each.time_unix_s),
            each.organisation,
            each.purpose or "",
            each.dataset or "",
            language.say(each.outcome),
            each.sql or "",
            register.address(log, number),
        ]
        for each, log, number in questions
    ]
    script = files("hansa_audit.register").joinpath("templates", "search.js").read_text(encoding="utf-8")
    data = json.dumps(rows, separators=(",", ":"))  # in ASCII; a page of its own, so no tag can end it
    return f"const QUESTIONS = {data};\n{script}"
