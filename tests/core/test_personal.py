"""hansa_core.contract.personal: columns that hold something of people, by their names in the languages of cities."""

from __future__ import annotations

import unicodedata

import pytest

from hansa_core.contract.personal import PersonalKind, names_people, personal_kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Vorname", PersonalKind.NAME),
        ("prénom", PersonalKind.NAME),
        (unicodedata.normalize("NFD", "prénom"), PersonalKind.NAME),
        ("ΕΠΏΝΥΜΟ", PersonalKind.NAME),
        ("Фамилия", PersonalKind.NAME),
        ("apellidos", PersonalKind.NAME),
        ("person_id", PersonalKind.PERSON),
        ("PersonID", PersonalKind.PERSON),
        ("Bürger-Nr.", PersonalKind.PERSON),
        ("Schueler", PersonalKind.PERSON),
        ("user.zip", PersonalKind.PERSON),
        ("household", PersonalKind.PERSON),
        ("E-Mail", PersonalKind.EMAIL),
        ("Numéro de téléphone", PersonalKind.PHONE),
        ("Steuer-ID", PersonalKind.NATIONAL_ID),
        ("N° sécurité sociale", PersonalKind.NATIONAL_ID),
        ("IBAN", PersonalKind.ACCOUNT),
        ("Straße", PersonalKind.ADDRESS),
        ("clientIP", PersonalKind.IP),
        ("Kfz-Kennzeichen", PersonalKind.PLATE),
        ("Geburtsdatum", PersonalKind.BIRTH),
        ("Laengengrad", PersonalKind.POSITION),
    ],
)
def test_what_a_name_says_of_people_is_known(name: str, kind: PersonalKind) -> None:
    assert personal_kind(name) is kind


@pytest.mark.parametrize(
    "name", ["tree_id", "permit_id", "personal_cost", "trip_id", "latest", "ship", "Bezirk", "zip"]
)
def test_a_name_that_only_looks_alike_says_nothing(name: str) -> None:
    assert personal_kind(name) is None


def test_a_position_or_a_birthday_is_personal_and_names_nobody() -> None:
    assert not names_people("Geburtsdatum")
    assert not names_people("lat")
    assert names_people("Kundennummer")
