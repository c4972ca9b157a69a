"""The league's contract files on disk: exactly those that the governors signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.roster import Roster
from hansa_local.document_file import bounded_content
from hansa_local.yaml_file import yaml_value


def contract_file_name(contract: ContractId) -> str:
    """`housing.permits.1.yaml` for `housing.permits/1`."""
    return f"{contract.name}.{contract.version}.yaml"


def read_contract_documents(directory: Path, roster: Roster) -> Mapping[ContractId, bytes]:
    """Each contract file of the league, exactly as the roster's hash has it.

    Raises ConfigError if a file cannot be read, PeerError if it is not the one that the governors signed.
    """
    documents = {}
    for contract, digest in roster.contracts.items():
        path = directory / contract_file_name(contract)
        try:
            document = bounded_content(path)
        except OSError as failure:
            raise ConfigError(
                f"{path}: cannot be read ({failure.strerror}); put the league's file for {contract} there"
            ) from None
        if hashlib.sha256(document).hexdigest() != digest:
            raise PeerError(f"{path}: is not the file of {contract} that the roster names{_why(document, digest)}")
        documents[contract] = document
    return documents


def _why(document: bytes, digest: str) -> str:
    """What happened to a file that is not the signed one, and the remedy."""
    plain = document.replace(b"\r\n", b"\n")
    for other, ends in ((plain, "CRLF"), (plain.replace(b"\n", b"\r\n"), "LF")):
        if hashlib.sha256(other).hexdigest() == digest:
            return (
                f": its words are the same, and its lines end in {ends}, which an editor or git has changed; fetch it"
                " from the league, and let git leave it (`*.yaml -text` in .gitattributes)"
            )
    return "; fetch it from the league"


def read_contracts(directory: Path, roster: Roster) -> Mapping[ContractId, Contract]:
    """The league's contracts. Raises as `read_contract_documents`, and ConfigError for a file that is no contract."""
    return contracts_in(read_contract_documents(directory, roster), directory)


def contracts_in(documents: Mapping[ContractId, bytes], directory: Path) -> Mapping[ContractId, Contract]:
    """The contracts in files of `directory`. Raises ConfigError for a file that is no contract."""
    return {id_: contract_in(document, directory / contract_file_name(id_)) for id_, document in documents.items()}


def contract_in(document: bytes, path: Path) -> Contract:
    """The contract in a file's content; `path` names the file in errors. Raises ConfigError."""
    try:
        return contract_from_document(yaml_value(document))
    except ValueError as broken:
        raise ConfigError(f"{path}: is no contract: {broken}") from None
