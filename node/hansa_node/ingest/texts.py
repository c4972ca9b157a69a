"""Texts of a manifest: YAML scalars as the texts that a source would hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from hansa_core.documents.model import ListOf


def scalar(value: object) -> str | None:
    """A YAML scalar as the text that a source would hold: `yes` is true, a date is YYYY-MM-DD."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case str() | int() | float() | date():
            return str(value)
        case _:
            raise ValueError("holds something else than texts, numbers, dates and truth values; write those")


OptionalScalar = Annotated[
    str | None, BeforeValidator(scalar), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
Scalar = Annotated[str, BeforeValidator(scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Texts = Annotated[ListOf[Scalar], Field(min_length=1)]

NULL_WORDS = ("NULL", "null", "Null", "~")  # how YAML writes null: somebody who lists it means the words


def null_words(written: object) -> object:
    """A list in which YAML's null stands for the words that it is written with."""
    if not isinstance(written, Sequence) or isinstance(written, str):
        return written
    return list(dict.fromkeys(word for each in written for word in (NULL_WORDS if each is None else (each,))))
