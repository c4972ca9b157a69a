"""Several requests on their way at once, whose answers come in the order of the requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

IN_FLIGHT = 8
"""How many pages of a log are asked for at once; so many also lie in memory."""

_RequestT = TypeVar("_RequestT")
_AnswerT = TypeVar("_AnswerT")


def answered(
    ask: Callable[[_RequestT], _AnswerT], requests: Iterable[_RequestT]
) -> Iterator[tuple[_RequestT, _AnswerT]]:
    """Each request with its answer. Raises what `ask` raises, at its turn; then nothing more is asked."""
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        waiting: deque[tuple[_RequestT, Future[_AnswerT]]] = deque()
        try:
            for request in requests:
                waiting.append((request, threads.submit(ask, request)))
                if len(waiting) == IN_FLIGHT:
                    first, answer = waiting.popleft()
                    yield first, answer.result()
            while waiting:
                first, answer = waiting.popleft()
                yield first, answer.result()
        finally:
            for _, answer in waiting:
                answer.cancel()
