"""The page of a run: every class with its sentence, its metric, its bound and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from hansa_core.printable import printable
from hansa_local.clock import utc_now
from hansa_node import __version__
from hansa_redteam.attacks.catalogue import NotTried
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running_attacks import ClassVerdict, Side
from hansa_redteam.words import all_as_claimed, figures_of, result_of, summary


def page_of(verdicts: Sequence[ClassVerdict], sides: Sequence[Side], profile: AttackProfile) -> str:
    """One HTML page without scripts and without anything from elsewhere."""
    pages = Environment(
        loader=PackageLoader("hansa_redteam.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    pages.globals |= {"result_of": result_of, "figures_of": figures_of}
    return pages.get_template("page.html").render(
        tried=[verdict for verdict in verdicts if not isinstance(verdict.attack, NotTried)],
        not_tried=[verdict.attack for verdict in verdicts if isinstance(verdict.attack, NotTried)],
        summary=summary(verdicts, sides),
        is_good=all_as_claimed(verdicts),
        profile=profile,
        version=__version__,
        made_at=f"{utc_now():%Y-%m-%d %H:%M} UTC",
    )


def write_page(path: Path, verdicts: Sequence[ClassVerdict], sides: Sequence[Side], profile: AttackProfile) -> None:
    """Write the page. Raises OSError."""
    path.write_text(page_of(verdicts, sides, profile), encoding="utf-8")
