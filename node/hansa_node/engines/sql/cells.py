"""Cells that an engine computed for a statement, made into a partial."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.partial.array_values import array_from_wholes, numbers_of, one_array, validity_of
from hansa_core.partial.from_columns import partial_from_columns
from hansa_core.partial.partial import MOMENT_TYPE, columns_of_partial
from hansa_core.plan.double_code import codes_of_doubles
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Plan
from hansa_node.engines.sql.statement import BoundStatement


def partial_of_cells(cells: pa.Table, statement: BoundStatement, plan: Plan, contract: Contract) -> pa.Table:
    """The partial of the plan, whose statement gave the cells in whatever order."""
    coded = _with_order_codes(cells, statement)
    keys, moments = columns_of_partial(coded, plan, moments_of(plan, contract))
    return partial_from_columns(plan, contract, keys, list(moments.values()))


def _with_order_codes(cells: pa.Table, statement: BoundStatement) -> pa.Table:
    """The cells, where the doubles at the statement's extremes are their order codes."""
    for place, of_none in statement.extremes.items():
        doubles = one_array(cells.column(place))
        known = validity_of(doubles)
        codes = np.where(known, codes_of_doubles(numbers_of(doubles)).astype(object), of_none)
        coded = array_from_wholes(codes, np.ones(len(codes), dtype=bool), MOMENT_TYPE)
        cells = cells.set_column(place, cells.field(place).name, coded)
    return cells
