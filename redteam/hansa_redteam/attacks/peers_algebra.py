"""Holes found in peers' aggregates: algebra that turns large aggregates into facts about few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from hansa_core.contract.level import Level
from hansa_redteam.attacks.attack import Attack, AttackMeasure, Strawman, guessing_bound
from hansa_redteam.attacks.homes import CONTRACT, OWN_WARDS, WARDS, accuracy, crowded, sparse
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.running.stage import AttackedLeague
from hansa_redteam.strawmen.cell_rule import QuerySetThreshold
from hansa_redteam.strawmen.noise_rules import RoundedQuerySets
from hansa_redteam.strawmen.rows_answering import AnswersFromRows, served_by

_METRIC = "share of secret bits guessed"
_BOUND = guessing_bound(len(WARDS))
_ANY_EXPRESSION = AnswersFromRows(rule=QuerySetThreshold(), level=Level.OPEN)
_MILLION = 1_000_000
_AT_ONCE = 8
_PADDING = 12  # homes of the attacker's own wards; with one more the rounded count jumps


def _batches() -> Iterator[Sequence[str]]:
    """The wards, as many at a time as one question asks about."""
    return (WARDS[start : start + _AT_ONCE] for start in range(0, len(WARDS), _AT_ONCE))


def _one_hot(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """Everybody outside the ward adds a million, so that what is left below it is the ward's own."""
    attacker = Attacker(stage.league)
    guesses = []
    for wards in _batches():
        sums = [
            f"SUM(CASE WHEN ward = '{ward}' THEN 1 ELSE {_MILLION} END) AS s{place}" for place, ward in enumerate(wards)
        ]
        reply = attacker.ask(f"SELECT {', '.join(sums)} FROM {CONTRACT}")
        totals = [reply.figure(f"s{place}") for place in range(len(wards))]
        guesses += [0 if total is None else int(total) % _MILLION for total in totals]
    return AttackMeasure(success=accuracy(guesses), told=f"{attacker.asked} questions with sums of CASE")


def _covariances(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """Covariances with random marks of wards are linear in what each ward holds (Huth 2023)."""
    attacker = Attacker(stage.league)
    subsets = np.random.default_rng(9).integers(0, 2, (len(WARDS), len(WARDS)))
    whole = attacker.ask(f"SELECT COUNT(*) AS n, AVG(income) AS a FROM {CONTRACT}")
    count, mean = whole.figure("n"), whole.figure("a")
    right: list[float] = []
    for start in range(0, len(WARDS), _AT_ONCE):
        figures = []
        for place, subset in enumerate(subsets[start : start + _AT_ONCE]):
            listed = ", ".join(f"'{ward}'" for ward, taken in zip(WARDS, subset, strict=True) if taken)
            mark = f"CASE WHEN ward IN ({listed}) THEN 1 ELSE 0 END"
            figures += [f"COVAR_POP(income, {mark}) AS c{place}", f"AVG({mark}) AS m{place}"]
        reply = attacker.ask(f"SELECT {', '.join(figures)} FROM {CONTRACT}")
        if not reply.rows or reply.figure("c0") is None:
            return AttackMeasure(success=accuracy([0] * len(WARDS)), told="no covariance was answered")
        right += [count * (reply.figure(f"c{p}") + mean * reply.figure(f"m{p}")) for p in range(_AT_ONCE)]
    incomes = np.linalg.lstsq(subsets.astype(float), np.array(right), rcond=None)[0]
    guesses = [int(income > 1) for income in incomes]
    return AttackMeasure(success=accuracy(guesses), told=f"{len(WARDS)} covariances solved for {len(WARDS)} wards")


def _rounding(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """Twelve known homes round to 10, and thirteen to 15."""
    attacker = Attacker(stage.league)
    guesses = []
    for wards in _batches():
        own = ", ".join(f"'{ward}'" for ward in OWN_WARDS[:_PADDING])
        counts = [f"COUNT(*) FILTER (WHERE ward IN ('{ward}', {own})) AS n{place}" for place, ward in enumerate(wards)]
        reply = attacker.ask(f"SELECT {', '.join(counts)} FROM {CONTRACT}")
        guesses += [int((reply.figure(f"n{place}") or 0) > _PADDING) for place in range(len(wards))]
    return AttackMeasure(success=accuracy(guesses), told=f"{attacker.asked} questions padded to a rounding boundary")


def _extremes(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """Whether the largest income of a ward is shown; it is that of the boat if the boat's is large."""
    reply = Attacker(stage.league).ask(f"SELECT ward, MAX(income) AS m, MIN(income) AS l FROM {CONTRACT} GROUP BY ward")
    largest = reply.figures("ward", "m")
    guesses = [int((largest.get(ward) or 0) > 900) for ward in WARDS]
    return AttackMeasure(success=accuracy(guesses), told="one question for the extremes of each ward")


def _printed_keys(stage: AttackedLeague, profile: AttackProfile) -> AttackMeasure:
    """A surname that one home has stands in the answer, whether its figures are suppressed or not."""
    reply = Attacker(stage.league).ask(f"SELECT surname, COUNT(*) AS n FROM {CONTRACT} GROUP BY surname")
    printed = reply.figures("surname", "n")
    seen = sum(f"Rare-{ward}" in printed for ward in WARDS)
    return AttackMeasure(success=seen / len(WARDS), told=f"{seen} of {len(WARDS)} rare surnames printed")


ONE_HOT = Attack(
    key="P7",
    title="One-hot sums and CASE",
    does="Adds up CASE expressions in which everybody else counts a million, and one-hot marks.",
    metric=_METRIC,
    bound=_BOUND,
    setting=sparse,
    measure=_one_hot,
    strawman=Strawman(lacks="aggregates over bare columns only", removals=(served_by(_ANY_EXPRESSION),)),
)

COVARIANCES = Attack(
    key="P9",
    title="Reconstruction from covariances",
    does="Solves covariances with known marks for what each ward holds.",
    metric=_METRIC,
    bound=_BOUND,
    setting=sparse,
    measure=_covariances,
    strawman=Strawman(lacks="the refusal of squares and products", removals=(served_by(_ANY_EXPRESSION),)),
)

ROUNDING_BOUNDARIES = Attack(
    key="P11",
    title="Scans of rounding boundaries",
    does="Pads each ward with homes of its own until a rounded count jumps or does not.",
    metric=_METRIC,
    bound=_BOUND,
    setting=sparse,
    measure=_rounding,
    strawman=Strawman(
        lacks="published cells: any large enough set is counted, rounded to five",
        removals=(served_by(AnswersFromRows(rule=RoundedQuerySets())),),
    ),
)

TRUE_EXTREMES = Attack(
    key="P12",
    title="Edges that are true extremes",
    does="Asks for the least and largest income of each ward, as histograms with edges from the data show them.",
    metric=_METRIC,
    bound=_BOUND,
    setting=crowded,
    measure=_extremes,
    strawman=Strawman(lacks="the refusal of MIN and MAX below open", removals=(served_by(_ANY_EXPRESSION),)),
)

PRINTED_KEYS = Attack(
    key="P13",
    title="Suppressed rows that print their key",
    does="Groups by a column without a public domain and reads the keys of suppressed rows.",
    metric="share of rare surnames printed",
    bound=0.0,
    setting=crowded,
    measure=_printed_keys,
    strawman=Strawman(
        lacks="keys from public domains only: a suppressed row keeps its key", removals=(served_by(_ANY_EXPRESSION),)
    ),
)
