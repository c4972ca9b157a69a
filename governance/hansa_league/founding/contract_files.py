"""The contract files that a new league shares, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.personal import names_people, personal_kind
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
        read = contract_in(content, path)
        _check_people(read, path)
        contract = read.id
        if contract in documents:
            raise ConfigError(f"{path}: {contract} was given before; name each contract once")
        documents[contract] = content
    if not documents:
        raise ConfigError("contracts: a league shares at least one contract; name its file")
    return documents


def _check_people(contract: Contract, path: Path) -> None:
    """Raise ConfigError where an identifier's name says that it names people, and the contract lets them be open."""
    if contract.least_level is not Level.OPEN or contract.least_level_reason is not None:
        return
    for column in contract.columns.values():
        kind = personal_kind(column.name)
        if column.identifier and column.names_people is None and kind is not None and names_people(column.name):
            raise ConfigError(
                f"{path}: columns.{column.name}: seems to hold {kind}, and least_level is open, which protects nobody;"
                f" write least_level: {Level.CONTROLLED}, or why not as least_level_reason, or names_people: false if"
                " it names none"
            )
