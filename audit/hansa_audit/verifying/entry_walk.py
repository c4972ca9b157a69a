"""One walk over the entries of a log, in which the tree, every tile and every entry are checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hansa_audit.entries.named_rules import NAMING_BODIES, NamedRules, rules_named_by
from hansa_audit.folder.findings import FileRule, Findings
from hansa_audit.folder.log_folder import CHECKPOINT, LogFolder
from hansa_audit.folder.rebuilt_tree import RebuiltTree, split_hashes
from hansa_audit.folder.trusted_keys import Trusted
from hansa_audit.verifying.claims import Claims
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.audit import Audit, Subject
from hansa_core.evidence.body import Body, PolicyRef
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.finding import LogFinding
from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_core.evidence.rule_entries import DatasetRegistered, PolicyPublished
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.tiles import TILE_WIDTH, Tile, decode_bundle, tile_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenLeaf:
    """The bytes of one leaf. `entry`: None where they are no entry.

    `is_dated`: whether its time is later than that of the entry before it, below which no time may lie.
    `policies`, `manifests`: the earlier entries that announced the policy, and the dataset at its level, that it names.
    """

    leaf: bytes
    entry: Entry | None
    is_dated: bool = False
    policies: tuple[int, ...] = ()
    manifests: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenLog:
    """What the log's signature proves of the folder: its roots at the sizes, and its leaves at the indices, of claims.

    An index that is absent from `leaves` was not proven. `rules`: the documents that its entries name.
    """

    size: int
    roots: Mapping[int, bytes]
    leaves: Mapping[int, ProvenLeaf]
    rules: tuple[NamedRules, ...] = ()


class EntryWalk:
    """The walk. `newest_unix_s`: the time of the last entry, once it is proven.

    `is_signed`: whether the log's own key signed the checkpoint; if not, nothing is held against it.
    """

    def __init__(
        self,
        folder: LogFolder,
        checkpoint: Checkpoint,
        trusted: Trusted,
        claims: Claims,
        findings: Findings,
        *,
        is_signed: bool,
    ) -> None:
        self._folder = folder
        self._checkpoint = checkpoint
        self._trusted = trusted
        self._claims = claims
        self._findings = findings
        self._is_signed = is_signed
        self._tree = RebuiltTree(self._compare, claims.sizes)
        self._audit: Audit | None = None
        self._broken_rules = Findings()
        self._is_judging = True
        self._wanted = claims.indices
        self._leaves: dict[int, ProvenLeaf] = {}
        self._announced = _Announced()
        self._differing: list[tuple[Tile, list[int]]] = []
        self.newest_unix_s: int | None = None
        self.city = None if trusted.member is None else trusted.member.city

    def run(self) -> ProvenLog | None:
        """Check everything. None where files or signature leave nothing proven."""
        size = self._checkpoint.size
        for index in range(-(-size // TILE_WIDTH)):
            if not self._take(tile_at(0, index, size)):
                return None
        are_entries_right = self._tree.finish() == self._checkpoint.root
        tree = self._tree if are_entries_right else self._tree_of_hashes()
        self._blame(are_entries_right=are_entries_right, are_hashes_right=tree is not self._tree and tree is not None)
        if not self._is_signed or tree is None:
            return None
        if are_entries_right:  # the rules judge what the city signed, and no forgery of it
            if self._is_judging and self._audit is not None:
                self._note_broken(self._audit.finish())
            self._findings.take_over(self._broken_rules)
            self.newest_unix_s = self._audit.time_unix_s if self._audit is not None else None
        roots = {at: root for at in self._claims.sizes if (root := tree.root_at(at)) is not None}
        rules = tuple(self._announced.rules) if are_entries_right else ()
        return ProvenLog(size=size, roots=roots, leaves=self._leaves, rules=rules)

    def _take(self, tile: Tile) -> bool:
        """Whether the walk can go on."""
        try:
            entries = decode_bundle(self._folder.bundle(tile), tile.width)
        except (ConfigError, PeerError) as broken:
            return self._skip(tile, broken)
        if self._is_judging:
            self._judge(tile.start, entries)
        self._tree.extend([leaf_hash(entry) for entry in entries])
        return True

    def _skip(self, tile: Tile, broken: Exception) -> bool:
        """Go on with the hashes of the entries, if they are there: the rest of the tree can be checked by them."""
        is_absent = isinstance(broken, ConfigError)
        self._findings.add(
            tile.entries_path, FileRule.MISSING if is_absent else FileRule.BUNDLE, _without(broken, tile)
        )
        self._is_judging = False
        try:
            self._tree.extend(split_hashes(self._folder.tile(tile), tile))
        except (ConfigError, PeerError) as also:
            self._findings.add(
                tile.path, FileRule.MISSING, f"neither entries nor hashes: nothing after it is checked ({also})"
            )
            return False
        return True

    def _judge(self, start: int, entries: Sequence[bytes]) -> None:
        for index, leaf in enumerate(entries, start=start):
            if self._audit is None:
                self._audit = Audit(self._subject(leaf))
            before_unix_s = self._audit.time_unix_s if index in self._wanted else None
            read, found = self._audit.take(leaf)
            if index in self._wanted:
                self._leaves[index] = self._announced.leaf(leaf, None if read is None else read.entry, before_unix_s)
            if read is not None and type(read.template.entry.body) in NAMING_BODIES:
                self._announced.note(index, read.entry.body)
            if found:
                self._note_broken(found)

    def _note_broken(self, found: Iterable[LogFinding]) -> None:
        for each in found:
            tile = tile_at(0, each.index // TILE_WIDTH, max(self._checkpoint.size, 1))
            self._broken_rules.add(tile.entries_path, each.rule, each.text, each.index)

    def _subject(self, first: bytes) -> Subject:
        if self.city is None:
            try:
                self.city = decode_entry(first).node
            except PeerError:
                self.city = ""
        key = self._trusted.log_key
        return Subject(city=self.city, origin=key.name, log_key=key.key, rosters=self._trusted.roster_hashes)

    def _compare(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        """Hold a tile of hashes against those that follow from the entries."""
        try:
            content = self._folder.tile(tile)
            if content == b"".join(hashes):
                return
            pairs = enumerate(zip(split_hashes(content, tile), hashes, strict=True))
            self._differing.append((tile, [number for number, (said, follows) in pairs if said != follows]))
        except ConfigError as absent:
            self._findings.add(tile.path, FileRule.MISSING, _without(absent, tile))
        except PeerError as broken:
            self._findings.add(tile.path, FileRule.TILE, _without(broken, tile))

    def _blame(self, *, are_entries_right: bool, are_hashes_right: bool) -> None:
        """Where entries and hashes differ, the root says which of them are forged: one finding for each file."""
        if not are_entries_right and not are_hashes_right:
            self._findings.add(CHECKPOINT, FileRule.ROOT, "its root is not the one that follows from the entries")
        for tile, numbers in self._differing:
            if are_hashes_right and tile.level == 0:
                for number in numbers:
                    self._leaves.pop(tile.start + number, None)
                text = _forged_entries(tile, numbers)
                self._findings.add(tile.entries_path, FileRule.BUNDLE, text, tile.start + numbers[0])
            elif are_entries_right:
                self._findings.add(tile.path, FileRule.TILE, _forged_hashes(tile, numbers))

    def _tree_of_hashes(self) -> RebuiltTree | None:
        """The tree that the hashes of level 0 make without the entries, if it has the signed root."""
        size = self._checkpoint.size
        tree = RebuiltTree(lambda tile, hashes: None, self._claims.sizes)
        try:
            for index in range(-(-size // TILE_WIDTH)):
                tile = tile_at(0, index, size)
                tree.extend(split_hashes(self._folder.tile(tile), tile))
        except (ConfigError, PeerError):
            return None
        return tree if tree.finish() == self._checkpoint.root else None


class _Announced:
    """Where the log announced policies and manifests so far, and which documents it named."""

    def __init__(self) -> None:
        self._policies: dict[PolicyRef, tuple[int, ...]] = {}
        self._manifests: dict[tuple[str, str], tuple[int, ...]] = {}
        self.rules: list[NamedRules] = []

    def note(self, index: int, body: Body) -> None:
        self.rules += rules_named_by(index, body)
        match body:
            case PolicyPublished():
                self._policies[body.policy] = (*self._policies.get(body.policy, ()), index)
            case DatasetRegistered():
                key = (body.dataset, body.level)
                self._manifests[key] = (*self._manifests.get(key, ()), index)
            case _:
                pass

    def leaf(self, leaf: bytes, entry: Entry | None, before_unix_s: int | None) -> ProvenLeaf:
        """The leaf, with what was announced before it of what it names. `before_unix_s`: the latest time before it."""
        body = None if entry is None else entry.body
        is_dated = entry is not None and entry.time_unix_s > (before_unix_s or 0)
        if not isinstance(body, QueryDecision | QueryAborted):
            return ProvenLeaf(leaf=leaf, entry=entry, is_dated=is_dated)
        manifests = () if body.dataset is None or body.level is None else (body.dataset, body.level)
        return ProvenLeaf(
            leaf=leaf,
            entry=entry,
            is_dated=is_dated,
            policies=self._policies.get(body.policy, ()),
            manifests=self._manifests.get(manifests, ()) if manifests else (),
        )


def _forged_entries(tile: Tile, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return "the entry is not the one that was signed"
    return f"{len(numbers)} of its {tile.width} entries are not those that were signed"


def _forged_hashes(tile: Tile, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"hash {numbers[0]} is not the one that follows from the entries"
    return f"{len(numbers)} of its {tile.width} hashes are not those that follow from the entries"


def _without(broken: Exception, tile: Tile) -> str:
    """The text without the file's name, which the finding has."""
    name = "" if tile.level else f"{tile.entries_path}: "
    return str(broken).removeprefix(f"{tile.path}: ").removeprefix(name)
