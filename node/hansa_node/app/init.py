"""Makes a node's folder: its configuration and policy, and copies of the keys that a node needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.league.roster import Member, Roster
from hansa_local.bind_host import bind_host
from hansa_local.clock import utc_now
from hansa_local.contract_files import contract_file_name, read_contract_documents
from hansa_local.document_file import bounded_content
from hansa_local.toml_writer import annotated_toml
from hansa_local.trust_anchor import TrustAnchor, load_roster, read_anchor
from hansa_node.app.config import NodeConfig
from hansa_node.app.policy_file import PolicyFile

_RELATIVE = "Relative paths are relative to this file."


def init_node(directory: Path, *, league: Path, city: str) -> Iterator[str]:
    """Make the folder; what to tell the operator. `league`: as `hansa league new` laid it out. Raises ConfigError."""
    # The anchor is the one of the league's own profile, which lies beside its roster.
    anchor = read_anchor(league / "profile.toml", hint="give the folder that `hansa league new` made")
    roster = load_roster(anchor, utc_now())
    try:
        member = roster.member(city)
        contracts = read_contract_documents(league / "contracts", roster)
    except (RefusedError, PeerError) as wrong:
        raise ConfigError(str(wrong)) from None
    if directory.exists() and any(directory.iterdir()):
        raise ConfigError(f"{directory}: is not empty; name a new or an empty folder for the node")
    for folder in (directory, *(directory / name for name in ("contracts", "data", "keys", "manifests", "state"))):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    for name in ("tls.pem", "tls.key", "answer.key", "log.key", "witness.key"):
        _write(directory / "keys" / name, _read(league / "cities" / city / name))
    _write(directory / "roster.json", _read(league / "roster.json"))
    for contract, document in contracts.items():
        _write(directory / "contracts" / contract_file_name(contract), document)
    manifests = _manifests(member)
    names = tuple(entry.name for entry in roster.coordinators)
    _write(directory / "policy.toml", _policy(roster, member))
    _write(directory / "node.toml", _config(member, names, anchor, manifests))
    yield f"{directory}: the node of {city}"
    for contract, manifest in manifests.items():
        yield f"next: `hansa node draft {contract} FILE` writes {directory / manifest}"
        yield f"      `hansa node ingest {contract}` makes it a dataset"


def _manifests(member: Member) -> dict[ContractId, str]:
    """A file for each contract; the version stands in its name only where two versions are served."""
    names = [contract.name for contract in member.contracts]
    return {
        contract: f"manifests/{contract.name}{'' if names.count(contract.name) == 1 else f'.{contract.version}'}.yaml"
        for contract in member.contracts
    }


def _config(
    member: Member, coordinators: tuple[str, ...], anchor: TrustAnchor, manifests: dict[ContractId, str]
) -> bytes:
    values: dict[str, Any] = {
        "city": member.city,
        "roster": "roster.json",
        "governance_keys": [key.hex() for key in anchor.governance_keys],
        "governance_threshold": anchor.governance_threshold,
        "datasets": {str(contract): manifest for contract, manifest in manifests.items()},
    }
    if member.host is None:  # the roster names no address: this node only dials out
        values |= {"attach": list(coordinators), "listen": {"enabled": False}}
    else:
        host = bind_host(member.host)
        values |= {"listen": {"host": host, "port": member.port}, "log": {"host": host, "port": member.log_port}}
    head = (f"The node of {member.city}. Start it with: hansa node serve --config node.toml", _RELATIVE)
    return annotated_toml(NodeConfig, values, head)


def _policy(roster: Roster, member: Member) -> bytes:
    rule = {
        "datasets": [str(contract) for contract in member.contracts],
        "purposes": list(roster.purposes),
        "organisations": ["*"],
    }
    head = (
        'Who may ask what, for which purpose. What no rule admits is refused. "*" stands for any.',
        "Raise the version with every change: each decision is recorded with it.",
    )
    return annotated_toml(PolicyFile, {"id": f"{member.city}.policy", "version": 1, "rules": [rule]}, head)


def _read(path: Path) -> bytes:
    try:
        return bounded_content(path)
    except OSError as failure:
        raise ConfigError(
            f"{path}: cannot be read ({failure.strerror}); give the folder that `hansa league new` made"
        ) from None


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)  # before the content: a key is never open to others, not even for a moment
    path.write_bytes(content)
