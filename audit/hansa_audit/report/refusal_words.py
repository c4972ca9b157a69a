"""The codes and units of a log in words for readers who do not know them."""

from __future__ import annotations

from hansa_audit.languages.message import Message, as_it_is, message

_NOT_OFFERED = message("The city does not offer this data")
_NOT_THERE = message("The city could not answer at that time")
_NOT_VOUCHED = message("No city of the league vouches for who asked")
_TOO_LARGE = message("The question itself was too large")
_REFUSALS = {
    "awaiting_witnesses": _NOT_THERE,
    "budget_exhausted": message("The privacy budget is used up"),
    "credential_expired": _NOT_VOUCHED,
    "credential_invalid": _NOT_VOUCHED,
    "contract_not_served": _NOT_OFFERED,
    "dataset_not_served": _NOT_OFFERED,
    "denied": message("The city’s policy does not allow it"),
    "distinct_union": message("Nobody can tell from published tables how many different ones there are"),
    "expired": message("The question had expired"),
    "expiry_too_far": message("The question was to be valid for too long"),
    "identifier": message("It asked for something that names single people"),
    "league_mismatch": message("The question was meant for another league"),
    "level_not_offered": message("The data are not offered at this level of detail"),
    "mixed_levels": message("The data are not offered at this level of detail"),
    "no_bins": message("The data have no agreed classes to count by"),
    "no_bounds": message("It asked about numbers of which the data do not say how large they can be"),
    "not_a_key": message("It grouped by something that is not allowed"),
    "not_a_member": _NOT_VOUCHED,
    "not_a_unit": message("It counted something that may not be counted"),
    "not_addressed": message("The question was meant for other cities"),
    "not_published": message("No published table can answer it"),
    "organisation_not_allowed": message("The organisation may not ask about this data"),
    "purpose_not_allowed": message("The purpose is not allowed for this data"),
    "replay": message("The question had been used before, with other words"),
    "roster_expired": message("The league’s list of members had expired"),
    "rows_requested": message("It asked for single records instead of totals"),
    "signature_invalid": message("The question was not signed by who asked it"),
    "too_costly": _TOO_LARGE,
    "too_deep": _TOO_LARGE,
    "too_large": _TOO_LARGE,
    "too_many_aggregates": _TOO_LARGE,
    "too_many_cells": message("It asked for a table that is too large"),
    "too_many_keys": _TOO_LARGE,
    "unavailable": _NOT_THERE,
    "unknown_column": message("It named something that the data do not have"),
    "unknown_contract": message("It named data that the league does not know"),
    "unsupported_clause": message("It used something that questions cannot use"),
    "unwitnessed": _NOT_THERE,
    "wrong_type": message("It did not fit the data"),
}


def refusal_words(code: str) -> Message:
    """The rule behind a refusal, in a few words; a code that is not known, as it is."""
    return _REFUSALS.get(code) or as_it_is(code.replace("_", " ").capitalize())


def unit_words(unit: str) -> Message:
    """The unit of a privacy budget."""
    if unit == "microrho":
        return message("millionths of ρ")
    return as_it_is(unit.replace("_", " "))
