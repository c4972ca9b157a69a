"""The folder that holds the evidence of one answer: one file for each document.

    question.json               the statement, its options and what became of it at each city, for people
    question.dsse.json          the same, signed with the analyst's query key
    query.dsse.json             the query as every city got it, signed with that key
    credential.dsse.json        the analyst's credential, signed by the analyst's city
    roster.json                 the roster, signed by the governors
    contracts/<name>.<v>.yaml   the contracts, whose hashes are in the roster
    answers/<city>.dsse.json    what the city signed: its release or its refusal
    answers/<city>.tlog-proof   its receipt: the entry in the city's log, and the proof that it is there
    tables/<name>.arrows        a table of the analyst's own; its hash is in the question
    further/<n>/                query.dsse.json and answers/ of a statement's further queries, from 2

Envelopes are DSSE JSON, receipts C2SP tlog-proof, tables Arrow streams. Other files in the folder are not read.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count, islice, takewhile
from pathlib import Path

from hansa.errors import TrustError
from hansa.evidence.evidence import Evidence, LeagueDocuments, QueryEvidence
from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.signing.dsse import Envelope
from hansa_core.signing.envelope_json import envelope_from_json, envelope_to_json
from hansa_local.contract_files import contract_file_name
from hansa_local.private_files import make_private_folder, write_private
from hansa_wire.codec.answered import Answered

QUESTION = "question.json"
SIGNED_QUESTION = "question.dsse.json"
QUERY = "query.dsse.json"
CREDENTIAL = "credential.dsse.json"
ROSTER = "roster.json"
_ENVELOPE = ".dsse.json"
_TABLE = ".arrows"
_MAX_FILE_BYTES = 128 * 1024 * 1024  # an answer of 64 MiB in base64, and what stands around it
_MAX_TABLE_BYTES = 2 * 1024 * 1024 * 1024  # an own table of 1 GiB, and what Arrow pads


def contract_name(contract: ContractId) -> str:
    """The file of a contract, relative to the folder."""
    return f"contracts/{contract_file_name(contract)}"


def query_name(place: int) -> str:
    """The file of a query, by its place from 0, relative to the folder."""
    return f"{_part(place)}{QUERY}"


def answer_name(city: str, place: int = 0) -> str:
    """The file of a city's signed answer to a query, relative to the folder."""
    return f"{_part(place)}answers/{city}{_ENVELOPE}"


def receipt_name(city: str, place: int = 0) -> str:
    """The file of a city's receipt, relative to the folder."""
    return f"{_part(place)}answers/{city}.tlog-proof"


def _part(place: int) -> str:
    return f"further/{place + 1}/" if place else ""


def query_places(folder: Path) -> Iterator[int]:
    """The places of the queries in the folder, from 0: one, unless a statement asked several questions."""
    return takewhile(lambda place: (folder / query_name(place)).exists(), count())


def table_name(table: str) -> str:
    """The file of an own table, relative to the folder."""
    return f"tables/{table}{_TABLE}"


@contextmanager
def blame(name: str, code: str = "evidence_invalid") -> Iterator[None]:
    """Raise every error of a document in here as a TrustError with that code, which names the file."""
    try:
        yield
    except TrustError:
        raise
    except (PeerError, RefusedError, ConfigError, ValueError) as broken:
        raise TrustError(code, f"{name}: {broken}") from broken


def check_free(folder: Path) -> None:
    """Raise ConfigError unless evidence can be written there: asked before a question that costs something is sent."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"{folder}: is not empty; name a new or an empty folder for the evidence")
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise ConfigError(f"{folder}: cannot hold evidence ({failure.strerror}); name another folder") from failure


def write_evidence(evidence: Evidence, folder: Path) -> None:
    """Write the evidence into a new or an empty folder, all of it or nothing. Raises ConfigError."""
    check_free(folder)
    unfinished = folder.absolute().with_name(f"{folder.absolute().name}.new")
    try:
        make_private_folder(unfinished)
        try:
            for name, content in _files(evidence):
                path = unfinished / name
                for parent in reversed(path.relative_to(unfinished).parents[:-1]):
                    if not (unfinished / parent).exists():
                        make_private_folder(unfinished / parent)
                write_private(path, content)
            unfinished.rename(folder.absolute())
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    except OSError as failure:
        place = failure.filename or folder
        raise ConfigError(
            f"{place}: cannot be written ({failure.strerror}); make room or name another folder"
        ) from failure


def read_evidence(folder: Path) -> Evidence:
    """The evidence in a folder, parsed, not verified. Raises TrustError that names a file, ConfigError for no folder.

    `question.json` is not read: `check_copy` holds it against what is signed.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: is no folder; give one that `hansa query --receipt` wrote")
    return Evidence(
        account=_envelope(folder, SIGNED_QUESTION),
        query=_envelope(folder, QUERY),
        credential=_envelope(folder, CREDENTIAL),
        league_documents=LeagueDocuments(roster=_content(folder, ROSTER), contracts=dict(_contracts(folder))),
        answers=dict(_answers(folder, 0)),
        tables=dict(_tables(folder)),
        further=tuple(_further(folder)),
    )


def check_copy(folder: Path, evidence: Evidence) -> None:
    """Raise TrustError unless `question.json`, which is for people, says what the analyst signed."""
    if _content(folder, QUESTION) != evidence.account.payload:
        raise TrustError("evidence_invalid", f"{QUESTION}: is not the question that {SIGNED_QUESTION} signs")


def _files(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    yield QUESTION, evidence.account.payload
    yield SIGNED_QUESTION, envelope_to_json(evidence.account)
    yield CREDENTIAL, envelope_to_json(evidence.credential)
    yield ROSTER, evidence.league_documents.roster
    for contract, document in evidence.league_documents.contracts.items():
        yield contract_name(contract), document
    for place, one in enumerate(evidence.queries):
        yield query_name(place), envelope_to_json(one.query)
        for city, answered in one.answers.items():
            yield answer_name(city, place), envelope_to_json(answered.envelope)
            yield receipt_name(city, place), answered.receipt
    for table, content in evidence.tables.items():
        yield table_name(table), content


def _contracts(folder: Path) -> Iterator[tuple[ContractId, bytes]]:
    for path in sorted((folder / "contracts").glob("*.yaml")):
        name, _, version = path.stem.rpartition(".")
        with suppress(ValueError):  # not a contract's file, so nobody asks for it
            contract = ContractId.parse(f"{name}/{version}")
            yield contract, _content(folder, contract_name(contract))


def _further(folder: Path) -> Iterator[QueryEvidence]:
    for place in islice(query_places(folder), 1, None):
        yield QueryEvidence(query=_envelope(folder, query_name(place)), answers=dict(_answers(folder, place)))


def _answers(folder: Path, place: int) -> Iterator[tuple[str, Answered]]:
    for path in sorted((folder / _part(place) / "answers").glob(f"*{_ENVELOPE}")):
        city = path.name.removesuffix(_ENVELOPE)
        envelope = _envelope(folder, answer_name(city, place))
        receipt = receipt_name(city, place)
        has_receipt = (folder / receipt).exists()
        with blame(receipt, "receipt_invalid"):
            yield city, Answered(envelope, _content(folder, receipt) if has_receipt else b"")


def _tables(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted((folder / "tables").glob(f"*{_TABLE}")):
        table = path.name.removesuffix(_TABLE)
        yield table, _content(folder, table_name(table), _MAX_TABLE_BYTES)


def _envelope(folder: Path, name: str) -> Envelope:
    with blame(name):
        return envelope_from_json(_content(folder, name))


def _content(folder: Path, name: str, max_bytes: int = _MAX_FILE_BYTES) -> bytes:
    try:
        with open(folder / name, "rb") as file:
            content = file.read(min(os.fstat(file.fileno()).st_size, max_bytes) + 1)
    except OSError as failure:
        raise TrustError("evidence_missing", f"{name}: cannot be read ({failure.strerror})") from failure
    if len(content) > max_bytes:
        raise TrustError("evidence_invalid", f"{name}: has more than {max_bytes:,} bytes")
    return content
