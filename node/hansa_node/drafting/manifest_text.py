"""Text of a drafted manifest: each line with examples, and what a person must decide marked UNSURE."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_local.yaml_writer import comment, yaml_entry, yaml_line
from hansa_node.drafting.entries import MappingEntry
from hansa_tables.drafting.proposed_source import ProposedSource

UNSURE = "UNSURE"
_LONGEST_EXAMPLE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestDraft:
    """`domains`: of the columns that the contract leaves to the city, as they occur. `unused`: columns of the source.

    `notes`: about the whole.
    """

    contract: Contract
    source: ProposedSource
    entries: tuple[MappingEntry, ...]
    domains: Mapping[str, Sequence[object]]
    tables: Sequence[Mapping[str, object]]
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def with_doubts(self, doubts: Mapping[str, Sequence[str]], notes: Iterable[str]) -> ManifestDraft:
        """With what an ingest of it has found. `doubts`: by column."""
        told = tuple(replace(each, doubts=(*each.doubts, *doubts.get(each.column, ()))) for each in self.entries)
        return replace(self, entries=told, notes=(*self.notes, *notes))

    @property
    def doubts(self) -> int:
        """How many lines of the source and of the mapping are unsure."""
        return len(self.source.doubts) + sum(bool(each.doubts) for each in self.entries) + len(self.notes)

    def text(self, paths: Sequence[str], schema: str) -> str:
        """The manifest. `paths`: of the files, as it is to name them. `schema`: where an editor finds its rules."""
        return "\n".join(self._lines(paths, schema)) + "\n"

    def _lines(self, paths: Sequence[str], schema: str) -> Iterator[str]:
        contract = self.contract
        yield f"# yaml-language-server: $schema={schema}"
        yield f"# A draft for {contract.id}, made by looking at the file. {UNSURE} marks what a person must decide."
        yield from (comment(f"{UNSURE}: {note}") for note in self.notes)
        yield ""
        yield yaml_entry("contract", str(contract.id))
        yield "# whose records these are: datasets about the same people name the same population"
        yield yaml_entry("population", contract.title)
        yield yaml_entry("level", contract.least_level.value)
        if contract.least_level is Level.CONTROLLED:
            yield "threshold: 10  # a cell stands on at least so many units, or is suppressed"
        yield ""
        yield "source:"
        written = {"path": paths[0] if len(paths) == 1 else list(paths)}
        for key, value in {**self.source.keys, **written}.items():
            if key in self.source.doubts:
                yield f"  {comment(f'{UNSURE}: {self.source.doubts[key]}')}"
            yield f"  {yaml_entry(key, value)}"
        yield ""
        yield "mapping:"
        for entry in self.entries:
            yield from (f"  {line}" for line in _entry_lines(entry))
        if self.unused:
            yield "  " + comment(f"not used: {', '.join(self.unused)}")
        yield from self._domain_lines()
        yield from self._table_lines()

    def _domain_lines(self) -> Iterator[str]:
        if not self.domains:
            return
        yield ""
        yield f"# {UNSURE}: these are the values in the file. They become public: list all that there are in the city,"
        yield "# also those that no row has, and none that only a row of this file has."
        yield "domains:"
        for name, values in self.domains.items():
            yield f"  {yaml_entry(name, list(values))}"

    def _table_lines(self) -> Iterator[str]:
        if self.contract.least_level is not Level.CONTROLLED:
            return
        yield ""
        yield "# What is published, and nothing finer: a question is answered where one table has all that it names."
        yield "tables:"
        yield from (f"  - {yaml_line(dict(table))}" for table in self.tables)


def shown_paths(files: Sequence[Path], folder: Path | None) -> list[str]:
    """The paths of files as a manifest in `folder` names them: relative where they lie below it, or beside it."""
    paths = [path.absolute() for path in files]
    if folder is None:
        return [str(path) for path in paths]
    base = folder.absolute()
    return [str(path.relative_to(base)) if path.is_relative_to(base) else str(path) for path in paths]


def _entry_lines(entry: MappingEntry) -> Iterator[str]:
    if entry.examples:
        yield comment(f"{entry.keys.get('from')}: {' · '.join(map(_cut, entry.examples))}")
    yield from (comment(f"{UNSURE}: {doubt}") for doubt in entry.doubts)
    yield yaml_entry(entry.column, entry.keys)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_EXAMPLE else text[:_LONGEST_EXAMPLE] + "…"
