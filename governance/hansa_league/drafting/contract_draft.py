"""A drafted contract: a file looked at, its columns drafted, its unit chosen, and all of it written with comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from hansa_core.contract.contract_document import contract_from_document
from hansa_core.errors import ConfigError
from hansa_league.drafting.column_draft import ColumnDraft, draft_columns, plain_name
from hansa_local.yaml_file import yaml_value
from hansa_local.yaml_writer import comment, yaml_entry
from hansa_tables.drafting.column_look import looks
from hansa_tables.drafting.proposed_source import proposed_source
from hansa_tables.errors import UnreadableTableError
from hansa_tables.opening import SAFE, columns_of, explained, view_source
from hansa_tables.private_files import PrivateFiles

UNSURE, PERSONAL = "UNSURE", "PERSONAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDraft:
    """`unit`: the name of the column that is taken for the privacy unit. `doubt`: about that choice."""

    name: str
    title: str
    columns: tuple[ColumnDraft, ...]
    unit: str
    doubt: str | None

    @property
    def personal(self) -> tuple[ColumnDraft, ...]:
        """The columns that look personal."""
        return tuple(column for column in self.columns if column.personal is not None)

    def text(self, schema: str) -> str:
        """The contract. `schema`: where an editor finds its rules."""
        return "\n".join(self._lines(schema)) + "\n"

    def _lines(self, schema: str) -> Iterator[str]:
        yield f"# yaml-language-server: $schema={schema}"
        yield f"# A draft, made by looking at one city's file. {UNSURE} marks what the league must decide, {PERSONAL}"
        yield "# what looks as if it were of people: such columns are left out, for no question needs them."
        yield "# It holds no value of the file but those that are listed as domains."
        yield yaml_entry("contract", self.name)
        yield yaml_entry("title", self.title)
        if self.doubt is not None:
            yield comment(f"{UNSURE}: {self.doubt}")
        yield yaml_entry("unit", self.unit)
        yield "unit_scope: city  # global, with max_cities_per_unit, where a unit can be in several cities"
        yield "least_level: controlled  # open only for what is public already, row by row"
        yield "columns:"
        for column in self.columns:
            yield from (f"  {line}" for line in _column_lines(column))


def drafted_name(files: Sequence[Path], name: str | None) -> str:
    """What the contract is called, with its version: as somebody says, or after the first file."""
    written = name or f"town.{plain_name(files[0].name.partition('.')[0], 'table')}"
    return written if "/" in written else f"{written}/1"


def draft_contract(files: Sequence[Path], name: str | None) -> ContractDraft:
    """Raises ConfigError where the files cannot be read."""
    try:
        columns = _looked([path.absolute() for path in files])
    except UnreadableTableError as error:
        raise ConfigError(str(error)) from None
    unit, doubt = _unit(columns)
    columns = tuple(column.as_identifier() if column is unit or _is_plain_id(column) else column for column in columns)
    draft = ContractDraft(
        name=drafted_name(files, name),
        title=files[0].name.partition(".")[0],
        columns=columns,
        unit=unit.name,
        doubt=doubt,
    )
    try:
        contract_from_document(yaml_value(draft.text("x").encode()))
    except ValueError as wrong:
        raise ConfigError(f"{files[0]}: no contract can be drafted from it: {wrong}") from None
    return draft


def _looked(files: Sequence[Path]) -> tuple[ColumnDraft, ...]:
    source = proposed_source(files).source
    with (
        TemporaryDirectory(prefix="hansa-") as folder,
        PrivateFiles(Path(folder), "table") as private,
        duckdb.connect(config=dict(SAFE)) as connection,
    ):
        view_source(connection, source, private)
        with explained(source):
            return draft_columns(connection, looks(connection, columns_of(connection)))


def _is_plain_id(column: ColumnDraft) -> bool:
    return column.looks_like_id and column.personal is None


def _unit(columns: Sequence[ColumnDraft]) -> tuple[ColumnDraft, str | None]:
    """What names the units: people where the file has them, then what is unique; and the doubt about it."""
    people = [column for column in columns if column.numbers_people]
    plain = [column for column in columns if _is_plain_id(column)]
    named = [column for column in columns if column.names_people]
    unique = [column for column in columns if column.is_unique]
    if people:
        first = people[0]
        return first, f"{first.name} names people, and so is what the contract protects; is it one number a person?"
    if len(plain) == 1:
        return plain[0], None
    for found in (plain, named, unique, list(columns)):
        if found:
            return found[
                0
            ], f"whose presence is protected? {found[0].name} was taken, as what comes nearest to a number"
    raise ConfigError("the file has no column; give another one")


def _column_lines(column: ColumnDraft) -> Iterator[str]:
    if column.personal is not None:
        yield comment(f"{PERSONAL}: {column.personal}")
    yield from (comment(f"{UNSURE}: {doubt}") for doubt in column.doubts)
    line = yaml_entry(column.name, column.keys)
    yield comment(line) if column.is_left_out else line
