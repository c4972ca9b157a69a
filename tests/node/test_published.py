"""The engine of level controlled: sums of published cells, and nothing else."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from hansa_city_files import REPAIRS, manifest_of, write_csv, write_manifest
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.merge import CityAnswer, merge
from hansa_core.partial.partial import read_partial, rows_of, write_partial
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.expression import Call, Column, Expression, Op, literal
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.protection.cover import find_cover
from hansa_core.protection.declaration import declaration_from_document
from hansa_core.protection.effort import Effort
from hansa_core.protection.tables import TableShape, shapes_of
from hansa_merged_cells import MergedValue, cells_of
from hansa_node.answering import published_tables
from hansa_node.answering.published_tables import PublishedTables
from hansa_node.datasets.version_file import VersionFile
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.ingest.ingest import ingest_dataset

TABLES = [{"name": "by_kind", "dimensions": ["kind"], "measures": ["days"], "bins": "days"}]
CONTROLLED = manifest_of(level="controlled", tables=TABLES, protection="primary")
MANIFEST = declaration_from_document(CONTROLLED, REPAIRS)
COUNT = Aggregate(AggregateFunction.COUNT_ROWS)
SUM = Aggregate(AggregateFunction.SUM, "days")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five roads of 10 to 50 days, four pipes of 40 days, and one other."""
    folder = tmp_path_factory.mktemp("town")
    roads = [{"No": f"r{n}", "Kind": "road", "Length": str(10 * n)} for n in range(1, 6)]
    pipes = [{"No": f"p{n}", "Kind": "pipe", "Length": "40"} for n in range(4)]
    write_csv(folder / "repairs.csv", [*roads, *pipes, {"No": "x", "Kind": "other", "Length": "0"}])
    ingest_dataset(write_manifest(folder, CONTROLLED), REPAIRS, folder / "served")
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    assert version is not None
    return version.path


def published(path: Path, manifest: Manifest = MANIFEST) -> PublishedTables:
    """The published cells of a file."""
    version = VersionFile(number=1, path=path)
    return PublishedTables(contract=REPAIRS, tables=version.published_cells(REPAIRS, manifest))


def answer(
    path: Path, *aggregates: Aggregate, keys: tuple[str, ...] = (), where: Expression | None = None
) -> list[Any]:
    plan = canonicalise(Plan(REPAIRS.id, where, tuple(map(Column, keys)), aggregates))
    table = published(path).read(find_cover(plan, REPAIRS, MANIFEST, Effort())).table
    assert len(moments_of(plan, REPAIRS)) == table.num_columns - len(keys)
    return list(rows_of(table))


def within(days: int) -> Call:
    return Call(Op.LE, (Column("days"), literal(days)))


def test_a_safe_cell_answers_exactly(path: Path) -> None:
    assert answer(path, COUNT) == [(10,)]
    assert answer(path, SUM) == [(10, 310)]


def test_a_small_cell_is_suppressed_and_still_a_cell(path: Path) -> None:
    assert answer(path, COUNT, keys=("kind",)) == [("road", 5), ("pipe", 4), ("other", None)]


def test_a_union_with_a_suppressed_cell_is_suppressed(path: Path) -> None:
    kinds = Call(Op.IN, (Column("kind"), literal("road"), literal("other")))
    assert answer(path, COUNT, where=kinds) == [(None,)]


def test_a_filter_is_suppressed_on_its_own(path: Path) -> None:
    fast = Aggregate(AggregateFunction.COUNT_ROWS, None, within(30))
    found = answer(path, COUNT, fast, keys=("kind",))
    assert [set(row[1:]) for row in found] == [{5, 3}, {4, None}, {None}]


def quantile_of(path: Path, *keys: str, q: float = 0.5) -> dict[object, MergedValue]:
    """The merged quantile of each kind, or of all, by way of the wire."""
    median = Aggregate(AggregateFunction.QUANTILE_CONT, "days", quantile=q)
    plan = canonicalise(Plan(REPAIRS.id, None, tuple(map(Column, keys)), (median,)))
    table = published(path).read(find_cover(plan, REPAIRS, MANIFEST, Effort())).table
    read = read_partial(write_partial(table), plan, REPAIRS)  # nothing in it contradicts itself
    answers = {"town": CityAnswer(city="town", level=Level.CONTROLLED, table=read)}
    merged = merge(plan, REPAIRS, answers, by_city=False, partial=False)
    return {cell.keys[0] if keys else None: cell.values[0] for cell in cells_of(merged)}


def test_a_median_comes_from_published_bins(path: Path) -> None:
    (found,) = quantile_of(path).values()
    assert found.interval is not None
    assert 30 < found.interval[0] <= 40 <= found.interval[1]
    assert not found.gaps


def test_a_suppressed_bin_is_not_found_by_subtraction(path: Path) -> None:
    """Of five roads three are published as fast: where the other two lie is not said, in no interval either."""
    middle, late = (quantile_of(path, "kind", q=q)["road"] for q in (0.5, 0.9))
    assert middle.interval == (0.0, 30.0)  # the third of five is one of the three
    assert (late.value, late.interval, dict(late.gaps)) == (None, None, {"town": "suppressed"})


def test_suppressed_figures_are_not_in_the_buffers(path: Path) -> None:
    plan = canonicalise(Plan(REPAIRS.id, None, (Column("kind"),), (COUNT,)))
    table = published(path).read(find_cover(plan, REPAIRS, MANIFEST, Effort())).table
    figures = table.column("m0").chunk(0)
    assert figures.buffers()[1].to_pybytes()[32:48] == bytes(16)


def test_an_answer_counts_its_suppressed_cells_by_the_causes_that_are_stored(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a second rule: a cell with parts of several causes counts under the first of them."""

    class Causes(StrEnum):
        FIRST = "first"
        THRESHOLD = "threshold"

    monkeypatch.setattr(published_tables, "Cause", Causes)
    monkeypatch.setattr(published_tables, "_SHOWN", len(Causes))
    stored = VersionFile(number=1, path=path).published_cells(REPAIRS, MANIFEST)["by_kind"]
    told = stored.column("cause").to_pylist()
    shape = shapes_of(REPAIRS, MANIFEST)["by_kind"]
    fast, late = (
        next(n for n in range(shape.cell_count) if told[n] and labels_of(shape, n) == ("other", label))
        for label in ("≤ 30", "> 30")
    )
    told[late] = "first"
    changed = stored.set_column(0, "cause", pa.array(told, pa.string()))
    tables = PublishedTables(contract=REPAIRS, tables={"by_kind": changed})

    def causes(*aggregates: Aggregate, keys: tuple[str, ...] = ()) -> dict[str, int]:
        plan = canonicalise(Plan(REPAIRS.id, None, tuple(map(Column, keys)), aggregates))
        read = tables.read(find_cover(plan, REPAIRS, MANIFEST, Effort()))
        lacking = [None in row[len(keys) :] for row in rows_of(read.table)]
        assert sum(read.causes.values()) == sum(lacking)
        return dict(read.causes)

    in_time = Aggregate(AggregateFunction.COUNT_ROWS, None, within(30))
    slow = Aggregate(AggregateFunction.COUNT_ROWS, None, Call(Op.GT, (Column("days"), literal(30))))
    assert fast != late
    assert causes(COUNT) == {}
    assert causes(COUNT, keys=("kind",)) == {"threshold": 1}
    assert causes(in_time, keys=("kind",)) == {"threshold": 2}
    assert causes(slow, keys=("kind",)) == {"threshold": 1, "first": 1}
    assert causes(COUNT, in_time, slow, keys=("kind",)) == {"threshold": 2, "first": 1}


def labels_of(shape: TableShape, cell: int) -> tuple[str, ...]:
    nodes = zip(shape.dimensions, shape.nodes(cell), strict=True)
    return tuple(dimension.nodes[node].label for dimension, node in nodes)


def rewritten(path: Path, folder: Path, *statements: str) -> Path:
    """A copy of the file, after these statements."""
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o600)
    with duckdb.connect(str(copy)) as connection:
        for statement in statements:
            connection.execute(statement)
    return copy


def test_a_file_of_a_release_without_causes_says_the_threshold_which_was_the_only_rule(
    path: Path, tmp_path: Path
) -> None:
    before = rewritten(
        path,
        tmp_path,
        "ALTER TABLE by_kind ADD COLUMN suppressed BOOLEAN",
        "UPDATE by_kind SET suppressed = cause IS NOT NULL",
        "ALTER TABLE by_kind DROP COLUMN cause",
    )
    found, now = (VersionFile(number=1, path=each).published_cells(REPAIRS, MANIFEST) for each in (before, path))
    assert found["by_kind"].equals(now["by_kind"])
    assert set(found["by_kind"].column("cause").to_pylist()) == {None, "threshold"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE by_kind SET cause = NULL WHERE cause IS NOT NULL",
        "UPDATE by_kind SET cause = 'threshold' WHERE cause IS NULL",
    ],
)
def test_a_cell_that_is_neither_shown_nor_suppressed_is_not_served(path: Path, tmp_path: Path, change: str) -> None:
    with pytest.raises(ConfigError, match=r"by_kind.*or neither; run `hansa node ingest` again"):
        published(rewritten(path, tmp_path, change))


def test_a_cause_that_only_a_newer_release_knows_is_not_served(path: Path, tmp_path: Path) -> None:
    change = "UPDATE by_kind SET cause = 'unheard' WHERE cause IS NOT NULL"
    with pytest.raises(ConfigError, match="a newer Hansa prepared the dataset file"):
        published(rewritten(path, tmp_path, change))


@pytest.mark.parametrize(
    "changes", [{"threshold": 4}, {"protection_version": 2}, {"tables": [{"name": "by_kind", "dimensions": ["kind"]}]}]
)
def test_a_file_is_served_under_the_manifest_that_made_it_only(path: Path, changes: dict[str, Any]) -> None:
    changed = declaration_from_document({**CONTROLLED, **changes}, REPAIRS)
    with pytest.raises(ConfigError, match="run `hansa node ingest`"):
        published(path, changed)


def test_a_file_that_is_no_dataset_is_named(tmp_path: Path) -> None:
    (tmp_path / "v000001.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(DataUnavailableError, match=r"v000001\.duckdb: is no intact dataset file"):
        published(tmp_path / "v000001.duckdb")
