"""All classes of attacks in their order, with those that need what this release does not serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hansa_redteam.attacks.abuse import ABUSE
from hansa_redteam.attacks.attack import Attack
from hansa_redteam.attacks.differencing import DIFFERENCING
from hansa_redteam.attacks.error_oracle import ERROR_ORACLE
from hansa_redteam.attacks.linear_reconstruction import LINEAR_RECONSTRUCTION
from hansa_redteam.attacks.logged_values import LOGGED_VALUES
from hansa_redteam.attacks.metadata import METADATA
from hansa_redteam.attacks.peers_algebra import (
    COVARIANCES,
    ONE_HOT,
    PRINTED_KEYS,
    ROUNDING_BOUNDARIES,
    TRUE_EXTREMES,
)
from hansa_redteam.attacks.peers_thresholds import (
    COUNTS,
    DATASET_THRESHOLD,
    FELL_TO_ONE,
    IDENTIFIERS,
    SIBLINGS,
    UNGROUPED,
    UNION_OF_CITIES,
)
from hansa_redteam.attacks.poisoned_numbers import POISONED_NUMBERS
from hansa_redteam.attacks.rare_key import RARE_KEY
from hansa_redteam.attacks.republishing import REPUBLISHING
from hansa_redteam.attacks.semantic_averaging import SEMANTIC_AVERAGING
from hansa_redteam.attacks.subtraction import SUBTRACTION
from hansa_redteam.attacks.sums import SUMS
from hansa_redteam.attacks.threshold_edge import THRESHOLD_EDGE
from hansa_redteam.attacks.unpicking_suppression import UNPICKING


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTried:
    """A class that is not counted, and why."""

    key: str
    title: str
    why: str


_PRIVATE = "needs level private"
_NEEDS_ROUNDING = "needs rounding in place of suppression, which this red team does not try"
_NEEDS_PRIVATE = {
    "2": "Averaging",
    "4": "Partition averaging",
    "6": "Exploiting sticky noise",
    "9": "Floating-point noise",
    "13": "Reply timing",
    "14": "Sampler timing",
    "15": "Budget state as a channel",
    "16": "Collusion, races, and a kill between charge and answer",
    "17": "Bounding bypassed by derived keys",
    "22": "The same person in two cities",
    "24": "Black-box audit of differential privacy",
    "P14": "Charging after execution, and not on errors",
}
_TRIED = (
    DIFFERENCING,
    SEMANTIC_AVERAGING,
    LINEAR_RECONSTRUCTION,
    RARE_KEY,
    THRESHOLD_EDGE,
    SUMS,
    ERROR_ORACLE,
    POISONED_NUMBERS,
    METADATA,
    UNPICKING,
    REPUBLISHING,
    SUBTRACTION,
    ABUSE,
    UNGROUPED,
    COUNTS,
    UNION_OF_CITIES,
    DATASET_THRESHOLD,
    LOGGED_VALUES,
    FELL_TO_ONE,
    ONE_HOT,
    IDENTIFIERS,
    COVARIANCES,
    SIBLINGS,
    ROUNDING_BOUNDARIES,
    TRUE_EXTREMES,
    PRINTED_KEYS,
)


def all_classes() -> Mapping[str, Attack | NotTried]:
    """Every class by its key: those with a number first, then the holes that were found in peers."""
    classes: dict[str, Attack | NotTried] = {attack.key: attack for attack in _TRIED}
    classes |= {key: NotTried(key=key, title=title, why=_PRIVATE) for key, title in _NEEDS_PRIVATE.items()}
    classes["21"] = NotTried(key="21", title="Randomness: fork, restore, seed", why=_NEEDS_ROUNDING)
    return {key: classes[key] for key in sorted(classes, key=_place)}


def _place(key: str) -> tuple[bool, int, str]:
    """Numbers first, each with its variants, then the peers' holes."""
    number = int("".join(filter(str.isdigit, key)))
    return key.startswith("P"), number, key
