"""One entry as lines for a person: what it says, what it commits to, and what of that was opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hansa_audit.entries.times import time_text
from hansa_core.errors import PeerError, RefusedError
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.opening import Disclosure
from hansa_core.plan.query import Query
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_core.sql.render import render_plan
from hansa_wire.codec.query_codec import decode_query

_SAYS = {
    "query.decision": "The city decided on a question.",
    "query.aborted": "A question was charged, and got no answer.",
    "approval.asked": "A question waits for the steward's word.",
    "approval.given": "The steward approved a question.",
    "approval.denied": "The steward denied a question.",
    "policy.published": "A policy came into force.",
    "roster.accepted": "A roster of the league came into force.",
    "dataset.registered": "The city serves a dataset.",
    "data.version": "Questions are answered from new data from here on.",
    "data.accepted": "New data were published although they exceeded limits that the city had set itself.",
    "tables.published": "Protected tables were made, from which questions are answered.",
    "log.genesis": "The log begins.",
    "node.started": "The node began to serve.",
    "node.recovered": "The log was brought back from what peers had mirrored.",
    "budget.created": "A privacy budget begins.",
    "budget.reset": "A privacy budget begins anew.",
    "key.added": "A key of the city counts from here on.",
    "key.retired": "A key of the city counts no more.",
    "opening.read": "An auditor was shown something that an entry commits to.",
    "peer.head": "As a witness, the city cosigned another city's log.",
}


def entry_lines(index: int, entry: Entry, opened: Iterable[Disclosure]) -> list[tuple[str, str]]:
    """Names and texts, in the order to be read in. Nothing in them is escaped yet."""
    said = entry.body.to_json()
    digests = said.pop("opening", {})
    lines = [
        ("entry", f"{index}: {entry.type}. {_SAYS[entry.type]}"),
        ("time", time_text(entry.time_unix_s)),
        ("node", f"{entry.node}, software {entry.software}"),
        *_flat("", said),
    ]
    shown = {disclosure.field: disclosure for disclosure in opened}
    for field in digests if isinstance(digests, Mapping) else ():
        lines += _opened(field, shown[field]) if field in shown else [(field, "sealed in the city")]
    return lines


def query_lines(query: Query) -> Iterator[tuple[str, str]]:
    yield "question", render_plan(query.plan)
    yield "cities asked", ", ".join(query.cities)


def _flat(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        match value:
            case dict():
                yield from _flat(f"{prefix}{name} ", value)
            case list() | tuple() if value and isinstance(value[0], dict):
                for each in value:
                    yield f"{prefix}{name}", ", ".join(f"{key} {item}" for key, item in each.items())
            case list() | tuple():
                yield f"{prefix}{name}", ", ".join(map(str, value)) or "none"
            case bool():
                yield f"{prefix}{name}", "yes" if value else "no"
            case _:
                yield f"{prefix}{name}", str(value)


def _opened(field: str, disclosure: Disclosure) -> Iterator[tuple[str, str]]:
    value = disclosure.value
    if field == "query" and isinstance(value, str):
        try:
            payload = envelope_from_json(value.encode()).payload
            yield from query_lines(decode_query(payload))
            return
        except (PeerError, RefusedError):
            pass  # the entry committed to something that is no query: shown as it is
    if value == {}:
        yield field, "none"
    elif isinstance(value, dict):
        if field == "analyst" and "credential" in value:  # an envelope, which says nothing to a reader
            value = value | {"credential": "signed by the analyst's city; `hansa audit verify` checks it"}
        yield from _flat(f"{field} ", value)
    else:
        yield field, str(value)
