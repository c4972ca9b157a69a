"""Dry run: bind and decide, and report what an answer would cost. No row is read, nothing is stored."""

from __future__ import annotations

from hansa_core.partial.answer import DryRun
from hansa_core.policy.decide import Permit, Refuse, Verdict
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_node.context import NodeContext
from hansa_node.pipeline.decide import Permitted, Refused, bind_and_decide
from hansa_node.pipeline.verify import VerifiedQuery
from hansa_wire.codec.answer_codec import encode_dry_run


def dry_run(verified: VerifiedQuery, context: NodeContext) -> Envelope:
    """The signed report. Raises DataUnavailableError where the city has the dataset and cannot read it."""
    now = context.clock()
    decided = bind_and_decide(verified, replayed=False, context=context, now=now)
    covers = decided.question.plan.covers if isinstance(decided, Permitted) else ()
    verdict = _verdict(decided, context)
    report = DryRun(
        city=context.city,
        query_hash=verified.query_hash,
        answered_at=now,
        level=None if decided.dataset is None else decided.dataset.manifest.level,
        refusal=verdict.refusal if isinstance(verdict, Refuse) else None,
        table=", ".join(dict.fromkeys(table for cover in covers for table in cover.tables)) or None,
        cells=sum(len(cover.cells) for cover in covers) if covers else None,
        coarser_tables=decided.question.plan.coarser_tables if isinstance(decided, Permitted) else (),
        cost_microrho=sum(charge.cost for charge in verdict.charges) if isinstance(verdict, Permit) else 0,
    )
    return sign(payload_types.DRY_RUN_REPORT, encode_dry_run(report), context.signer)


def _verdict(decided: Permitted | Refused, context: NodeContext) -> Verdict:
    """What would be decided now. A question whose release is stored is charged nothing, whatever is left."""
    if isinstance(decided, Refused):
        return Refuse(refusal=decided.refusal)
    if not decided.ledgers or context.store.release(decided.question.key) is not None:
        return Permit(level=decided.dataset.manifest.level, charges=())
    return decided.decide(context.store.spent(decided.ledgers))
