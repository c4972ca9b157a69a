"""Examination of an analyst's way to the cities: files, coordinator, cities, clocks, a dry run of each dataset."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

from hansa.answering.city_words import CityWord
from hansa.answering.coverage import CityReport, Outcome
from hansa.asking.connect import open_session
from hansa.asking.session import AnalystSession
from hansa.connecting import connect
from hansa.errors import HansaError
from hansa.league import League
from hansa_core.contract.ids import ContractId
from hansa_core.league.credential import credential_from_envelope
from hansa_local.expiry import of_credential, of_roster
from hansa_local.expiry_parts import parts_of_expiry
from hansa_local.health import HealthPart, PartState
from hansa_local.profile import Profile, load_profile
from hansa_local.role_checks import failed
from hansa_local.shown_certificates import service_of
from hansa_local.way import WayToService, walked
from hansa_wire.codec.description import Description

_DEADLINE_S = 10.0


def examine(config: Path, now: datetime) -> Iterator[HealthPart]:
    """As `RoleChecks.examine`."""
    profile = load_profile(config)
    yield HealthPart(name="profile", state=PartState.OK, text=str(config))
    try:
        session, _ = open_session(config)
    except HansaError as broken:
        yield failed("keys, roster and contracts", broken)
        return
    yield from _files(session, now)
    hops = list(chain.from_iterable(walked(_ways(profile, session), now)))
    yield from hops
    if any(hop.state is PartState.FAILED for hop in hops):
        return
    with connect(config) as league:
        yield from _cities(league, profile.purpose)


def _files(session: AnalystSession, now: datetime) -> Iterator[HealthPart]:
    roster = session.roster
    credential = credential_from_envelope(session.credential, roster, now)
    yield HealthPart(
        name="roster",
        state=PartState.OK,
        text=f"version {roster.version} of {roster.league}: {len(roster.members)} cities",
    )
    yield HealthPart(
        name="credential", state=PartState.OK, text=f"of {credential.organisation}, vouched for by {credential.city}"
    )
    yield from parts_of_expiry([of_credential(credential), *of_roster(roster)], now, expired=PartState.FAILED)


def _ways(profile: Profile, session: AnalystSession) -> Iterator[WayToService]:
    entry = session.roster.coordinator(profile.coordinator)
    service = service_of(entry.name, entry, entry.host, entry.port)
    if service is not None:
        yield WayToService(service=service, certificate=profile.tls_cert, key=profile.tls_key)


def _cities(league: League, purpose: str | None) -> Iterator[HealthPart]:
    """What each city serves, and what it would do with a question about each dataset."""
    try:
        described = league.published(deadline_s=_DEADLINE_S)
    except HansaError as silent:
        yield failed("catalogue", silent)
        return
    yield from map(_city, described)
    served = {dataset.contract for each in described if each.word is not None for dataset in each.word.datasets}
    if purpose is None and served:
        remedy = f"name one in the profile, or with each question; the league has {', '.join(league.roster.purposes)}"
        yield HealthPart(name="dry run", state=PartState.WARNING, text="the profile names no purpose", remedy=remedy)
        return
    clocks: dict[str, HealthPart] = {}
    for contract in sorted(served):
        yield from _dry_run(league, contract, clocks)
    yield from clocks.values()


def _city(described: CityWord[Description]) -> HealthPart:
    word = described.word
    if word is None:
        return _missing(described.report)
    datasets = ", ".join(str(dataset.contract) for dataset in word.datasets) or "nothing yet"
    return HealthPart(name=word.city, state=PartState.OK, text=f"Hansa {word.software_version}, serves {datasets}")


def _dry_run(league: League, contract: ContractId, clocks: dict[str, HealthPart]) -> Iterator[HealthPart]:
    """One part for each city that gave its verdict. `clocks`: takes the notes on clocks, each once."""
    try:
        statement = f"SELECT COUNT(*) FROM {contract.name}"  # noqa: S608  a question of ours
        verdicts = league.dry_run(statement, deadline_s=_DEADLINE_S)
    except HansaError as refused:
        yield failed(f"dry run of {contract}", refused)
        return
    for word in (verdict.word for verdict in verdicts):
        if word is None:
            continue  # told of with the city
        name = f"{contract} at {word.city}"
        if word.refusal is None:
            yield HealthPart(name=name, state=PartState.OK, text=f"would answer, at level {word.level}")
        else:
            text = f"would refuse: {word.refusal.rule}"
            yield HealthPart(name=name, state=PartState.WARNING, text=text, remedy=word.refusal.remedy)
    for note in verdicts.notes:
        clocks.setdefault(note, HealthPart(name="note", state=PartState.WARNING, text=note))


def _missing(report: CityReport) -> HealthPart:
    """A city of which nothing that holds was heard."""
    said = report.rule or _UNTOLD.get(report.state, report.state.value)
    remedy = report.remedy or f"its operator runs `hansa doctor` beside the node of {report.city}"
    return HealthPart(name=report.city, state=PartState.FAILED, text=said, remedy=remedy)


_UNTOLD = {
    Outcome.UNREACHABLE: "the coordinator does not reach it",
    Outcome.TIMED_OUT: f"it did not answer within {_DEADLINE_S:.0f} s",
}
