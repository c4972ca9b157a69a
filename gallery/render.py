"""A picture of each awkward answer, and one page with all of them, to be looked at: `make gallery`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path

import vl_convert

from hansa.view.plotting.offline import drawn
from hansa_awkward_answers import AWKWARD


def main(arguments: Sequence[str]) -> None:
    """Write `NAME.svg` and `NAME.png` for each answer, and `index.html`, to the folder given."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    figures = []
    for name, make in AWKWARD.items():
        chart = make().plot(dark="--dark" in arguments)
        (folder / f"{name}.png").write_bytes(vl_convert.vegalite_to_png(chart.to_dict(), scale=1))
        svg = drawn(chart.to_dict())
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
        figures.append(f"<figure><figcaption>{escape(name.replace('_', ' '))}</figcaption>{svg}</figure>")
    page = f'<!doctype html><meta charset="utf-8"><title>Awkward answers</title>{"".join(figures)}'
    (folder / "index.html").write_text(page, encoding="utf-8")
    print(f"{len(AWKWARD)} charts in {folder}/index.html")


if __name__ == "__main__":
    main(sys.argv[1:])
