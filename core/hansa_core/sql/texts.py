"""Reads text functions: patterns get one escape, whatever the SQL wrote, and searches for a text become patterns."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.casts import CASTS
from hansa_core.plan.expression import Call, Expression, Literal, Op, literal
from hansa_core.plan.text_functions import escaped
from hansa_core.sql.clause import refused

Read = Callable[[exp.Expr], Expression]

TEXT_OPS: dict[type[exp.Expr], Op] = {
    exp.Lower: Op.LOWER,
    exp.Upper: Op.UPPER,
    exp.Length: Op.LENGTH,
    exp.Left: Op.LEFT,
    exp.Right: Op.RIGHT,
    exp.Substring: Op.SUBSTRING,
    exp.Trim: Op.TRIM,
    exp.DPipe: Op.JOIN,
    exp.Concat: Op.JOIN,
}
_TRIMS = {"BOTH": Op.TRIM, "LEADING": Op.LTRIM, "TRAILING": Op.RTRIM}
SEARCHES: dict[type[exp.Expr], str] = {exp.StartsWith: "{}%", exp.EndsWith: "%{}", exp.Contains: "%{}%"}
NAMED_SEARCHES: dict[str, str] = {"prefix": "{}%", "suffix": "%{}"}


def text_call(node: exp.Expr, read: Read, type_of: Callable[[Expression], DataType]) -> Expression:
    """A function of `TEXT_OPS`."""
    if isinstance(node, exp.Concat):  # it skips NULL
        joined = [_as_text(read(part), type_of) for part in node.expressions]
        parts = [Call(Op.COALESCE, (part, literal(""))) for part in joined]
        return parts[0] if len(parts) == 1 else Call(Op.JOIN, tuple(parts))
    if isinstance(node, exp.DPipe):
        return Call(Op.JOIN, tuple(_as_text(read(part), type_of) for part in _chain(node)))
    if isinstance(node, exp.Trim):
        return Call(_trimming(node), (read(node.this),))
    counts = [node.args[name] for name in ("expression", "start", "length") if node.args.get(name)]
    return Call(TEXT_OPS[type(node)], (read(node.this), *map(read, counts)))


def _as_text(part: Expression, type_of: Callable[[Expression], DataType]) -> Expression:
    """What is joined to a text, as text, where no value of its type fails that; else as it is, and refused."""
    kind = type_of(part)
    if kind is DataType.TEXT or (kind, DataType.TEXT) not in CASTS:
        return part
    return Call(Op.TRY_CAST, (part, literal(DataType.TEXT.value)))


def pattern_call(node: exp.Expr, read: Read) -> Expression:
    """LIKE or ILIKE, with ESCAPE or without: then nothing in the pattern is escaped."""
    escape = ""
    like = node
    if isinstance(node, exp.Escape):
        like, given = node.this, node.expression
        escape = str(given.this) if isinstance(given, exp.Literal) and given.is_string else "?!"
        if len(escape) > 1 or not isinstance(like, exp.Like | exp.ILike):
            raise refused("wrong_type", node, "an escape is one character in quotes", "write LIKE '10!%' ESCAPE '!'")
    written = like.expression.unnest()
    if not isinstance(written, exp.Null) and not (isinstance(written, exp.Literal) and written.is_string):
        raise refused("wrong_type", node, "a pattern is a text in quotes", "write for example name LIKE 'st%'")
    pattern = None if isinstance(written, exp.Null) else _with_one_escape(node, str(written.this), escape)
    op = Op.LIKE if isinstance(like, exp.Like) else Op.ILIKE
    found = Call(op, (read(like.this), Literal(pattern, DataType.TEXT)))
    return Call(Op.NOT, (found,)) if like.args.get("negate") else found


def search(node: exp.Expr, subject: exp.Expr, wanted: exp.Expr, form: str, read: Read) -> Expression:
    """starts_with, ends_with, contains: the pattern that means the same."""
    wanted = wanted.unnest()
    if not (isinstance(wanted, exp.Literal) and wanted.is_string):
        raise refused("wrong_type", node, "what is searched for is a text in quotes", "write for example 'st'")
    return Call(Op.LIKE, (read(subject), literal(form.format(escaped(str(wanted.this))))))


def _with_one_escape(node: exp.Expr, pattern: str, escape: str) -> str:
    """The pattern with a backslash where `escape` took the next character as it is."""
    parts = []
    characters = iter(pattern)
    for character in characters:
        if escape and character == escape:
            taken = next(characters, None)
            if taken is None:
                rule = "an escape has a character to take"
                raise refused("wrong_type", node, rule, "write it twice, to mean itself")
            parts.append(escaped(taken))
        else:
            parts.append(character if character in "%_" else escaped(character))
    return "".join(parts)


def _chain(node: exp.DPipe) -> list[exp.Expr]:
    """The texts of a || b || c, in order."""
    texts: list[exp.Expr] = []
    left: exp.Expr = node
    while isinstance(left, exp.DPipe):
        texts.append(left.expression)
        left = left.this
    return [left, *reversed(texts)]


def _trimming(node: exp.Trim) -> Op:
    given = node.args.get("expression")
    if given is not None and not (isinstance(given, exp.Literal) and given.is_string and str(given.this) == " "):
        rule = "trim, ltrim and rtrim take spaces away, and nothing else"
        raise refused("unknown_function", node, rule, "write trim(x), ltrim(x) or rtrim(x)")
    return _TRIMS[str(node.args.get("position") or "BOTH")]
