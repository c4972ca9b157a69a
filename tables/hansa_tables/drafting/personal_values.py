"""Personal values: what a column's texts show of people: addresses of mail, numbers with check digits, names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from ipaddress import ip_address
from types import ModuleType

from hansa_core.contract.personal import PersonalKind
from hansa_tables.drafting.column_look import ColumnLook
from hansa_tables.errors import UnreadableTableError

_MOST_TEXTS = 300
_FEW = 3  # fewer different texts show nothing
_SHARE = 0.8
_CHECKED_SHARE = 0.95
_LEAST_CHECKED = 8  # with one check digit, of so many numbers of another kind not all pass
_NATIONAL = (
    "us.ssn de.idnr fr.nir es.dni es.nie it.codicefiscale nl.bsn be.nn pl.pesel cz.rc ro.cnp bg.egn se.personnummer"
    " fi.hetu no.fodselsnummer dk.cpr ee.ik lt.asmens hr.oib gr.amka ie.pps ch.ssn at.vnr tr.tckimlik br.cpf"
    " gb.nhs pt.cc si.emso"
)
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")
_PHONE = re.compile(r"(?:\+|00|0|\()[0-9][0-9 ()/.\-]{5,17}[0-9]")
_SEPARATED = re.compile(r"[ ()/\-+]")
_PLATE = re.compile(
    r"[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?[1-9][0-9]{0,3}[EH]?"  # Germany
    r"|[A-Z]{2}-?[0-9]{3}-?[A-Z]{2}"  # France, Italy
    r"|[A-Z]{2}[0-9]{2} ?[A-Z]{3}"  # United Kingdom
    r"|[0-9]{4} ?[B-DF-HJ-NP-TV-Z]{3}"  # Spain
    r"|[A-Z]{3} ?[0-9]{2}[0-9A-Z]"  # Sweden
    r"|[0-9A-Z]{1,3}-[0-9A-Z]{2,3}-[0-9A-Z]{1,2}"  # Netherlands
)
_NAME = re.compile(
    r"[^\W\d_a-z][^\W\d_]+(?:[ '’-][^\W\d_]+\.?){1,3}|[^\W\d_a-z][^\W\d_]+(?:[ -][^\W\d_]+)?, [^\W\d_a-z][^\W\d_]+.*"
)
_ADDRESS = re.compile(
    r"[^\W\d_][\w.'’ \-]{3,40}[ ,]+[0-9]{1,4} ?[a-zA-Z]?(?:[-/][0-9]{1,4})?(?:, ?.*)?"
    r"|[0-9]{1,5} (?:bis |ter )?[^\W\d_][\w.'’ \-]{4,40}",
)
_STREET = re.compile(
    r"str(?:\.|aße|asse|eet)?\b|straße|strasse|platz|weg\b|allee|gasse|\b(?:st|ave|avenue|rd|road|lane|dr|drive|blvd)\b|\brue\b|\bcalle\b"
    r"|\bvia\b|\bplaza\b|straat|\blaan\b|\bul\.|gata\b|gatan|vej\b|katu\b|\bavenida\b|\brua\b",
    re.IGNORECASE,
)
_DEGREES = re.compile(r"-?[0-9]{1,3}\.[0-9]{4,}")


def personal_values(look: ColumnLook) -> PersonalKind | None:
    """What most of a column's texts are, where that is something of people. Raises UnreadableTableError.

    Only what is told by its form is found: a number without check digits is told by its column's name alone.
    """
    texts = [text.strip() for text, _ in look.said[:_MOST_TEXTS]]
    if len(texts) < _FEW:
        return None
    for kind, is_one in _TESTS.items():
        if sum(map(is_one, texts)) >= _SHARE * len(texts):
            return kind
    if _are_national(texts):
        return PersonalKind.NATIONAL_ID
    if sum(_is_name(text) for text in texts) >= _SHARE * len(texts) and look.distinct * 2 >= look.rows - look.nulls:
        return PersonalKind.NAME
    return None


def is_position(look: ColumnLook) -> bool:
    """Whether texts are degrees so exact that they show a house."""
    texts = [text.strip() for text, _ in look.said[:_MOST_TEXTS]]
    return len(texts) >= _FEW and sum(_DEGREES.fullmatch(text) is not None for text in texts) >= _SHARE * len(texts)


def _is_iban(text: str) -> bool:
    return bool(_module("iban").is_valid(text))


def _is_phone(text: str) -> bool:
    return _PHONE.fullmatch(text) is not None and _SEPARATED.search(text) is not None and not _is_dated(text)


def _is_dated(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}.*", text) is not None


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None and _STREET.search(text) is not None


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_name(text: str) -> bool:
    """Several words that all start with a capital, but for what stands between them as `van` does."""
    if _NAME.fullmatch(text) is None:
        return False
    words: list[str] = re.split(r"[ ,]+", text)
    return sum(word[:1].isupper() for word in words) >= 2


_TESTS: dict[PersonalKind, Callable[[str], bool]] = {
    PersonalKind.EMAIL: lambda text: _EMAIL.fullmatch(text) is not None,
    PersonalKind.ACCOUNT: _is_iban,
    PersonalKind.IP: _is_ip,
    PersonalKind.PHONE: _is_phone,
    PersonalKind.PLATE: lambda text: _PLATE.fullmatch(text) is not None,
    PersonalKind.ADDRESS: _is_address,
}


def _are_national(texts: list[str]) -> bool:
    """Whether the check digits of one country's numbers are right in nearly all."""
    if len(texts) < _LEAST_CHECKED:
        return False
    for name in _NATIONAL.split():
        module = _module(name)
        if sum(bool(module.is_valid(text)) for text in texts) >= _CHECKED_SHARE * len(texts):
            return True
    return False


@cache
def _module(name: str) -> ModuleType:
    try:
        return import_module(f"stdnum.{name}")
    except ImportError:
        rule = "personal numbers are told by python-stdnum, which is not installed"
        raise UnreadableTableError("this command", rule, "run: pip install 'hansa[node]'") from None
