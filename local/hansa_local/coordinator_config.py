"""A coordinator's configuration: the TOML file that the league's governors write and the coordinator reads."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hansa_core.documents.model import ListOf, Section, Text, absent_table
from hansa_local.status_socket import COORDINATOR_SOCKET
from hansa_local.toml_file import FilePath, read_section
from hansa_local.trust_anchor import TrustAnchor


class CoordinatorListen(Section):
    """Where the coordinator listens."""

    host: Text = Field(default="127.0.0.1", description="the address; loopback only, until you say otherwise")
    port: int = Field(default=7400, ge=0, le=65535, description="the TCP port; 0 lets the system choose")


class CoordinatorTls(Section):
    """The coordinator's own certificate and key, PEM, as the roster pins them."""

    certificate: FilePath = Field(description="the certificate, PEM")
    key: FilePath = Field(description="its private key, PEM, mode 0600")


class CoordinatorLimits(Section):
    """Bounds on work."""

    max_concurrency: int = Field(default=64, ge=1, le=4096, description="cities asked at once, for each question")
    max_questions: int = Field(
        default=256,
        ge=1,
        description="questions carried at once, half of them for one caller; more are told to come back",
    )
    max_deadline_s: float = Field(
        default=120.0, gt=0, le=600, description="seconds that a question may take; a longer deadline is cut to it"
    )
    hedge_after_s: float = Field(
        default=3.0,
        gt=0,
        le=600,
        description="seconds of silence after which a city is asked once more, over another way",
    )
    circuit_failures: int = Field(
        default=5, ge=1, description="failures to reach a city in a row, after which it is left alone for a while"
    )
    stop_grace_s: float = Field(
        default=5.0, ge=0, le=600, description="seconds that a stop waits for questions that are under way"
    )


class CoordinatorConfig(TrustAnchor):
    """Everything that `hansa coordinator serve` reads. Secrets are paths."""

    name: Text = Field(description="as the roster names this coordinator")
    attach: ListOf[Text] = Field(
        default=(),
        description="other coordinators, by their roster names, that reach through this one what is attached here",
    )
    status_socket: FilePath = Field(
        default=COORDINATOR_SOCKET,
        description="where the running coordinator says how it is, to `hansa health`",
    )
    tls: CoordinatorTls = Field(description="the coordinator's own certificate and key")
    listen: CoordinatorListen = Field(default_factory=absent_table, description="where the coordinator listens")
    limits: CoordinatorLimits = Field(default_factory=absent_table, description="bounds on work")


def load_config(path: Path) -> CoordinatorConfig:
    """Read the file. Raises ConfigError that names the file, the key, the rule and the remedy."""
    return read_section(path, CoordinatorConfig, hint="give the coordinator's file with --config")
