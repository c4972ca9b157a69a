"""Limits of an ingest: what stops a version before it is published, until an operator accepts it with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from hansa_core.documents.model import YAML, Exact, YamlSection, validated

if TYPE_CHECKING:
    from hansa_node.ingest.profile import DataProfile
    from hansa_node.ingest.staging import Staged

DEFAULT_SHARE = Fraction(1, 100)


def _share(value: Fraction) -> Fraction:
    if not 0 <= value <= 1:
        raise ValueError("is a share from 0 to 1; write for example 0.05")
    return value


_Share = Annotated[Exact, AfterValidator(_share)]


class LimitsDocument(YamlSection):
    """The keys of a manifest that stop an ingest."""

    max_rejected_share: _Share = Field(DEFAULT_SHARE, description="of the rows that are read")
    max_clipped_share: _Share = Field(DEFAULT_SHARE, description="of the values of any one column")
    min_rows: Annotated[int, Field(ge=1)] = Field(1, description="rows that are kept")
    max_change_share: _Share | None = Field(None, description="against the version that is served")


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestLimits:
    """Shares are from 0 to 1. `max_change_share`: None: any change will do."""

    max_rejected_share: Fraction = DEFAULT_SHARE
    max_clipped_share: Fraction = DEFAULT_SHARE
    min_rows: int = 1
    max_change_share: Fraction | None = None

    def exceeded(self, staged: Staged, profile: DataProfile, served: DataProfile | None) -> Iterator[str]:
        """Each limit that what was read exceeds, in words for the operator. `served`: of the version that is served."""
        rejected = staged.rows_read - staged.rows_kept
        if staged.rows_read and Fraction(rejected, staged.rows_read) > self.max_rejected_share:
            yield (
                f"{rejected:,} of {staged.rows_read:,} rows are rejected ({_rules(staged)}), and max_rejected_share is"
                f" {_text(self.max_rejected_share)}"
            )
        for name, column in staged.columns.items():
            if staged.rows_kept and Fraction(column.clipped, staged.rows_kept) > self.max_clipped_share:
                yield (
                    f"{name}: {column.clipped:,} of {staged.rows_kept:,} values are out of bounds, and"
                    f" max_clipped_share is {_text(self.max_clipped_share)}"
                )
        if staged.rows_kept < self.min_rows:
            rules = f" ({_rules(staged)})" if rejected else ""
            kept = f"{staged.rows_kept:,} of {staged.rows_read:,} rows are kept{rules}"
            yield f"{kept}, and min_rows is {self.min_rows:,}"
        if self.max_change_share is not None and served is not None:
            from hansa_node.ingest.profile import changes_between  # sqlglot, which a node that serves does without

            for change in changes_between(served, profile, self.max_change_share):
                yield f"{change}, and max_change_share is {_text(self.max_change_share)}"

    def to_json(self) -> Mapping[str, str | int | None]:
        """The limits as an opening holds them: shares as exact text."""
        change = self.max_change_share
        return {
            "max_rejected_share": str(self.max_rejected_share),
            "max_clipped_share": str(self.max_clipped_share),
            "min_rows": self.min_rows,
            "max_change_share": None if change is None else str(change),
        }


def limits_from_document(document: object) -> IngestLimits:
    """The limits in a manifest. Raises ValueError that names the field, the rule and the remedy."""
    sections = document if isinstance(document, Mapping) else {}
    written = validated(
        {key: sections[key] for key in LimitsDocument.model_fields if key in sections}, LimitsDocument, YAML
    )
    return IngestLimits(
        max_rejected_share=written.max_rejected_share,
        max_clipped_share=written.max_clipped_share,
        min_rows=written.min_rows,
        max_change_share=written.max_change_share,
    )


def _rules(staged: Staged) -> str:
    rules = [(rows, rule) for column in staged.columns.values() for rule, rows in column.rejected.items()]
    lines = staged.left_out
    rules += [(rows, rule) for rows, rule in ((lines.ragged, "ragged"), (lines.encoding, "encoding")) if rows]
    return ", ".join(f"{rule} {rows:,}" for rows, rule in sorted(rules, key=lambda found: (-found[0], found[1])))


def _text(share: Fraction) -> str:
    return f"{float(share):g}"
