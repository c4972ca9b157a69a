"""Escaping of a chart's texts, so that none of them ends or opens a script in the page that shows it."""

from __future__ import annotations

import re
from typing import Any

_STEERS_A_PAGE = re.compile(r"<(?=/?script|!--)", re.IGNORECASE)
_WORD_JOINER = "\u2060"  # invisible, so the text reads as before


def inert(spec: Any) -> Any:
    """The specification with every text kept from steering the HTML around it: cities choose keys and reasons."""
    match spec:
        case str():
            return _STEERS_A_PAGE.sub(f"<{_WORD_JOINER}", spec)
        case dict():
            return {inert(name): inert(value) for name, value in spec.items()}
        case list():
            return [inert(value) for value in spec]
        case _:
            return spec
