"""The table of suppressed shares in `docs/privacy.md`, from an ingest of the demo's controlled data: `make privacy`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_demo.controlled_flights import DEPARTURES, controlled_manifest
from hansa_demo.demo_league import DemoLeague, contract_file
from hansa_demo.leagues.charging import CHARGING
from hansa_demo.leagues.flights import FLIGHTS
from hansa_demo.leagues.permits import PERMITS
from hansa_local.contract_files import contract_in
from hansa_local.private_files import write_private
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.table_reports import TableReport, in_all

_BEGIN, _END = "<!-- made by docs/generate_privacy.py -->\n", "<!-- end -->\n"


def report() -> str:
    """The tables of all cities as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| dataset | city | cells | suppressed | share of cells | share of units | for |"
    yield "|---|---|--:|--:|--:|--:|---|"
    for league, contract in ((PERMITS, PERMITS.contracts[0]), (FLIGHTS, DEPARTURES), (CHARGING, CHARGING.contracts[0])):
        for city in league.cities:
            yield _row(contract, city, in_all(_ingested(league, contract, city)))
    yield ""


def _row(contract: ContractId, city: str, whole: TableReport) -> str:
    why = whole.causes_words.replace("\n", ", ")
    figures = f"{whole.cells:,} | {whole.suppressed_cells:,} | {whole.suppressed_share:.1%} | {whole.units_words}"
    return f"| {contract.name} | {city} | {figures} | {why} |"


def _ingested(league: DemoLeague, contract: ContractId, city: str) -> Sequence[TableReport]:
    """What an ingest of the city's file would publish; nothing is kept."""
    with TemporaryDirectory(prefix="hansa-privacy-") as folder:
        source, manifest = Path(folder) / "source", Path(folder) / "manifests" / f"{contract.name}.yaml"
        source.mkdir()
        manifest.parent.mkdir()
        league.write_source(city, source)
        text = controlled_manifest(city) if league is FLIGHTS else league.manifest(contract, city)
        manifest.write_text(text, encoding="utf-8")
        secret = Path(folder) / "suppression.key"
        write_private(secret, f"{sha256(city.encode()).hexdigest()}\n".encode())  # the same choice at each run
        done = ingest_dataset(manifest, _contract(contract), Path(folder) / "data", dry_run=True, secret_file=secret)
        return done.tables


def _contract(contract: ContractId) -> Contract:
    path = contract_file(contract)
    return contract_in(path.read_bytes(), path)


def main(arguments: Sequence[str]) -> int:
    """`--write FILE`: put the table into the page; `--check FILE`: 1 if it would be another."""
    match arguments:
        case ["--write" | "--check" as what, file]:
            page = Path(file)
        case _:
            sys.stderr.write("give --write FILE or --check FILE\n")
            return 2
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(_BEGIN)
    fresh = f"{head}{_BEGIN}\n{report()}{_END}{rest.split(_END)[1]}"
    if what == "--write":
        page.write_text(fresh, encoding="utf-8")
        return 0
    if fresh != text:
        sys.stderr.write(f"{page} is not what an ingest of the demo's data gives; run: make privacy\n")
    return int(fresh != text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
