"""SQL in and out: an analyst's statement split into plan and outer SELECT, and a plan written as SQL."""

from hansa_core.query.sql.render import render_plan
from hansa_core.query.sql.split import parse_statement
from hansa_core.query.sql.statement import (
    CITY_COLUMN,
    RELEASED,
    ROW_COLUMN,
    OuterColumn,
    OuterSelect,
    Statement,
    aggregate_column,
    key_column,
)

__all__ = [
    "CITY_COLUMN",
    "RELEASED",
    "ROW_COLUMN",
    "OuterColumn",
    "OuterSelect",
    "Statement",
    "aggregate_column",
    "key_column",
    "parse_statement",
    "render_plan",
]
