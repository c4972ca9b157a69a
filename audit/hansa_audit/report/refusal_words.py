"""The codes and units of a log in words for readers who do not know them."""

from __future__ import annotations

_REFUSALS = {
    "not_published": "No published table can answer it",
    "denied": "The city's policy does not allow it",
    "purpose_not_allowed": "The purpose is not allowed for this data",
    "organisation_not_allowed": "The organisation may not ask about this data",
    "dataset_not_served": "The city does not offer this data",
    "level_not_offered": "The data are not offered at this level of detail",
    "contract_not_served": "The city does not offer this data",
    "identifier": "It asked for something that names single people",
    "rows_requested": "It asked for single records instead of totals",
    "not_a_key": "It grouped by something that is not allowed",
    "unknown_column": "It named something that the data do not have",
    "unknown_contract": "It named data that the league does not know",
    "too_many_cells": "It asked for a table that is too large",
    "too_large": "The question itself was too large",
    "expired": "The question had expired",
    "expiry_too_far": "The question was to be valid for too long",
    "replay": "The question had been used before, with other words",
    "not_addressed": "The question was meant for other cities",
    "league_mismatch": "The question was meant for another league",
    "budget_exhausted": "The privacy budget is used up",
    "unsupported_clause": "It used something that questions cannot use",
    "wrong_type": "It did not fit the data",
}


def refusal_words(code: str) -> str:
    """The rule behind a refusal, in a few words; a code that is not known, as it is."""
    return _REFUSALS.get(code, code.replace("_", " ").capitalize())


def unit_words(unit: str) -> str:
    """The unit of a privacy budget."""
    return {"microrho": "millionths of ρ"}.get(unit, unit.replace("_", " "))
