"""The SDK of Hansa: one question to many cities, by `hansa.connect(profile).sql("SELECT …")`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hansa.answer import Answer
    from hansa.async_league import AsyncLeague
    from hansa.catalogue import Catalogue, Dataset
    from hansa.connecting import connect, connect_async
    from hansa.errors import ConfigError, CoordinatorError, HansaError, PeerError, RefusedError, TrustError
    from hansa.league import League
    from hansa.question.builder_expression import Expr, Measure, col, lit
    from hansa.question.builder_functions import (
        bin,  # noqa: A004  called as hansa.bin
        bool_and,
        bool_or,
        case,
        coalesce,
        correlation,
        count,
        count_distinct,
        count_if,
        covar_pop,
        covariance,
        date_trunc,
        extract,
        grid,
        grouping,
        histogram,
        max,  # noqa: A004  called as hansa.max
        mean,
        median,
        min,  # noqa: A004  called as hansa.min
        nullif,
        quantile,
        regr_avgx,
        regr_avgy,
        regr_count,
        regr_intercept,
        regr_r2,
        regr_slope,
        regr_sxx,
        regr_sxy,
        regr_syy,
        stddev,
        stddev_pop,
        sum,  # noqa: A004  called as hansa.sum
        try_cast,
        var_pop,
        variance,
    )
    from hansa.question.builder_scalars import (
        ceil,
        date_add,
        date_diff,
        dayname,
        floor,
        greatest,
        join,
        least,
        left,
        length,
        lower,
        ltrim,
        monthname,
        right,
        round,  # noqa: A004  called as hansa.round
        rtrim,
        sqrt,
        strftime,
        substring,
        trim,
        trunc,
        upper,
    )
    from hansa.table import AsyncTable, Table

__all__ = [
    "Answer",
    "AsyncLeague",
    "AsyncTable",
    "Catalogue",
    "ConfigError",
    "CoordinatorError",
    "Dataset",
    "Expr",
    "HansaError",
    "League",
    "Measure",
    "PeerError",
    "RefusedError",
    "Table",
    "TrustError",
    "bin",
    "bool_and",
    "bool_or",
    "case",
    "ceil",
    "coalesce",
    "col",
    "connect",
    "connect_async",
    "correlation",
    "count",
    "count_distinct",
    "count_if",
    "covar_pop",
    "covariance",
    "date_add",
    "date_diff",
    "date_trunc",
    "dayname",
    "extract",
    "floor",
    "greatest",
    "grid",
    "grouping",
    "histogram",
    "join",
    "least",
    "left",
    "length",
    "lit",
    "lower",
    "ltrim",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "monthname",
    "nullif",
    "quantile",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "right",
    "round",
    "rtrim",
    "sqrt",
    "stddev",
    "stddev_pop",
    "strftime",
    "substring",
    "sum",
    "trim",
    "trunc",
    "try_cast",
    "upper",
    "var_pop",
    "variance",
]

_HOMES = {
    "Answer": "hansa.answer",
    "AsyncLeague": "hansa.async_league",
    "AsyncTable": "hansa.table",
    "Table": "hansa.table",
    "Expr": "hansa.question.builder_expression",
    "Measure": "hansa.question.builder_expression",
    "col": "hansa.question.builder_expression",
    "lit": "hansa.question.builder_expression",
    "Catalogue": "hansa.catalogue",
    "Dataset": "hansa.catalogue",
    "connect": "hansa.connecting",
    "connect_async": "hansa.connecting",
    "League": "hansa.league",
    **{name: "hansa.errors" for name in __all__ if name.endswith("Error")},
    **dict.fromkeys(
        (
            *(
                "lower",
                "upper",
                "length",
                "left",
                "right",
                "substring",
                "trim",
                "ltrim",
                "rtrim",
                "join",
                "greatest",
                "least",
            ),
            *("floor", "ceil", "trunc", "round", "sqrt", "date_diff", "date_add", "strftime", "dayname", "monthname"),
        ),
        "hansa.question.builder_scalars",
    ),
}
_FUNCTIONS = "hansa.question.builder_functions"
"""The home of every other name."""


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: `import hansa` alone loads neither gRPC nor Arrow."""
    if name not in __all__:
        raise AttributeError(f"module 'hansa' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES.get(name, _FUNCTIONS)), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
