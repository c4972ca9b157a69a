"""A node's configuration: one TOML file, read once into a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from hansa_core.contract.ids import ContractId
from hansa_core.documents.model import ListOf, Section, Text, absent_table
from hansa_core.errors import ConfigError
from hansa_core.league.outages import DEFAULT_MAX_UNWITNESSED
from hansa_local.status_socket import NODE_SOCKET
from hansa_local.toml_file import FilePath, read_section
from hansa_local.trust_anchor import TrustAnchor


def _contract(key: str) -> ContractId:
    try:
        return ContractId.parse(key)
    except ValueError as broken:
        raise ValueError(f'is no dataset: {broken}; write "topic.dataset/1" = "manifest.yaml"') from None


Manifests = Annotated[
    Mapping[Annotated[ContractId, BeforeValidator(_contract)], FilePath], AfterValidator(MappingProxyType)
]


class NodeListen(Section):
    """Where the node listens, if it does."""

    enabled: bool = Field(default=True, description="`false`: the node only dials out, to the coordinators of `attach`")
    host: Text = Field(default="127.0.0.1", description="the address; loopback only, until you say otherwise")
    port: int = Field(default=7410, ge=0, le=65535, description="the TCP port; 0 lets the system choose")


class NodeTls(Section):
    """The node's own certificate and key, PEM, as the roster pins them."""

    certificate: FilePath = Field(default=Path("keys/tls.pem"), description="the certificate, PEM")
    key: FilePath = Field(default=Path("keys/tls.key"), description="its private key, PEM, mode 0600")


class Keys(Section):
    """What the node signs with."""

    answer: FilePath = Field(
        default=Path("keys/answer.key"), description="signs the answers: an Ed25519 private key, PEM, mode 0600"
    )
    log: FilePath = Field(
        default=Path("keys/log.key"), description="signs the log's checkpoints: an Ed25519 private key, PEM, mode 0600"
    )
    witness: FilePath = Field(
        default=Path("keys/witness.key"),
        description="cosigns the checkpoints of other cities: an Ed25519 private key, PEM, mode 0600",
    )


class Secrets(Section):
    """What the node keeps to itself, beside its keys."""

    suppression: FilePath = Field(
        default=Path("keys/suppression.key"),
        description="by it the node chooses which safe cells it suppresses too: made at the first ingest, mode 0600; it"
        " belongs into the backup of the keys",
    )


class Log(Section):
    """The log of every decision: where it is read, how it is written, and who cosigns it."""

    host: Text = Field(default="127.0.0.1", description="the address; loopback only, until you say otherwise")
    port: int = Field(default=7420, ge=0, le=65535, description="the TCP port; 0 lets the system choose")
    public: bool = Field(
        default=False, description="`true`: anybody may read checkpoint and hashes; entries stay for members"
    )
    in_register: bool = Field(
        default=False,
        alias="register",  # a model has a method of that name
        description="`true`: the city takes part in public registers of questions; its log says so",
    )
    commit_window_ms: int = Field(
        default=0, ge=0, le=1000, description="milliseconds that a commit waits for others to share its transaction"
    )
    commit_max_batch: int = Field(default=256, ge=1, le=4096, description="the most decisions of one transaction")
    witness_every_s: int = Field(
        default=1, ge=1, le=3600, description="seconds between two requests for cosignatures, while the log grows"
    )
    max_unwitnessed_s: int = Field(
        default=round(DEFAULT_MAX_UNWITNESSED.total_seconds()),
        ge=1,
        description="seconds without a quorum of witnesses after which nothing is answered",
    )
    peer_head_every_s: int = Field(
        default=3600, ge=1, description="seconds between two records of what a witnessed log had grown to"
    )
    openings_to: ListOf[Text] = Field(
        default=(), description="cities, besides this one, whose auditors may read openings; each read is logged"
    )
    max_mirrored_entries: int = Field(
        default=10_000_000, ge=0, description="the most entries that this node keeps of each other city's log"
    )
    keep_openings_days: int = Field(
        default=0, ge=0, description="days after which openings are deleted, and every proof stays valid; 0 keeps them"
    )


class NodeLimits(Section):
    """Bounds on work."""

    max_concurrent_queries: int = Field(
        default=8,
        ge=1,
        le=1024,
        description="queries whose cheap steps run at once, each in a thread; 32 times as many calls are let in, and"
        " engines compute as many as there are cores",
    )
    stop_grace_s: int = Field(
        default=5, ge=0, le=3600, description="seconds that a stop waits for queries that are under way"
    )


class NodeConfig(TrustAnchor):
    """Everything that the operator says. Secrets are paths."""

    city: Text = Field(description="the city that the node speaks for, as the roster names it")
    attach: ListOf[Text] = Field(
        default=(),
        description="the coordinators, by their names in the roster, to which the node dials out, to be asked that way",
    )
    contracts: FilePath = Field(default=Path("contracts"), description="the folder of the league's contract files")
    policy: FilePath = Field(default=Path("policy.toml"), description="who may ask what, for which purpose")
    data_dir: FilePath = Field(
        default=Path("data"), description="the folder where ingest puts the datasets, each version a new file"
    )
    store: FilePath = Field(
        default=Path("state/store.sqlite"),
        description="the file of log, charges, releases, answers and nonces; one node, one store",
    )
    status_socket: FilePath = Field(
        default=NODE_SOCKET, description="where the running node says how it is, to `hansa health`"
    )
    listen: NodeListen = Field(default_factory=absent_table, description="where the node listens, if it does")
    tls: NodeTls = Field(default_factory=absent_table, description="the node's own certificate and key")
    keys: Keys = Field(default_factory=absent_table, description="what the node signs with")
    secrets: Secrets = Field(default_factory=absent_table, description="what the node keeps to itself")
    datasets: Manifests = Field(
        default_factory=absent_table,
        description='the manifest of each served contract, such as `"housing.permits/1" = "manifests/permits.yaml"`',
    )
    limits: NodeLimits = Field(default_factory=absent_table, description="bounds on work")
    log: Log = Field(default_factory=absent_table, description="the log of every decision")

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if not self.attach and not self.listen.enabled:
            raise ValueError(
                "listen.enabled is false, and attach is empty; name a coordinator there, or nobody could ask"
            )
        return self

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
    return read_section(path, NodeConfig, hint="give the node's file with --config")
