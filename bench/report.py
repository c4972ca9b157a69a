"""Printing of a bench: a heading, and rows of medians and tails in one unit."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def heading(text: str) -> None:
    """A line that starts a section."""
    print(f"\n== {text}")


def percentile(samples: Sequence[float], share: float) -> float:
    """The sample that `share` (0 to 1) of all samples do not pass: lower-tail order statistic."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def row(name: str, seconds: Sequence[float], *, reference: Sequence[float] | None = None) -> None:
    """Median and 99th percentile in milliseconds, and the ratio of medians to a reference of the same run."""
    ratio = "" if reference is None else f"   {median(seconds) / median(reference):6.1f} × reference"
    print(f"{name:<46} p50 {median(seconds) * 1000:8.2f} ms   p99 {percentile(seconds, 0.99) * 1000:8.2f} ms{ratio}")


def ratio(name: str, pairs: Sequence[tuple[float, float]]) -> None:
    """The median over pairs of what is measured to its reference, and the middle half of the ratios."""
    ratios = [ours / reference for ours, reference in pairs]
    low, high = percentile(ratios, 0.25), percentile(ratios, 0.75)
    print(f"{name:<46} {median(ratios):8.2f} × reference   (half of the pairs: {low:.2f} to {high:.2f})")


def figure(name: str, value: float, unit: str) -> None:
    """One number with its unit."""
    print(f"{name:<46} {value:12,.1f} {unit}")
