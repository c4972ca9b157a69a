"""The ingest report: counts by column, rule and table, for the operator only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.nearest import shown
from hansa_node.ingest.growing import GrowthCounts
from hansa_node.ingest.staging import OffendingText
from hansa_node.ingest.table_reports import TableReport, tables_table
from hansa_tables.left_out import LeftOutLines


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReport:
    """One contract column. `source`: where it comes from. `rejected`: rows by rule, in the column's own words.

    `unused`: texts that the mapping names, each after its key, and that no row has.
    """

    name: str
    source: str
    type: str
    nulls: int
    clipped: int
    rejected: Mapping[str, int]
    unused: tuple[str, ...] = ()
    offending: tuple[OffendingText, ...] = ()

    @property
    def rejected_words(self) -> str:
        """A line for each rule, which need not name the column again: not_in_domain, not not_in_domain:kind."""
        return "\n".join(f"{rows:,} {rule.partition(':')[0]}" for rule, rows in self.rejected.items()) or "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """A new version of a dataset, and how it came about.

    `growth`: what the file did to the rows that were served, where they stay. `exceeded`: limits of the manifest, in
    words. `left_out`: lines of the source that are no rows. `is_dry_run`: nothing is written. `accepted`: why it is
    published though.
    """

    contract: ContractId
    level: Level
    data_version: int
    rows_read: int
    rows_kept: int
    columns: tuple[ColumnReport, ...]
    tables: tuple[TableReport, ...]
    growth: GrowthCounts | None = None
    left_out: LeftOutLines = field(default_factory=LeftOutLines)
    exceeded: tuple[str, ...] = ()
    is_dry_run: bool = False
    accepted: str | None = None

    @property
    def may_publish(self) -> bool:
        """Whether its limits are met, or passed with a reason; a dry run publishes nothing, and looks on."""
        return self.is_dry_run or not self.exceeded or self.accepted is not None

    @property
    def summary(self) -> str:
        """One line."""
        is_published = self.may_publish and not self.is_dry_run
        version = f"version {self.data_version}" if is_published else "nothing published"
        return f"{self.contract}: {version} at level {self.level}, {self.rows_kept:,} of {self.rows_read:,} rows kept"

    @property
    def exceeded_words(self) -> tuple[str, ...]:
        """A line for each limit that was exceeded, and why the version is published though."""
        lines = tuple(f"Exceeded: {limit}" for limit in self.exceeded)
        return (*lines, f"Published though: {self.accepted}") if lines and self.accepted is not None else lines

    @property
    def unused_words(self) -> tuple[str, ...]:
        """A line for each text that the mapping names and no row has."""
        return tuple(
            f"mapping.{column.name}.{word}: no row has it" for column in self.columns for word in column.unused
        )

    def to_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "contract": str(self.contract),
            "level": self.level.value,
            "data_version": self.data_version,
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "growth": None if self.growth is None else asdict(self.growth),
            "left_out": asdict(self.left_out),
            "dry_run": self.is_dry_run,
            "exceeded": list(self.exceeded),
            "columns": [{**asdict(column), "rejected": dict(column.rejected)} for column in self.columns],
            "tables": [table.to_json() for table in self.tables],
        }

    def __rich__(self) -> Group:
        parts: list[Text | Table] = [Text(self.summary, style="bold")]
        parts += [] if self.growth is None else [Text(growth_words(self.growth))]
        parts += [Text(), _columns_table(self.columns)]
        offending = [_offending_line(column.name, each) for column in self.columns for each in column.offending]
        if offending:
            parts += [Text(), Text("Most frequent rejected values", style="bold"), *map(Text, offending), Text()]
        if self.left_out.count:
            lines = self.left_out
            parts += [
                Text(),
                Text(left_out_words(lines), style="bold"),
            ]
            parts += [*(Text(f"  {text}") for text in lines.told), Text()]
        parts += [Text(line, style="yellow") for line in (*self.exceeded_words, *self.unused_words)]
        if self.tables:
            parts += [Text(), tables_table(self.tables)]
        return Group(*parts)


def left_out_words(lines: LeftOutLines) -> str:
    """One line on what could not be read as rows."""
    return f"Lines that are no rows: {lines.ragged:,} ragged, {lines.encoding:,} in another encoding"


def growth_words(growth: GrowthCounts) -> str:
    """One line on what the file did to the rows that were served."""
    line = f"{growth.added:,} rows added, {growth.updated:,} updated, {growth.unchanged:,} as they were"
    line += "" if growth.total is None else f"; {growth.total:,} in all"
    if growth.watermark is None:
        return line
    since = "" if growth.watermark_before is None else f"from {growth.watermark_before} "
    return f"{line}. Watermark {since}to {growth.watermark}"


def offending_words(each: OffendingText) -> str:
    """The rule and a text, with its code points where they cannot be told by eye."""
    text, points = "NULL", ""
    if each.text is not None:
        text = shown(each.text)
        points = "" if each.text.isascii() else f" ({' '.join(f'U+{ord(letter):04X}' for letter in each.text[:12])})"
    return f"{each.rule}: {text}{points}"


def meant_words(each: OffendingText) -> str:
    """What a text may have meant, where something is near."""
    return "" if each.nearest is None else f"; did you mean {each.nearest}"


def _offending_line(column: str, each: OffendingText) -> str:
    place = "" if each.line is None else f" ({each.line})"
    first = f"first row {each.first:,}{meant_words(each)}{place}"
    return f"  {column}: {offending_words(each)}, {each.rows:,} rows, {first}"


def _columns_table(columns: tuple[ColumnReport, ...]) -> Table:
    told = _table("column", "mapped from", "type")
    for heading in ("nulls", "out of bounds"):
        told.add_column(heading, justify="right", overflow="fold")
    told.add_column("rejected rows", overflow="fold")
    for column in columns:
        told.add_row(
            column.name,
            column.source,
            column.type,
            f"{column.nulls:,}",
            f"{column.clipped:,}",
            column.rejected_words,
        )
    return told


def _table(*headings: str) -> Table:
    """Names and rules are folded, never cut: the operator has to find them again in the manifest."""
    told = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for heading in headings:
        told.add_column(heading, overflow="fold")
    return told
