"""A town: contracts, and for each of its cities the manifests and the rows that its node is given."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Cell = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CityRows:
    """One city's data for one contract. `manifest`: its YAML, which reads `../source/NAME.csv`; `rows`: by column."""

    manifest: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]

    def csv_text(self) -> str:
        """The rows as the city's own file; NULL is an empty field."""
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return written.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """What a league is made of. `contracts`: YAML by name and version; `cities`: their datasets by contract name.

    `may_refuse`: an ingest may find that nothing can be published, and the dataset is then not served.
    """

    contracts: Mapping[str, str]
    cities: Mapping[str, Mapping[str, CityRows]]
    may_refuse: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The cities."""
        return tuple(self.cities)

    def write_contracts(self, folder: Path) -> list[Path]:
        """Each contract as a file in `folder`."""
        paths = []
        for name, text in self.contracts.items():
            path = folder / f"{name.replace('/', '.')}.yaml"
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        return paths

    def write_city(self, city: str, home: Path) -> None:
        """The city's manifests and source files, where its node reads them."""
        for name, dataset in self.cities[city].items():
            (home / "manifests" / f"{name}.yaml").write_text(dataset.manifest, encoding="utf-8")
            (home / "source" / f"{name}.csv").write_text(dataset.csv_text(), encoding="utf-8")
