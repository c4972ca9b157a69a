"""Targets: figures that nobody may find more closely than required, whatever is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hansa_core.suppression.atoms import LinearForm


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Target:
    """A figure of an unsafe cell: how far apart the values must be that it may have for all that is shown.

    `width`: between the least and the greatest. `below`, `above`: from the true value to either. All in the figure's
    own whole steps. `entities`: by number, contributors who know their own rows; `counted`: a form of which the true
    value is known beside all that is shown, if any.
    """

    cell: int
    form: LinearForm
    width: int = 0
    below: int = 0
    above: int = 0
    entities: tuple[int, ...] = ()
    counted: LinearForm | None = None

    @property
    def required(self) -> int:
        """The greatest of the distances."""
        return max(self.width, self.below, self.above)

    def at_most(self, below: int, above: int) -> Target:
        """The same with no more than an interval leaves that reaches so far to either side of the true value."""
        return replace(
            self,
            width=min(self.width, below + above),
            below=min(self.below, below),
            above=min(self.above, above),
        )

    def is_met(self, below: int, above: int) -> bool:
        """Whether values so far to either side of the true one are enough."""
        return below + above >= self.width and below >= self.below and above >= self.above
