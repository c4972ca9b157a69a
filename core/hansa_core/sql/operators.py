"""SQL operators and the operators of the question language that they are."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.plan.expression import Op

BINARY: dict[Op, type[exp.Binary]] = {
    Op.EQ: exp.EQ,
    Op.NE: exp.NEQ,
    Op.LT: exp.LT,
    Op.LE: exp.LTE,
    Op.GT: exp.GT,
    Op.GE: exp.GTE,
    Op.ADD: exp.Add,
    Op.SUB: exp.Sub,
    Op.MUL: exp.Mul,
    Op.DIV: exp.Div,
    Op.MOD: exp.Mod,
}
"""The operators that stand between two arguments, but for the chains of AND and OR."""
