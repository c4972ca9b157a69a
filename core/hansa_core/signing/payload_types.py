"""The DSSE payload types: what a signature says that the signed bytes are.

A type is part of what is signed, so a query can never pass for a dry run, nor one city's answer for a description.
"""

from __future__ import annotations

from typing import Final

QUERY: Final = "application/vnd.hansa.query.v1+protobuf"
DRY_RUN: Final = "application/vnd.hansa.dry-run.v1+protobuf"  # the Query message again, asked for its verdict only
ANSWER: Final = "application/vnd.hansa.answer.v1+protobuf"
DRY_RUN_REPORT: Final = "application/vnd.hansa.dry-run-report.v1+protobuf"
DESCRIPTION: Final = "application/vnd.hansa.description.v1+protobuf"
ROSTER: Final = "application/vnd.hansa.roster.v1+json"
CREDENTIAL: Final = "application/vnd.hansa.credential.v1+json"
QUESTION: Final = "application/vnd.hansa.question.v1+json"  # what an analyst says to have asked, kept with the answers
