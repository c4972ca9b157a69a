"""Policies: a checkpoint counts only with its log's signature and the quorum's."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.signing.dsse import Ed25519Signer
from hansa_core.tlog.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.note import ED25519, NoteSignature, VerifierKey, read_note
from hansa_core.tlog.policy import NO_QUORUM, PolicyGroup, PolicyLog, PolicyWitness, TlogPolicy
from hansa_core.tlog.policy_text import MAX_POLICY_BYTES, parse_policy, policy_text
from hansa_tlog_values import (
    EVE,
    LOG,
    LOG_KEY,
    NOON,
    ORIGIN,
    POLICY,
    WITNESS_KEYS,
    WITNESS_NAMES,
    WITNESSES,
    checkpoint_at,
    flipped,
    note_at,
)

LOG_LINE = f"log {LOG_KEY.text}\n"
WITNESS_LINES = "".join(f"witness w{n} {key.text}\n" for n, key in enumerate(WITNESS_KEYS, start=1))
BASE = LOG_LINE + WITNESS_LINES
SPARE = [Ed25519Signer(bytes([200, number]) * 16).public_key for number in range(20)]
URLS = st.sampled_from(["", "https://a.example/log", "https://bücher.example:9443/"])


@st.composite
def policies(draw: st.DrawFn) -> TlogPolicy:
    logs = draw(st.integers(min_value=0, max_value=3))
    witnesses = draw(st.integers(min_value=0, max_value=4))
    names = [f"w{n}" for n in range(witnesses)]
    free, groups = list(names), []
    for number in range(draw(st.integers(min_value=0, max_value=3))):
        if not free:
            break
        members = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        threshold = draw(st.integers(min_value=1, max_value=len(members)))
        groups.append(PolicyGroup(name=f"é{number}", threshold=threshold, members=tuple(members)))
        free = [*(name for name in free if name not in members), f"é{number}"]
    return TlogPolicy(
        logs=tuple(PolicyLog(key=VerifierKey(f"log{n}", 1, SPARE[n]), url=draw(URLS)) for n in range(logs)),
        witnesses=tuple(
            PolicyWitness(name=name, key=VerifierKey(f"x/{name}", 4, SPARE[10 + n]), url=draw(URLS))
            for n, name in enumerate(names)
        ),
        groups=tuple(groups),
        quorum=draw(st.sampled_from([NO_QUORUM, *names, *(group.name for group in groups)])),
    )


def cosigned_by(*numbers: int) -> bytes:
    note = note_at(7)
    for number in numbers:
        note = add_signatures(note, cosign(checkpoint_at(7).text, WITNESSES[number], WITNESS_NAMES[number], NOON))
    return note


@given(policies())
def test_a_policy_is_read_as_it_was_written(policy: TlogPolicy) -> None:
    assert parse_policy(policy_text(policy)) == policy


def test_a_policy_is_written_line_by_line() -> None:
    assert policy_text(POLICY).decode() == (
        f"log {LOG_KEY.text} https://hamburg.example:9443/\n{WITNESS_LINES}group peers 2 w1 w2 w3\nquorum peers\n"
    )


def test_comments_spaces_and_order_do_not_matter() -> None:
    text = (
        "# the league\n\n \t\n"
        + "".join(f"\twitness \t w{n}   {key.text} \n" for n, key in enumerate(WITNESS_KEYS, start=1))
        + f"group peers 2 w1 w2 w3\n  # before its log\nquorum peers\nlog {LOG_KEY.text} https://hamburg.example:9443/"
        + "\n#"
        + "\n"
    )
    assert parse_policy(text.encode()) == POLICY


@pytest.mark.parametrize(("word", "threshold"), [("any", 1), ("all", 3), ("2", 2)])
def test_any_and_all_are_numbers(word: str, threshold: int) -> None:
    policy = parse_policy(f"{BASE}group g {word} w1 w2 w3\nquorum g\n".encode())
    assert policy.groups[0].threshold == threshold


def test_names_are_opaque_octets() -> None:
    text = b"witness \xff\xa0 " + WITNESS_KEYS[0].text.encode() + b"\nquorum \xff\xa0\n"
    assert policy_text(parse_policy(text)) == text


@pytest.mark.parametrize("numbers", [each for size in range(4) for each in combinations(range(3), size)])
def test_a_quorum_is_two_of_three(numbers: tuple[int, ...]) -> None:
    note = cosigned_by(*numbers)
    if len(numbers) >= 2:
        assert POLICY.check(note) == checkpoint_at(7)
    else:
        with pytest.raises(PeerError, match=f"{len(numbers)} of 3 witnesses"):
            POLICY.check(note)


@pytest.mark.parametrize(
    ("minutes", "seen"), [((), None), ((9,), None), ((5, 9), 5), ((9, 5, 7), 7), ((5, 5, 1_000_000), 5)]
)
def test_a_quorum_had_seen_it_when_the_last_witness_that_it_needs_had(
    minutes: tuple[int, ...], seen: int | None
) -> None:
    """One witness with a clock that runs ahead does not make a log look fresh."""
    note = note_at(7)
    for number, minute in enumerate(minutes):
        signer, name = WITNESSES[number], WITNESS_NAMES[number]
        note = add_signatures(note, cosign(checkpoint_at(7).text, signer, name, NOON + 60 * minute))
    assert POLICY.seen_at(read_note(note)) == (None if seen is None else NOON + 60 * seen)


@pytest.mark.parametrize(
    ("rules", "enough", "too_few"),
    [
        ("quorum none\n", (), None),
        ("quorum w2\n", (1,), (0, 2)),
        ("group g any w1 w3\nquorum g\n", (2,), (1,)),
        ("group g all w1 w2\ngroup h all g w3\nquorum h\n", (0, 1, 2), (0, 2)),
        ("group g all w1 w2\ngroup h any g w3\nquorum h\n", (2,), (0,)),
    ],
)
def test_groups_of_groups_count(rules: str, enough: tuple[int, ...], too_few: tuple[int, ...] | None) -> None:
    policy = parse_policy((BASE + rules).encode())
    assert policy.check(cosigned_by(*enough)) == checkpoint_at(7)
    if too_few is not None:
        with pytest.raises(PeerError, match="quorum"):
            policy.check(cosigned_by(*too_few))


def test_witnesses_without_the_log_are_not_enough() -> None:
    note = checkpoint_at(7).text + b"\n" + cosigned_by(0, 1, 2).split(b"\n\n")[1].split(b"\n", 1)[1]
    with pytest.raises(PeerError, match="no log"):
        POLICY.check(note)


def test_a_log_signs_for_its_own_origin_only() -> None:
    other = VerifierKey("node.bremen/log", ED25519, EVE.public_key)
    policy = TlogPolicy(logs=(PolicyLog(key=LOG_KEY), PolicyLog(key=other)))
    bremen = Checkpoint("node.bremen/log", 7, bytes(32))
    signed_by_hamburg = NoteSignature(ORIGIN, LOG_KEY.key_id, LOG.sign(bremen.text))
    assert policy.check(sign_checkpoint(bremen, EVE)) == bremen
    with pytest.raises(PeerError, match="as its own"):
        policy.check(bremen.text + b"\n" + signed_by_hamburg.line)


def test_one_wrong_cosignature_refuses_the_note() -> None:
    forged = NoteSignature(WITNESS_NAMES[2], WITNESS_KEYS[2].key_id, bytes(72))
    with pytest.raises(PeerError, match="does not verify"):
        POLICY.check(add_signatures(cosigned_by(0, 1), forged.line))


def test_a_witness_counts_once() -> None:
    line = cosign(checkpoint_at(7).text, WITNESSES[0], WITNESS_NAMES[0], NOON)
    with pytest.raises(PeerError, match="2 signatures"):
        POLICY.check(note_at(7) + line + line)


def test_witnesses_beyond_the_policy_are_ignored() -> None:
    stranger = cosign(checkpoint_at(7).text, EVE, "eve/witness", NOON)
    assert POLICY.check(add_signatures(cosigned_by(0, 1), stranger)) == checkpoint_at(7)


@given(st.integers(min_value=0))
def test_no_bit_of_a_note_can_be_changed_under_a_policy(bit: int) -> None:
    note = flipped(cosigned_by(0, 1), bit)
    with pytest.raises(PeerError):
        POLICY.check(note)


@given(st.integers(min_value=0))
def test_a_bit_changed_in_a_policy_is_refused_or_seen(bit: int) -> None:
    changed = flipped(policy_text(POLICY), bit)
    try:
        policy = parse_policy(changed)
    except PeerError:
        return
    assert policy != POLICY or b"#" in changed


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "newline"),
        (BASE, "no quorum line"),
        (f"{BASE}quorum none", "newline"),
        (f"{BASE}quorum none\nquorum none\n", "line 6.*second quorum"),
        (f"{BASE}quorum\n", "line 5"),
        (f"{BASE}quorum w1 w2\n", "line 5"),
        (f"{BASE}quorum w4\n", "line 5.*w4"),
        (f"{BASE}quorum g\ngroup g any w1\n", "line 5.*g is not defined"),
        (f"quorum none\n{LOG_LINE}{LOG_LINE}", "twice"),
        (f"log {LOG_KEY.text} a b\nquorum none\n", "line 1"),
        (f"log {WITNESS_KEYS[0].text}\nquorum none\n", "0x01"),
        (f"witness w {LOG_KEY.text}\nquorum none\n", "0x04"),
        (f"witness none {WITNESS_KEYS[0].text}\nquorum none\n", "none"),
        (f"witness a {WITNESS_KEYS[0].text}\nwitness b {WITNESS_KEYS[0].text}\nquorum a\n", "twice"),
        (f"witness a {WITNESS_KEYS[0].text}\nwitness a {WITNESS_KEYS[1].text}\nquorum a\n", "twice"),
        (f"witness a {WITNESS_KEYS[0].text[:-1]}\nquorum a\n", "line 1.*base64"),
        (f"{BASE}group g any\nquorum none\n", "line 5"),
        (f"{BASE}group g 0 w1\nquorum g\n", "0 of 1"),
        (f"{BASE}group g 2 w1\nquorum g\n", "2 of 1"),
        (f"{BASE}group g 01 w1\nquorum g\n", "threshold"),
        (f"{BASE}group g -1 w1\nquorum g\n", "threshold"),
        (f"{BASE}group g most w1\nquorum g\n", "threshold"),
        (f"{BASE}group g any w1 w1\nquorum g\n", "twice"),
        (f"{BASE}group g any w1\ngroup h any w1\nquorum g\n", "twice"),
        (f"{BASE}group g any none\nquorum g\n", "none is not defined"),
        (f"{BASE}group g any g\nquorum g\n", "g is not defined"),
        (f"{BASE}group w1 any w2\nquorum w1\n", "twice"),
        (f"{BASE}group none any w1\nquorum none\n", "none"),
        (f"{BASE}quorum none\r\n", "control"),
        (f"{BASE}quorum none\n# \x7f\n", "control"),
        (f"{BASE}Quorum none\n", "line 5"),
        (f"{BASE}quorum\u00a0none\n", "line 5"),
        (f"{BASE}threshold 3\nquorum none\n", "line 5"),
    ],
)
def test_a_malformed_policy_is_refused_by_its_rule(text: str, rule: str) -> None:
    with pytest.raises(PeerError, match=rule):
        parse_policy(text.encode())


def test_a_policy_beyond_its_bound_is_not_even_read() -> None:
    with pytest.raises(PeerError, match="at most"):
        parse_policy(b"#" * MAX_POLICY_BYTES + b"\n")


@pytest.mark.parametrize("url", ["a b", "a\tb", "a\nb", "\x7f"])
def test_a_url_that_no_line_can_hold_is_never_made(url: str) -> None:
    with pytest.raises(PeerError, match="url"):
        TlogPolicy(logs=(PolicyLog(key=LOG_KEY, url=url),))
