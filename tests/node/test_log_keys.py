"""What the log says of the city's own keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.log_entries import KeyAdded, KeyRetired, KeyRole, NodeStarted
from hansa_core.signing.dsse import Ed25519Signer
from hansa_log_checks import entries
from hansa_log_cities import LogCity, log_cities
from hansa_node.app.start import record_start
from hansa_node.current_league import CurrentLeague
from hansa_node.log.keys import keys_of
from hansa_node.node_store import NodeStore
from hansa_test_node import make_node

STARTED = NodeStarted(policy=PolicyRef(id="open", version=1), roster=RosterRef(version=1, hash="ab" * 32))
NEW_KEY = Ed25519Signer(b"\x09" * 32).public_key


@contextmanager
def store_of(city: LogCity) -> Iterator[NodeStore]:
    store = city.store()
    try:
        yield store
    finally:
        store.close()


def test_each_key_is_added_once_and_retired_when_the_roster_names_another(tmp_path: Path) -> None:
    node = make_node(tmp_path / "league")
    store = tmp_path / "store.sqlite"
    member = node.roster.member("bremen")
    changed = replace(
        node.roster,
        version=2,
        members=tuple(replace(each, answer_key=NEW_KEY) if each is member else each for each in node.roster.members),
    )
    for roster in (node.roster, node.roster, changed):
        with node.context(store) as context:
            record_start(replace(context, league=CurrentLeague(replace(context.league.now, roster=roster))))
    said = [entry.body for entry in entries(store) if isinstance(entry.body, KeyAdded | KeyRetired)]
    assert set(said[:4]) == keys_of(member)
    assert said[4:] == [
        KeyAdded(role=KeyRole.ANSWER, key=NEW_KEY.hex()),
        KeyRetired(role=KeyRole.ANSWER, key=member.answer_key.hex()),
    ]


def test_what_a_peer_kept_of_keys_is_no_news_after_a_recovery(tmp_path: Path) -> None:
    city = log_cities(tmp_path)["luebeck"]
    keys = [KeyAdded(role="answer", key="ab" * 32), KeyRetired(role="answer", key="ab" * 32), *keys_of(city.member)]
    with store_of(city) as store:
        for body in keys:
            store.log.append(body, now=city.roster.expires)
        leaves, note = store.log.tree.entries(0, store.log.size), store.log.checkpoint()
    assert note is not None
    city.config.store.unlink()
    with store_of(city) as store:
        store.log.replay(leaves, note)
        size = store.log.size
        store.begin((), STARTED, keys=keys_of(city.member), now=city.roster.expires)
        assert [decode_entry(leaf).type for leaf in store.log.tree.entries(size, store.log.size)] == ["node.started"]
