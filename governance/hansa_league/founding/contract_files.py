"""The contract files that a new league shares, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_local.contract_files import contract_in
from hansa_local.document_file import bounded_content


def read_contract_files(paths: Iterable[Path]) -> Mapping[ContractId, bytes]:
    """Each contract's file, byte for byte. Raises ConfigError that names the file and what is wrong with it."""
    documents: dict[ContractId, bytes] = {}
    for path in paths:
        try:
            content = bounded_content(path)
        except OSError as failure:
            raise ConfigError(
                f"{path}: cannot be read ({failure.strerror}); give the path of a contract file"
            ) from None
        contract = contract_in(content, path).id
        if contract in documents:
            raise ConfigError(f"{path}: {contract} was given before; name each contract once")
        documents[contract] = content
    if not documents:
        raise ConfigError("contracts: a league shares at least one contract; name its file")
    return documents
