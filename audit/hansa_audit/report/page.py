"""The HTML page of the report: the verdict, what was asked, refused and spent, and how to check it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hansa_audit.entries.times import TimeSpan, age_text, as_of_text, time_text
from hansa_audit.report.figures import AGAIN, ANSWERED, REFUSED, LogFigures
from hansa_audit.report.reported_log import ReportedLog
from hansa_audit.report.safe_text import day_text, safe
from hansa_audit.report.sections import budgets, opened, over_time, refusals, tiles, who
from hansa_audit.report.style import STYLE
from hansa_audit.verifying.verdict import Cosigned, Verdict

_NOT_PROVEN = (
    "No log can prove that every question was written into it, nor that the city’s data are right: the receipts of "
    "those who asked, and the logs of other cities that were asked the same, show an entry that is missing."
)
_MOST_FINDINGS = 20
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # nothing is loaded, nothing runs


def page(logs: Sequence[ReportedLog], *, span: TimeSpan, now_unix_s: int) -> str:
    """The whole document. `span`: what is counted; each verdict is about all of its log."""
    articles = [_article(log, span, now_unix_s) for log in logs]
    if len(logs) == 1:
        title, body = f"What {safe(logs[0].city)} was asked", articles[0]
    else:
        title = f"What {len(logs)} cities were asked"
        numbered = enumerate(articles, start=1)
        each = "".join(f'<article id="city-{number}">{article}</article>' for number, article in numbered)
        body = f"{_overview(title, logs, now_unix_s)}{each}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def _overview(title: str, logs: Sequence[ReportedLog], now_unix_s: int) -> str:
    """All cities at a glance, before each one by itself."""
    rows = "".join(
        f'<tr><th scope="row">{safe(log.city)}</th><td>{_in_a_word(log)}</td>'
        f"{_number(sum(log.figures.outcomes.values()), 'questions')}"
        f"{_number(log.figures.outcomes[ANSWERED] + log.figures.outcomes[AGAIN], 'answered')}"
        f"{_number(log.figures.outcomes[REFUSED], 'refused')}<td>{_old(log, now_unix_s)}</td></tr>"
        for log in logs
    )
    heads = '<th scope="col">City</th><th scope="col">Its log</th>' + "".join(
        f'<th class="n" scope="col">{each}</th>' for each in ("Questions", "Answered", "Refused")
    )
    return (
        f"<header><h1>{title}</h1></header><section><h2>At a glance</h2>"
        f'<table class="list glance"><caption>All cities at a glance</caption><thead><tr>{heads}'
        f'<th scope="col">This copy</th></tr></thead><tbody>{rows}</tbody></table>'
        "</section>"
    )


def _number(number: int, label: str) -> str:
    """A cell whose number says what it counts where the page is too narrow for a head."""
    return f'<td class="n" data-label="{label}">{number:,}</td>'


def _old(log: ReportedLog, now_unix_s: int) -> str:
    age_s = log.verdict.freshness.age_s(now_unix_s)
    return "of no known time" if age_s is None else f"{age_text(age_s)} old"


def _in_a_word(log: ReportedLog) -> str:
    if not log.verdict.holds:
        return "does not hold"
    return "holds, and is stale" if log.is_stale else "holds"


def _article(log: ReportedLog, span: TimeSpan, now_unix_s: int) -> str:
    """All that there is to say of one city."""
    verdict, figures = log.verdict, log.figures
    body = [
        _head(safe(log.city), figures, span, now_unix_s),
        _age(verdict, now_unix_s, is_stale=log.is_stale),
        _verdict(verdict),
    ]
    if log.is_counted and figures.questions:
        body += [tiles(figures), over_time(figures), who(figures), refusals(figures)]
        body.append(opened(log.questions, len(figures.questions)))
    elif log.is_counted:
        when = "in this time" if span.is_limited else "yet"
        body.append(f"<section><h2>Questions</h2><p>Nobody has asked this city anything {when}.</p></section>")
    else:
        body.append("<section><p>The entries are not what the city signed, so nothing is counted here.</p></section>")
    body += [budgets(figures), _events(figures), _check(verdict)]
    return "".join(body)


def _head(city: str, figures: LogFigures, span: TimeSpan, now_unix_s: int) -> str:
    days = ""
    if figures.first_unix_s is not None and figures.last_unix_s is not None:
        days = f"{day_text(figures.first_unix_s)} to {day_text(figures.last_unix_s)}. "
    return (
        f"<header><h1>What {city} was asked, and what it answered</h1>"
        f'<p class="soft">{"Only " if span.is_limited else ""}{days}'
        f"Made from the city’s own sealed log on {day_text(now_unix_s)}. "
        "Only totals ever leave a city; each question, answered or refused, is one entry of this log.</p></header>"
    )


def _age(verdict: Verdict, now_unix_s: int, *, is_stale: bool) -> str:
    """For which time the log speaks, before anything is said about it."""
    said = f"This copy of the log is as of {as_of_text(verdict.freshness, now_unix_s)}."
    read = "" if verdict.reading is None else f" It was fetched at {verdict.reading.read_at} UTC."
    if not is_stale:
        return f'<p class="age">{safe(said + read)}</p>'
    text = f"{said}{read} What happened since is not in it: fetch the log again."
    return _banner("bad", "!", "This copy is stale", safe(text), "")


def _verdict(verdict: Verdict) -> str:
    if verdict.holds:
        seen = [each for each in verdict.witnesses if each.at_unix_s is not None]
        text = (
            f"All {verdict.size:,} entries are exactly those that the city signed. Nothing was changed or taken out, "
            f"the sums add up, and {_witness_words(len(seen))}. {_NOT_PROVEN}"
        )
        return _banner("good", "✓", "The log holds", text, _rests(verdict))
    number = len(verdict.findings) + verdict.dropped
    rows = "".join(
        f"<tr><td>{safe(finding.place)}</td><td>{safe(finding.text)}<br>"
        f'<span class="soft">{escape(finding.meaning)}</span></td></tr>'
        for finding in verdict.findings[:_MOST_FINDINGS]
    )
    more = f'<p class="soft">… and {number - _MOST_FINDINGS:,} more.</p>' if number > _MOST_FINDINGS else ""
    table = (
        '<table class="list"><caption>What does not hold</caption><thead><tr><th scope="col">Where</th>'
        '<th scope="col">What, and what it means</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{more}"
    )
    text = "Something in this log is not as it must be. Do not rely on it before that is explained."
    title = f"{number:,} {'problem' if number == 1 else 'problems'} found"
    return _banner("bad", "!", title, text, table + _rests(verdict))


def _banner(kind: str, mark: str, title: str, text: str, rest: str) -> str:
    return (
        f'<section class="verdict {kind}"><div class="mark" aria-hidden="true">{mark}</div>'
        f"<div><h2>{title}</h2><p>{text}</p>{rest}</div></section>"
    )


def _rests(verdict: Verdict) -> str:
    if verdict.is_anchored:
        return f'<p class="soft">Checked against {safe(verdict.rests_on)}.</p>'
    return (
        '<p class="warn">The keys used for this check came with the log itself. Somebody who made up a whole log could '
        "bring fitting keys: compare them with the league’s before relying on this page.</p>"
    )


def _witness_words(number: int) -> str:
    if number == 0:
        return "no other city has confirmed that it was shown the same log"
    they = "city has confirmed that it was" if number == 1 else "cities have confirmed that they were"
    return f"{number} other {they} shown the same log"


def _events(figures: LogFigures) -> str:
    rows = "".join(
        f'<tr><td class="soft">{day_text(at)}</td><td>{safe(said)}</td><td class="n soft">{index:,}</td></tr>'
        for index, at, said in figures.events
    )
    read = "".join(f"<li>{safe(what)}: {number:,}</li>" for what, number in sorted(figures.openings_read.items()))
    sealed = f"<h3>Sealed details that auditors were shown</h3><ul>{read}</ul>" if read else ""
    if not rows and not sealed:
        return ""
    more = f'<p class="soft">… and {figures.events_left_out:,} more.</p>' if figures.events_left_out else ""
    table = (
        f'<table class="list"><caption>Changes of rules, keys and budgets</caption><thead><tr><th scope="col">Day</th>'
        f'<th scope="col">What</th><th class="n" scope="col">Entry</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{more}"
    )
    return f"<section><h2>Changes of rules, keys and budgets</h2>{table if rows else ''}{sealed}</section>"


def _check(verdict: Verdict) -> str:
    rests_on = verdict.rests_on if verdict.is_anchored else "keys that came with the log itself"
    witnesses = "<br>".join(_cosigned(each) for each in verdict.witnesses) or "none"
    return (
        "<section><h2>Check it yourself</h2><p>Anybody with a copy of the log can repeat this check offline, with "
        "<code>hansa audit verify</code> or with any tool that reads C2SP transparency logs. Compare:</p><dl>"
        f"<dt>Log</dt><dd>{safe(verdict.origin)}</dd><dt>Entries</dt><dd>{verdict.size:,}</dd>"
        f"<dt>Witnesses</dt><dd>{witnesses}</dd><dt>Rests on</dt><dd>{safe(rests_on)}</dd></dl>"
        f"<details><summary>The root hash</summary><code>{verdict.root.hex()}</code></details></section>"
    )


def _cosigned(each: Cosigned) -> str:
    seen = "did not confirm it" if each.at_unix_s is None else f"confirmed it at {time_text(each.at_unix_s)}"
    return f"{safe(each.witness)} {seen}"
