"""How does a city get a node's folder? Its configuration and policy, and copies of the keys that a node needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.league.roster import Member, Roster
from hansa_core.plan.plan import ContractId
from hansa_local.clock import utc_now
from hansa_local.contract_files import contract_file_name, read_contract_documents
from hansa_local.trust_anchor import TrustAnchor, load_roster, read_anchor

_CONFIG = """\
# The node of {city}. Start it with: hansa node serve --config node.toml
# Relative paths are relative to this file. Values that are commented out show the default.

city = {city_text}
roster = "roster.json"             # the signed list of members

# The trust anchor: the roster must carry this many signatures by these keys (raw Ed25519 public keys, hex).
governance_keys = {governance_keys}
governance_threshold = {governance_threshold}

# The coordinators, by their names in the roster, to which this node dials out, to be asked over that connection.
attach = {attach}

# contracts = "contracts"          # the league's contract files
# policy = "policy.toml"           # who may ask what, for which purpose
# data_dir = "data"                # where ingest puts the datasets, each version a new file
# store = "state/store.sqlite"     # log, charges, releases, answers and nonces

{listen}

[tls]                              # this node's own certificate and key, PEM
# certificate = "keys/tls.pem"
# key = "keys/tls.key"

[keys]
# answer = "keys/answer.key"       # signs the answers; Ed25519, PEM
# log = "keys/log.key"             # signs the log's checkpoints
# witness = "keys/witness.key"     # cosigns the checkpoints of other cities

[datasets]                         # each served contract and the city's manifest for it
{datasets}

[limits]
# max_concurrent_queries = 8       # queries that run at once; more wait
# stop_grace_s = 5                 # seconds that a stop waits for queries under way

{log}
# public = false                   # true: anybody may read checkpoint and hashes; entries stay for members
# commit_window_ms = 0             # milliseconds that a commit waits for others to share its transaction
# commit_max_batch = 256           # the most decisions of one transaction
# witness_every_s = 1              # seconds between two requests for cosignatures, while the log grows
# max_unwitnessed_s = 3600         # seconds without a quorum of witnesses after which nothing is answered
# peer_head_every_s = 3600         # seconds between two records of what a witnessed log had grown to
# openings_to = []                 # cities, besides this one, whose auditors may read openings
# keep_openings_days = 0           # days after which openings are deleted; 0 keeps them
"""

_POLICY = """\
# Who may ask what, for which purpose. What no rule admits is refused. "*" stands for any.
# Raise the version with every change: each decision is recorded with it.

id = {id}
version = 1

[[rules]]
datasets = {datasets}
purposes = {purposes}
organisations = ["*"]              # as credentials name them
# cities = ["*"]                   # whose credentials count; name cities where you name organisations

[deny]                             # never answered, whatever the rules say
subjects = []
organisations = []
keys = []                          # key ids: hex SHA-256 of the public query key
"""


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
    _write(directory / "policy.toml", _policy(roster, member).encode())
    _write(directory / "node.toml", _config(member, names, anchor, manifests).encode())
    yield f"{directory}: the node of {city}"
    for contract, manifest in manifests.items():
        yield f"next: write {directory / manifest}, then run `hansa node ingest {contract}`"


def _manifests(member: Member) -> dict[ContractId, str]:
    """A file for each contract; the version stands in its name only where two versions are served."""
    names = [contract.name for contract in member.contracts]
    return {
        contract: f"manifests/{contract.name}{'' if names.count(contract.name) == 1 else f'.{contract.version}'}.yaml"
        for contract in member.contracts
    }


def _listen(member: Member) -> str:
    if member.host is None:
        return "[listen]\nenabled = false                    # the roster names no address: this node only dials out"
    return f"[listen]\nhost = {_toml(member.host)}\nport = {member.port}"


def _log(member: Member) -> str:
    if member.host is None:
        return "[log]                              # this node only dials out: its log is read at its mirrors"
    where = f"host = {_toml(member.host)}\nport = {member.log_port}"
    return f"[log]                              # where the log is read\n{where}"


def _config(
    member: Member, coordinators: tuple[str, ...], anchor: TrustAnchor, manifests: dict[ContractId, str]
) -> str:
    datasets = [f"{_toml(str(contract))} = {_toml(manifest)}" for contract, manifest in manifests.items()]
    return _CONFIG.format(
        attach=_toml(list(coordinators) if member.host is None else []),
        city=member.city,
        city_text=_toml(member.city),
        governance_keys=_toml([key.hex() for key in anchor.governance_keys]),
        governance_threshold=anchor.governance_threshold,
        listen=_listen(member),
        log=_log(member),
        datasets="\n".join(datasets),
    )


def _policy(roster: Roster, member: Member) -> str:
    return _POLICY.format(
        id=_toml(f"{member.city}.policy"),
        datasets=_toml([str(contract) for contract in member.contracts]),
        purposes=_toml(list(roster.purposes)),
    )


def _toml(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)  # a JSON text or list of texts is a TOML one


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise ConfigError(
            f"{path}: cannot be read ({failure.strerror}); give the folder that `hansa league new` made"
        ) from None


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)  # before the content: a key is never open to others, not even for a moment
    path.write_bytes(content)
