"""Writes every file of a new league, each holder's in a folder of their own, the roster last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hansa_core.contract.ids import ContractId
from hansa_core.league.roster import Roster, roster_payload
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_league.files.league_layout import LeagueLayout
from hansa_league.founding.holders import CityHolder, CoordinatorHolder
from hansa_league.keys.certificates import IssuedCertificate
from hansa_local.bind_host import bind_host
from hansa_local.contract_files import contract_file_name
from hansa_local.coordinator_config import CoordinatorConfig
from hansa_local.private_files import make_private_folder, write_private, write_public
from hansa_local.profile import AuditorProfile, Profile
from hansa_local.toml_writer import annotated_toml

_RELATIVE = "Relative paths are relative to this file."


def write_league(
    layout: LeagueLayout,
    roster: Roster,
    coordinators: Sequence[CoordinatorHolder],
    holders: Sequence[CityHolder],
    documents: Mapping[ContractId, bytes],
) -> None:
    """Write the league below its claimed root. Without a roster nothing starts, so a half-written league is none."""
    layout.contracts.mkdir()
    for contract, content in documents.items():
        write_public(layout.contracts / contract_file_name(contract), content)
    for coordinator in coordinators:
        _write_coordinator(layout.coordinator_named(coordinator.name), roster, coordinator)
    for holder in holders:
        write_private(layout.governance / f"{holder.city}.key", holder.governance_key.pem)
        _write_city(layout.city(holder.city), holder)
        _write_analyst(layout.analyst(holder.city), roster, holder)
        _write_auditor(layout.auditor(holder.city), roster, holder)
    first = holders[0].city
    write_public(layout.profile, _profile(roster, first, root=".", own=f"analysts/{first}"))
    signers = (holder.governance_key for holder in holders)
    write_public(layout.roster, envelope_to_json(sign(payload_types.ROSTER, roster_payload(roster), *signers)))


def _write_coordinator(folder: Path, roster: Roster, coordinator: CoordinatorHolder) -> None:
    make_private_folder(folder)
    _write_identity(folder, "ca", coordinator.authority)
    _write_identity(folder, "tls", coordinator.tls)
    entry = roster.coordinator(coordinator.name)
    text = annotated_toml(
        CoordinatorConfig,
        {
            "name": entry.name,
            "roster": "../roster.json",
            **_anchor(roster),
            "tls": {"certificate": "tls.pem", "key": "tls.key"},
            "listen": {"host": bind_host(entry.host), "port": entry.port},
        },
        (
            f"The coordinator of the league {roster.league}.",
            "Start it with: hansa coordinator serve --config coordinator.toml",
            _RELATIVE,
        ),
    )
    write_public(folder / "coordinator.toml", text)


def _write_city(folder: Path, holder: CityHolder) -> None:
    make_private_folder(folder)
    _write_identity(folder, "ca", holder.authority)
    _write_identity(folder, "tls", holder.tls)
    write_private(folder / "answer.key", holder.answer_key.pem)
    write_private(folder / "credential.key", holder.credential_key.pem)
    write_private(folder / "log.key", holder.log_key.pem)
    write_private(folder / "witness.key", holder.witness_key.pem)


def _write_analyst(folder: Path, roster: Roster, holder: CityHolder) -> None:
    make_private_folder(folder)
    _write_identity(folder, "tls", holder.analyst_tls)
    write_private(folder / "query.key", holder.query_key.pem)
    write_public(folder / "credential.json", envelope_to_json(holder.credential()))
    write_public(folder / "profile.toml", _profile(roster, holder.city, root="../..", own="."))


def _write_auditor(folder: Path, roster: Roster, holder: CityHolder) -> None:
    """An auditor reads logs and asks no question: no credential, no key to sign with."""
    make_private_folder(folder)
    _write_identity(folder, "tls", holder.auditor_tls)
    entries = _membership(roster, holder.city, root="../..")
    text = annotated_toml(
        AuditorProfile,
        {**entries, "tls_cert": "tls.pem", "tls_key": "tls.key"},
        (f"An auditor whom {holder.city} admits.", _RELATIVE),
    )
    write_public(folder / "profile.toml", text)


def _write_identity(folder: Path, name: str, identity: IssuedCertificate) -> None:
    write_public(folder / f"{name}.pem", identity.cert_pem)
    write_private(folder / f"{name}.key", identity.key_pem)


def _profile(roster: Roster, city: str, *, root: str, own: str) -> bytes:
    """An analyst's profile; `root` and `own` lead from its folder to the league's and to the analyst's."""
    entries: dict[str, Any] = {
        **_membership(roster, city, root=root),
        "contracts": f"{root}/contracts",
        "credential": f"{own}/credential.json",
        "query_key": f"{own}/query.key",
        "tls_cert": f"{own}/tls.pem",
        "tls_key": f"{own}/tls.key",
        "purpose": roster.purposes[0],
    }
    return annotated_toml(Profile, entries, (f"An analyst of {city}.", _RELATIVE))


def _membership(roster: Roster, city: str, *, root: str) -> dict[str, Any]:
    """Which league, and which of its cities vouches for the holder; `root` leads to the league's folder."""
    return {
        "league": roster.league,
        "roster": f"{root}/roster.json",
        **_anchor(roster),
        "city": city,
    }


def _anchor(roster: Roster) -> dict[str, Any]:
    """Whom to trust about the roster: given out of band, never read from the roster itself."""
    return {
        "governance_keys": [key.hex() for key in roster.governance_keys],
        "governance_threshold": roster.governance_threshold,
    }
