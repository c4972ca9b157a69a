"""What the manifest says of two dimensions is checked before a protection that relies on it."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from hansa_core.contract.types import Value
from hansa_core.errors import ConfigError
from hansa_node.ingest.dependency_check import check_dependencies
from hansa_published import SHOPS, shops_manifest

ZONES = {"column": "zone", "follows": "licensed", "values": {True: 1, None: None}}


def check(*rows: dict[str, Value | None]) -> None:
    columns = {"licensed": pa.bool_(), "zone": pa.int64()}
    with duckdb.connect() as connection:
        connection.register("staged", pa.Table.from_pylist(list(rows), schema=pa.schema(list(columns.items()))))
        check_dependencies(connection, SHOPS, shops_manifest(dependencies=[ZONES]))


def test_rows_that_follow_and_rows_of_which_nothing_is_said_pass() -> None:
    check({"licensed": True, "zone": 1}, {"licensed": False, "zone": 3}, {"licensed": None, "zone": None})


@pytest.mark.parametrize(
    "row",
    [{"licensed": True, "zone": 2}, {"licensed": True, "zone": None}, {"licensed": None, "zone": 1}],
    ids=["another value", "null in place of a value", "a value in place of null"],
)
def test_a_row_that_contradicts_a_dependency_stops_the_ingest(row: dict[str, Value | None]) -> None:
    with pytest.raises(ConfigError, match=r"dependencies\[0\]: 1 rows have another zone than follows from their lic"):
        check({"licensed": True, "zone": 1}, row)
