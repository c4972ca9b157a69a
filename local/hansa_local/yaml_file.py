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
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except _RuleError:
        raise
    except (yaml.YAMLError, ValueError) as failure:  # a ValueError: a date or number that there is not
        raise ValueError(f"is no YAML ({' '.join(str(failure).split())}); mend that line") from None


_MOST_VALUES = 100_000  # the largest document of ours has some thousands; PyYAML reads 25,000 a second
_LONGEST_NUMBER = 64
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


class _RuleError(ValueError):
    """Good YAML that breaks a rule of ours."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, stricter. An alias could multiply a small file to any size."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise _RuleError(f"line {line}: an alias is not read; write the value out")
        level = int(self.check_event(yaml.CollectionStartEvent))
        if self._depth + level > MAX_DEPTH:
            raise _RuleError(f"line {line}: is nested too deeply; at most {MAX_DEPTH} levels are read")
        self._nodes += 1
        if self._nodes > _MOST_VALUES:
            raise _RuleError(f"line {line}: has more than {_MOST_VALUES:,} values; put a table into a data file")
        self._depth += level
        node = super().compose_node(parent, index)
        self._depth -= level
        return node

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        if isinstance(node, yaml.MappingNode):  # `{=: 1}`, in which PyYAML sees a scalar
            raise _RuleError(f"line {node.start_mark.line + 1}: a mapping is no text; write one of them")
        line, value = node.start_mark.line + 1, node.value
        if node.tag in _NUMBERS and ":" in value:
            raise _RuleError(f"line {line}: {shown(value)} is a number in base 60 to YAML; put it in quotes")
        if node.tag in _NUMBERS and len(value) > _LONGEST_NUMBER and not value.isdecimal():
            raise _RuleError(f"line {line}: a number of {len(value):,} characters is not read; put it in quotes")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise _RuleError(f"line {line}: half of a surrogate pair is no character; write the whole one")
        return super().construct_scalar(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[object, int] = {}  # by the values themselves: 1, 1.0 and true are one key to a mapping
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                raise _RuleError(f"line {line}: a merge key is not read; write its keys out")
            if isinstance(key, yaml.ScalarNode):
                name = self.construct_object(key)
                if name in lines:
                    where = f"on line {lines[name]} and again on line {line}"
                    raise _RuleError(f"{shown(key.value)} stands {where}; keep one of them")
                lines[name] = line
        return super().construct_mapping(node, deep)
