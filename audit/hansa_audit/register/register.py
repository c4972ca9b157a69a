"""A register: the logs that take part, the cities that do not, and where each question stands."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_audit.register.registered_log import RegisteredLog

QUESTIONS_A_PAGE = 500
"""Pages are filled from the first question on, so that a question keeps its page and its address for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What the pages say. `logs`: those that take part. `left_out`: cities that do not. `url`: where it will lie."""

    league: str
    logs: tuple[RegisteredLog, ...]
    left_out: tuple[str, ...]
    now_unix_s: int
    url: str

    def address(self, log: RegisteredLog, number: int) -> str:
        """Of a question by its number among the log's, below `url`."""
        return f"{log.city}/questions-{number // QUESTIONS_A_PAGE + 1}.html#entry-{log.questions[number].index}"
