"""A coordinator's configuration: one TOML file, read once into a frozen model."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hansa_core.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Listen(_Section):
    """Where the coordinator listens. Port 0 lets the system choose one."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=7400, ge=0, le=65535)


class TlsFiles(_Section):
    """The coordinator's own certificate and key, PEM, as the roster pins them."""

    certificate: Path
    key: Path


class Limits(_Section):
    """Bounds on work.

    `max_concurrency`: cities asked at once, for each question. `max_questions`: questions carried at once; more are
    told to come back. `max_deadline_s`: a longer deadline is cut to it. `hedge_after_s`: a city that is silent for so
    long is asked once more. `circuit_failures`: a city that cannot be reached so often in a row is left alone for a
    while. `stop_grace_s`: how long a stop waits for questions under way.
    """

    max_concurrency: int = Field(default=64, ge=1, le=4096)
    max_questions: int = Field(default=256, ge=1)
    max_deadline_s: float = Field(default=120.0, gt=0, le=600)
    hedge_after_s: float = Field(default=3.0, gt=0, le=600)
    circuit_failures: int = Field(default=5, ge=1)
    stop_grace_s: float = Field(default=5.0, ge=0, le=600)


class CoordinatorConfig(_Section):
    """Everything that `hansa coordinator serve` reads. `name`: as the roster names this coordinator.

    `attach`: other coordinators, by name, that reach through this one the cities that are attached here.
    """

    name: str = Field(min_length=1)
    roster: Path
    governance_keys: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = Field(min_length=1)
    governance_threshold: int = Field(ge=1)
    attach: tuple[str, ...] = ()
    tls: TlsFiles
    listen: Listen = Listen()
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.governance_threshold > len(set(self.governance_keys)):
            raise ValueError("governance_threshold is above the number of governance_keys; no roster could pass")
        return self


def load_config(path: Path) -> CoordinatorConfig:
    """Read and check the file; its relative paths are relative to it.

    Raises ConfigError that names the file, the field, the rule and the remedy.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as broken:
        raise ConfigError(f"{path}: cannot be read ({broken.strerror}); give a readable file with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ConfigError(f"{path}: is no TOML ({broken}); mend that line") from None
    try:
        config = CoordinatorConfig.model_validate(document)
    except ValidationError as broken:
        raise ConfigError("\n".join(f"{path}: {_said(error)}" for error in broken.errors())) from None
    tls = TlsFiles(certificate=path.parent / config.tls.certificate, key=path.parent / config.tls.key)
    return config.model_copy(update={"roster": path.parent / config.roster, "tls": tls})


def _said(error: ErrorDetails) -> str:
    names = tuple(str(part) for part in error["loc"])
    where = ".".join(names)
    if error["type"] == "extra_forbidden":
        return f"{where} is no known key; the nearest known key is {_nearest(names)}"
    if error["type"] == "missing":
        return f"{where} is missing; add it"
    message = error["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _nearest(names: tuple[str, ...]) -> str:
    sections: dict[str, type[_Section]] = {"tls": TlsFiles, "listen": Listen, "limits": Limits}
    section = sections[names[0]] if len(names) > 1 else CoordinatorConfig
    known: Iterable[str] = section.model_fields
    return difflib.get_close_matches(names[-1], known, n=1, cutoff=0.0)[0]
