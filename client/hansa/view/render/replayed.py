"""The lines below a replayed answer: what was proven, and whose keys that rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from hansa_core.documents.strict_json import time_text
from hansa_core.printable import printable
from hansa_core.signing.keys import public_key_id

if TYPE_CHECKING:
    from hansa.evidence.replay import Replay

_SHOWN_KEY = 16  # hex digits of a key id: enough to tell a league's few governors apart


def replayed_lines(replayed: Replay, *, anchored: bool) -> RenderableType:
    """Two sentences. `anchored`: the governors were given from outside, and not taken from the evidence itself."""
    analyst, roster = replayed.analyst, replayed.roster
    proofs = sum(len(one.answers) for one in replayed.evidence.queries)
    proven = (
        f"Proven: asked {time_text(replayed.account.asked_at)} by {analyst.subject} ({analyst.organisation}, "
        f"{analyst.city}) for {replayed.answer.purpose}; roster {roster.version} of {roster.league}; "
        f"{proofs} signed {'answer' if proofs == 1 else 'answers'} with receipts"
    )
    return Group(Text(printable(proven)), Text(_governors(replayed, anchored), style="" if anchored else "yellow"))


def _governors(replayed: Replay, anchored: bool) -> str:
    if anchored:
        return "Trusted: the governors of --profile."
    keys = ", ".join(sorted(public_key_id(key)[:_SHOWN_KEY] for key in replayed.roster.governance_keys))
    return (
        f"Trusted: the governors whom the folder itself names ({keys}), so it could be made up as a whole; "
        "compare these key ids with the league's, or give --profile."
    )
