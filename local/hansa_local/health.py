"""Health: what a running process says of each of its parts, and whether it does its work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hansa_core.documents.strict_json import JsonObject, read_object
from hansa_core.errors import PeerError


class PartState(StrEnum):
    """How a part is: it works, it works and needs somebody to look at it, or it does not work."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPart:
    """One part of a process. `text`: how it is. `remedy`: what to do about it; empty where nothing is to be done."""

    name: str
    state: PartState
    text: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """As `hansa health --json` and `hansa doctor --json` print it."""
        return {"name": self.name, "state": self.state, "text": self.text, "remedy": self.remedy}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessHealth:
    """A process and its parts. `role`: node or coordinator. `name`: the city, or the coordinator's name."""

    role: str
    name: str
    version: str
    parts: tuple[HealthPart, ...]

    @property
    def is_green(self) -> bool:
        """Whether questions would be answered."""
        return all(part.state is not PartState.FAILED for part in self.parts)

    def to_json(self) -> dict[str, object]:
        """As `hansa health --json` prints it."""
        return {
            "role": self.role,
            "name": self.name,
            "version": self.version,
            "healthy": self.is_green,
            "parts": [part.to_json() for part in self.parts],
        }


def health_of_json(content: bytes) -> ProcessHealth:
    """The value that a process of this version wrote. Raises PeerError on anything else."""
    document = read_object(content, "health").require(["role", "name", "version", "healthy", "parts"])
    return ProcessHealth(
        role=document.text("role"),
        name=document.text("name"),
        version=document.text("version"),
        parts=tuple(_part(each) for each in document.objects("parts")),
    )


def _part(document: JsonObject) -> HealthPart:
    document.require(["name", "state", "text", "remedy"])
    try:
        state = PartState(document.text("state"))
    except ValueError as unknown:
        raise PeerError(f"health: {unknown}") from None
    return HealthPart(
        name=document.text("name"), state=state, text=document.text("text"), remedy=document.text("remedy")
    )
