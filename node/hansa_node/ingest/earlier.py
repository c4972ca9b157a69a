"""Earlier publications of a dataset, read from its versions one by one as a disclosure rule asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.publish import Publication
from hansa_node.datasets.versions import versions_before


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPublications:
    """What the versions before `number` published, the newest first, under the same contract and manifest.

    A version that was prepared under another manifest is left out: its tables have other cells.
    """

    folder: Path
    number: int
    contract: Contract
    manifest: Manifest

    def __iter__(self) -> Iterator[Publication]:
        """Raises DataUnavailableError where a version is damaged or cannot be read."""
        for version in versions_before(self.folder, self.number):
            publication = version.publication(self.contract, self.manifest)
            if publication is not None:
                yield publication
