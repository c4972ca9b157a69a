"""Release: charge a permitted query, execute and protect it, and commit its answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from hansa_core.errors import RefusedError
from hansa_core.partial.answer import Refusal, Release
from hansa_core.policy.decide import Refuse, refusal_of
from hansa_node.context import NodeContext
from hansa_node.engines.stop import Stop
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.log.announcements import of_dataset
from hansa_node.pipeline.bind import BoundQuestion
from hansa_node.pipeline.commit import Ending, commit
from hansa_node.pipeline.decide import Refused, asked_of
from hansa_node.pipeline.execute import execute
from hansa_node.pipeline.protect import protect
from hansa_node.pipeline.settle import Due, Ended, refuse
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.store.reservations import Reservation

log = logging.getLogger(__name__)

_REFUSED_LATE = frozenset({"too_many_cells", "too_large"})


def release(due: Due, context: NodeContext, stop: Stop) -> Ended:
    """The answer, computed anew, or the refusal of a budget that others have spent meanwhile. Blocking.

    Raises AbandonedError once `stop` is pulled, except while the answer is committed, and keeps the charge.
    """
    permitted, dataset = due.permitted, due.permitted.dataset
    stop.check()  # before anything is charged
    reservation = context.store.charge(
        permitted,
        asked_of(due.verified, dataset, context),
        permitted.query.nonce,
        announcements=of_dataset(dataset),
        now=context.clock(),
    )
    if isinstance(reservation, Refuse):
        return refuse(due.verified, due.past, Refused(dataset=dataset, refusal=reservation.refusal), context)
    # A crash from here on leaves the reservation open; the next start records it as aborted.
    try:
        outcome, causes = _compute(permitted.question, stop)
        ending = Ending(
            verified=due.verified,
            past=due.past,
            dataset=dataset,
            outcome=outcome,
            causes=causes,
            reservation=reservation,
            parameters=permitted.question.key.parameters,
            coarser_tables=permitted.question.plan.coarser_tables,
        )
        return Ended(answer=commit(ending, context), outcome=outcome)
    except BaseException as failure:
        if isinstance(failure, DataUnavailableError):
            context.datasets.mistrust(dataset, failure)
        _abort(reservation, context)
        raise


def _compute(question: BoundQuestion, stop: Stop) -> tuple[Release | Refusal, Mapping[str, int]]:
    """Execute and protect, with how many cells were suppressed by which rule.

    Nothing but the size of an answer is refused this late: at `open` only the data tell it.
    """
    try:
        protected = protect(execute(question, stop))
    except RefusedError as broken:
        if broken.code not in _REFUSED_LATE:
            raise RuntimeError(f"a permitted query was refused late: {broken.code}") from None
        return refusal_of(broken), {}
    return protected.release, protected.causes


def _abort(reservation: Reservation, context: NodeContext) -> None:
    try:
        context.store.abort(reservation, now=context.clock())
    except StoreUnavailableError:
        # Still open, so the next start records it; the error that led here is the one to tell.
        log.warning("reservation left open", extra={"reservation": reservation.id})
