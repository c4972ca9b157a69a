"""Guards the parser: one SELECT, of a size and depth that can be read safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import Dialect, exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from hansa_core.errors import RefusedError
from hansa_core.sql.clause import DIALECT, cut
from hansa_core.sql.parameters import Parameter, Parameters
from hansa_core.sql.stray_characters import has_stray_characters
from hansa_core.sql.total_items import with_brackets
from hansa_core.sql.written import remember

MAX_SQL_BYTES = 128 * 1024
"""Bytes of UTF-8 of one statement: the largest plan, written out, stays below."""

_MAX_PATH_TOKENS = 512
"""Tokens of the clauses that are open at one place. The parser recurses at most once per such token, so this bounds its
stack before it starts: a parser compiled to C would not stop at Python's recursion limit."""

_MAX_TREE_DEPTH = 128
"""Levels of the parsed tree, a chain of AND or of OR counted as one."""

_READER = Dialect.get_or_raise(DIALECT)
_OPENERS = frozenset({TokenType.L_PAREN, TokenType.CASE})
_CLOSERS = frozenset({TokenType.R_PAREN, TokenType.END})
_SEPARATORS = frozenset(
    {TokenType.COMMA, TokenType.AND, TokenType.OR, TokenType.WHEN, TokenType.THEN, TokenType.ELSE, TokenType.SEMICOLON}
)
_LIST_OPENERS = frozenset({TokenType.L_BRACKET, TokenType.L_BRACE})
_LIST_CLOSERS = frozenset({TokenType.R_BRACKET, TokenType.R_BRACE})
_CONTEXT = 30  # characters on either side of where the reader stopped
_QUERY_STARTS = frozenset({TokenType.SELECT, TokenType.FROM, TokenType.WITH, TokenType.L_PAREN})
_EXAMPLE = "SELECT COUNT(*) FROM housing.permits"


def read_query(sql: str, given: Sequence[Parameter] = ()) -> exp.Query:
    """The tree of the one query in `sql`, its parameters bound. `given`: their values.

    Raises RefusedError: too_large, too_deep, syntax_error, several_statements, not_a_query, cannot_split,
    wrong_parameter.
    """
    _check_text(sql)
    try:
        tokens = _READER.tokenize(sql)
        _check_kind(sql, tokens)
        _check_brackets(sql, tokens)
        _check_nesting(tokens)
        parameters = Parameters(sql, tokens)
        trees = [tree for tree in _READER.parser().parse(with_brackets(parameters.tokens), sql) if tree is not None]
    except SqlglotError as error:
        raise _syntax_error(error) from None
    if len(trees) != 1:
        raise _several_statements()
    _check_depth(trees[0])
    parameters.check(given)
    parameters.bind(trees[0], given)
    remember(trees[0], sql, tokens)
    return _query_of(trees[0])


def _check_text(sql: str) -> None:
    if len(sql) > MAX_SQL_BYTES or len(sql.encode(errors="replace")) > MAX_SQL_BYTES:
        raise RefusedError("too_large", f"a statement has at most {MAX_SQL_BYTES} bytes", "shorten it", "statement")
    if has_stray_characters(sql):
        raise RefusedError(
            "syntax_error", "a statement is valid Unicode without NUL", "remove the stray characters", "statement"
        )


def _check_kind(sql: str, tokens: list[Token]) -> None:
    if not tokens or tokens[0].token_type is TokenType.SEMICOLON:
        raise RefusedError("not_a_query", "a question is one SELECT", f"write for example {_EXAMPLE}", "statement")
    if tokens[0].token_type not in _QUERY_STARTS:
        raise RefusedError(
            "not_a_query", "a question only reads: it is one SELECT", f"write for example {_EXAMPLE}", cut(sql)
        )
    after = [token for token in tokens if token.token_type is not TokenType.SEMICOLON]
    first_end = next((i for i, token in enumerate(tokens) if token.token_type is TokenType.SEMICOLON), len(tokens))
    if first_end < len(after):
        raise _several_statements()


def _check_brackets(sql: str, tokens: list[Token]) -> None:
    place = next((place for place, token in enumerate(tokens) if token.token_type in _LIST_OPENERS), None)
    if place is not None:
        raise RefusedError(
            "unsupported_clause",
            "lists, structs and subscripts are not offered",
            "write x IN (1, 2) for = ANY (…), substring(x, 1, 1) for x[1], and an aggregate for each value of a list",
            _bracketed(sql, tokens, place),
        )


def _bracketed(sql: str, tokens: list[Token], place: int) -> str:
    """What stands in the brackets that open at `place`, with the word that they belong to."""
    depth, last = 0, place
    for last in range(place, len(tokens)):
        kind = tokens[last].token_type
        depth += (kind in _LIST_OPENERS) - (kind in _LIST_CLOSERS)
        if depth == 0:
            break
    adjoins = place > 0 and tokens[place - 1].end + 1 == tokens[place].start
    first = place - 1 if adjoins and tokens[place - 1].text not in ("(", ",") else place
    return cut(" ".join(sql[tokens[first].start : tokens[last].end + 1].split()))


def _check_nesting(tokens: list[Token]) -> None:
    frames = [0]
    total = 0
    for token in tokens:
        kind = token.token_type
        if kind in _SEPARATORS:
            total -= frames[-1]
            frames[-1] = 0
            continue
        if kind in _CLOSERS and len(frames) > 1:
            total -= frames.pop()
            continue
        frames[-1] += 1
        total += 1
        if kind in _OPENERS:
            frames.append(0)
        if total > _MAX_PATH_TOKENS:
            raise too_deep()


def _check_depth(tree: exp.Expr) -> None:
    stack: list[tuple[exp.Expr, int]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > _MAX_TREE_DEPTH:
            raise too_deep()
        for child in node.iter_expressions():
            chained = isinstance(node, exp.And | exp.Or) and type(child) is type(node)
            stack.append((child, depth if chained else depth + 1))


def _query_of(tree: exp.Expr) -> exp.Query:
    if isinstance(tree, exp.Query):
        return tree
    raise RefusedError("not_a_query", "a question is one SELECT", f"write for example {_EXAMPLE}", "statement")


def _several_statements() -> RefusedError:
    return RefusedError("several_statements", "a question is one statement", "ask them one by one", "statement")


def too_deep() -> RefusedError:
    """The refusal of a statement that would need too much stack."""
    return RefusedError("too_deep", "the statement nests too deeply", "write it with fewer levels", "statement")


def _syntax_error(error: SqlglotError) -> RefusedError:
    spot = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    if spot.get("line") is None:
        return RefusedError("syntax_error", "the SQL cannot be read", "check quotes and brackets", "statement")
    return RefusedError(
        "syntax_error",
        f"the SQL cannot be read at line {spot['line']}, column {spot['col']}",
        'check commas, brackets and quotes; a contract with its version is quoted: FROM "housing.permits/1"',
        _around(spot),
    )


def _around(spot: Mapping[str, object]) -> str:
    """What was written where the reader stopped, with a few words on both sides."""
    before, here, behind = (str(spot.get(name) or "") for name in ("start_context", "highlight", "end_context"))
    start = before[-_CONTEXT:].partition(" ")[2] if len(before) > _CONTEXT else before
    end = behind[:_CONTEXT].rpartition(" ")[0] if len(behind) > _CONTEXT else behind
    return cut(" ".join(f"{start}{here}{end}".split())) or "statement"
