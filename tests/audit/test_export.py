"""Texts of others in exported events steer neither a terminal nor the screen of the tool that reads them."""

from __future__ import annotations

import json

from hansa_audit.export import harmless
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.ocsf import Caller, ocsf_event
from hansa_log_entries import decision_on

STEERING = "\x1b[2Jann\u202enimda\u0000"


def test_a_name_that_steers_is_exported_as_its_escapes_and_joins_as_before() -> None:
    entry = Entry(time_unix_s=1_770_000_000, node="luebeck", software="0.1.0", body=decision_on("q1"))
    caller = Caller(subject=STEERING, key_id="ab" * 32)
    event = harmless(ocsf_event(7, entry, origin="node.luebeck/log", caller=caller))
    user = event["actor"]["user"]
    assert user["name"] == r"\x1b[2Jann\u202enimda\x00"
    assert user["uid"] == "ab" * 32
    assert json.loads(json.dumps(event)) == event

    def texts(value: object) -> list[str]:
        if isinstance(value, dict):
            return [text for each in value.values() for text in texts(each)]
        return [text for each in value for text in texts(each)] if isinstance(value, list) else [str(value)]

    assert all(text.isprintable() for text in texts(event))


def test_what_steers_nothing_is_exported_as_it_is() -> None:
    value = {"name": "Söhne & Co. 😀", "count": 7, "none": None, "list": ["a", ("b",)], "flag": True}
    assert harmless(value) == {"name": "Söhne & Co. 😀", "count": 7, "none": None, "list": ["a", ["b"]], "flag": True}
