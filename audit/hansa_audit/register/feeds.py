"""The newest questions of a register as feeds: RSS 2.0 and JSON Feed 1.1."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from xml.etree import ElementTree

from hansa_audit.languages.language import LAST_UNIX_S, Language, shown
from hansa_audit.languages.message import message
from hansa_audit.register.register import Register
from hansa_audit.register.registered_log import RegisteredLog, RegisteredQuestion
from hansa_audit.report.shown_figures import NOT_NAMED

_MOST_ITEMS = 100


def rss_feed(register: Register, language: Language) -> str:
    """The feed as XML."""
    rss = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(rss, "channel")
    _add(channel, "title", _title(register, language))
    _add(channel, "link", register.url or "index.html")
    _add(
        channel,
        "description",
        language.gettext("Each question to the cities, answered or refused, from their own logs"),
    )
    _add(channel, "language", language.tag)
    _add(channel, "lastBuildDate", formatdate(register.now_unix_s))
    for log, number, question in _newest(register):
        item = ElementTree.SubElement(channel, "item")
        _add(item, "title", _headline(log, question, language))
        _add(item, "link", register.url + register.address(log, number))
        guid = ElementTree.SubElement(item, "guid", isPermaLink="false")
        guid.text = _id(log, question)
        _add(item, "pubDate", formatdate(_calendar_time(question)))
        _add(item, "description", _text(question, language))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(rss, encoding="unicode")}\n'


def json_feed(register: Register, language: Language) -> str:
    """The feed as JSON."""
    items = [
        {
            "id": _id(log, question),
            "url": register.url + register.address(log, number),
            "title": _headline(log, question, language),
            "content_text": _text(question, language),
            "date_published": datetime.fromtimestamp(_calendar_time(question), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tags": [log.city, *filter(None, (question.purpose, question.dataset))],
        }
        for log, number, question in _newest(register)
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(register, language),
        "language": language.tag,
        "items": items,
    }
    if register.url:
        feed |= {"home_page_url": register.url, "feed_url": f"{register.url}feed.json"}
    return json.dumps(feed, indent=1)


def _calendar_time(question: RegisteredQuestion) -> int:
    """When it was asked, or the last second that a calendar has."""
    return min(question.time_unix_s, LAST_UNIX_S)


def _newest(register: Register) -> Iterator[tuple[RegisteredLog, int, RegisteredQuestion]]:
    every = ((log, number, each) for log in register.logs for number, each in enumerate(log.questions))
    yield from heapq.nlargest(_MOST_ITEMS, every, key=lambda item: (item[2].time_unix_s, item[2].index))


def _title(register: Register, language: Language) -> str:
    return language.gettext("Questions to the cities of %(league)s", league=register.league)


def _headline(log: RegisteredLog, question: RegisteredQuestion, language: Language) -> str:
    return language.gettext(
        "%(city)s: %(organisation)s asked about %(data)s: %(outcome)s",
        city=log.city,
        organisation=question.organisation,
        data=question.dataset or message("nothing that it offers"),
        outcome=question.outcome,
    )


def _text(question: RegisteredQuestion, language: Language) -> str:
    said = [message("Purpose: %(purpose)s.", purpose=question.purpose or NOT_NAMED)]
    said.append(message("Outcome: %(outcome)s.", outcome=question.outcome))
    said += [message("Because: %(why)s.", why=question.why)] if question.why else []
    said += [message("Cost: %(cost)s.", cost=cost) for cost in question.costs]
    if question.sql is None:
        said.append(message("Sealed; SHA-256 of the signed question: %(hash)s", hash=question.query_hash))
    return " ".join([*map(language.say, said), question.sql or ""]).strip()


def _id(log: RegisteredLog, question: RegisteredQuestion) -> str:
    return f"{log.verdict.origin}/{question.index}"


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = shown(text)
