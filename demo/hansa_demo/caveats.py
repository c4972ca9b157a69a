"""Caveats that the publishers of the permit data want every reader to know, printed with every tour."""

from __future__ import annotations

from operator import itemgetter

import permittimelines


def caveats() -> list[str]:
    """Source, licence, caveats and each city's mature years, line by line, as the package states them."""
    metadata = permittimelines.metadata()
    return [
        f"{metadata['citation']} {metadata['license']}. Retrieved {metadata['retrieved']}.",
        *(f"• {caveat}" for caveat in metadata["caveats"]),
        "Mature years, by the publishers' own rule (a cohort counts once most of it is resolved):",
        *(f"  {city:<14} {', '.join(years)}" for city, years in mature_years().items()),
    ]


def mature_years() -> dict[str, list[str]]:
    """For each city, in the alphabet's order, the application years that its published timelines rest on."""
    timelines = sorted(permittimelines.timelines(), key=itemgetter("city"))
    return {row["city"]: row["mature_years"].split(";") for row in timelines}
