"""Health and examinations on standard output, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from hansa.errors import ConfigError
from hansa_core.printable import printable
from hansa_local.health import HealthPart, PartState, ProcessHealth

_STYLES = {PartState.OK: "green", PartState.WARNING: "yellow", PartState.FAILED: "bold red"}


def print_health(health: ProcessHealth, *, as_json: bool) -> None:
    """What a process says of itself."""
    if as_json:
        _print_json(health.to_json())
        return
    console = _console()
    is_green = Text("healthy", "green") if health.is_green else Text("not healthy", "bold red")
    console.print(Text.assemble(f"{health.role} {printable(health.name)}, Hansa {health.version}: ", is_green))
    for part in health.parts:
        console.print(_line(part))


def print_silence(error: ConfigError, *, as_json: bool) -> None:
    """That nothing answers."""
    if as_json:
        _print_json({"healthy": False, "parts": [], "error": str(error)})
    else:
        _console().print(Text.assemble(("not healthy", "bold red"), f": {printable(str(error))}"))


def print_parts(parts: Iterable[HealthPart], *, as_json: bool) -> bool:
    """Each as it is found; whether none has failed."""
    console, found = _console(), []
    for part in parts:
        found.append(part)
        if not as_json:
            console.print(_line(part))
    failed = [part for part in found if part.state is PartState.FAILED]
    if as_json:
        _print_json({"healthy": not failed, "parts": [part.to_json() for part in found]})
    else:
        warned = sum(part.state is PartState.WARNING for part in found)
        console.print(_summary(len(failed), warned))
    return not failed


def _print_json(document: object) -> None:
    """One JSON document."""
    print(json.dumps(document, indent=1, ensure_ascii=True))  # noqa: T201


def _summary(failed: int, warned: int) -> Text:
    if failed:
        return Text(f"{failed} of these fail; mend the first one first", "bold red")
    if warned:
        return Text(f"nothing fails; {warned} to look at", "yellow")
    return Text("nothing fails", "green")


def _line(part: HealthPart) -> Text:
    line = Text.assemble(
        (f"{part.state:<8}", _STYLES[part.state]), (printable(part.name), "bold"), f": {printable(part.text)}"
    )
    return line.append(f"\n{'':8}{printable(part.remedy)}", "italic") if part.remedy else line


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)
