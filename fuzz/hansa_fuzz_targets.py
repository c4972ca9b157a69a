"""Fuzz targets: each reader of foreign bytes, with valid examples to start from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hansa_core.errors import PeerError, RefusedError
from hansa_core.evidence.entry import decode_entry, encode_entry
from hansa_core.evidence.opening import encode_disclosure, encode_opening, seal_opening
from hansa_core.signing.envelope_json import envelope_from_json, envelope_to_json
from hansa_core.tlog.policy_text import parse_policy, policy_text
from hansa_core.tlog.proof import encode_proof
from hansa_core.tlog.tiles import encode_bundle
from hansa_protos.v1 import attach_pb2, coordinator_pb2
from hansa_wire.attach.attach_codec import call_from_wire, call_to_wire, presence_from_wire, presence_to_wire
from hansa_wire.attach.messages import CallKind, CityCall
from hansa_wire.codec.answer_codec import decode_answer, decode_dry_run, encode_answer, encode_dry_run
from hansa_wire.codec.description_codec import decode_description, encode_description
from hansa_wire.codec.progress_codec import event_from_wire, event_to_wire
from hansa_wire.codec.query_codec import decode_query, encode_query

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

import hansa_fuzz_readers as readers
import hansa_log_entries as logged
import hansa_tlog_values as tlog
import hansa_wire_values as wire

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`read` reads any bytes: an error other than PeerError and RefusedError is a finding. `seeds`: valid bytes."""

    read: readers.Reader
    seeds: Callable[[], Iterable[bytes]]

    def __call__(self, content: bytes) -> None:
        with suppress(PeerError, RefusedError):
            self.read(content)


def _written(
    encode: Callable[[_Value], bytes], values: st.SearchStrategy[_Value], count: int = 40
) -> Callable[[], list[bytes]]:
    """Generated values in bytes: the same ones at every call."""

    def seeds() -> list[bytes]:
        found: list[bytes] = []

        @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
        @given(values)
        def collect(value: _Value) -> None:
            found.append(encode(value))

        collect()
        return found

    return seeds


_CALLS = st.builds(
    CityCall,
    city=st.just("bremen"),
    kind=st.sampled_from([CallKind.ASK, CallKind.DRY_RUN]),
    query=wire.envelopes,
    credential=wire.envelopes,
    deadline_s=st.sampled_from([0.9, 1.013, 30.0]),
)
_OPENING = seal_opening(
    {"analyst": {"subject": "ann", "keyid": "00" * 32}, "causes": [[1, "threshold"]], "query": "{}"},
    {field: bytes([number]) * 16 for number, field in enumerate(("analyst", "causes", "query"))},
)
_SIZES = (1, 2, 7, 8, 100, 256, 300)
TARGETS = {
    "note": Target(
        read=readers.note,
        seeds=lambda: (
            *(tlog.note_at(size, cosigned_by=2) for size in _SIZES),
            *(vector["note"].encode() for vector in tlog.VECTORS["signed_notes"]),
        ),
    ),
    "vkey": Target(read=readers.vkey, seeds=lambda: (key.text.encode() for key in (tlog.LOG_KEY, *tlog.WITNESS_KEYS))),
    "tile": Target(
        read=readers.tile,
        seeds=lambda: (
            *(path.encode() for *_, path in tlog.VECTORS["tile_paths"]),
            b"tile/entries/x001/x234/067",
            b"tile/entries/000.p/7",
        ),
    ),
    "bundle": Target(
        read=readers.bundle,
        seeds=lambda: (bytes([width - 1]) + encode_bundle(tlog.ENTRIES[:width]) for width in (1, 2, 9, 256)),
    ),
    "proof": Target(
        read=readers.proof,
        seeds=lambda: (
            encode_proof(tlog.proof_at(readers.PROVEN, size, extra=tlog.ENTRIES[readers.PROVEN], cosigned_by=1))
            for size in _SIZES
            if size > readers.PROVEN
        ),
    ),
    "request": Target(
        read=readers.request,
        seeds=lambda: (
            *(tlog.request_at(old, new).body for old, new in [(0, 7), (5, 7), (5, 300), (5, 5)]),
            tlog.VECTORS["add_checkpoint_example"].encode(),
        ),
    ),
    "policy": Target(
        read=readers.stable(parse_policy, policy_text),
        seeds=lambda: (policy_text(tlog.POLICY), b"# open\nquorum none\n"),
    ),
    "entry": Target(read=readers.exact(decode_entry, encode_entry), seeds=_written(encode_entry, logged.entries())),
    "opening": Target(
        read=readers.opening,
        seeds=lambda: (encode_opening(_OPENING), *(encode_disclosure(each) for each in _OPENING.disclosures)),
    ),
    "event": Target(
        read=readers.message(coordinator_pb2.CityEvent, event_from_wire, event_to_wire),
        seeds=_written(lambda event: event_to_wire(event).SerializeToString(), wire.city_events()),
    ),
    "call": Target(
        read=readers.message(attach_pb2.CityCall, call_from_wire, lambda call: call_to_wire(1, call).call),
        seeds=_written(lambda call: call_to_wire(1, call).call.SerializeToString(), _CALLS),
    ),
    "presence": Target(
        read=readers.message(attach_pb2.Presence, presence_from_wire, lambda value: presence_to_wire(*value).presence),
        seeds=lambda: (presence_to_wire("hub", {"bremen": 1, "wismar": 2}).presence.SerializeToString(),),
    ),
    "envelope": Target(
        read=readers.stable(envelope_from_json, envelope_to_json), seeds=_written(envelope_to_json, wire.envelopes)
    ),
    "query": Target(read=readers.stable(decode_query, encode_query), seeds=_written(encode_query, wire.queries)),
    "answer": Target(read=readers.stable(decode_answer, encode_answer), seeds=_written(encode_answer, wire.answers)),
    "dry-run": Target(
        read=readers.stable(decode_dry_run, encode_dry_run), seeds=_written(encode_dry_run, wire.dry_runs)
    ),
    "description": Target(
        read=readers.stable(decode_description, encode_description),
        seeds=_written(encode_description, wire.descriptions),
    ),
}
