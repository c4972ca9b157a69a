"""The analyst's signed account of a question: what was asked, when and how, and what became of it at each city."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hansa.answering.coverage import CityReport, Outcome
from hansa.evidence.account_parameters import parameter_document, parameters_in
from hansa_core.documents.strict_json import JsonObject, read_object, time_text
from hansa_core.errors import PeerError
from hansa_core.league.names import check_label
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, Signer, sign

if TYPE_CHECKING:
    from hansa_core.sql.parameters import Parameter

VERSION = 1
_MOST_AHEAD_S = 1000 * 366 * 24 * 3600
_FIELDS = ("v", "asked_at", "statement", "tables", "partial", "min_cities", "cities")
_OPTIONAL = ("coordinator_ahead_s", "parameters", "further")
_TABLE_FIELDS = ("name", "sha256")
_CITY_FIELDS = ("city", "state", "proven", "code", "rule", "elapsed_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAccount:
    """What became of one query: how many cities had to answer, and every addressed one, by name."""

    min_cities: int
    cities: tuple[CityReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The analyst's own account of a question, which no city signs.

    `asked_at`: naive UTC in whole seconds. `tables`: hex SHA-256 of each own table as it is kept, by its name in lower
    case. `asked`: each query that was sent, most often one. Of a city whose signed word is kept
    beside this only `elapsed_ms` is read again; of any other the whole report, which stands on the coordinator's claim.
    `parameters`: the values of the statement's parameters. `coordinator_ahead_s`: how far the coordinator's clock was
    ahead of the analyst's; None: not heard.
    """

    asked_at: datetime
    statement: str
    tables: Mapping[str, str]
    partial: bool
    asked: tuple[AskedAccount, ...]
    parameters: tuple[Parameter, ...] = ()
    coordinator_ahead_s: int | None = None


def sign_account(account: Account, signer: Signer) -> Envelope:
    """The account signed with the analyst's query key; its payload is JSON that people can read."""
    document: dict[str, Any] = {
        "v": VERSION,
        "asked_at": time_text(account.asked_at),
        "statement": account.statement,
        "tables": [{"name": name, "sha256": digest} for name, digest in account.tables.items()],
        "partial": account.partial,
        **_asked_document(account.asked[0]),
    }
    if len(account.asked) > 1:
        document["further"] = [_asked_document(one) for one in account.asked[1:]]
    if account.parameters:
        document["parameters"] = [parameter_document(one) for one in account.parameters]
    if account.coordinator_ahead_s is not None:
        document["coordinator_ahead_s"] = account.coordinator_ahead_s
    # ASCII alone: half of a surrogate pair, which a coordinator or a shell may hand in, has no bytes of its own.
    payload = json.dumps(document, indent=1).encode() + b"\n"
    return sign(payload_types.QUESTION, payload, signer)


def _asked_document(asked: AskedAccount) -> dict[str, Any]:
    reports = [
        {
            "city": report.city,
            "state": report.state.value,
            "proven": report.proven,
            "code": report.code,
            "rule": report.rule,
            "elapsed_ms": report.elapsed_ms,
        }
        for report in asked.cities
    ]
    return {"min_cities": asked.min_cities, "cities": reports}


def read_account(payload: bytes) -> Account:
    """The account in a payload. Raises PeerError."""
    document = read_object(payload, "question").require(_FIELDS, optional=_OPTIONAL)
    if document.whole("v") != VERSION:
        raise PeerError(f"question: v is {document.whole('v')}; this version of Hansa reads {VERSION}")
    return Account(
        asked_at=document.time("asked_at"),
        statement=document.text("statement"),
        tables=_tables(document),
        partial=document.flag("partial"),
        asked=(_asked(document), *map(_further, document.objects("further") if "further" in document.values else ())),
        parameters=parameters_in(document),
        coordinator_ahead_s=_ahead_s(document),
    )


def _asked(document: JsonObject) -> AskedAccount:
    return AskedAccount(
        min_cities=document.whole("min_cities"),
        cities=tuple(_report(entry.require(_CITY_FIELDS)) for entry in document.objects("cities")),
    )


def _further(entry: JsonObject) -> AskedAccount:
    return _asked(entry.require(("min_cities", "cities")))


def _ahead_s(document: JsonObject) -> int | None:
    """At most a thousand years; None where the account does not say."""
    if "coordinator_ahead_s" not in document.values:
        return None
    ahead_s = document.whole("coordinator_ahead_s")
    if abs(ahead_s) > _MOST_AHEAD_S:
        raise PeerError(f"question: coordinator_ahead_s is {ahead_s}; no two clocks differ by that much")
    return ahead_s


def _tables(document: JsonObject) -> dict[str, str]:
    entries = [entry.require(_TABLE_FIELDS) for entry in document.objects("tables")]
    tables = {entry.text("name"): entry.text("sha256") for entry in entries}
    if len(tables) != len(entries) or any(name != name.lower() for name in tables):
        raise PeerError("question: tables: each has a name of its own, in lower case")
    return tables


def _report(entry: JsonObject) -> CityReport:
    try:
        check_label(entry.text("city"), "city")
        state = Outcome(entry.text("state"))
    except ValueError as wrong:
        raise PeerError(f"{entry.where}: {wrong}") from wrong
    return CityReport(
        city=entry.text("city"),
        state=state,
        proven=entry.flag("proven"),
        code=entry.text("code"),
        rule=entry.text("rule"),
        elapsed_ms=entry.whole("elapsed_ms"),
    )
