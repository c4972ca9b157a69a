"""Holes found in peers' thresholds: what the threshold is not applied to, or to what it is applied instead."""

from __future__ import annotations

from hansa_core.contract.level import Level
from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import (
    CITY,
    CONTRACT,
    OTHER_CITY,
    WARDS,
    accuracy,
    crowded,
    sparse,
    two_cities,
)
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.strawmen.cell_rule import (
    DatasetThreshold,
    GroupedThreshold,
    LeftToTheMerge,
    QuerySetThreshold,
    SumThreshold,
)
from hansa_redteam.strawmen.rows_answering import AnswersFromRows, served_by

_METRIC = "share of secret bits guessed"
_BOUND = guessing_bound(len(WARDS))
_BY_WARD = f"SELECT ward, COUNT(*) AS n FROM {CONTRACT} GROUP BY ward"


def _ungrouped(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    guesses = []
    for ward in WARDS:
        reply = attacker.ask(f"SELECT COUNT(*) AS n, COUNT(DISTINCT home) AS d FROM {CONTRACT} WHERE ward = '{ward}'")
        guesses.append(int(bool(reply.figure("n") or reply.figure("d"))))
    return AttackMeasure(success=accuracy(guesses), told=f"{attacker.asked} questions without keys")


def _counts(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    counts = Attacker(stage.league).ask(_BY_WARD).figures("ward", "n")
    return AttackMeasure(success=accuracy([int(bool(counts.get(ward))) for ward in WARDS]), told="one question by ward")


def _total_less_other(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """The other city tells its own figures to everybody."""
    attacker = Attacker(stage.league)
    both = attacker.ask(_BY_WARD).figures("ward", "n")
    other = attacker.ask(_BY_WARD.replace(" GROUP BY", f" WHERE city = '{OTHER_CITY}' GROUP BY")).figures("ward", "n")
    guesses = [int(bool(both.get(ward)) and both[ward] - (other.get(ward) or 0) > 0) for ward in WARDS]
    return AttackMeasure(success=accuracy(guesses), told="a total over two cities, and one city's own figures")


def _fell_to_one(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """The other city is away, so that the total over all is that of one."""
    stage.end(OTHER_CITY)
    reply = Attacker(stage.league).ask(_BY_WARD, partial=True)
    counts = reply.figures("ward", "n")
    told = f"a total over {', '.join((CITY, OTHER_CITY))} of which {len(reply.codes)} did not answer"
    return AttackMeasure(success=accuracy([int(bool(counts.get(ward))) for ward in WARDS]), told=told)


def _siblings(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    everybody = attacker.ask(f"SELECT COUNT(*) AS n FROM {CONTRACT}").figure("n")
    guesses = []
    for ward in WARDS:
        others = attacker.ask(f"SELECT COUNT(*) AS n FROM {CONTRACT} WHERE ward <> '{ward}'").figure("n")
        guesses.append(0 if others is None else everybody - others)
    return AttackMeasure(success=accuracy(guesses), told=f"{attacker.asked} totals with one ward left out")


def _identifiers(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    attacker = Attacker(stage.league)
    rich = f"SELECT COUNT(*) AS n FROM {CONTRACT} WHERE income > 900"
    everybody = attacker.ask(rich).figure("n")
    guesses = []
    for ward in WARDS:
        others = attacker.ask(f"{rich} AND home <> '{ward}-boat'").figure("n")
        guesses.append(0 if everybody is None or others is None else everybody - others)
    return AttackMeasure(success=accuracy(guesses), told=f"{attacker.asked} questions that name a home")


_LEFT_TO_THE_MERGE = Strawman(
    lacks="the threshold at each city: the total over cities is taken to be protection enough",
    removals=(served_by(AnswersFromRows(rule=LeftToTheMerge())),),
)

UNGROUPED = Attack(
    key="P1",
    title="Ungrouped and DISTINCT aggregates",
    does="Asks for one ward at a time without GROUP BY, and for distinct homes: forms that a peer's threshold skipped.",
    metric=_METRIC,
    bound=_BOUND,
    setting=sparse,
    measure=_ungrouped,
    strawman=Strawman(
        lacks="the threshold on answers without keys and on distinct counts",
        removals=(served_by(AnswersFromRows(rule=GroupedThreshold())),),
    ),
)

COUNTS = Attack(
    key="P2",
    title="Counts that are never suppressed",
    does="Reads the counts of cells whose sums are suppressed.",
    metric=_METRIC,
    bound=_BOUND,
    setting=sparse,
    measure=_counts,
    strawman=Strawman(
        lacks="suppressing counts as well as sums",
        removals=(served_by(AnswersFromRows(rule=SumThreshold())),),
    ),
)

UNION_OF_CITIES = Attack(
    key="P3",
    title="Threshold on the union of cities",
    does="Subtracts one city's own figures from the total over two cities, which is large enough as a total.",
    metric=_METRIC,
    bound=_BOUND,
    setting=two_cities,
    measure=_total_less_other,
    strawman=_LEFT_TO_THE_MERGE,
)

DATASET_THRESHOLD = Attack(
    key="P4",
    title="Threshold on the dataset",
    does="Asks for single cells of a dataset that is large enough as a whole.",
    metric=_METRIC,
    bound=_BOUND,
    setting=sparse,
    measure=_counts,
    strawman=Strawman(
        lacks="the threshold on each cell: the dataset as a whole is held to it",
        removals=(served_by(AnswersFromRows(rule=DatasetThreshold())),),
    ),
)

FELL_TO_ONE = Attack(
    key="P6",
    title="A sum over all cities that fell to one",
    does="Asks for a total over all cities while all but one of them are away.",
    metric=_METRIC,
    bound=_BOUND,
    setting=two_cities,
    measure=_fell_to_one,
    strawman=_LEFT_TO_THE_MERGE,
)

IDENTIFIERS = Attack(
    key="P8",
    title="Filters on identifiers",
    does="Counts everybody with a property, with and without one home that the filter names.",
    metric=_METRIC,
    bound=_BOUND,
    setting=crowded,
    measure=_identifiers,
    strawman=Strawman(
        lacks="the ban on identifiers in filters, and published tables",
        removals=(served_by(AnswersFromRows(rule=QuerySetThreshold(), level=Level.OPEN)),),
    ),
)

SIBLINGS = Attack(
    key="P10",
    title="Sibling subsets",
    does="Subtracts the union of all wards but one from the total.",
    metric=_METRIC,
    bound=_BOUND,
    setting=sparse,
    measure=_siblings,
    strawman=Strawman(
        lacks="suppressing a union that contains a suppressed cell",
        removals=(served_by(AnswersFromRows(rule=QuerySetThreshold())),),
    ),
)
