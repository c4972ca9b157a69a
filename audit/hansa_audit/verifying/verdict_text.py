"""The result of `hansa audit verify` as lines for a person."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from hansa_audit.entries.counting import many
from hansa_audit.entries.times import as_of_text, time_text
from hansa_audit.verifying.verdict import Cosigned, Verdict
from hansa_core.printable import printable

_MOST_SHOWN = 50


def verdict_lines(verdict: Verdict, now_unix_s: int, max_age_s: int | None = None) -> RenderableType:
    """How old the log is, the result, what it rests on, then each finding. `max_age_s`: None: any age will do."""
    is_stale = max_age_s is not None and verdict.freshness.is_stale(now_unix_s, max_age_s)
    whose = verdict.origin if verdict.city is None else f"{verdict.city} ({verdict.origin})"
    result = (
        Text("Everything holds.", style="bold green")
        if verdict.holds
        else Text(f"{_count(verdict)} found. Do not rely on this log before they are explained.", style="bold red")
    )
    lines: list[RenderableType] = [
        Text.assemble(
            ("Stale, as of " if is_stale else "As of ", "bold red" if is_stale else "bold"),
            as_of_text(verdict.freshness, now_unix_s),
        ),
        result,
        _line("Log", f"{whose}, {many(verdict.size, 'entry', 'entries')}, root {verdict.root.hex()}"),
        _line("Witnesses", _witnesses(verdict)),
        _line("Also held against it", _claims(verdict)),
        _line("Read", _reading(verdict)),
        _line("Rests on", verdict.rests_on.english, style="" if verdict.is_anchored else "yellow"),
    ]
    for finding in verdict.findings[:_MOST_SHOWN]:
        lines += [
            Text.assemble("\n", (printable(finding.place.english), "bold"), f" [{finding.rule.value}]"),
            Text(f"  {printable(finding.text)}"),
            Text(f"  Meaning: {finding.meaning.english}", style="dim"),
        ]
    more = len(verdict.findings) - _MOST_SHOWN + verdict.dropped
    if more > 0:
        lines.append(Text(f"\n… and {more} more; --json has the first thousand", style="dim"))
    return Group(*lines)


def _claims(verdict: Verdict) -> str:
    rules = f"{many(verdict.rules, 'document')} of rules"
    return f"{many(verdict.receipts, 'receipt')}, {many(verdict.openings, 'opening')}, {rules}"


def _reading(verdict: Verdict) -> str:
    if verdict.reading is None:
        return "not known when"
    return f"{verdict.reading.read_at} UTC, from {verdict.reading.source}"


def _witnesses(verdict: Verdict) -> str:
    if not verdict.witnesses:
        return "none: nobody but the city says that this is its only log"
    return "; ".join(_cosigned(each) for each in verdict.witnesses)


def _cosigned(each: Cosigned) -> str:
    if each.at_unix_s is None:
        return f"{each.witness} did not cosign"
    return f"{each.witness} saw it as the newest at {time_text(each.at_unix_s)}"


def _count(verdict: Verdict) -> str:
    return many(len(verdict.findings) + verdict.dropped, "finding")


def _line(name: str, text: str, *, style: str = "") -> Text:
    return Text.assemble((f"{name}: ", "bold"), (printable(text), style))
