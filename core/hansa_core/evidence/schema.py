"""JSON Schema of log entries, made from the entries' own kinds and published as docs/log-schema.json."""

from __future__ import annotations

from typing import Any

from hansa_core.evidence.body import Body
from hansa_core.evidence.entries import BODIES
from hansa_core.evidence.kinds import CITY, COUNT, SOFTWARE
from hansa_core.evidence.record import records_in


def _branch(body: type[Body]) -> dict[str, Any]:
    """One type of entry: the head that all have, and the body's own fields."""
    own = body.schema()
    head = {
        "v": {"enum": list(body.VERSIONS)} if len(body.VERSIONS) > 1 else {"const": body.VERSIONS[0]},
        "type": {"const": body.TYPE},
        "time_unix_s": COUNT.schema(),
        "node": CITY.schema(),
        "software": SOFTWARE.schema(),
    }
    return own | {
        "title": body.TYPE,
        "properties": head | own["properties"],
        "required": [*head, *own["required"]],
    }


_RECORDS = sorted({record for body in BODIES for record in records_in(body)}, key=lambda record: record.__name__)

LOG_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "An entry of a Hansa city's log",
    "description": (
        "A leaf of the log is one such object as RFC 8785 JSON, at most 65,535 bytes. What holds between entries "
        "(running sums, versions, times) is beyond JSON Schema; an audit checks it."
    ),
    "oneOf": [{"$ref": f"#/$defs/{body.TYPE}"} for body in BODIES],
    "$defs": {
        **{record.__name__: record.schema() for record in _RECORDS},
        **{body.TYPE: _branch(body) for body in BODIES},
    },
}
