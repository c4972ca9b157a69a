"""Lines: cells that are the sum of others, and the cells held beside an unsafe one so that no line gives it away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditiveLine:
    """A cell that is the sum of others: along one dimension of a table, or by a dependency."""

    parent: int
    children: tuple[int, ...]


ShortBy = Callable[[frozenset[int]], int]
"""For cells that are held side by side: how many rows their union lacks to be safe; 0 where it is safe."""


class Lines:
    """All lines of a publication. `rows`: of each cell. `short_by`: judges a union of held cells as a cell."""

    def __init__(self, lines: Sequence[AdditiveLine], rows: Sequence[int], short_by: ShortBy) -> None:
        self._lines, self._rows, self._short_by = lines, rows, short_by
        self._of_child: dict[int, list[int]] = {}
        for number, line in enumerate(lines):
            for child in line.children:
                self._of_child.setdefault(child, []).append(number)

    def covered(
        self, held: Collection[int], weights: Sequence[float], keys: Sequence[bytes], pinned: Collection[int]
    ) -> frozenset[int]:
        """The held cells, and the cheapest further ones until each union that follows from a shown parent is safe.

        `pinned`: cells that stay shown. A union that cannot be covered is left as it is.
        """
        chosen = set(held)
        waiting = sorted({number for cell in held for number in self._of_child.get(cell, ())})
        while waiting:
            again: set[int] = set()
            for number in waiting:
                for cell in self._cover(self._lines[number], chosen, weights, keys, pinned):
                    chosen.add(cell)
                    again.update(self._of_child.get(cell, ()))
            waiting = sorted(again)
        return frozenset(chosen)

    def exposed(self, held: Collection[int]) -> list[frozenset[int]]:
        """The unions of held cells that follow from a shown parent and are unsafe."""
        touched = sorted({number for cell in held for number in self._of_child.get(cell, ())})
        unions = (
            frozenset(child for child in line.children if child in held)
            for line in (self._lines[number] for number in touched)
            if line.parent not in held
        )
        return [union for union in dict.fromkeys(unions) if self._short_by(union)]

    def _cover(
        self,
        line: AdditiveLine,
        held: set[int],
        weights: Sequence[float],
        keys: Sequence[bytes],
        pinned: Collection[int],
    ) -> Iterable[int]:
        if line.parent in held:
            return
        union = frozenset(child for child in line.children if child in held)
        while need := self._short_by(union):
            candidates = [
                child for child in line.children if child not in held and child not in pinned and self._rows[child]
            ]
            if not candidates:
                return

            def price(child: int, need: int = need) -> tuple[float, bytes]:
                untouched = sum(held.isdisjoint(self._lines[other].children) for other in self._of_child[child])
                return weights[child] * (1 + untouched) / min(1.0, self._rows[child] / need), keys[child]

            best = min(candidates, key=price)
            yield best
            held.add(best)
            union |= {best}
