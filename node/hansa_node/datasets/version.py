"""A dataset version: what ingest prepared once, and what answers questions until the next one is there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_node.datasets.acceptance import Acceptance
from hansa_node.engines.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRows:
    """The rows of a version behind an engine. `close`: lets go of them; nothing is asked afterwards."""

    engine: Engine
    close: Callable[[], None]


class DatasetVersion(Protocol):
    """One immutable version of a dataset: a file, or wherever an engine keeps its rows."""

    @property
    def number(self) -> int:
        """The data version: a counter from 1, never used twice."""

    @property
    def state(self) -> Hashable:
        """Changes whenever what is stored is replaced, written to, taken away or put back."""

    def open_rows(self, contract: Contract, manifest: Manifest) -> OpenRows:
        """The rows, for level `open`.

        Raises ConfigError where its stamp names another contract or manifest, DataUnavailableError where it is damaged
        or cannot be read.
        """

    def published_cells(self, contract: Contract, manifest: Manifest) -> Mapping[str, pa.Table]:
        """The causes and figures of every published table by its name, in the order of its cells, for level
        `controlled`.

        Raises as `open_rows` does.
        """

    def acceptance(self) -> Acceptance | None:
        """Why it was published although it exceeded limits; None where it exceeded none. Raises as `open_rows` does."""

    def check(self) -> None:
        """Read all that is stored; slow. Raises DataUnavailableError where it is not what ingest wrote."""
