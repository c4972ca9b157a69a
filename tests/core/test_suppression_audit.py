"""The audit behind secondary suppression: what an attacker with a linear programme finds, and what it proves."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from hansa_core.suppression.atoms import AtomSystem, Exclusion, LinearForm, Measured, Wholes
from hansa_core.suppression.audit import failing
from hansa_core.suppression.certificate import UncertainProofError, check_proofs
from hansa_core.suppression.insiders import Insiders
from hansa_core.suppression.prior import audit_prior
from hansa_core.suppression.programme import WorkExceededError, WorkLimit
from hansa_core.suppression.proofs import FoundDataSet, Proofs
from hansa_core.suppression.reduction import Equations
from hansa_core.suppression.targets import Target

SEED = b"a seed of tests"
Key = Any  # the leaves of an atom, in the order of the columns
ABC = {"a": 3, "b": 3, "c": 3}
PAIRS = (("a", "b"), ("a", "c"), ("b", "c"))


@dataclass(frozen=True)
class Audited:
    """Tables of some columns over one data set of known rows."""

    system: AtomSystem
    truth: Wholes

    def proofs(
        self, figures: Sequence[LinearForm], targets: Sequence[Target], insiders: Insiders | None = None
    ) -> Proofs:
        return Proofs(
            system=self.system,
            truth=self.truth,
            equations=Equations(self.system, figures, self.truth),
            targets=targets,
            insiders=insiders or Insiders(self.system, self.truth, {}),
            effort=WorkLimit(10_000),
        )

    def fails(self, figures: Sequence[LinearForm], target: Target, insiders: Insiders | None = None) -> bool:
        proofs = self.proofs(figures, [target], insiders)
        found = failing(proofs, np.ones(len(figures), dtype=bool), SEED)
        if not found:
            check_proofs(proofs, figures, np.ones(len(figures), dtype=bool))
        return bool(found)


def audited(
    sizes: Mapping[str, int],
    ties: Sequence[Sequence[str]],
    rows: Mapping[Key, int],
    totals: Mapping[Key, int] | None = None,
    exclusions: Sequence[Exclusion] = (),
    bounds: tuple[int, int] = (0, 10),
) -> Audited:
    measured = {"x": Measured((bounds,))} if totals is not None else {}
    all_sizes = {**sizes, "x": 1} if totals is not None else sizes
    system = AtomSystem(all_sizes, [(*tie, "x") if totals is not None else tie for tie in ties], exclusions, measured)
    keys = list(rows)
    leaves = {column: np.asarray([key[place] for key in keys]) for place, column in enumerate(sizes)}
    if totals is not None:
        leaves["x"] = np.zeros(len(keys), dtype=np.int64)
    sums = {} if totals is None else {"x": np.asarray([totals[key] for key in keys])}
    return Audited(system, system.data_set(leaves, np.asarray([rows[key] for key in keys]), sums))


def cell(**leaves: int) -> dict[str, list[int]]:
    return {column: [leaf] for column, leaf in leaves.items()}


def test_linked_tables_give_away_a_cell_that_no_table_gives_away_by_itself() -> None:
    """Every pair of columns has a table of shown marginals; the two cells of one cross are held, and one is exact."""
    rows = dict.fromkeys(itertools.product(range(3), repeat=3), 5) | {(0, 0, 0): 1}
    of = audited(ABC, PAIRS, rows)
    target = Target(cell=0, form=of.system.rows(cell(a=0, b=0)), width=3)
    tables = [
        of.system.rows({first: [one], second: [other]})
        for first, second in PAIRS
        for one, other in itertools.product(range(3), repeat=2)
        if (first, second, one, other) != ("a", "b", 0, 0)
    ]
    assert of.fails(tables, target)
    fewer = [
        form
        for (first, second), one, other in itertools.product(PAIRS, range(3), range(3))
        for form in [of.system.rows({first: [one], second: [other]})]
        if not (first == "a" and second == "b")
    ]
    assert not of.fails(fewer, target)


def test_no_atom_is_negative_which_cells_of_single_tables_do_not_know() -> None:
    """A 3 x 3 x 3 instance: all AB, AC and BC cells but four of AB are shown, and zeros below make those exact."""
    rows = dict.fromkeys(itertools.product(range(3), repeat=3), 0)
    rows |= {(0, 0, 0): 4, (1, 1, 1): 4, (2, 2, 2): 9, (0, 0, 2): 3, (1, 1, 2): 3}
    of = audited(ABC, PAIRS, rows)
    square = {(0, 0), (0, 1), (1, 0), (1, 1)}
    shown = [
        of.system.rows({first: [one], second: [other]})
        for first, second in PAIRS
        for one, other in itertools.product(range(3), repeat=2)
        if (first, second) != ("a", "b") or (one, other) not in square
    ]
    target = Target(cell=0, form=of.system.rows(cell(a=0, b=0)), width=1)
    # In AB alone the square is a cycle: each of its cells could lie from 0 to 7.
    alone = audited({"a": 3, "b": 3}, [("a", "b")], {k[:2]: v for k, v in _marginal(rows, (0, 1)).items()})
    lines = [alone.system.rows({"a": [n]}) for n in range(3)] + [alone.system.rows({"b": [n]}) for n in range(3)]
    lines += [
        alone.system.rows(cell(a=a, b=b)) for a, b in itertools.product(range(3), repeat=2) if (a, b) not in square
    ]
    assert not alone.fails(lines, Target(cell=0, form=alone.system.rows(cell(a=0, b=0)), width=7))
    # AC and BC say that c = 0 stands in a = 0 and b = 0 alone, and c = 1 in a = 1 and b = 1.
    assert of.fails(shown, Target(cell=0, form=target.form, width=7))


def _marginal(rows: Mapping[tuple[int, ...], int], places: Sequence[int]) -> dict[tuple[int, ...], int]:
    found: dict[tuple[int, ...], int] = {}
    for key, count in rows.items():
        short = tuple(key[place] for place in places)
        found[short] = found.get(short, 0) + count
    return found


def test_count_and_sum_together_tell_more_than_each() -> None:
    of = audited({"a": 2}, [("a",)], {(0,): 5, (1,): 20}, {(0,): 50, (1,): 195})
    everything = [of.system.rows({}), of.system.total({}, "x")]
    few = of.system.rows(cell(a=0))
    assert not of.fails(everything, Target(cell=0, form=few, width=20))
    sums = [*everything, of.system.total(cell(a=0), "x")]
    assert of.fails(sums, Target(cell=0, form=few, width=17))  # 5 values at least make 50, and at most 5.5 stay free


def test_who_knows_the_count_must_not_find_the_sum() -> None:
    of = audited({"a": 2}, [("a",)], {(0,): 1, (1,): 24}, {(0,): 7, (1,): 238})
    shown, total = [of.system.rows({}), of.system.total({}, "x")], of.system.total(cell(a=0), "x")
    assert not of.fails(shown, Target(cell=0, form=total, width=10))
    counted = of.system.rows(cell(a=0))
    assert of.fails(shown, Target(cell=0, form=total, width=6, counted=counted))
    assert not of.fails(shown, Target(cell=0, form=total, width=5, counted=counted))  # "she is the only one": 5 to 10


def test_an_insider_who_takes_off_their_own_rows_finds_more() -> None:
    of = audited({"a": 2}, [("a",)], {(0,): 9, (1,): 9})
    shown, form = [of.system.rows({})], of.system.rows(cell(a=0))
    own = audited({"a": 2}, [("a",)], {(0,): 8, (1,): 7}).truth
    insiders = Insiders(of.system, of.truth, {4: own})
    assert not of.fails(shown, Target(cell=0, form=form, width=18), insiders)
    assert of.fails(shown, Target(cell=0, form=form, width=4, entities=(4,)), insiders)
    assert not of.fails(shown, Target(cell=0, form=form, width=3, entities=(4,)), insiders)


def test_a_dependency_makes_impossible_what_would_have_hidden_a_cell() -> None:
    """b follows from a, so that the cells of b are sums of cells of a."""
    rows = {(0, 0): 3, (1, 1): 8, (2, 1): 9}
    tables = [("a",), ("b",)]
    free = audited({"a": 3, "b": 2}, [("a", "b")], rows)
    contradicts = frozenset(key for key in itertools.product(range(3), range(2)) if key not in rows)
    bound = audited({"a": 3, "b": 2}, tables, rows, exclusions=[Exclusion(("a", "b"), contradicts)])
    for of, is_exact in ((free, False), (bound, True)):
        shown = [of.system.rows({}), of.system.rows(cell(b=0)), of.system.rows(cell(b=1))]
        assert of.fails(shown, Target(cell=0, form=of.system.rows(cell(a=0)), width=3)) is is_exact


def test_rows_that_contradict_a_declaration_are_no_data_set() -> None:
    with pytest.raises(ValueError, match="dependencies"):
        audited({"a": 2}, [("a",)], {(0,): 1}, exclusions=[Exclusion(("a",), frozenset({(0,)}))])


def test_what_is_known_beforehand_is_no_more_to_be_asked_and_no_less() -> None:
    """A prior of [0, 6], then a shown parent 20 and sibling 16: exempt outright, the cell would be found exactly."""
    of = audited({"a": 2, "b": 2}, [("a", "b")], {(0, 0): 4, (0, 1): 2, (1, 0): 10, (1, 1): 6})
    public = [of.system.rows(cell(a=0))]
    form = of.system.rows(cell(a=0, b=0))
    target = Target(cell=0, form=form, width=10)
    insiders = Insiders(of.system, of.truth, {})
    prior = audit_prior(
        system=of.system,
        truth=of.truth,
        figures=public,
        targets=[target],
        insiders=insiders,
        seed=SEED,
        effort=WorkLimit(1000),
    )
    (borne,) = prior.targets
    assert (prior.known, prior.widest, borne.width) == (1, 6, 6)
    assert not of.fails(public, borne)
    assert of.fails([*public, of.system.rows(cell(b=0)), of.system.rows(cell(a=1, b=0))], borne)


def test_only_what_is_known_exactly_is_exempt() -> None:
    of = audited({"a": 2}, [("a",)], {(0,): 4, (1,): 2})
    forms = [of.system.rows(cell(a=0)), of.system.rows(cell(a=1))]
    prior = audit_prior(
        system=of.system,
        truth=of.truth,
        figures=forms[:1],
        targets=[Target(cell=0, form=form, width=10) for form in forms],
        insiders=Insiders(of.system, of.truth, {}),
        seed=SEED,
        effort=WorkLimit(1000),
    )
    assert [(target.form, target.width) for target in prior.targets] == [(forms[1], 10)]


def test_an_audit_stops_at_its_bound_of_work() -> None:
    of = audited({"a": 2}, [("a",)], {(0,): 9, (1,): 9})
    proofs = of.proofs([of.system.rows({})], [Target(cell=0, form=of.system.rows(cell(a=0)), width=3)])
    proofs.effort.left = 0
    with pytest.raises(WorkExceededError):
        failing(proofs, np.ones(1, dtype=bool), SEED)


def test_a_proof_that_contradicts_what_is_shown_is_found_out() -> None:
    of = audited({"a": 2}, [("a",)], {(0,): 9, (1,): 9})
    target, shown = Target(cell=0, form=of.system.rows(cell(a=0)), width=3), [of.system.rows({})]
    for moved, said in ((np.asarray([4]), "contradicts"), (np.asarray([-10]), "contradicts")):
        proofs = of.proofs(shown, [target])
        witness = FoundDataSet(np.asarray([0]), moved)
        proofs.widen(0, 0, 4, (), (witness,))
        with pytest.raises(UncertainProofError, match=said):
            check_proofs(proofs, shown, np.ones(1, dtype=bool))
    with pytest.raises(UncertainProofError, match="apart"):
        check_proofs(of.proofs(shown, [target]), shown, np.ones(1, dtype=bool))


@st.composite
def instances(draw: st.DrawFn) -> tuple[dict[Key, int], tuple[tuple[str, str], ...], list[bool]]:
    rows = {key: draw(st.integers(0, 4)) for key in itertools.product(range(3), range(2), range(3))}
    ties = draw(st.sampled_from([PAIRS[:1] + PAIRS[2:], PAIRS, (("a", "b"), ("b", "c"))]))
    return rows, ties, draw(st.lists(st.booleans(), min_size=40, max_size=40))


@settings(max_examples=40, deadline=None)
@given(instance=instances())
def test_cliques_that_meet_in_separators_leave_what_the_full_cross_leaves(
    instance: tuple[dict[Key, int], tuple[tuple[str, str], ...], list[bool]],
) -> None:
    rows, ties, hides = instance
    sizes = {"a": 3, "b": 2, "c": 3}
    of = audited(sizes, ties, rows)
    cells = [
        {one: [first], other: [second]}
        for one, other in ties
        for first, second in itertools.product(range(sizes[one]), range(sizes[other]))
    ]
    shown = [leaves for leaves, is_hidden in zip(cells, hides, strict=False) if not is_hidden]
    hidden = [leaves for leaves, is_hidden in zip(cells, hides, strict=False) if is_hidden]
    atoms = list(rows)

    def full(leaves: Mapping[str, Sequence[int]]) -> np.ndarray:
        places = {column: place for place, column in enumerate(sizes)}
        return np.asarray([all(key[places[c]] in wanted for c, wanted in leaves.items()) for key in atoms], dtype=float)

    everything = np.ones(len(atoms))
    a_eq = np.asarray([everything, *map(full, shown)])
    b_eq = a_eq @ np.asarray([rows[key] for key in atoms], dtype=float)
    for leaves in hidden[:3]:
        objective = full(leaves)
        ends = [linprog(way * objective, A_eq=a_eq, b_eq=b_eq, bounds=(0, None)).fun * way for way in (1, -1)]
        width = int(np.floor(ends[1] - ends[0] + 1e-7))
        figures = [of.system.rows({}), *map(of.system.rows, shown)]
        form = of.system.rows(leaves)
        assert of.fails(figures, Target(cell=0, form=form, width=width + 1))
        if width and abs(ends[0] - round(ends[0])) < 1e-7 and abs(ends[1] - round(ends[1])) < 1e-7 and len(ties) == 2:
            assert not of.fails(figures, Target(cell=0, form=form, width=width))
