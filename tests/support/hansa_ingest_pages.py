"""A page of the ingest report in which everything stands that one can tell of."""

from __future__ import annotations

from pathlib import Path

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.protection.primary import Cause
from hansa_node.ingest.growing import GrowthCounts
from hansa_node.ingest.report import ColumnReport, IngestReport
from hansa_node.ingest.report_page import report_page
from hansa_node.ingest.staging import OffendingText
from hansa_node.ingest.table_reports import TableReport
from hansa_tables.left_out import LeftOutLines


def ingest_page(folder: Path) -> Path:
    """Written to the folder."""
    folder.mkdir(exist_ok=True)
    path = folder / "report.html"
    path.write_text(report_page(awkward_report()), encoding="utf-8")
    return path


def awkward_report() -> IngestReport:
    """Long names, texts that steer, several causes, limits that were exceeded."""
    offending = (
        OffendingText(rule="not_in_domain", text="<script>alert(1)</script>", rows=1200, first=3, nearest="bicycle"),
        OffendingText(rule="not_in_domain", text="bіcycle\x1b[31m\u202e", rows=2, first=40_000, nearest=None),
        OffendingText(rule="null", text=None, rows=1, first=7, nearest=None),
    )
    kinds = ColumnReport(
        name="kind_of_vehicle_that_stands_in_the_city_s_own_register",
        source="fahrzeugart, by texts",
        type="text",
        nulls=1,
        clipped=0,
        rejected={"not_in_domain:kind": 1202, "null:kind": 1},
        unused=("texts.lastenrad",),
        offending=offending,
    )
    days = ColumnReport(name="days", source="dauer", type="integer", nulls=12_345, clipped=678, rejected={})
    return IngestReport(
        contract=ContractId.parse("town.trips/1"),
        level=Level.CONTROLLED,
        data_version=3,
        rows_read=1_234_567,
        rows_kept=1_233_364,
        columns=(kinds, days),
        tables=(
            TableReport(name="by_kind", cells=1200, causes={Cause.THRESHOLD: 37}, suppressed_units=0.0123),
            TableReport(name="by_day", cells=365, causes={}, suppressed_units=0.0),
        ),
        exceeded=("1,203 of 1,234,567 rows are rejected, and max_rejected_share is 0.0001",),
        growth=GrowthCounts(
            added=3, updated=2, unchanged=1, total=6, watermark_before="2026-01-01", watermark="2026-02-01"
        ),
        left_out=LeftOutLines(ragged=2, encoding=1, told=("trips.csv, line 7: <i>five fields\x1b</i>",)),
        accepted="a known change of the source <b>",
    )
