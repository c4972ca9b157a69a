"""Dry run: verify, bind and decide, and report what an answer would cost. No row is read, nothing is stored."""

from __future__ import annotations

from hansa_core.partial.answer import DryRun
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_node.context import NodeContext
from hansa_node.pipeline.decide import Permitted, bind_and_decide
from hansa_node.pipeline.verify import verify
from hansa_wire.codec.answer_codec import encode_dry_run


def dry_run(query: Envelope, credential: Envelope, context: NodeContext) -> Envelope:
    """The signed report. Raises RefusedError where nobody is known to have asked, PeerError for a malformed query."""
    now = context.clock()
    verified = verify(query, credential, payload_type=payload_types.DRY_RUN, roster=context.roster, now=now)
    decided = bind_and_decide(verified, replayed=False, context=context, now=now)
    covers = decided.plan.covers if isinstance(decided, Permitted) else ()
    report = DryRun(
        city=context.city,
        query_hash=verified.query_hash,
        answered_at=now,
        level=None if decided.dataset is None else decided.dataset.manifest.level,
        refusal=None if isinstance(decided, Permitted) else decided.refusal,
        table=", ".join(dict.fromkeys(cover.table for cover in covers)) or None,
        cells=sum(len(cover.cells) for cover in covers) if covers else None,
        cost_microrho=decided.permit.charge_microrho if isinstance(decided, Permitted) else 0,
    )
    return sign(payload_types.DRY_RUN_REPORT, encode_dry_run(report), context.signer)
