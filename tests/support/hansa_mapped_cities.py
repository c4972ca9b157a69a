"""The cities of a demo league without processes: each file mapped and ingested here, and a question asked of all."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import yaml

from hansa.answering.outer import OuterEngine
from hansa_core.contract.contract import Contract
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.partial.merge import CityAnswer, merge
from hansa_core.sql.split import parse_statement
from hansa_demo.demo_league import DemoLeague, contract_file
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.report import IngestReport


def contracts_of(league: DemoLeague) -> dict[ContractId, Contract]:
    """The league's contracts, as published."""
    documents = (yaml.safe_load(contract_file(contract).read_text(encoding="utf-8")) for contract in league.contracts)
    return {contract.id: contract for contract in map(contract_from_document, documents)}


class MappedCities:
    """What the league's cities serve, at `open`."""

    def __init__(self, league: DemoLeague, home: Path) -> None:
        self.reports: dict[tuple[str, str], IngestReport] = {}
        self._league = league
        self._home = home
        self._contracts = contracts_of(league)
        for city in league.cities:
            source = home / city / "source"
            source.mkdir(parents=True)
            league.write_source(city, source)
            for contract in self._contracts.values():
                manifest = home / city / "manifests" / f"{contract.id.name}.yaml"
                manifest.parent.mkdir(exist_ok=True)
                manifest.write_text(league.manifest(contract.id, city), encoding="utf-8")
                report = ingest_dataset(manifest, contract, home / city / "data")
                self.reports[city, contract.id.name] = report

    def dataset(self, city: str, contract: ContractId) -> Path:
        """The file that the city's node would serve."""
        version = current_version(dataset_folder(self._home / city / "data", contract))
        assert version is not None
        return version.path

    def ask(self, sql: str) -> list[Mapping[str, Any]]:
        """The federated answer, row by row, as an analyst sees it."""
        asked = parse_statement(sql, self._contracts, self._league.cities)
        contract = self._contracts[asked.plan.source]
        with ExitStack() as stack:
            outcomes = {}
            for city in asked.cities or self._league.cities:
                path = self.dataset(city, contract.id)
                connection = stack.enter_context(open_locked(path, threads=1))
                table = DuckDBEngine(contract, connection, path).aggregate(asked.plan, max_cells=100_000)
                outcomes[city] = CityAnswer(city=city, level=Level.OPEN, table=table)
            merged = merge(asked.plan, contract, outcomes, by_city=asked.by_city, partial=False)
        with OuterEngine() as engine:
            rows: list[Mapping[str, Any]] = engine.run(asked.outer, merged.to_arrow())[0].to_pylist()
        return rows
