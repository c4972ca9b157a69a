"""Removals: one part of a node replaced in this process, for as long as a strawman stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Removal:
    """What stands at `place`, a name of a module or of a class in it: `module:name` or `module:Class.name`."""

    place: str
    instead: object

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put it there until the block ends. Raises AttributeError where the node has no such part."""
        module, _, path = self.place.partition(":")
        *outer, name = path.split(".")
        owner: object = import_module(module)
        for each in outer:
            owner = getattr(owner, each)
        kept = owner.__dict__[name] if name in owner.__dict__ else getattr(owner, name)
        setattr(owner, name, self.instead)
        try:
            yield
        finally:
            setattr(owner, name, kept)


@contextmanager
def removed(removals: tuple[Removal, ...]) -> Iterator[None]:
    """All of them, until the block ends."""
    with ExitStack() as stack:
        for removal in removals:
            stack.enter_context(removal.applied())
        yield
