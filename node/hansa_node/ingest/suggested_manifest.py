"""Text of a suggested manifest: the city's own with other groups, cuts and tables, and what each publishes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from hansa_core.manifest.groups import Group
from hansa_core.manifest.manifest import CutLevels, Manifest, TableDeclaration
from hansa_local.yaml_writer import comment, yaml_entry, yaml_line
from hansa_node.ingest.table_reports import TableReport

_REPLACED = ("hierarchies", "depth", "cuts", "tables")
_TOP_KEY = re.compile(r"([A-Za-z_]+)\s*:")


def suggested_text(text: str, manifest: Manifest, told: Sequence[str], reports: Iterable[TableReport] = ()) -> str:
    """The city's text with the declaration of its tables replaced; every other line stays as it is.

    `told`: what was done, line by line. `reports`: of an ingest that wrote nothing, for the share of each table.
    """
    shown = {report.name: report for report in reports}
    kept = list(_without(text.splitlines(), _REPLACED))
    lines = [_raised(line, manifest.protection_version) for line in kept]
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join([*lines, "", *_head(told), *_declared(manifest, shown)]) + "\n"


def _without(lines: Iterable[str], keys: Sequence[str]) -> Iterator[str]:
    """The lines that belong to none of the top-level keys."""
    inside = False
    for line in lines:
        starts = _TOP_KEY.match(line)
        if starts is not None:
            inside = starts[1] in keys
        elif line.startswith("#"):
            inside = False
        if not inside:
            yield line


def _raised(line: str, version: int) -> str:
    """A changed declaration is another protection: its number is the next one."""
    return re.sub(r"^(protection_version\s*:\s*)\d+", rf"\g<1>{version + 1}", line)


def _head(told: Sequence[str]) -> Iterator[str]:
    yield "# Suggested by `hansa node tables --suggest`, which looked at the city's rows. Confirm each group on grounds"
    yield "# that everybody knows, not on its numbers, and give it a name. What was done:"
    yield from (comment(f"- {line}") for line in told)


def _declared(manifest: Manifest, shown: Mapping[str, TableReport]) -> Iterator[str]:
    if manifest.hierarchies:
        yield "hierarchies:"
        for name, groups in manifest.hierarchies.items():
            yield f"  {yaml_entry(name, _groups(groups))}"
    if manifest.depths:
        yield yaml_entry("depth", dict(manifest.depths))
    if manifest.cuts:
        yield yaml_entry("cuts", {name: _cuts(levels) for name, levels in manifest.cuts.items()})
    yield "tables:"
    for table in manifest.tables:
        report = shown.get(table.name)
        known = report is not None and report.suppressed_units is not None
        share = f"  # {1 - (report.suppressed_units or 0):.1%} of its units published" if report and known else ""
        yield f"  - {yaml_line(_table(table))}{share}"


def _groups(groups: Iterable[Group]) -> dict[str, object]:
    return {group.label: _groups(group.groups) if group.groups else list(group.values) for group in groups}


def _cuts(levels: CutLevels) -> list[object]:
    told: list[list[object]] = [[_number(cut) for cut in level] for level in levels]
    return told[0] if len(told) == 1 else [*told]


def _number(cut: Fraction) -> object:
    return int(cut) if cut.denominator == 1 else float(cut)


def _table(table: TableDeclaration) -> dict[str, object]:
    told: dict[str, object] = {"name": table.name, "dimensions": list(table.dimensions)}
    if table.measures:
        told["measures"] = list(table.measures)
    if table.bins is not None:
        told["bins"] = table.bins
    if table.cuts is not None:
        told["cuts"] = _cuts(table.cuts)
    if table.depths:
        told["depth"] = dict(table.depths)
    return told
