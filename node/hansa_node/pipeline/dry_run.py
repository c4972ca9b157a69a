"""What would the node do with a query? Verify, bind and decide, and stop there: no row is read, nothing is stored."""

from __future__ import annotations

from hansa_core.partial.answer import DryRun
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_node.context import Ground
from hansa_node.pipeline.decide import Permitted, bind_and_decide
from hansa_node.pipeline.verify import verify
from hansa_wire.codec.answer_codec import encode_dry_run


def dry_run(query: Envelope, credential: Envelope, ground: Ground) -> Envelope:
    """The signed report. Raises RefusedError where nobody is known to have asked, PeerError for a malformed query."""
    now = ground.clock()
    verified = verify(query, credential, payload_type=payload_types.DRY_RUN, roster=ground.roster, now=now)
    decided = bind_and_decide(verified, replayed=False, ground=ground, now=now)
    covers = decided.plan.covers if isinstance(decided, Permitted) else ()
    report = DryRun(
        city=ground.city,
        query_hash=verified.query_hash,
        answered_at=now,
        level=None if decided.dataset is None else decided.dataset.manifest.level,
        refusal=None if isinstance(decided, Permitted) else decided.refusal,
        table=", ".join(dict.fromkeys(cover.table for cover in covers)) or None,
        cells=sum(len(cover.cells) for cover in covers) if covers else None,
        cost_microrho=decided.permit.charge_microrho if isinstance(decided, Permitted) else 0,
    )
    return sign(payload_types.DRY_RUN_REPORT, encode_dry_run(report), ground.signer)
