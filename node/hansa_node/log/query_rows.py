"""A query's rows in the store's tables. Each function writes within its caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.evidence.opening import decode_opening, encode_opening
from hansa_core.evidence.query_entries import QueryAborted
from hansa_node.log.announcements import announce, check_roster_in_force
from hansa_node.log.batch import Batch
from hansa_node.log.bodies import aborted, decided
from hansa_node.log.records import Commitment, QueryRecord
from hansa_node.store.answers import StoredAnswer, add_answer
from hansa_node.store.ledger import add_charge
from hansa_node.store.nonces import claim_nonce
from hansa_node.store.releases import add_release
from hansa_node.store.reservations import (
    AbortedAs,
    Reservation,
    aborted_as,
    add_reservation,
    end_reservation,
    open_reservations,
)


def reserve(
    batch: Batch, asked: QueryRecord, nonce: bytes, *, charges: Iterable[LedgerCharge], now: datetime
) -> Reservation:
    """Claim the nonce, take the charges, and open a reservation, which can end as `query.aborted` by itself."""
    claim_nonce(batch.cursor, asked.key_id, nonce, asked.query_hash)
    for charge in charges:
        add_charge(batch.cursor, charge.ledger, charge.cost)
    opening = batch.conceal(asked.concealed)
    body = canonical_json(aborted(asked, opening.digests).to_json())
    return add_reservation(batch.cursor, AbortedAs(body=body, opening=encode_opening(opening)), now=now)


def commit(batch: Batch, commitment: Commitment) -> int:
    """Write everything that one answer needs to be true; the index of its entry. Raises LeagueChangedError."""
    cursor, asked = batch.cursor, commitment.asked
    check_roster_in_force(batch, asked.roster)
    if commitment.nonce is not None and commitment.code != "replay":
        claim_nonce(cursor, asked.key_id, commitment.nonce, asked.query_hash)
    announce(batch, commitment.announcements, anew=False, now=commitment.decided_at)
    is_new = commitment.code is None and not commitment.recalled
    causes = {"causes": dict(commitment.causes)} if is_new else {}
    opening = batch.conceal(asked.concealed | causes)
    index = batch.append(decided(commitment, opening.digests), opening, now=commitment.decided_at)
    if commitment.reservation is not None:
        end_reservation(cursor, commitment.reservation)
    if commitment.release is not None:
        add_release(cursor, commitment.release, parameters=commitment.parameters)
    answer = StoredAnswer(
        index=index,
        query_hash=asked.query_hash,
        key_id=asked.key_id,
        after_expiry=commitment.after_expiry,
        envelope=commitment.answer,
    )
    add_answer(cursor, answer)
    return index


def abort_if_open(batch: Batch, reservation: Reservation, *, now: datetime) -> None:
    """End the reservation as an aborted query, unless it has ended; its charges stay."""
    entry = aborted_as(batch.cursor, reservation)
    if entry is None:
        return
    end_reservation(batch.cursor, reservation)
    batch.append(QueryAborted.from_json(json.loads(entry.body)), decode_opening(entry.opening), now=now)


def abort_open(batch: Batch, *, now: datetime) -> None:
    """End each open reservation as an aborted query."""
    for reservation in open_reservations(batch.cursor):
        abort_if_open(batch, reservation, now=now)
