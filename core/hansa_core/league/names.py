"""Names that may stand in a roster or a credential."""

from __future__ import annotations

import re

ORIGIN_PATTERN = "[a-z0-9][a-z0-9.-]{0,252}(?::[1-9][0-9]{0,4})?/log"
# A DNS label: a city's name is also part of its server name and of its analysts' certificates, and names its folders.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ORIGIN = re.compile(ORIGIN_PATTERN)
_PURPOSE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LONGEST_TEXT = 100


def check_label(name: str, field: str) -> None:
    """Raise ValueError unless `name` is one DNS label, such as a city's name."""
    if not _LABEL.fullmatch(name):
        raise ValueError(f"{field} {name[:_LONGEST_TEXT]!r} must be 1 to 63 of a-z, 0-9 and inner hyphens")


def check_server_name(name: str, field: str) -> None:
    """Raise ValueError unless `name` is DNS labels with dots between them."""
    for label in name.split("."):
        check_label(label, field)


def is_origin(name: str) -> bool:
    """Whether `name` can be the origin of a log: a host, perhaps with its port, and `/log`."""
    return _ORIGIN.fullmatch(name) is not None


def check_origin(name: str, field: str) -> None:
    """Raise ValueError unless `name` can be the origin of a log."""
    if not is_origin(name):
        raise ValueError(f"{field} {name[:_LONGEST_TEXT]!r} must be a host, perhaps with its port, and /log")


def check_purpose(name: str, field: str) -> None:
    """Raise ValueError unless `name` can be a purpose."""
    if not _PURPOSE.fullmatch(name):
        raise ValueError(f"{field} {name[:_LONGEST_TEXT]!r} must be 1 to 64 of a-z, 0-9, hyphen and underscore")


def check_shown_text(text: str, field: str) -> None:
    """Raise ValueError unless `text` can be shown to a person as it is: no control characters reach a terminal."""
    if not text.strip() or len(text) > _LONGEST_TEXT or not text.isprintable():
        raise ValueError(f"{field} must be 1 to {_LONGEST_TEXT} printable characters")


def check_distinct(values: tuple[object, ...], field: str) -> None:
    """Raise ValueError if a value stands twice."""
    if len(set(values)) != len(values):
        raise ValueError(f"{field} must not repeat a value")
