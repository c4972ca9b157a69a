"""Brackets around the items of ROLLUP, CUBE and GROUPING SETS: without them the parser reads no condition there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokenizer_core import Token, TokenType

_TOTALS = frozenset({TokenType.ROLLUP, TokenType.CUBE, TokenType.GROUPING_SETS})


def with_brackets(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, where each item of several words stands in brackets of its own, at its own place in the text."""
    whole: list[Token] = []
    kinds: list[bool] = []  # of the open brackets, the innermost last: whether totals are listed in it
    item_starts: list[int] = []
    for place, token in enumerate(tokens):
        opens = token.token_type is TokenType.L_PAREN
        if opens:
            kinds.append(place > 0 and tokens[place - 1].token_type in _TOTALS)
        elif token.token_type in (TokenType.R_PAREN, TokenType.COMMA) and kinds and kinds[-1]:
            _bracket(whole, item_starts.pop())
        whole.append(token)
        if token.token_type is TokenType.R_PAREN and kinds:
            kinds.pop()
        elif kinds and kinds[-1] and (opens or token.token_type is TokenType.COMMA):
            item_starts.append(len(whole))
    return whole


def _bracket(whole: list[Token], start: int) -> None:
    """Put the item that begins at `start` and ends here into brackets, unless it is one word, a list, or totals."""
    item = whole[start:]
    if len(item) < 2 or item[0].token_type in (TokenType.L_PAREN, *_TOTALS):
        return
    first, last = item[0], item[-1]
    whole.insert(start, Token(TokenType.L_PAREN, "(", first.line, first.col, first.start, first.start))
    whole.append(Token(TokenType.R_PAREN, ")", last.line, last.col, last.end, last.end))
