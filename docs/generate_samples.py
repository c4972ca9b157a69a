"""The sample configurations under `deploy/`, written from the models that read them: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from generated import write_or_check

from hansa_local.coordinator_config import CoordinatorConfig
from hansa_local.toml_writer import annotated_toml
from hansa_node.app.config import NodeConfig
from hansa_node.app.policy_file import PolicyFile

_RELATIVE = "Relative paths are relative to this file."
_ANCHOR = {
    "governance_keys": ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"],
    "governance_threshold": 1,
}


def samples() -> Mapping[str, bytes]:
    """Each sample by its file name."""
    return {
        "node.toml": annotated_toml(
            NodeConfig,
            {
                "city": "seattle",
                "roster": "roster.json",
                **_ANCHOR,
                "datasets": {"housing.permits/1": "manifests/housing.permits.yaml"},
            },
            (
                "A city's node: keeps the rows, decides what is answered, and signs what leaves.",
                "`hansa node init` writes such a file. Start the node with: hansa node serve --config node.toml",
                _RELATIVE,
            ),
        ),
        "policy.toml": annotated_toml(
            PolicyFile,
            {
                "id": "seattle.policy",
                "version": 1,
                "rules": [{"datasets": ["housing.permits/1"], "purposes": ["housing-policy"], "organisations": ["*"]}],
            },
            (
                'Who may ask what, for which purpose. What no rule admits is refused. "*" stands for any.',
                "Raise the version with every change: each decision is recorded with it.",
            ),
        ),
        "coordinator.toml": annotated_toml(
            CoordinatorConfig,
            {
                "name": "coordinator",
                "roster": "league/roster.json",
                **_ANCHOR,
                "tls": {"certificate": "league/coordinator/tls.pem", "key": "league/coordinator/tls.key"},
            },
            (
                "A coordinator: carries questions to the cities and their signed answers back. It stores nothing.",
                "Start it with: hansa coordinator serve --config coordinator.toml",
                _RELATIVE,
            ),
        ),
    }


def files(folder: Path) -> dict[Path, bytes]:
    """Each of the samples, as the file that it is written to."""
    return {folder / name: content for name, content in samples().items()}


def main(arguments: Sequence[str]) -> int:
    """`--write FOLDER` the samples, or `--check FOLDER`: 1 if a file is not what would be written."""
    return write_or_check(arguments, files, told="the models")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
