"""Limits on the size of messages, in each direction of a call."""

from __future__ import annotations

from hansa_core.plan.limits import MAX_ANSWER_BYTES, MAX_QUERY_BYTES

CARRIAGE_BYTES = 64 * 1024
"""Room around a signed payload: payload type, signatures, and the credential beside a query."""

MAX_AROUND_PAYLOAD_BYTES = CARRIAGE_BYTES // 2
"""Bytes of an envelope beside its payload. The other half is for what a relay says around it."""

MAX_REQUEST_BYTES = MAX_QUERY_BYTES + CARRIAGE_BYTES
"""Bytes of any request; a server reads no more."""

MAX_RECEIPT_BYTES = 128 * 1024
"""Bytes of a receipt: the largest entry, 65,535 bytes, in base64, 63 hashes, and a checkpoint."""

MAX_RESPONSE_BYTES = MAX_ANSWER_BYTES + CARRIAGE_BYTES + MAX_RECEIPT_BYTES
"""Bytes of any response, and of any message of a stream of responses; a client reads no more."""

MAX_DESCRIPTION_BYTES = 256 * 1024
"""Bytes of an encoded description: what a city signs about the datasets that it serves."""

MAX_DRY_RUN_BYTES = 64 * 1024
"""Bytes of an encoded dry-run report."""

MAX_SIGNATURES = 16
"""Signatures on one envelope of a call. Rosters, which many sign, never travel in calls."""

MAX_DEADLINE_S = 600.0
"""Seconds that a call may give the cities."""

MAX_COARSER_TABLES = 8  # that an answer names
MAX_REFUSAL_TEXT = 8000
"""Characters of each text of a refusal that are read; whatever follows was not written for people."""

MAX_STATUS_TEXT = 1000
"""Characters of each text in a gRPC status; all of them together stay below the 8 KiB of HTTP/2 metadata."""
