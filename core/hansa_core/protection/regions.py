"""Regions: the combinations of public values that each cell of a question stands for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import Value
from hansa_core.errors import RefusedError
from hansa_core.plan.evaluate import Evaluator, evaluator
from hansa_core.plan.expression import Call, Expression, Op, columns_of, walk
from hansa_core.plan.limits import MAX_CELLS
from hansa_core.protection.effort import STEPS_PER_CELL, STEPS_PER_COMPILED_NODE, Effort
from hansa_core.protection.hierarchy import BinInterval, Dimension
from hansa_core.protection.leaves import on_interval

Key = tuple[Value | None, ...]
Box = Mapping[int, frozenset[int]]
"""A cross of leaf sets, by the dimension's place; a dimension that is not named is free."""

_Combination = tuple[int, ...]


class Space:
    """The leaves of a table's dimensions, and what expressions over their columns say there, for one question."""

    def __init__(self, dimensions: Sequence[Dimension], columns: Mapping[str, ContractColumn], effort: Effort) -> None:
        self._dimensions = dimensions
        self._columns = columns
        self._place = {dimension.column: place for place, dimension in enumerate(dimensions)}
        self._said: dict[Expression, dict[_Combination, Value | None]] = {}
        self._types = {name: column.type for name, column in columns.items()}
        self._effort = effort

    def regions(self, keys: Sequence[Expression], conditions: Collection[Expression]) -> dict[Key, list[Box]]:
        """Per key tuple that the conditions leave possible, the disjoint boxes of leaves where it holds.

        Raises UndecidedError where an expression tells values of one bin apart, RefusedError past a limit.
        """
        parts: list[dict[Key, list[Box]]] = []
        order: list[int] = []
        for places, numbers, conjuncts in self._components(keys, conditions):
            parts.append(self._component(places, [keys[number] for number in numbers], conjuncts))
            order.extend(numbers)
        if math.prod(len(part) for part in parts) > MAX_CELLS:
            raise RefusedError(
                "too_many_cells",
                f"an answer has at most {MAX_CELLS} cells",
                "group by fewer keys, or select fewer of their values with WHERE",
                "keys",
            )
        self._effort.spend(STEPS_PER_CELL * math.prod(sum(map(len, part.values())) for part in parts))
        found: dict[Key, list[Box]] = {}
        for chosen in itertools.product(*(part.items() for part in parts)):
            values = dict(zip(order, itertools.chain.from_iterable(key for key, _ in chosen), strict=True))
            key = tuple(values[number] for number in range(len(keys)))
            found[key] = [_joined(boxes) for boxes in itertools.product(*(boxes for _, boxes in chosen))]
        return found

    def _components(
        self, keys: Sequence[Expression], conditions: Collection[Expression]
    ) -> Iterator[tuple[list[int], list[int], list[Expression]]]:
        """Keys and conditions that share no column, even through others, split the question into a cross."""
        groups: list[tuple[set[int], list[int], list[Expression]]] = []
        items = [(key, [number], list[Expression]()) for number, key in enumerate(keys)]
        items += [(condition, [], [condition]) for condition in conditions]
        for expression, numbers, conjuncts in items:
            places = self._places(expression)
            joined = (set(places), numbers, conjuncts)
            apart = []
            for group in groups:
                if group[0] & joined[0]:
                    joined = (group[0] | joined[0], group[1] + joined[1], group[2] + joined[2])
                else:
                    apart.append(group)
            groups = [*apart, joined]
        for places_of_group, numbers, conjuncts in groups:
            yield sorted(places_of_group), numbers, conjuncts

    def _component(
        self, places: Sequence[int], keys: Sequence[Expression], conjuncts: Sequence[Expression]
    ) -> dict[Key, list[Box]]:
        self._effort.spend(self._combinations(places) * (len(keys) + len(conjuncts)))
        tests = [self._reader(conjunct, places) for conjunct in conjuncts]
        readers = [self._reader(key, places) for key in keys]
        held: dict[Key, list[_Combination]] = {}
        for combination in itertools.product(*(range(len(self._dimensions[place].leaves)) for place in places)):
            if all(test(combination) is True for test in tests):
                held.setdefault(tuple(reader(combination) for reader in readers), []).append(combination)
        return {
            key: [dict(zip(places, sides, strict=True)) for sides in _boxes(combinations)]
            for key, combinations in held.items()
        }

    def _reader(self, expression: Expression, places: Sequence[int]) -> _Reader:
        own = self._places(expression)
        return _Reader(self._values(expression), [places.index(place) for place in own])

    def _values(self, expression: Expression) -> dict[_Combination, Value | None]:
        """What the expression says at every combination of the leaves of its own columns."""
        if expression not in self._said:
            places = self._places(expression)
            nodes = sum(1 for _ in walk(expression))
            self._effort.spend(nodes * self._combinations(places))
            self._effort.spend(nodes * STEPS_PER_COMPILED_NODE * self._compilations(places))
            asked: dict[_Combination, Evaluator] = {}
            self._said[expression] = {
                combination: self._value(expression, places, combination, asked)
                for combination in itertools.product(*(range(len(self._dimensions[place].leaves)) for place in places))
            }
        return self._said[expression]

    def _value(
        self, expression: Expression, places: Sequence[int], at: _Combination, asked: dict[_Combination, Evaluator]
    ) -> Value | None:
        """The value at one combination. `asked`: the expression, compiled for each cross of bins so far."""
        leaves = {self._dimensions[p].column: self._dimensions[p].leaves[i] for p, i in zip(places, at, strict=True)}
        bins = tuple(i if isinstance(leaf, BinInterval) else -1 for i, leaf in zip(at, leaves.values(), strict=True))
        if bins not in asked:
            for name, leaf in leaves.items():
                if isinstance(leaf, BinInterval):
                    expression = on_interval(expression, self._columns[name], leaf)
            asked[bins] = evaluator(expression, self._types)
        return asked[bins]({name: leaf for name, leaf in leaves.items() if not isinstance(leaf, BinInterval)})

    def _places(self, expression: Expression) -> list[int]:
        return sorted(self._place[name] for name in columns_of(expression))

    def _combinations(self, places: Iterable[int]) -> int:
        return math.prod(len(self._dimensions[place].leaves) for place in places)

    def _compilations(self, places: Iterable[int]) -> int:
        """At most so many crosses of bins are there, each other leaf counting as no bin."""
        bins = (sum(isinstance(leaf, BinInterval) for leaf in self._dimensions[place].leaves) for place in places)
        return math.prod(count + 1 for count in bins)


class _Reader:
    """Reads an expression's value at a combination of more columns than its own."""

    def __init__(self, said: Mapping[_Combination, Value | None], own: Sequence[int]) -> None:
        self._said = said
        self._own = own

    def __call__(self, combination: _Combination) -> Value | None:
        return self._said[tuple(combination[place] for place in self._own)]


def conjuncts_of(expression: Expression | None) -> tuple[Expression, ...]:
    """The conditions that must all hold for the expression to hold."""
    match expression:
        case None:
            return ()
        case Call(Op.AND, arguments):
            return tuple(itertools.chain.from_iterable(conjuncts_of(argument) for argument in arguments))
        case _:
            return (expression,)


def _boxes(combinations: Collection[_Combination]) -> Iterator[tuple[frozenset[int], ...]]:
    """Disjoint crosses that unite to `combinations`: leaves of the first place with the same rest go together."""
    if () in combinations:
        yield ()
        return
    rests: dict[int, set[_Combination]] = {}
    for combination in combinations:
        rests.setdefault(combination[0], set()).add(combination[1:])
    alike: dict[frozenset[_Combination], set[int]] = {}
    for first, rest in rests.items():
        alike.setdefault(frozenset(rest), set()).add(first)
    for rest_of_all, firsts in alike.items():
        for sides in _boxes(rest_of_all):
            yield (frozenset(firsts), *sides)


def _joined(boxes: Iterable[Box]) -> Box:
    return {place: leaves for box in boxes for place, leaves in box.items()}
