"""Earlier publications of a dataset, read from its versions one by one as a disclosure rule asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.periods import changed_cells
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


def check_unchanged(
    contract: ContractId, earlier: Iterable[Publication], fresh: Publication, period: str | None
) -> None:
    """Raise ConfigError where a cell that is published would be published with other figures, or not any more."""
    for before in earlier:
        changed = next(changed_cells(before, fresh, period), None)
        if changed is not None:
            where = "" if changed.period is None else f", in {changed.period}"
            remedy = (
                f"give data that leave {period} as it is published, and add later ones"
                if period is not None
                else "declare as period the column whose values are published one by one, and raise protection_version"
            )
            raise ConfigError(
                f"{contract}: at level controlled, what is published is not changed, and a cell of {changed.table}"
                f"{where} would be; {remedy}"
            )
