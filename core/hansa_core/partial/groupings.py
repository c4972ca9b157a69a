"""A plan with totals is several plain plans: one for its keys, and one for each grouping by some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.partial.array_values import array_from_numbers
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.from_columns import partial_from_columns
from hansa_core.partial.moment_columns import MomentColumn
from hansa_core.partial.partial import columns_of_partial, partial_schema
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan


def plain_plans(plan: Plan) -> tuple[Plan, ...]:
    """One plan without totals for each of `plan.groupings`, in order."""
    return tuple(replace(plan, keys=tuple(plan.keys[index] for index in kept), totals=()) for kept in plan.groupings)


def stack(plan: Plan, contract: Contract, tables: Sequence[pa.Table]) -> pa.Table:
    """The partial of a plan from those of its plain plans, in order."""
    if not plan.totals:
        return tables[0]
    needed = moments_of(plan, contract)  # those of every part as well: they depend on the aggregates alone
    parts = [columns_of_partial(table, part, needed) for table, part in zip(tables, plain_plans(plan), strict=True)]
    sizes = [table.num_rows for table in tables]
    kinds = partial_schema(plan, contract).types
    keys = [
        pa.concat_arrays(
            [
                columns[kept.index(key)] if key in kept else array_of([None] * size, kinds[key])
                for kept, (columns, _), size in zip(plan.groupings, parts, sizes, strict=True)
            ]
        )
        for key in range(len(plan.keys))
    ]
    grouping = np.repeat(np.arange(len(sizes)), sizes)
    keys.append(array_from_numbers(grouping, np.ones(len(grouping), dtype=bool), pa.int64()))
    moments = [
        MomentColumn(
            np.concatenate([columns[moment].values for _, columns in parts]),
            np.concatenate([columns[moment].known for _, columns in parts]),
        )
        for moment in needed
    ]
    return partial_from_columns(plan, contract, keys, moments)
