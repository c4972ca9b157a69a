"""Seldom entries in words: restarts, new software, data, keys, budgets and rules."""

from __future__ import annotations

from hansa_audit.languages.message import Message, message
from hansa_audit.report.level_words import level_words
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.log_entries import KeyAdded, KeyRetired, KeyRole, NodeRecovered, NodeStarted
from hansa_core.evidence.rule_entries import (
    BudgetReset,
    DataAccepted,
    DatasetRegistered,
    DataVersion,
    PolicyPublished,
    RosterAccepted,
)

_ADDED = {
    KeyRole.TLS: message("The city has a new key for its connections"),
    KeyRole.ANSWER: message("The city has a new key for signing answers"),
    KeyRole.CREDENTIAL: message("The city has a new key for admitting those who ask"),
    KeyRole.LOG: message("The city has a new key for signing this log"),
    KeyRole.WITNESS: message("The city has a new key for confirming other cities’ logs"),
}
_RETIRED = {
    KeyRole.TLS: message("The city’s key for its connections was retired"),
    KeyRole.ANSWER: message("The city’s key for signing answers was retired"),
    KeyRole.CREDENTIAL: message("The city’s key for admitting those who ask was retired"),
    KeyRole.LOG: message("The city’s key for signing this log was retired"),
    KeyRole.WITNESS: message("The city’s key for confirming other cities’ logs was retired"),
}


def event_of(entry: Entry) -> Message | None:
    """What happened; None for an entry that is no event, such as a question."""
    body = entry.body
    match body:
        case NodeStarted():
            return message("The node was started, with software %(software)s", software=entry.software)
        case NodeRecovered():
            return message(
                "The log was restored from %(before)s to %(after)s entries with the help of other cities",
                before=body.from_size,
                after=body.to_size,
            )
        case KeyAdded():
            return _ADDED[KeyRole(body.role)]
        case KeyRetired():
            return _RETIRED[KeyRole(body.role)]
        case _:
            return _rule_event(entry)


def software_changed(before: str, after: str) -> Message:
    """Other software writes from this entry on."""
    return message("The node’s software changed from %(before)s to %(after)s", before=before, after=after)


def _rule_event(entry: Entry) -> Message | None:
    body = entry.body
    match body:
        case BudgetReset():
            return message(
                "Budget %(ledger)s began anew: %(reason)s", ledger=body.ledger, reason=body.reason.replace("_", " ")
            )
        case PolicyPublished():
            return message(
                "Policy %(policy)s, version %(version)s, came into force",
                policy=body.policy.id,
                version=str(body.policy.version),
            )
        case RosterAccepted():
            return message("List %(version)s of the league’s members came into force", version=str(body.roster.version))
        case DatasetRegistered():
            return message(
                "%(dataset)s is offered at level %(level)s, by rules that were announced",
                dataset=body.dataset,
                level=level_words(body.level),
            )
        case DataVersion():
            return message(
                "Questions about %(dataset)s are answered from data version %(version)s on",
                dataset=body.dataset,
                version=str(body.data_version),
            )
        case DataAccepted():
            return message(
                "Data version %(version)s of %(dataset)s was published although it exceeded limits of the city’s own",
                dataset=body.dataset,
                version=str(body.data_version),
            )
        case _:
            return None
