"""Execute: the dataset's level computes the cells, as they may be released."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_node.answering.answering import ProtectedCells
from hansa_node.engines.stop import Stop
from hansa_node.pipeline.bind import BoundQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """The cells that answer a question."""

    question: BoundQuestion
    cells: ProtectedCells


def execute(question: BoundQuestion, stop: Stop) -> Executed:
    """Raises RefusedError `too_many_cells` at `open`, where undeclared domains show their size only here.

    Raises AbandonedError where `stop` was pulled before the cells were there.
    """
    return Executed(question=question, cells=question.dataset.answering.compute(question.plan, stop))
