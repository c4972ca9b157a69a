"""`docs/config.md`, written from the models that read the files: `make docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le
from generated import write_or_check
from pydantic.fields import FieldInfo

from hansa_core.documents.model import Section
from hansa_local.coordinator_config import CoordinatorConfig
from hansa_local.model_keys import default_of, description_of, is_list, plain_keys, section_in, section_keys
from hansa_local.profile import Profile
from hansa_node.app.config import NodeConfig
from hansa_node.app.policy_file import PolicyFile

FILES: Mapping[str, tuple[type[Section], str]] = {
    "node.toml": (NodeConfig, "`hansa node` reads it; `hansa node init` writes it; sample: `deploy/node.toml`."),
    "policy.toml": (PolicyFile, "A node reads it; `hansa node init` writes it; sample: `deploy/policy.toml`."),
    "coordinator.toml": (
        CoordinatorConfig,
        "`hansa coordinator serve` reads it; `hansa league new` writes it; sample: `deploy/coordinator.toml`.",
    ),
    "profile.toml": (Profile, "`hansa query`, `hansa catalogue` and the SDK read it; `hansa league new` writes it."),
}
_HEAD = """\
# Configuration

Made from the models that read the files by `make docs`; do not edit.

Each file is read once, at the start. A key that nobody knows stops the start and names the nearest known one. A path
that is relative is relative to the folder of its file. Secrets are paths, never values.
"""
_KINDS = {str: "text", bytes: "text", Path: "path", bool: "true or false", int: "whole number", float: "number"}


def reference() -> str:
    """The whole page in Markdown."""
    pages = []
    for name, (model, intro) in FILES.items():
        pages += [f"## `{name}`\n", f"{intro}\n", *_tables(model)]
    return "\n".join([_HEAD, *pages])


def page(target: Path) -> dict[Path, bytes]:
    """The page, as the file that it is written to."""
    return {target: reference().encode()}


def main(arguments: Sequence[str]) -> int:
    """`--write FILE` the page, or `--check FILE`: 1 if the file is not what would be written."""
    return write_or_check(arguments, page, told="the models")


def _tables(model: type[Section]) -> Iterator[str]:
    """The table of the model's own keys, then a table for each section below it."""
    plain = plain_keys(model)
    tables = {name: field for name, field in section_keys(model).items() if section_in(field) is None}
    rows = {**plain, **tables}
    rows = {name: field for name, field in model.model_fields.items() if name in rows}
    yield "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *map(_row, rows, rows.values()), ""])
    for name, field in section_keys(model).items():
        section = section_in(field)
        if section is not None:
            says = description_of(name, field)
            yield f"### `{f'[[{name}]]' if is_list(field) else f'[{name}]'}`\n"
            yield f"{says[0].upper()}{says[1:]}.\n"
            yield from _tables(section)


def _row(name: str, field: FieldInfo) -> str:
    return (
        f"| `{name}` | {_kind(field.annotation)}{_bounds(field)} | {_default(field)} | {description_of(name, field)} |"
    )


def _kind(annotation: Any) -> str:
    if annotation in _KINDS:
        return _KINDS[annotation]
    arguments = [each for each in get_args(annotation) if each is not NoneType]
    if arguments[-1:] == [...]:
        return f"list of {_kind(arguments[0])}s"
    if get_origin(annotation) is Mapping:
        return f"table of {_kind(arguments[1])}s"
    return _kind(arguments[0])  # optional, or annotated


def _bounds(field: FieldInfo) -> str:
    texts = []
    for bound in field.metadata:
        match bound:
            case Ge(ge=least):
                texts.append(f"at least {least}")
            case Gt(gt=below):
                texts.append(f"above {below}")
            case Le(le=most):
                texts.append(f"at most {most}")
    return "".join(f", {text}" for text in texts)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = default_of(field)
    return "none" if default in (None, [], {}) else f"`{json.dumps(default)}`"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
