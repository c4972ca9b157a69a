"""GeoJSON files: the properties of each feature, and the longitude and latitude of its point."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.positions import POSITION, no_point
from hansa_tables.private_files import PrivateFiles
from hansa_tables.private_rows import private_rows
from hansa_tables.source import TableSource
from hansa_tables.table_rows import TableRows
from hansa_tables.text_files import opened_text

_DEGREES = ("CRS84", "EPSG::4326", "EPSG:4326")


def read_geojson(path: Path, source: TableSource, private: PrivateFiles) -> TableRows:
    """Raises UnreadableTableError."""
    with opened_text(path, source) as text:
        try:
            # Numbers stay as they are written.
            found = json.load(text, parse_float=str, parse_int=str)
        except UnicodeError:
            raise
        except ValueError as error:
            raise UnreadableTableError(str(path), f"is no JSON ({error})", "export it again") from None
    features = found.get("features") if isinstance(found, Mapping) else None
    if not isinstance(features, Sequence) or found.get("type") != "FeatureCollection":
        raise UnreadableTableError(str(path), "is no GeoJSON FeatureCollection", "correct the format", "format")
    _check_degrees(path, found.get("crs"))
    rows = [_row(f"{path}, feature {number}", feature) for number, feature in enumerate(features, start=1)]
    if not rows:
        raise UnreadableTableError(str(path), "is empty: it has no feature", "export it again")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return private_rows(names, _cells(rows, names), private.new())


def _row(place: str, feature: Any) -> dict[str, object]:
    properties = feature.get("properties") if isinstance(feature, Mapping) else None
    row = {name: _scalar(value) for name, value in (properties or {}).items()}
    taken = [name for name in POSITION if name in row]
    if taken:
        raise UnreadableTableError(place, f"has a property {taken[0]!r} beside its point", "rename that property")
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    row |= dict(zip(POSITION, _point(geometry), strict=True))
    if isinstance(feature.get("id"), str):
        row.setdefault("id", feature["id"])
    return row


def _point(geometry: Any) -> tuple[object, object]:
    """Longitude and latitude; of any other shape what it is, so that only the rows that are asked for it are lost."""
    if geometry is None:
        return None, None
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind != "Point":
        told = no_point(str(kind))
        return told, told
    position = geometry.get("coordinates")
    if position == []:  # an empty point
        return None, None
    if not isinstance(position, list) or len(position) < 2 or not all(isinstance(each, str) for each in position):
        told = f"{quoted(str(position))} is no position; write [longitude, latitude]"
        return told, told
    return position[0], position[1]


def _check_degrees(path: Path, crs: Any) -> None:
    """Coordinates are WGS 84 degrees (RFC 7946, 4); files before it could name another system."""
    if crs is None:
        return
    name = str(crs.get("properties", {}).get("name", "")) if isinstance(crs, Mapping) else str(crs)
    if not name.endswith(_DEGREES):
        rule = f"has its positions in {quoted(name)}, and not in degrees"
        raise UnreadableTableError(str(path), rule, "export it in WGS 84 (EPSG:4326)")


def _scalar(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _cells(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> Iterator[list[object]]:
    for row in rows:
        yield [row.get(name) for name in names]
