"""A dataset and the catalogue as tables for people: a row for each column, with what it may be used for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from hansa.question.described import DatasetColumn, DescribedDataset
from hansa_core.printable import printable

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import RenderableType

_HEADERS = ("column", "type", "unit", "values", "group_by", "meaning")
_MOST_VALUES = 12


def columns_table(dataset: DescribedDataset) -> pa.Table:
    """One row for each column of the dataset, all in text; null where nothing applies."""
    import pyarrow as pa

    rows = [_texts(column) for column in dataset.columns.values()]
    schema = pa.schema([(header, pa.string()) for header in _HEADERS])
    return pa.Table.from_pylist([dict(zip(_HEADERS, row, strict=True)) for row in rows], schema=schema)


def whole_dataset(dataset: DescribedDataset) -> RenderableType:
    """What the dataset is, and its columns."""
    from rich.console import Group
    from rich.text import Text

    from hansa.view.render.text import plain_table

    title, *rest = (printable(line) for line in heading(dataset))
    said = [Text(title, style="bold"), *(Text(line, style="dim") for line in rest)]
    return Group(*said, "", plain_table(columns_table(dataset)))


def dataset_text(dataset: DescribedDataset) -> str:
    """As `whole_dataset`, without colour, for a plain Python prompt."""
    from hansa.view.render.text import plain_text

    return plain_text(whole_dataset(dataset))


def dataset_html(dataset: DescribedDataset) -> str:
    """As `whole_dataset`, in HTML for a notebook, every text escaped."""
    rows = [_texts(column) for column in dataset.columns.values()]
    return _table(heading(dataset), _HEADERS, rows)


def catalogue_html(catalogue: Iterable[DescribedDataset]) -> str:
    """A table in HTML with one row for each dataset, every text escaped."""
    rows = [
        (str(each.id), each.title, ", ".join(each.cities), each.least_level.value, ", ".join(each.columns))
        for each in catalogue
    ]
    return _table(["Datasets"], ("dataset", "title", "cities", "least_level", "columns"), rows)


def heading(dataset: DescribedDataset) -> list[str]:
    """What the dataset is, who serves it, and whom it protects."""
    return [
        f"{dataset.id}: {dataset.title}",
        f"served by {', '.join(dataset.cities) or 'no city'}, at level {dataset.least_level.value} or stricter; "
        f"one {dataset.unit} is what is protected",
    ]


def _texts(column: DatasetColumn) -> tuple[str | None, ...]:
    kind = column.type.value if column.required else f"{column.type.value}, may be NULL"
    ways = " or ".join(column.keys) or ("no, it names a person or thing" if column.is_naming else None)
    return (column.name, kind, column.unit, _values(column), ways, column.meaning)


def _values(column: DatasetColumn) -> str | None:
    if column.per_city:
        return "each city's own"
    if column.values is not None and (len(column.values) <= _MOST_VALUES or column.lower is None):
        return ", ".join(map(str, column.values))
    return None if column.lower is None else f"{column.lower} to {column.upper}"


def _table(caption: Sequence[str], headers: Iterable[str], rows: Iterable[Sequence[str | None]]) -> str:
    head = "".join(f'<th scope="col">{escape(header)}</th>' for header in headers)
    cells = ("".join(f"<td>{escape(cell or '')}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    said = "<br>".join(map(escape, caption))
    return f'<table class="hansa"><caption>{said}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
