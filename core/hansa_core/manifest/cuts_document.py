"""Cuts of a measure as a manifest writes them: some of the contract's, in one level or in several."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from hansa_core.contract.contract import ContractColumn
from hansa_core.documents.model import exact, field_error
from hansa_core.manifest.manifest import CutLevels


def cuts_from_document(written: Sequence[object], column: ContractColumn, where: str) -> CutLevels:
    """`[30, 90]` is one level, `[[90], [30, 90]]` two. Raises ValueError that names the field, rule and remedy.

    Only the contract's cuts: quantiles and histograms of all cities are made of its bins.
    """
    is_nested = [isinstance(part, list | tuple) for part in written]
    if any(is_nested) and not all(is_nested):
        raise field_error(where, "holds cuts beside levels of cuts", "write [30, 90] or [[90], [30, 90]]")
    levels = [part for part in written if isinstance(part, list | tuple)] if any(is_nested) else [written]
    found = tuple(_level(level, where) for level in levels)
    offered = {cut for level in column.bins for cut in level}
    for cut in (cut for level in found for cut in level):
        if cut not in offered:
            told = ", ".join(f"{float(one):g}" for one in sorted(offered))
            raise field_error(where, f"{float(cut):g} is no cut of the contract", f"choose from {told}")
    for coarse, fine in pairwise(found):
        if not set(coarse) < set(fine):
            raise field_error(where, "a level lacks cuts of the one before", "write the coarsest level first")
    return found


def _level(written: Sequence[object], where: str) -> tuple[Fraction, ...]:
    try:
        cuts = tuple(map(exact, written))
    except ValueError as wrong:
        raise ValueError(f"{where}: {wrong}") from None
    if not cuts or list(cuts) != sorted(set(cuts)):
        raise field_error(where, "the cuts of a level must rise", "sort them, and keep each once")
    return cuts
