"""SQL that the reader of questions does not know: told apart from what is no SQL at all."""

from __future__ import annotations

from hansa_core.errors import RefusedError


def is_sql(statement: str) -> bool:
    """Whether DuckDB's parser reads it. Nothing is executed, and nothing is looked up."""
    import duckdb  # only to explain a refusal

    try:
        with duckdb.connect(":memory:") as connection:
            return len(connection.extract_statements(statement)) > 0
    except (duckdb.Error, UnicodeError, ValueError):
        return False


def not_offered(unread: RefusedError) -> RefusedError:
    """The refusal of a form of SQL that no question has, where the reader took it for a slip."""
    where = unread.rule.partition(" at ")[2]
    rule = f"this is SQL, but a form that no question has{f', at {where}' if where else ''}"
    remedy = "write it with what docs/sql.md lists: it has every clause, operator and function that is offered"
    return RefusedError("unsupported_clause", rule, remedy, unread.field)
