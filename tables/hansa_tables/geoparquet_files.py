"""GeoParquet files: Parquet whose points become a longitude and a latitude; any other shape is told in their place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import parquet
from sqlglot import exp

from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.positions import POSITION, no_point
from hansa_tables.table_rows import TableRows, reader

_METADATA = b"geo"
_DEGREES = frozenset({("OGC", "CRS84"), ("EPSG", "4326")})
_NO_CRS = object()
_POINT = r"^POINT (?:Z |M |ZM )?\(([^ ]+) ([^ )]+)[^)]*\)$"
_EMPTY = "POINT EMPTY"


def read_parquet_file(connection: duckdb.DuckDBPyConnection, path: Path) -> TableRows:
    """Raises UnreadableTableError where positions are in another system than degrees, or named twice."""
    column = _geometry_of(path)
    if column is None:
        # Some writers do not say which bytes are text; what is none ends the reading, if it is mapped.
        return TableRows(rows=reader("read_parquet", path, binary_as_string=exp.true()), path=path)
    rows = reader("read_parquet", path)
    connection.execute("SET enable_geoparquet_conversion = false")  # which stops at the first shape that is cut short
    selection = exp.select("*").from_(rows)
    relation = connection.sql(selection.sql(dialect="duckdb"))
    names = relation.columns
    taken = [name for name in POSITION if name in names and name != column]
    if taken:
        raise UnreadableTableError(str(path), f"has a column {taken[0]!r} beside its points", "rename that column")
    kind = relation.types[names.index(column)]
    positions = _fields(column) if kind.id == "struct" else _of_shapes(column)
    others = [exp.column(name, quoted=True) for name in names if name != column]
    chosen = exp.select(*others, *(value.as_(name) for name, value in zip(POSITION, positions, strict=True)))
    return TableRows(rows=chosen.from_(rows).subquery("points"), path=path)


def _geometry_of(path: Path) -> str | None:
    """The column of the shapes; None in a file that is plain Parquet, or none."""
    try:
        metadata = parquet.read_metadata(path).metadata or {}
        geo = json.loads(metadata[_METADATA])
        column = str(geo["primary_column"])
        described = geo["columns"][column]
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException):
        return None
    _check_degrees(path, described)
    return column


def _check_degrees(path: Path, described: Mapping[str, Any]) -> None:
    """Without a word on it the positions are WGS 84 degrees (GeoParquet 1.1, crs); null says that nobody knows."""
    crs = described.get("crs", _NO_CRS)
    if crs is _NO_CRS:
        return
    found = crs.get("id", {}) if isinstance(crs, Mapping) else {}
    if (str(found.get("authority")), str(found.get("code"))) in _DEGREES:
        return
    name = crs.get("name", crs) if isinstance(crs, Mapping) else crs
    rule = f"has its positions in {quoted(str(name))}, and not in degrees"
    raise UnreadableTableError(str(path), rule, "export it in WGS 84 (EPSG:4326)")


def _fields(column: str) -> tuple[exp.Expr, exp.Expr]:
    """Of points that are records of x and y."""
    x, y = (exp.func("struct_extract", exp.column(column, quoted=True), exp.Literal.string(name)) for name in "xy")
    return x, y


def _of_shapes(column: str) -> tuple[exp.Expr, exp.Expr]:
    """Of shapes in the well-known binary form."""
    shape = exp.column(column, quoted=True)
    text = exp.func("try", exp.func("st_astext", exp.func("st_geomfromwkb", shape)))
    return _position(shape, text, 1), _position(shape, text, 2)


def _position(shape: exp.Expr, text: exp.Expr, group: int) -> exp.Expr:
    """The text of a number where the shape is a point, and what it is where it is none."""
    pattern = exp.Literal.string(_POINT)
    number = _matched(text, pattern, exp.Literal.number(group))
    kind = _matched(text, exp.Literal.string("^[A-Z]+"))
    before, after = (exp.Literal.string(part) for part in no_point("\0").split("\0"))
    arms = [
        (exp.or_(shape.copy().is_(exp.null()), text.copy().eq(_EMPTY)), exp.null()),
        (text.copy().is_(exp.null()), exp.Literal.string(no_point("a shape that is cut short"))),
        (exp.func("regexp_matches", text.copy(), pattern.copy()), number),
    ]
    ifs = [exp.If(this=when, true=then) for when, then in arms]
    return exp.Case(ifs=ifs, default=exp.func("concat", before, kind, after))


def _matched(text: exp.Expr, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="regexp_extract", expressions=[text.copy(), *arguments])
