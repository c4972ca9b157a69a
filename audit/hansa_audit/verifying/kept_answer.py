"""An answer that an analyst kept beside its receipt, held against what the log says of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pyarrow as pa

from hansa_core.documents.canonical_json import JsonValue
from hansa_core.errors import PeerError
from hansa_core.evidence.body import Body
from hansa_core.evidence.query_entries import QueryDecision
from hansa_core.evidence.receipt import check_decision
from hansa_core.partial.answer import Release, SignedAnswer
from hansa_core.partial.ipc_read import read_stream
from hansa_core.partial.partial import rows_of
from hansa_core.plan.limits import MAX_ANSWER_BYTES
from hansa_core.plan.query import Query
from hansa_core.signing.dsse import Envelope
from hansa_wire.codec.answer_codec import decode_answer
from hansa_wire.codec.query_codec import decode_query


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """The answer whose receipt names entry `index`. `payload`: the signed bytes of `answer`."""

    file: str
    index: int
    payload: bytes
    answer: SignedAnswer
    query: Query

    @classmethod
    def read(cls, file: str, index: int, answer: Envelope, query: Envelope) -> KeptAnswer:
        """From the signed answer and the signed query. Raises PeerError or RefusedError; signatures are not judged."""
        kept = cls(
            file=file,
            index=index,
            payload=answer.payload,
            answer=decode_answer(answer.payload),
            query=decode_query(query.payload),
        )
        if hashlib.sha256(query.payload).digest() != kept.answer.query_hash:
            raise PeerError("answers another query than the one that lies beside it")
        return kept

    def check(self, body: Body, causes: JsonValue) -> None:
        """Raise PeerError unless the entry tells of this answer. `causes`: of suppression, None where not opened."""
        if not isinstance(body, QueryDecision):
            raise PeerError(f"the entry is a {body.TYPE}, not a decision on a query")
        check_decision(body, payload=self.payload, answer=self.answer)
        if isinstance(causes, dict) and isinstance(self.answer.outcome, Release):
            counted = sum(number for number in causes.values() if type(number) is int)
            suppressed = self._suppressed(self.answer.outcome)
            if counted != suppressed:
                raise PeerError(f"lacks a figure in {suppressed} cells; the opened causes count {counted}")

    def _suppressed(self, release: Release) -> int:
        schema, batches = read_stream(release.partial_ipc, max_bytes=MAX_ANSWER_BYTES)
        rows = rows_of(pa.Table.from_batches(batches, schema))
        return sum(None in row[self.query.plan.key_width :] for row in rows)
