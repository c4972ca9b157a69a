"""What the publishers of the permit data want every reader to know, printed with every tour."""

from __future__ import annotations

from operator import itemgetter

import permittimelines
from rich.console import Console
from rich.text import Text


def print_source(console: Console) -> None:
    """Source, licence, caveats and each city's mature years, as the package states them."""
    metadata = permittimelines.metadata()
    console.print(Text("About the data", style="bold"))
    console.print(Text(f"{metadata['citation']} {metadata['license']}. Retrieved {metadata['retrieved']}."))
    for caveat in metadata["caveats"]:
        console.print(Text(f"• {caveat}"))
    console.print(Text("Mature years, by the publishers' own rule (a cohort counts once most of it is resolved):"))
    for city, years in mature_years().items():
        console.print(Text(f"  {city:<14} {', '.join(years)}"))
    console.print()


def mature_years() -> dict[str, list[str]]:
    """For each city, in the alphabet's order, the application years that its published timelines rest on."""
    timelines = sorted(permittimelines.timelines(), key=itemgetter("city"))
    return {row["city"]: row["mature_years"].split(";") for row in timelines}
