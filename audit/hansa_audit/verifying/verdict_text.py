"""The result of `hansa audit verify` as lines for a person."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from hansa.view.render.cells import printable
from hansa_audit.entries.times import time_text
from hansa_audit.verifying.verdict import Cosigned, Verdict

_MOST_SHOWN = 50


def verdict_lines(verdict: Verdict) -> RenderableType:
    """The result first, then what it rests on, then each finding."""
    whose = verdict.origin if verdict.city is None else f"{verdict.city} ({verdict.origin})"
    result = (
        Text("Everything holds.", style="bold green")
        if verdict.holds
        else Text(f"{_count(verdict)} found. Do not rely on this log before they are explained.", style="bold red")
    )
    lines: list[RenderableType] = [
        result,
        _line("Log", f"{whose}, {verdict.size} {_s(verdict.size, 'entry', 'entries')}, root {verdict.root.hex()}"),
        _line("Witnesses", _witnesses(verdict)),
        _line("Also held against it", f"{_many(verdict.receipts, 'receipt')}, {_many(verdict.openings, 'opening')}"),
        _line("Rests on", verdict.rests_on, style="" if verdict.is_anchored else "yellow"),
    ]
    for finding in verdict.findings[:_MOST_SHOWN]:
        lines += [
            Text.assemble("\n", (printable(finding.place), "bold"), f" [{finding.rule.value}]"),
            Text(f"  {printable(finding.text)}"),
            Text(f"  Meaning: {finding.meaning}", style="dim"),
        ]
    more = len(verdict.findings) - _MOST_SHOWN + verdict.dropped
    if more > 0:
        lines.append(Text(f"\n… and {more} more; --json has the first thousand", style="dim"))
    return Group(*lines)


def _witnesses(verdict: Verdict) -> str:
    if not verdict.witnesses:
        return "none: nobody but the city says that this is its only log"
    return "; ".join(_cosigned(each) for each in verdict.witnesses)


def _cosigned(each: Cosigned) -> str:
    if each.at_unix_s is None:
        return f"{each.witness} did not cosign"
    return f"{each.witness} saw it as the newest at {time_text(each.at_unix_s)}"


def _count(verdict: Verdict) -> str:
    return _many(len(verdict.findings) + verdict.dropped, "finding")


def _many(number: int, what: str) -> str:
    return f"{number} {_s(number, what, f'{what}s')}"


def _s(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def _line(name: str, text: str, *, style: str = "") -> Text:
    return Text.assemble((f"{name}: ", "bold"), (printable(text), style))
