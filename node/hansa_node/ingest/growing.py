"""Rows that come to those of the served version: which are late or ambiguous, and what the next version holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import duckdb
from sqlglot import exp

from hansa_core.contract.types import Value
from hansa_core.errors import ConfigError
from hansa_node.ingest.column_staging import DUPLICATE, LATE, REJECTIONS, ColumnStaging, is_kept
from hansa_node.ingest.fragments import Sql, create_temporary, fragment, name_of
from hansa_node.ingest.growth import Growth, GrowthMode
from hansa_node.ingest.sources import SERVED
from hansa_tables.opening import create_temporary_view

KEPT = "kept"
"""The view of the file's rows that no column rejects."""
STAGED = "staged"
"""The view of all rows of the next version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthCounts:
    """What a file did to the rows that were served. `unchanged`: rows of the file that stood there as they are.

    `total`: rows of the next version; None where none are kept. `watermark_before`, `watermark`: the greatest value, in
    words, of what was served and of the next version.
    """

    added: int
    updated: int
    unchanged: int
    total: int | None
    watermark_before: str | None = None
    watermark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPeriods:
    """At level controlled, the periods that are published: the values of a column."""

    column: str
    values: frozenset[Value]


class Growing:
    """One file that comes to the rows of the served version, if there is one and it stays."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        growth: Growth,
        columns: Sequence[ColumnStaging],
        *,
        has_served: bool,
        published: PublishedPeriods | None = None,
    ) -> None:
        self._connection = connection
        self._growth = growth
        self._columns: Mapping[str, ColumnStaging] = {column.name: column for column in columns}
        self._published = published
        self._served = exp.table_("rows", db="main", catalog=SERVED, quoted=True) if has_served else None

    def mark(self) -> None:
        """Reject what is late or stands twice, in the table `judged`. Raises ConfigError.

        Of the rows with one key the one with the greatest watermark counts, and the others are late. Where several have
        it, nobody can tell which is right, and all are rejected.
        """
        match self._growth.mode:
            case GrowthMode.APPEND if self._published is not None:
                self._reject(self._columns[self._published.column], LATE, self._is_published)
            case GrowthMode.APPEND:
                self._mark_not_after()
            case GrowthMode.UPSERT:
                self._check_served_keys()
                self._mark_within_file()
                self._mark_older()
                self._check_unpublished()

    def view(self) -> None:
        """Make the views `kept` and `staged`: the second with what stays of the served rows."""
        named = (name_of("v", column.index).as_(name, quoted=True) for name, column in self._columns.items())
        create_temporary_view(self._connection, KEPT, exp.select(*named).from_("judged").where(self._is_kept))
        names = list(self._columns)
        rows: exp.Query = _all(names, exp.to_table(KEPT))
        if self._served is not None:
            stays = _all(names, self._served.copy())
            if self._growth.mode is GrowthMode.UPSERT:
                stays = stays.where(fragment("NOT EXISTS (:same)", same=self._same_key(KEPT, "rows")))
            rows = exp.union(stays, rows, distinct=False)
        create_temporary_view(self._connection, STAGED, rows)

    def counts(self, kept: int) -> GrowthCounts:
        """What the file changes, over the views `kept` and `staged`. `kept`: how many rows the first one has."""
        (total,) = self._one(fragment("count(*)"), STAGED)
        met, unchanged = self._met() if self._growth.mode is GrowthMode.UPSERT and self._served is not None else (0, 0)
        return GrowthCounts(
            added=kept - met,
            updated=met - unchanged,
            unchanged=unchanged,
            total=total if self._published is None else None,
            watermark_before=None if self._served is None else self._greatest_told(self._served),
            watermark=self._greatest_told(exp.to_table(STAGED)),
        )

    def _mark_not_after(self) -> None:
        if self._served is None:
            return
        assert self._growth.watermark is not None
        column = self._columns[self._growth.watermark]
        greatest = exp.select(fragment("max(:c)", c=exp.column(column.name, quoted=True))).from_(self._served.copy())
        late = fragment(":v <= (:greatest)", v=name_of("v", column.index), greatest=greatest)
        self._reject(column, LATE, late)

    @property
    def _is_published(self) -> Sql:
        """Whether a row lies in a period that is published."""
        assert self._published is not None
        if not self._published.values:
            return exp.false()
        column = self._columns[self._published.column]
        periods = [column.stored_sql(value) for value in sorted(self._published.values, key=str)]
        return exp.In(this=name_of("v", column.index), expressions=periods)

    def _check_unpublished(self) -> None:
        if self._published is None:
            return
        which = exp.and_(self._is_kept, self._is_published)
        (count,) = self._one(fragment("count(*) FILTER (WHERE :which)", which=which), "judged")
        if count:
            raise ConfigError(
                f"{self._published.column}: {count:,} rows lie in periods that are published, and what is published is"
                " not changed; give the rows of later periods alone"
            )

    def _mark_within_file(self) -> None:
        keys = [name_of("v", self._columns[name].index) for name in self._growth.key]
        ranked = "0" if self._growth.watermark is None else ":w"
        mark = self._growth.watermark
        parts = {} if mark is None else {"w": name_of("v", self._columns[mark].index)}
        several = (
            exp.select(
                *(key.as_(f"k{place:d}") for place, key in enumerate(keys)),
                fragment(f"max({ranked})", **parts).as_("newest"),
            )
            .from_("judged")
            .where(self._is_kept)
            .group_by(*(key.copy() for key in keys))
            .having(fragment("count(*) > 1"))
        )
        create_temporary(self._connection, "several", several)
        same = [
            fragment(":k = :s", k=key.copy(), s=exp.column(f"k{place:d}", table="several"))
            for place, key in enumerate(keys)
        ]
        among = exp.select(exp.Literal.number(1)).from_("several").where(*same)
        first = self._columns[self._growth.key[0]]
        if mark is not None:
            older = among.copy().where(fragment(":w < newest", **parts))
            self._reject(self._columns[mark], LATE, fragment("EXISTS (:older)", older=older))
            # What is left of a key with one newest row is no duplicate any more.
            self._connection.execute("DROP TABLE several")
            create_temporary(self._connection, "several", several)
        self._reject(first, DUPLICATE, fragment("EXISTS (:among)", among=among), told=self._told_key())
        self._connection.execute("DROP TABLE several")

    def _mark_older(self) -> None:
        if self._served is None or self._growth.watermark is None:
            return
        column = self._columns[self._growth.watermark]
        pairs = [
            fragment(":s = :k", s=_served(name), k=name_of("v", self._columns[name].index)) for name in self._growth.key
        ]
        newer = fragment(":s > :v", s=_served(column.name), v=name_of("v", column.index))
        there = exp.select(exp.Literal.number(1)).from_(self._served.copy().as_("before")).where(*pairs, newer)
        self._reject(column, LATE, fragment("EXISTS (:there)", there=there))

    def _check_served_keys(self) -> None:
        if self._served is None:
            return
        keys = [exp.column(name, quoted=True) for name in self._growth.key]
        several = exp.select(*keys).from_(self._served.copy()).group_by(*(key.copy() for key in keys))
        several = several.having(fragment("count(*) > 1"))
        (count,) = self._one(fragment("count(*)"), several.subquery("several"))
        if count:
            raise ConfigError(
                f"key: the version that is served has {count:,} values of {', '.join(self._growth.key)} more than once,"
                " so none tells which row is meant; name the columns that do, or replace it by a whole file (mode:"
                " replace) first"
            )

    def _reject(self, column: ColumnStaging, rule: str, which: Sql, *, told: Sql | None = None) -> None:
        status, raw = name_of("s", column.index), name_of("r", column.index)
        values: list[Sql] = [exp.EQ(this=status, expression=exp.Literal.number(REJECTIONS.index(rule) + 1))]
        if told is not None:
            values.append(exp.EQ(this=raw, expression=told))
        update = exp.Update(
            this=exp.to_table("judged"), expressions=values, where=exp.Where(this=exp.and_(self._is_kept, which))
        )
        self._connection.execute(update.sql(dialect="duckdb"))

    def _told_key(self) -> Sql:
        texts: list[Sql] = [name_of("r", self._columns[name].index) for name in self._growth.key]
        return reduce(lambda left, right: fragment(":l || ', ' || :r", l=left, r=right), texts)

    @property
    def _is_kept(self) -> Sql:
        return is_kept(len(self._columns))

    def _met(self) -> tuple[int, int]:
        """Rows of the file whose key is served, and those of them that are there as they are."""
        assert self._served is not None
        same = [fragment(":n = :o", n=_new(name), o=_served(name)) for name in self._growth.key]
        equal = exp.and_(
            *(fragment(":n IS NOT DISTINCT FROM :o", n=_new(name), o=_served(name)) for name in self._columns)
        )
        query = (
            exp.select(fragment("count(*)"), fragment("count(*) FILTER (WHERE :equal)", equal=equal))
            .from_(exp.to_table(KEPT).as_("new"))
            .join(self._served.copy().as_("before"), on=exp.and_(*same))
        )
        (found,) = self._connection.execute(query.sql(dialect="duckdb")).fetchall()
        return int(found[0]), int(found[1])

    def _same_key(self, table: str, other: str) -> exp.Select:
        pairs = [
            fragment(
                ":a = :b", a=exp.column(name, table="new", quoted=True), b=exp.column(name, table=other, quoted=True)
            )
            for name in self._growth.key
        ]
        return exp.select(exp.Literal.number(1)).from_(exp.to_table(table).as_("new")).where(*pairs)

    def _greatest_told(self, table: exp.Table) -> str | None:
        if self._growth.watermark is None:
            return None
        column = self._columns[self._growth.watermark]
        name = exp.column(column.name, quoted=True)
        query = exp.select(fragment("max(:c)", c=name)).from_(table.copy())
        (found,) = self._connection.execute(query.sql(dialect="duckdb")).fetchall()[0]
        return None if found is None else column.told_value(found)

    def _one(self, what: Sql, table: str | exp.Subquery) -> tuple[int, ...]:
        query = exp.select(what).from_(table)
        (found,) = self._connection.execute(query.sql(dialect="duckdb")).fetchall()
        return tuple(map(int, found))


def _all(names: Sequence[str], table: exp.Table) -> exp.Select:
    return exp.select(*(exp.column(name, quoted=True) for name in names)).from_(table)


def _served(name: str) -> Sql:
    return exp.column(name, table="before", quoted=True)


def _new(name: str) -> Sql:
    return exp.column(name, table="new", quoted=True)
