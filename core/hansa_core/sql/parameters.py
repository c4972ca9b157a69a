"""Parameters of a statement: their values become literals in the parsed tree, and never text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest
from hansa_core.plan.expression import Literal
from hansa_core.sql.clause import put_in_place, refused
from hansa_core.sql.render import literal_tree
from hansa_core.sql.stray_characters import has_stray_characters
from hansa_core.sql.written import replaced_by

MAX_PARAMETERS = 1000
MAX_LISTED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One value, or a list of values for IN. `name`: in lower case; of values that have a place, that from 1."""

    name: str
    values: tuple[Literal, ...]
    is_list: bool = False

    def __post_init__(self) -> None:
        if not self.is_list and len(self.values) != 1:
            raise ValueError(f"parameter {self.name} has {len(self.values)} values and is no list")

    @property
    def is_null(self) -> bool:
        """Whether it is NULL."""
        return not self.is_list and self.values[0].value is None


@dataclass(frozen=True, slots=True)
class _Use:
    """A parameter where the statement writes it."""

    name: str
    text: str
    start: int
    end: int


class Parameters:
    """The parameters that a statement writes. The parser sees each by its number, for it keeps no places of them."""

    def __init__(self, sql: str, tokens: Sequence[Token]) -> None:
        self._uses: list[_Use] = []
        self.tokens: list[Token] = []
        tokens = [part for token in tokens for part in _without_cast(token)]
        place = 0
        while place < len(tokens):
            width = self._width(tokens, place)
            if width:
                self._number(sql, tokens[place], tokens[place + width - 1])
            else:
                self.tokens.append(tokens[place])
            place += width or 1

    def check(self, given: Sequence[Parameter]) -> None:
        """Refuse values that the statement does not have, and parameters without a value."""
        written = list(dict.fromkeys(use.name for use in self._uses))
        known = [one.name for one in given]
        kinds = {"?" if use.text == "?" else "$1" if use.name.isdigit() else "$name" for use in self._uses}
        if len(kinds) > 1:
            rule = f"the statement writes parameters as {' and as '.join(sorted(kinds))}"
            raise _wrong(rule, "write all of them in one way", self._uses[0].text)
        if written and known and kinds != {"$name"} and not all(map(str.isdigit, known)):
            remedy = f"write ${known[0]} in its place, or give the values as a list"
            rule = "the values have names, and the parameters of the statement have places"
            raise _wrong(rule, remedy, self._uses[0].text)
        if "?" in kinds and len(written) != len(known):
            given_are = "1 value is" if len(known) == 1 else f"{len(known)} values are"
            raise _wrong(f"the statement has {len(written)} ?, and {given_are} given", "give one value for each ?", "?")
        for use in self._uses:
            if use.name not in known:
                raise _wrong(f"{use.text} has no value", _how_to_give(use.name, known), use.text)
        for name in known:
            if name not in written:
                remedy = nearest(name, written) if written else "leave it out, or write it where the value belongs"
                raise _wrong(f"the statement has no ${name}", remedy, f"${name}")
        for one in given:
            if any(has_stray_characters(value.value) for value in one.values if isinstance(value.value, str)):
                raise _wrong("a text is valid Unicode without NUL", "remove the stray characters", f"${one.name}")

    def bind(self, tree: exp.Expr, given: Sequence[Parameter]) -> None:
        """Put the values where the tree has their parameters. Raises RefusedError `wrong_parameter`."""
        values = {one.name: one for one in given}
        nodes = [(node, self._uses[int(node.this)]) for node in tree.find_all(exp.Placeholder)]
        for node, use in nodes:
            node.set("this", None if use.text == "?" else use.text.lstrip("$:"))
            node.meta.update(start=use.start, end=use.end)
        for node, use in nodes:
            if not values[use.name].is_list:
                _bind(node, use, values[use.name])
        by_place = {use.start: use for use in self._uses}
        # IN is written anew around each list, with copies of what else stands in it: the innermost comes first.
        while left := list(tree.find_all(exp.Placeholder)):
            use = by_place[left[-1].meta["start"]]
            _bind(left[-1], use, values[use.name])

    def _number(self, sql: str, first: Token, last: Token) -> None:
        text = sql[first.start : last.end + 1]
        name = str(1 + sum(use.text == "?" for use in self._uses)) if text == "?" else text[1:].lower()
        number = Token(TokenType.NUMBER, str(len(self._uses)), first.line, first.col, first.start, last.end)
        self.tokens += [Token(TokenType.PARAMETER, "$", first.line, first.col, first.start, first.end), number]
        self._uses.append(_Use(name, text, first.start, last.end))

    @staticmethod
    def _width(tokens: Sequence[Token], place: int) -> int:
        """How many tokens are a parameter here: one mark, or a mark and its name; 0 where none is."""
        token, behind = tokens[place], tokens[place + 1] if place + 1 < len(tokens) else None
        if token.token_type is TokenType.PLACEHOLDER:
            return 1
        is_mark = token.token_type is TokenType.PARAMETER or (
            token.token_type is TokenType.COLON and (place == 0 or tokens[place - 1].end + 1 < token.start)
        )
        follows = behind is not None and behind.start == token.end + 1 and _is_name(behind)
        return 2 if is_mark and follows else 0


def _without_cast(token: Token) -> tuple[Token, ...]:
    """A parameter and the cast behind it, which the tokenizer reads as one operator."""
    if token.text != "?::":
        return (token,)
    mark = Token(TokenType.PLACEHOLDER, "?", token.line, token.col, token.start, token.start)
    return mark, Token(TokenType.DCOLON, "::", token.line, token.col, token.start + 1, token.end)


def _is_name(token: Token) -> bool:
    return token.text.isascii() and (token.text.isdigit() or token.text.isidentifier())


def _how_to_give(name: str, known: Sequence[str]) -> str:
    if known and not name.isdigit() and not all(map(str.isdigit, known)):
        return nearest(name, known)
    return "give params=[…], a value for each place" if name.isdigit() else f"give params={{{name!r}: …}}"


def _wrong(rule: str, remedy: str, field: str) -> RefusedError:
    return RefusedError("wrong_parameter", rule, remedy, field)


def _bind(node: exp.Placeholder, use: _Use, value: Parameter) -> None:
    parent = node.parent
    if isinstance(parent, exp.Table | exp.Ordered | exp.Group | exp.Tuple | exp.Rollup | exp.Cube | exp.Distinct):
        rule = f"{use.text} is a value, and no name of a table, a column or a key"
        raise refused("wrong_parameter", node, rule, "write the name itself")
    if value.is_list:
        _bind_list(node, use, value)
    elif value.is_null and isinstance(parent, exp.EQ | exp.NEQ):
        _ask_for_null(node, parent)
    else:
        put_in_place(node, _tree(value.values[0]))


def _ask_for_null(node: exp.Expr, comparison: exp.Expr) -> None:
    """`x = $p` asks for the rows without a value where it is given none."""
    other = comparison.expression if comparison.this is node else comparison.this
    before = comparison.copy()
    is_null: exp.Expr = exp.Is(this=other, expression=exp.Null())
    if isinstance(comparison, exp.NEQ):
        is_null = exp.Not(this=is_null)
    comparison.replace(replaced_by(before, is_null))


def _bind_list(node: exp.Expr, use: _Use, value: Parameter) -> None:
    holder = node.parent
    while isinstance(holder, exp.Paren | exp.Any | exp.Unnest):
        holder = holder.parent
    if isinstance(holder, exp.EQ) and isinstance(holder.expression, exp.Any):
        tested, others = holder.this, []
    elif isinstance(holder, exp.In) and holder.this is not node and not holder.args.get("query"):
        tested, others = holder.this, [item.copy() for item in holder.expressions if item is not node]
    else:
        rule = f"{use.text} is a list, and a list stands only in IN"
        raise refused("wrong_parameter", node, rule, f"write x IN ({use.text})")
    holder.replace(replaced_by(holder, _membership(tested, others, value.values)))


def _membership(tested: exp.Expr, others: Sequence[exp.Expr], values: Sequence[Literal]) -> exp.Expr:
    """Whether it is one of the values, of which one may be NULL; of none it is none."""
    listed = [*others, *(_tree(one) for one in values if one.value is not None)]
    found: exp.Expr = exp.In(this=tested.copy(), expressions=listed) if listed else exp.Boolean(this=False)
    if all(one.value is not None for one in values):
        return found
    is_null = exp.Is(this=tested.copy(), expression=exp.Null())
    return exp.Paren(this=exp.Or(this=found, expression=is_null)) if listed else is_null


def _tree(value: Literal) -> exp.Expr:
    return exp.Null() if value.value is None else literal_tree(value)
