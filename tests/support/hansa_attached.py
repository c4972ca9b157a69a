"""Peers that answer the calls of an attached stream by a function of the test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hansa_wire.attach.messages import CityCall
from hansa_wire.codec.answered import Answered


@dataclass(frozen=True)
class AnswersBy:
    """A CallAnswerer that does what `answering` does."""

    answering: Callable[[CityCall], Awaitable[Answered]]

    async def answer(self, call: CityCall) -> Answered:
        return await self.answering(call)


@dataclass
class HeardCodes:
    """A CallListener that keeps the codes of what goes on."""

    codes: list[str] = field(default_factory=list)

    def goes_on(self, code: str, detail: str) -> None:
        self.codes.append(code)
