"""What a security team's tools read of a log: API Activity of the OCSF."""

from __future__ import annotations

from typing import Any

import pytest

from hansa_core.evidence.body import Body
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.ocsf import Caller, ocsf_event
from hansa_log_entries import CITY, NOON, ONE_OF_EACH, ORIGIN, aborted, decision_on, digest_of, refusal_of


def event_of(body: Body, index: int = 7) -> dict[str, Any]:
    return ocsf_event(index, Entry(time_unix_s=NOON, node=CITY, software="0.1.0", body=body), origin=ORIGIN)


@pytest.mark.parametrize("body", ONE_OF_EACH, ids=lambda body: body.TYPE)
def test_every_entry_has_what_api_activity_requires(body: Body) -> None:
    """Source: OCSF schema 1.6.0, api_activity (class 3 of category 6) and the objects that it holds."""
    event = event_of(body)
    required = ("activity_id", "actor", "api", "category_uid", "class_uid", "metadata", "severity_id", "src_endpoint")
    assert all(event[name] for name in (*required, "time", "type_uid"))
    assert (event["category_uid"], event["class_uid"]) == (6, 6003)
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["time"] == NOON * 1000
    assert event["metadata"]["product"] == {"name": "Hansa", "vendor_name": "Hansa", "version": "0.1.0"}
    assert event["api"]["operation"] == event["metadata"]["event_code"] == body.TYPE
    assert event["metadata"]["uid"] == "node.hamburg/log/7"
    assert event["actor"].keys() & {"user", "app_name"}
    if "user" in event["actor"]:
        assert event["actor"]["user"].keys() & {"name", "uid"}


def test_a_release_is_a_success_and_a_refusal_a_failure_with_its_code() -> None:
    released, refused, lost = event_of(decision_on("q")), event_of(refusal_of("q", "denied")), event_of(aborted("q"))
    assert [each["status"] for each in (released, refused, lost)] == ["Success", "Failure", "Failure"]
    assert (refused["status_code"], refused["api"]["response"]) == ("denied", {"error": "denied"})
    assert released["resources"] == [{"type": "dataset", "name": "housing.permits/1", "version": "1"}]


def test_one_question_has_one_correlation_id_in_every_city() -> None:
    assert event_of(decision_on("q"))["metadata"]["correlation_uid"] == digest_of("q")


def test_events_join_by_organisation_while_the_analyst_is_sealed() -> None:
    first, second = (event_of(decision_on(each))["actor"]["user"] for each in ("q", "r"))
    assert first == second
    assert first["uid"] == first["org"]["uid"] == "organisation:Stadtwerke Köln"
    assert event_of(decision_on("q"))["unmapped"]["opening"]["analyst"] == digest_of("analyst")


def test_an_opened_analyst_is_named() -> None:
    entry = Entry(time_unix_s=NOON, node=CITY, software="0.1.0", body=decision_on("q"))
    user = ocsf_event(7, entry, origin=ORIGIN, caller=Caller(subject="ann", key_id="ab" * 32))["actor"]["user"]
    assert (user["name"], user["uid"], user["org"]["name"]) == ("ann", "ab" * 32, "Stadtwerke Köln")


def test_nothing_of_an_entry_is_lost() -> None:
    unmapped = event_of(decision_on("q"))["unmapped"]
    assert unmapped.keys() == {
        "purpose", "level", "policy", "policy_hash", "manifest_hash", "roster", "decision", "recalled", "ledgers",
        "result_hash", "opening",
    }  # fmt: skip
