"""Messages: what a page will say, before it is known in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """`text`: in English, the key of the catalogues, with places such as `%(city)s` for the values.

    `many`: the same for a number that is not one; `number`: that number, also a value of its name; None: no plural.
    """

    text: str
    values: Mapping[str, str | int | Message] = field(default_factory=dict)
    many: str | None = None
    number: int | None = None

    @property
    def english(self) -> str:
        """The text for a terminal."""
        values = {name: each.english if isinstance(each, Message) else each for name, each in self.values.items()}
        text = self.text if self.many is None or self.number == 1 else self.many
        return text % values


def message(text: str, /, **values: str | int | Message) -> Message:
    """A message whose words do not depend on a number. Catalogues are made from the calls, so `text` is a literal."""
    return Message(text, values)


def as_it_is(text: str) -> Message:
    """A message that says the same in every language, such as a file's name or a code that nobody knows."""
    return Message("%(text)s", {"text": text})


def counted(one: str, many: str, number: int, /, **values: str | int | Message) -> Message:
    """A message about so many; `%(number)s` stands for it."""
    return Message(one, {**values, "number": number}, many, number)
