"""The table of UCUM's units, `core/hansa_core/units/ucum_table.py`, out of ucum-essence.xml: `make units`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

TABLE = Path(__file__).parents[1] / "core" / "hansa_core" / "units" / "ucum_table.py"
_SPACE = {"u": "http://unitsofmeasure.org/ucum-essence"}

_HEAD = '''"""UCUM's prefixes and units, as ucum-essence.xml defines them. Written by `make units`, not by hand.

This material contains content from UCUM (https://ucum.org). UCUM is copyright © 1999-2024, Regenstrief Institute, Inc.
and the UCUM Organization, Indianapolis, IN. All rights reserved. UCUM is available at no cost under the UCUM license at
https://ucum.org/license.
"""

from __future__ import annotations

VERSION = "{version}"

BASES = "{bases}"
"""The codes of the base units."""

PREFIXES = """
{prefixes}
"""
"""A line each: code, and the number that it stands for."""

ATOMS = """
{atoms}
"""
"""A line each: code, whether prefixes may stand before it, number, the unit that it is a multiple of, and what it is
besides: `special` for a scale of its own such as a logarithm, `arbitrary` for what converts into nothing else.
"""
'''


def table() -> str:
    """The module's text. The XML is the copy that ucumvert carries, a reader of UCUM by others."""
    root = ET.fromstring((files("ucumvert") / "vendor" / "ucum-essence.xml").read_bytes())
    bases = " ".join(str(base.get("Code")) for base in root.findall("u:base-unit", _SPACE))
    prefixes = "\n".join(
        f"{one.get('Code')} {one.find('u:value', _SPACE).get('value')}"  # type: ignore[union-attr]
        for one in root.findall("u:prefix", _SPACE)
    )
    version = f"{root.get('version')}, {root.get('revision-date')}"
    return _HEAD.format(version=version, bases=bases, prefixes=prefixes, atoms="\n".join(_atoms(root)))


def _atoms(root: ET.Element) -> Iterator[str]:
    for unit in root.findall("u:unit", _SPACE):
        value = unit.find("u:value", _SPACE)
        assert value is not None
        special = value.find("u:function", _SPACE)
        of = value if special is None else special
        kinds = [kind for kind in ("special", "arbitrary") if unit.get(f"is{kind.title()}") == "yes"]
        metric = "metric" if unit.get("isMetric") == "yes" else "plain"
        yield " ".join([str(unit.get("Code")), metric, str(of.get("value")), str(of.get("Unit")), *kinds])


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if TABLE.read_text(encoding="utf-8") == table() else f"{TABLE} is not UCUM's; run: make units")
    TABLE.write_text(table(), encoding="utf-8")
