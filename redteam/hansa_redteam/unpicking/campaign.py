"""Campaign of unpicking: one publication after the other, read through questions and taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.running.staged_rows import staged_rows
from hansa_redteam.unpicking.figures import KnownFigures
from hansa_redteam.unpicking.instances import later_rows
from hansa_redteam.unpicking.layout import TableLayout
from hansa_redteam.unpicking.microdata import Microdata
from hansa_redteam.unpicking.reading import read_publication
from hansa_redteam.unpicking.unpick import Unpicked, Unpicker

_NAMED = 3  # publications that a summary names


@dataclass(slots=True, kw_only=True)
class Campaign:
    """What was found in each publication. Those without an unsafe cell are not counted.

    `refused`: datasets of which the city published nothing, since nothing would have been safe. `grown`: publications
    that a second one followed, with a further period, and that were then unpicked together.
    """

    found: dict[str, Unpicked] = field(default_factory=dict)
    refused: int = 0
    grown: int = 0

    def unpick_all(self, stage: AttackedLeague) -> None:
        """Every publication of every city of the league."""
        for city, contract in _declared(stage):
            if stage.contexts[city].datasets.current(contract) is None:
                self.refused += 1
            else:
                self.found[f"{contract} of {city}"] = self._unpicked(stage, city, contract)

    def _unpicked(self, stage: AttackedLeague, city: str, contract: ContractId) -> Unpicked:
        """By an attacker who asks for every cell, of the second publication too where there is one."""
        layout = TableLayout(stage.contracts[contract], stage.manifest(city, contract))
        known = read_publication(Attacker(stage.league), layout, city)
        found = _taken_apart(stage, city, layout, known)
        later = later_rows(contract.name)
        if later is not None and stage.republish(city, contract, later):
            self.grown += 1
            second = read_publication(Attacker(stage.league), layout, city)
            found.add(_taken_apart(stage, city, layout, known.together_with(second)))
        return found

    @property
    def share_fallen(self) -> float:
        """Of the publications with unsafe cells, those in which one was found exactly, too narrowly, or shown."""
        tried = [one for one in self.found.values() if one.tried or one.shown_unsafe]
        return sum(bool(one.findings or one.shown_unsafe) for one in tried) / len(tried) if tried else 0.0

    @property
    def told(self) -> str:
        """How many figures fell, and in which publications first."""
        whole = Unpicked()
        for one in self.found.values():
            whole.add(one)
        fallen = [name for name, one in self.found.items() if one.findings or one.shown_unsafe]
        first = f", first in {', '.join(fallen[:_NAMED])}" if fallen else ""
        return (
            f"{len(self.found)} publications and {self.refused} refused to be, {self.grown} of two"
            f" periods,"
            f" with {whole.tried} unsafe figures: {whole.exact} found exactly,"
            f" {whole.narrow} too narrowly{first}"
        )


def _taken_apart(stage: AttackedLeague, city: str, layout: TableLayout, known: KnownFigures) -> Unpicked:
    """What follows from the figures, held against the rows that the city has."""
    rows = staged_rows(stage.configs[city].datasets[layout.contract.id], layout.contract)
    return Unpicker(layout, Microdata(rows, layout), known).unpick()


def _declared(stage: AttackedLeague) -> Iterator[tuple[str, ContractId]]:
    for city, config in stage.configs.items():
        for contract in sorted(config.datasets):
            if stage.manifest(city, contract).level is Level.CONTROLLED:
                yield city, contract
