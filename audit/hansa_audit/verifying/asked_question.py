"""A question as its entry tells of it, against which the opened query and the opened analyst are held."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hansa_core.documents.canonical_json import JsonValue
from hansa_core.errors import PeerError, RefusedError
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.join import SETTLED_S
from hansa_core.evidence.query_entries import ApprovalAsked, Decision, QueryAborted, QueryDecision
from hansa_core.league.credential import Credential, check_in_force, signed_credential
from hansa_core.league.roster import Roster
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_wire.codec.query_codec import decode_query

QuestionBody = QueryDecision | QueryAborted | ApprovalAsked
_ANALYST_FIELDS = frozenset({"subject", "key_id", "credential"})


class UncheckedError(Exception):
    """Something would have to be here to judge by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAnalyst:
    """What the opened field `analyst` says. `credential`: None in openings that were written before it was kept."""

    subject: str
    key_id: str
    credential: Envelope | None


def opened_envelope(value: JsonValue) -> Envelope:
    """The signed query, or the credential, in an opened field. Raises PeerError."""
    if not isinstance(value, str):
        raise PeerError("is not the text of an envelope")
    return envelope_from_json(value.encode())


def opened_analyst(value: JsonValue) -> OpenedAnalyst:
    """Raises PeerError unless the field says what the schema of openings demands."""
    if not isinstance(value, dict) or not {"subject", "key_id"} <= value.keys() <= _ANALYST_FIELDS:
        raise PeerError("is not an analyst's subject, key id and credential")
    credential = value.get("credential")
    return OpenedAnalyst(
        subject=str(value["subject"]),
        key_id=str(value["key_id"]),
        credential=None if credential is None else opened_envelope(credential),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """What an entry tells of a question. `rosters`: those that the auditor holds, by version.

    `is_dated`: whether the entry's time is that of the city's clock, and not of the entry before it.
    """

    entry: Entry
    body: QuestionBody
    is_dated: bool
    rosters: Mapping[int, Roster]

    def check_query(self, envelope: Envelope) -> None:
        """Raise PeerError or RefusedError unless the opened query is the one that the entry tells of."""
        if envelope.payload_type != payload_types.QUERY:
            raise PeerError("is not signed as a query")
        body = self.body
        if hashlib.sha256(envelope.payload).hexdigest() != body.query_hash:
            raise PeerError("is another query than the one whose hash the entry names")
        try:
            query = decode_query(envelope.payload)
        except RefusedError:
            if self._is_refused and body.purpose is None and body.dataset is None:
                return  # what nobody can read was refused, and the entry repeats nothing of it
            raise
        self._check_told(query)
        if not self._is_refused:
            self._check_addressed(query)

    def check_analyst(self, analyst: OpenedAnalyst, query: Envelope | None) -> None:
        """Raise PeerError or RefusedError unless a city vouched for the analyst, who signed the opened query.

        Raises UncheckedError where no roster is there to judge the credential by.
        """
        holder = None if analyst.credential is None else self._holder(analyst.credential)
        if holder is not None:
            self._check_holder(analyst, holder)
        if query is None:
            return
        if any(signature.keyid != analyst.key_id for signature in query.signatures):
            raise PeerError("names another key than the one that signed the opened query")
        if holder is not None:
            verify(query, payload_types.QUERY, (holder.key,))

    @property
    def _is_refused(self) -> bool:
        return isinstance(self.body, QueryDecision) and self.body.decision == Decision.REFUSE

    @property
    def _came_at(self) -> datetime | None:
        """About when it came; None where the entry's time does not say so.

        An aborted question is told of when the node is back, and after a clock that ran ahead the log's time stands
        still: nobody is to be blamed for either.
        """
        if not self.is_dated or isinstance(self.body, QueryAborted):
            return None
        return self._written_at

    @property
    def _written_at(self) -> datetime:
        return datetime.fromtimestamp(self.entry.time_unix_s, UTC).replace(tzinfo=None)

    def _check_told(self, query: Query) -> None:
        asked = {"purpose": query.purpose, "dataset": str(query.plan.source)}
        for what, told in (("purpose", self.body.purpose), ("dataset", self.body.dataset)):
            if told is None and self._is_refused:
                continue  # the league does not know it, so the log does not repeat it
            if told != asked[what]:
                raise PeerError(f"has the {what} {asked[what]}; the entry tells of {told}")

    def _check_addressed(self, query: Query) -> None:
        """Only a refusal can be of a question to others, of another league, of another level, or that came too late."""
        if self.entry.node not in query.cities:
            raise PeerError(f"asks {', '.join(query.cities)}, and {self.entry.node} answered")
        leagues = {roster.league for roster in self.rosters.values()}
        if leagues and query.league not in leagues:
            raise PeerError(f"is a question to the league {query.league}; the log is of {', '.join(sorted(leagues))}")
        level = None if isinstance(self.body, ApprovalAsked) else self.body.level
        if query.level is not None and level is not None and query.level != level:
            raise PeerError(f"insists on level {query.level}; the entry tells of {level}")
        came_at = self._came_at
        if came_at is not None and came_at > query.expires_at + timedelta(seconds=SETTLED_S):
            raise PeerError("had expired when the entry was written, and was not refused")

    def _holder(self, credential: Envelope) -> Credential:
        """Whom the credential names, by the roster in force then. An entry about approval does not say which."""
        if not isinstance(self.body, ApprovalAsked):
            version = self.body.roster.version
            if version not in self.rosters:
                raise UncheckedError(f"its credential needs roster {version}, which is not in the folder")
            return signed_credential(credential, self.rosters[version])
        for roster in self.rosters.values():
            if roster.issuer(credential.signatures[0].keyid) is not None:
                return signed_credential(credential, roster)
        raise UncheckedError("its credential needs a roster that names the city which signed it")

    def _check_holder(self, analyst: OpenedAnalyst, holder: Credential) -> None:
        if holder.organisation != self.body.organisation:
            raise PeerError(f"its credential is of {holder.organisation}; the entry tells of {self.body.organisation}")
        if holder.subject != analyst.subject:
            raise PeerError(f"its credential is of {holder.subject}; it tells of {analyst.subject}")
        if holder.key_id != analyst.key_id:
            raise PeerError("its credential is for another key than it names")
        if holder.purposes is not None and not self._is_refused and self.body.purpose not in holder.purposes:
            raise PeerError(f"its credential is not for the purpose {self.body.purpose}, which was not refused")
        came_at = self._came_at
        if came_at is None:
            if self._written_at < holder.not_before:
                check_in_force(holder, self._written_at)
            return
        try:
            check_in_force(holder, came_at)
        except RefusedError:
            # It was in force when the question came, and the entry was written when it was answered.
            check_in_force(holder, came_at - timedelta(seconds=SETTLED_S))
