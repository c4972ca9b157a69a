"""A node's configuration: one TOML file, read once into frozen values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from hansa_core.errors import ConfigError
from hansa_core.policy.policy import Policy, policy_from_document
from hansa_core.query.plan import ContractId
from hansa_node.toml_table import TomlTable

PUBLIC_KEY_HEX_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where the node listens, if it does. Port 0 lets the system choose one."""

    enabled: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """The trust anchor: raw public keys in hex, and how many of them must have signed the roster."""

    keys: tuple[bytes, ...]
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """Everything that the operator says. Secrets are paths; all paths are absolute or relative to the file.

    `contracts`: the folder of the league's contract files. `datasets`: the manifest file of each served contract.
    `attach`: the coordinators, by their names in the roster, to which the node dials out to be asked.
    `max_concurrent_queries`: more than that wait. `stop_grace_s`: how long a stop waits for running queries.
    """

    city: str
    roster: Path
    governance: Governance
    contracts: Path
    policy: Path
    data_dir: Path
    store: Path
    listen: Listen
    attach: tuple[str, ...]
    tls_certificate: Path
    tls_key: Path
    answer_key: Path
    datasets: Mapping[ContractId, Path]
    max_concurrent_queries: int
    stop_grace_s: int

    def dataset_named(self, text: str) -> ContractId:
        """The dataset that `housing.permits/1` or, where it is the only version, `housing.permits` means.

        Raises ConfigError.
        """
        found = [contract for contract in self.datasets if text in (str(contract), contract.name)]
        if len(found) != 1:
            served = ", ".join(map(str, self.datasets)) or "none yet: write it under [datasets]"
            raise ConfigError(f"{text}: names {len(found)} datasets of this node; name one of: {served}")
        return found[0]


def read_config(path: Path) -> NodeConfig:
    """Read the file. Raises ConfigError that names the file, the key, the rule and the remedy."""
    table = TomlTable(read_toml(path), file=path.absolute())
    listen, tls, keys, limits = (table.table(name) for name in ("listen", "tls", "keys", "limits"))
    config = NodeConfig(
        city=table.text("city"),
        roster=table.path("roster"),
        governance=_governance(table),
        contracts=table.path("contracts", "contracts"),
        policy=table.path("policy", "policy.toml"),
        data_dir=table.path("data_dir", "data"),
        store=table.path("store", "state/store.sqlite"),
        listen=_listen(listen),
        attach=table.texts("attach", ()),
        tls_certificate=tls.path("certificate", "keys/tls.pem"),
        tls_key=tls.path("key", "keys/tls.key"),
        answer_key=keys.path("answer", "keys/answer.key"),
        datasets=_datasets(table.table("datasets")),
        max_concurrent_queries=limits.integer("max_concurrent_queries", 8, least=1, most=1024),
        stop_grace_s=limits.integer("stop_grace_s", 5, least=0, most=3600),
    )
    for each in (listen, tls, keys, limits, table):
        each.close()
    if not config.attach and not config.listen.enabled:
        raise listen.wrong("enabled", "is false, and attach is empty", "name a coordinator there, or nobody could ask")
    return config


def read_policy(path: Path) -> Policy:
    """Read the policy file. Raises ConfigError."""
    try:
        return policy_from_document(read_toml(path))
    except ValueError as broken:
        raise ConfigError(f"{path}: {broken}") from None


def read_toml(path: Path) -> Mapping[str, object]:
    """The parsed file. Raises ConfigError if it is absent, unreadable or no TOML."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be read ({failure.strerror}); give the path of a readable file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise ConfigError(f"{path}: is no TOML ({failure}); mend that line") from None


def _listen(table: TomlTable) -> Listen:
    return Listen(
        enabled=table.flag("enabled", default=True),
        host=table.text("host", "127.0.0.1"),
        port=table.integer("port", 7410, least=0, most=65535),
    )


def _governance(table: TomlTable) -> Governance:
    keys = table.texts("governance_keys")
    for key in keys:
        if len(key) != PUBLIC_KEY_HEX_DIGITS or set(key) - set("0123456789abcdef"):
            raise table.wrong(
                "governance_keys",
                f"has {key!r}",
                f"write raw Ed25519 public keys as {PUBLIC_KEY_HEX_DIGITS} hex digits",
            )
    if len(set(keys)) != len(keys) or not keys:
        raise table.wrong("governance_keys", "must be a list without repeats", "list each governor's key once")
    threshold = table.integer("governance_threshold", least=1, most=len(keys))
    return Governance(keys=tuple(bytes.fromhex(key) for key in keys), threshold=threshold)


def _datasets(table: TomlTable) -> Mapping[ContractId, Path]:
    datasets: dict[ContractId, Path] = {}
    for key in table.free_keys():
        try:
            contract = ContractId.parse(key)
        except ValueError as broken:
            raise table.wrong(
                f'"{key}"', f"is no dataset: {broken}", 'write "topic.dataset/1" = "manifest.yaml"'
            ) from None
        datasets[contract] = table.path(key)
    return MappingProxyType(datasets)
