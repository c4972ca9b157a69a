"""Limbs: whole numbers beyond 64 bits in pieces of 31, so that sums and products of the pieces are exact."""

from __future__ import annotations

LIMB_BITS = 31
MAX_LIMBS = 8
"""Pieces of one number: the top one, which carries the sign, has 31 bits too, so 248 in all."""

_MASK = (1 << LIMB_BITS) - 1


def limb_count(reach: int) -> int:
    """How many limbs numbers of this largest magnitude take."""
    return max(1, -(-reach.bit_length() // LIMB_BITS))


def limb_of(value: int, place: int, count: int) -> int:
    """One of `count` limbs, the lowest at place 0: from 0 to 2**31 - 1, but the top one carries the sign."""
    piece = value >> LIMB_BITS * place
    return piece if place == count - 1 else piece & _MASK


def pairs_at(place: int, first: int, second: int) -> list[tuple[int, int]]:
    """The places of limbs whose products count 2**(31·place), of numbers with `first` and `second` limbs."""
    return [(i, place - i) for i in range(first) if 0 <= place - i < second]
