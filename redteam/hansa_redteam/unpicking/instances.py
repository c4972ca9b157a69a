"""Generated publications: small datasets with linked tables, rings of tables among them, for an attacker to unpick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from hansa_redteam.running.town import Cell, CityRows, Town

CITY = "bremen"
PERIOD = "period"
BATCH = 24  # publications of one league
_PREFIX = "made.set"
_NAMES = ("a", "b", "c", "d")
_MOST = 100  # the upper bound of the measure
_KEY = "type: text, meaning: a key, required: true, constant_per_unit: true"
_UNIT = ', unit: "1"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One generated dataset. `name`: of its contract. `later`: its rows with a further period, if it grows."""

    name: str
    contract: str
    rows: CityRows
    later: CityRows | None


def batches(count: int) -> Iterator[Sequence[int]]:
    """The numbers of `count` instances, league by league."""
    for start in range(0, count, BATCH):
        yield range(start, min(count, start + BATCH))


@cache
def town_of(numbers: range) -> Town:
    """A league of one city that serves these instances."""
    made = [instance(number) for number in numbers]
    return Town(
        contracts={f"{one.name}/1": one.contract for one in made},
        cities={CITY: {one.name: one.rows for one in made}},
        may_refuse=True,
    )


def later_rows(name: str) -> CityRows | None:
    """What a city has once a further period is closed, where the dataset of that name is generated and grows."""
    number = name.removeprefix(_PREFIX)
    return instance(int(number)).later if number != name else None


@cache
def instance(number: int) -> Instance:
    """The instance of that number: always the same."""
    draw = np.random.default_rng([19, number])
    names = _NAMES[: int(draw.integers(2, 5))]
    sizes = {name: int(draw.integers(2, 4)) for name in names}
    has_measure = bool(draw.integers(0, 2))
    has_entities = bool(draw.integers(0, 3) == 0)
    grows = bool(draw.integers(0, 4) == 0)
    threshold = int(draw.integers(3, 6))
    schemes = _schemes(names, draw)
    name = f"{_PREFIX}{number:04d}"
    columns = ["unit", *(["firm"] if has_entities else []), *names, *(["x"] if has_measure else [])]
    domains = {each: [f"{each}{value}" for value in range(sizes[each])] for each in names}
    rows = list(_rows(draw, domains, has_measure=has_measure, has_entities=has_entities))
    if grows:
        columns.append(PERIOD)
        domains[PERIOD] = ["first", "second"]
        schemes = [(*scheme, PERIOD) for scheme in schemes]
        rows = [(*row, domains[PERIOD][place >= len(rows) // 2]) for place, row in enumerate(rows)]
    contract = _contract(name, domains, has_measure=has_measure, has_entities=has_entities)
    manifest = _manifest(name, columns, schemes, threshold, has_measure=has_measure)
    published = [row for row in rows if row[-1] == "first"] if grows else rows
    first, whole = (CityRows(manifest=manifest, columns=tuple(columns), rows=some) for some in (published, rows))
    return Instance(name=name, contract=contract, rows=first, later=whole if grows else None)


def _schemes(names: Sequence[str], draw: np.random.Generator) -> list[tuple[str, ...]]:
    """The dimensions of each table: all pairs, which form a ring, or a chain, or a few sets of them."""
    pairs: list[tuple[str, ...]] = list(combinations(names, 2))
    kind = int(draw.integers(0, 3))
    if kind == 0 or len(names) == 2:
        return [tuple(names[:3])]
    if kind == 1:
        return pairs[:4]
    return [tuple(names[place : place + 2]) for place in range(len(names) - 1)]


def _rows(
    draw: np.random.Generator, domains: dict[str, list[str]], *, has_measure: bool, has_entities: bool
) -> Iterator[Sequence[Cell]]:
    """Rows that lie unevenly: few in most cells, many in some."""
    weights = {name: draw.dirichlet(np.full(len(values), 0.6)) for name, values in domains.items()}
    for number in range(int(draw.integers(20, 90))):
        row: list[Cell] = [f"u{number}"]
        if has_entities:
            row.append(f"f{int(draw.geometric(0.25))}")
        row += [str(draw.choice(values, p=weights[name])) for name, values in domains.items()]
        if has_measure:
            row.append(int(draw.integers(0, _MOST + 1)) if draw.integers(0, 10) else 0)
        yield row


def _contract(name: str, domains: dict[str, list[str]], *, has_measure: bool, has_entities: bool) -> str:
    entity = "firm" if has_entities else "unit"
    columns = ["unit: {type: text, meaning: its number, identifier: true, required: true}"]
    if has_entities:
        columns.append("firm: {type: text, meaning: who holds it, identifier: true, required: true}")
    columns += [f"{column}: {{{_KEY}, domain: [{', '.join(values)}]}}" for column, values in domains.items()]
    if has_measure:
        columns.append(
            f'x: {{type: integer, meaning: a measure, unit: "1", required: true, quantum: 1, lower: 0, upper: {_MOST}}}'
        )
    listed = "\n".join(f"  {column}" for column in columns)
    return (
        f"contract: {name}/1\ntitle: Made up\nunit: unit\nentity: {entity}\nunit_scope: city\n"
        f"max_cities_per_unit: 1\nleast_level: open\ncolumns:\n{listed}\n"
    )


def _manifest(
    name: str, columns: Sequence[str], schemes: Sequence[Sequence[str]], threshold: int, *, has_measure: bool
) -> str:
    measures = "x" if has_measure else ""
    tables = "\n".join(
        f"  - {{name: t{place}, dimensions: [{', '.join(scheme)}], measures: [{measures}]}}"
        for place, scheme in enumerate(schemes)
    )
    mapping = "\n".join(f"  {column}: {{from: {column}{_UNIT if column == 'x' else ''}}}" for column in columns)
    period = f"period: {PERIOD}\n" if PERIOD in columns else ""
    return (
        f"contract: {name}/1\npopulation: made up {name}\nlevel: controlled\nthreshold: {threshold}\n{period}"
        f"tables:\n{tables}\nsource: {{format: csv, path: ../source/{name}.csv}}\nmapping:\n{mapping}\n"
    )
