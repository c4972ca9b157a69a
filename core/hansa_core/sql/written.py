"""Finds the text that the analyst wrote for a node of the parsed statement."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import Dialect, exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from hansa_core.sql.total_items import with_brackets

_STATEMENT = "hansa_statement"  # in the parser's notes on a node
_WRITTEN_AS = "hansa_written_as"  # of what stands in place of something that the analyst wrote
_READER = Dialect.get_or_raise("duckdb")
_CLAUSES: dict[type[exp.Expr], str] = {
    exp.Where: "where",
    exp.Group: "group",
    exp.Having: "having",
    exp.Qualify: "qualify",
    exp.Order: "order",
    exp.Limit: "limit",
    exp.Offset: "offset",
}
_WORDS_AROUND = 6
"""How many words of a construct may stand before or behind all names and values in it: CAST ( … AS DECIMAL ( 1 ) )."""

_MOST_TOKENS = 200
_OPENERS = (TokenType.L_PAREN, TokenType.CASE)
_CLOSERS = (TokenType.R_PAREN, TokenType.END)


@dataclass(frozen=True, slots=True)
class _Statement:
    """The text of a statement and its tokens."""

    sql: str
    tokens: tuple[Token, ...]

    def __deepcopy__(self, memo: object) -> _Statement:
        """Itself: a node that is copied would else copy the text and all tokens with each of its names."""
        return self


def remember(tree: exp.Expr, sql: str, tokens: list[Token]) -> None:
    """Note on each node with a place in the text which text that is; copies keep it."""
    statement = _Statement(sql, tuple(tokens))
    for node in tree.walk():
        if "start" in node.meta:
            node.meta[_STATEMENT] = statement


def replaced_by(node: exp.Expr, tree: exp.Expr) -> exp.Expr:
    """`tree`, which is to stand in place of `node`; it is quoted as the analyst wrote `node`."""
    places = [found.meta for found in node.walk() if "start" in found.meta]
    if places:
        tree.meta.update(start=min(one["start"] for one in places), end=max(one["end"] for one in places))
        if _STATEMENT in places[0]:
            tree.meta[_STATEMENT] = places[0][_STATEMENT]
    tree.meta[_WRITTEN_AS] = node.copy()
    return tree


def _is_replaced(node: exp.Expr) -> bool:
    """Whether its own place tells more than those of its parts, which may stand elsewhere."""
    return _WRITTEN_AS in node.meta and "start" in node.meta


def _as_written(node: exp.Expr) -> exp.Expr:
    """The node with all that was replaced in it as it was."""

    def original(found: exp.Expr) -> exp.Expr:
        before: exp.Expr | None = found.meta.get(_WRITTEN_AS)
        return found if before is None else _as_written(before)

    return node.transform(original)


def written(node: exp.Expr) -> str | None:
    """The text behind the node: the shortest that reads as it, else all from its first to its last name or value.

    None where nothing in it stands in a text.
    """
    places = [found.meta for found in node.walk(prune=_is_replaced) if _STATEMENT in found.meta]
    if not places:
        return None
    statement: _Statement = places[0][_STATEMENT]
    starts = [token.start for token in statement.tokens]
    first = bisect_right(starts, min(place["start"] for place in places)) - 1
    last = bisect_left(starts, max(place["end"] for place in places) + 1) - 1
    if last - first <= _MOST_TOKENS:
        wanted = _as_written(node)
        for text in _around(statement, first, last):
            if _reads_as(text, wanted):
                return text
    return _cut(statement, *_with_brackets_closed(statement.tokens, first, last))


def _with_brackets_closed(tokens: tuple[Token, ...], first: int, last: int) -> tuple[int, int]:
    """The span made wider on both sides until no bracket in it is open."""
    while last + 1 < len(tokens) and not _is_balanced(tokens[first : last + 1]) and _is_open(tokens[first : last + 1]):
        last += 1
    while first > 0 and not _is_balanced(tokens[first : last + 1]):
        first -= 1
    return first, last


def _is_open(tokens: tuple[Token, ...]) -> bool:
    opened = sum(token.token_type in _OPENERS for token in tokens)
    return opened > sum(token.token_type in _CLOSERS for token in tokens)


def _around(statement: _Statement, first: int, last: int) -> Iterator[str]:
    """The texts from some token up to `first` to some token from `last`, the shortest first."""
    before, behind = min(_WORDS_AROUND, first), min(_WORDS_AROUND, len(statement.tokens) - 1 - last)
    for more in range(before + behind + 1):
        for left in range(max(0, more - behind), min(before, more) + 1):
            if _is_balanced(statement.tokens[first - left : last + more - left + 1]):
                yield _cut(statement, first - left, last + more - left)


def _is_balanced(tokens: tuple[Token, ...]) -> bool:
    depth = 0
    for token in tokens:
        depth += (token.token_type in _OPENERS) - (token.token_type in _CLOSERS)
        if depth < 0:
            return False
    return depth == 0


def _cut(statement: _Statement, first: int, last: int) -> str:
    return statement.sql[statement.tokens[first].start : statement.tokens[last].end + 1]


def _reads_as(text: str, node: exp.Expr) -> bool:
    clause = _CLAUSES.get(type(node))
    before = "SELECT 1 FROM t " if clause else "SELECT "
    try:
        tokens = with_brackets(_READER.tokenize(before + text))
        if tokens[-1].token_type is TokenType.OVER:  # which the parser takes for OVER ()
            return False
        read = _READER.parser().parse(tokens, before + text)[0]
    except SqlglotError:
        return False
    if not isinstance(read, exp.Select):
        return False
    found = read.args.get(clause) if clause else read.expressions[0] if len(read.expressions) == 1 else None
    return bool(found == node)
