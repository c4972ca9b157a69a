"""Strict YAML reader: bounded, without aliases, and every key once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from hansa_core.documents.bounds import MAX_DEPTH
from hansa_core.errors import ConfigError
from hansa_core.nearest import shown
from hansa_local.document_file import read_bytes, text_of


def read_yaml(path: Path, *, hint: str) -> object:
    """The file's one value. `hint`: the remedy where there is no such file. Raises ConfigError."""
    content = read_bytes(path, hint=hint)
    try:
        return yaml_value(content)
    except ValueError as wrong:
        raise ConfigError(f"{path}: {wrong}") from None


def yaml_value(content: bytes) -> object:
    """The one value of a YAML text. Raises ValueError that names the line, the rule and the remedy."""
    text = text_of(content)
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    except _RuleError:
        raise
    except (yaml.YAMLError, ValueError) as failure:  # a ValueError: a date or number that there is not
        raise ValueError(f"is no YAML ({' '.join(str(failure).split())}); mend that line") from None
    finally:
        loader.dispose()


class _RuleError(ValueError):
    """Good YAML that breaks a rule of ours."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, stricter. An alias could multiply a small file to any size."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise _RuleError(f"line {line}: an alias is not read; write the value out")
        level = int(self.check_event(yaml.CollectionStartEvent))
        if self._depth + level > MAX_DEPTH:
            raise _RuleError(f"line {line}: is nested too deeply; at most {MAX_DEPTH} levels are read")
        self._depth += level
        node = super().compose_node(parent, index)
        self._depth -= level
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                raise _RuleError(f"line {line}: a merge key is not read; write its keys out")
            if isinstance(key, yaml.ScalarNode):
                name = repr(self.construct_object(key))
                if name in lines:
                    where = f"on line {lines[name]} and again on line {line}"
                    raise _RuleError(f"{shown(key.value)} stands {where}; keep one of them")
                lines[name] = line
        return super().construct_mapping(node, deep)
