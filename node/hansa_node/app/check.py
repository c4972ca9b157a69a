"""Check of a node's files: what a person must fix before the node can serve, and what soon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from hansa_core.errors import ConfigError
from hansa_core.league.outages import outages_of_city
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import witnesses_of
from hansa_local.expiry_parts import SOON
from hansa_local.trust_anchor import load_roster
from hansa_node.answering.served_dataset import open_dataset
from hansa_node.app.config import NodeConfig
from hansa_node.app.declared import check_levels, read_contracts, read_declared
from hansa_node.app.identity import attached_coordinators, member_of, read_identity
from hansa_node.app.policy_file import read_policy
from hansa_node.app.resources import Resource, resources_of
from hansa_node.datasets.dataset import Declared
from hansa_node.datasets.versions import current_version
from hansa_node.engines.unreadable import DataUnavailableError


class Weight(StrEnum):
    """How a finding weighs."""

    OK = "ok"
    SOON = "soon"
    FIX = "FIX"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinding:
    """One line of the report."""

    weight: Weight
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.weight:<4}  {self.subject}: {self.text}"


def check(config: NodeConfig, now: datetime) -> Iterator[CheckFinding]:
    """Look at everything that the configuration names. Nothing is changed; no row is read."""
    yield from map(_resource, resources_of(config))
    try:
        roster = load_roster(config, now)
    except ConfigError as broken:
        # Keys, contracts and manifests are judged by the roster, so there is nothing more to say.
        yield CheckFinding(weight=Weight.FIX, subject="roster", text=str(broken))
        return
    yield _expiry("roster", f"version {roster.version} of {roster.league}", roster.expires, now)
    yield from _guarded("identity", lambda: _identity(config, roster, now))
    yield from _guarded("policy", lambda: _policy(config, roster))
    yield from _guarded("datasets", lambda: _datasets(config, roster))
    yield from _guarded("store", lambda: _store(config))
    yield from _guarded("log", lambda: _log(config, roster))


def _resource(found: Resource) -> CheckFinding:
    weight = Weight.FIX if found.is_short else Weight.OK
    return CheckFinding(
        weight=weight, subject=found.name, text=f"{found.text}; {found.remedy}" if found.is_short else found.text
    )


def _guarded(subject: str, findings: Callable[[], Iterator[CheckFinding]]) -> Iterator[CheckFinding]:
    try:
        yield from findings()
    except (ConfigError, DataUnavailableError) as broken:
        yield CheckFinding(weight=Weight.FIX, subject=subject, text=str(broken))


def _identity(config: NodeConfig, roster: Roster, now: datetime) -> Iterator[CheckFinding]:
    attached_coordinators(roster, config)
    identity = read_identity(config, member_of(roster, config))
    yield CheckFinding(
        weight=Weight.OK, subject="answer, log and witness key", text=f"the roster's keys of {config.city}"
    )
    yield _expiry("TLS certificate", "the roster's pin holds", identity.certificate.expires, now)


def _policy(config: NodeConfig, roster: Roster) -> Iterator[CheckFinding]:
    policy = read_policy(config.policy)
    yield CheckFinding(weight=Weight.OK, subject="policy", text=f"{policy.id} version {policy.version}")
    known = {*roster.purposes, "*"}
    for purpose in sorted({purpose for rule in policy.rules for purpose in rule.purposes} - known):
        text = f"{config.policy}: the league has no purpose {purpose!r}; it has {', '.join(roster.purposes)}"
        yield CheckFinding(weight=Weight.FIX, subject="policy", text=text)
    for number, rule in enumerate(policy.rules):
        if rule.trusts_names:
            text = (
                f"{config.policy}: rules[{number}] names organisations and takes any city's word on who they are; "
                "list the cities that may vouch for them under `cities`"
            )
            yield CheckFinding(weight=Weight.SOON, subject="policy", text=text)
    for contract in config.datasets:
        if not policy.rules_for(contract):
            text = (
                f"{config.policy}: no rule speaks about {contract}, so every question about it is refused; add a rule"
            )
            yield CheckFinding(weight=Weight.FIX, subject="policy", text=text)


def _datasets(config: NodeConfig, roster: Roster) -> Iterator[CheckFinding]:
    contracts = read_contracts(config, roster)
    for contract in member_of(roster, config).contracts:
        if contract not in config.datasets:
            text = f"the roster says that {config.city} serves it; name its manifest under [datasets]"
            yield CheckFinding(weight=Weight.FIX, subject=str(contract), text=text)
    declared = []
    for contract in config.datasets:
        try:
            declared.append(read_declared(config, contracts, contract))
        except ConfigError as broken:
            yield CheckFinding(weight=Weight.FIX, subject=str(contract), text=str(broken))
    for each in declared:
        yield from _guarded(str(each.contract.id), partial(_dataset, each))
    check_levels(declared)


def _dataset(declared: Declared) -> Iterator[CheckFinding]:
    version = current_version(declared.folder)
    if version is None:
        raise ConfigError(f"{declared.folder}: holds no version yet; run `hansa node ingest {declared.contract.id}`")
    dataset = open_dataset(declared, version)
    dataset.answering.close()
    text = f"level {dataset.manifest.level}, data version {dataset.data_version}"
    yield CheckFinding(weight=Weight.OK, subject=str(declared.contract.id), text=text)


def _store(config: NodeConfig) -> Iterator[CheckFinding]:
    if not config.store.exists():
        yield CheckFinding(weight=Weight.OK, subject="store", text=f"{config.store} will be made at the first start")
    elif config.store.stat().st_mode & 0o077:
        raise ConfigError(f"{config.store}: others than its owner can read it; run `chmod 600 {config.store}`")
    else:
        yield CheckFinding(weight=Weight.OK, subject="store", text=str(config.store))


def _log(config: NodeConfig, roster: Roster) -> Iterator[CheckFinding]:
    """Where it is read, and on whom the node depends to go on answering."""
    port = member_of(roster, config).log_port
    place = "read at its mirrors" if port is None else f"read at {config.log.host}:{config.log.port}"
    witnesses = ", ".join(each.city for each in witnesses_of(roster, config.city)) or "no other city"
    borne = outages_of_city(roster, config.city, timedelta(seconds=config.log.max_unwitnessed_s))
    yield CheckFinding(weight=Weight.OK, subject="log", text=f"{place}; witnesses: {witnesses}; {borne}")


def _expiry(subject: str, text: str, expires: datetime, now: datetime) -> CheckFinding:
    said = f"{text}; expires {expires:%Y-%m-%d}"
    if now >= expires:
        return CheckFinding(weight=Weight.FIX, subject=subject, text=f"{said}: it has expired; renew it")
    if expires - now < SOON:
        return CheckFinding(
            weight=Weight.SOON, subject=subject, text=f"{said}: renew it within {(expires - now).days} days"
        )
    return CheckFinding(weight=Weight.OK, subject=subject, text=said)
