"""Reads and writes the text of a log policy (C2SP tlog-policy)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hansa_core.errors import PeerError
from hansa_core.tlog.note import VerifierKey
from hansa_core.tlog.policy import NO_QUORUM, PolicyGroup, PolicyLog, PolicyWitness, TlogPolicy
from hansa_core.tlog.spelling import decimal

MAX_POLICY_BYTES = 1_000_000
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_SPACES = re.compile(r"[ \t]+")
_OPAQUE = "surrogateescape"  # bytes above 0x7f are opaque to the format, and need not be UTF-8


def parse_policy(content: bytes) -> TlogPolicy:
    """The policy in a file's bytes. Raises PeerError naming the line."""
    if len(content) > MAX_POLICY_BYTES:
        raise PeerError(f"the policy has {len(content)} bytes; at most {MAX_POLICY_BYTES} are read")
    if _FORBIDDEN.search(content):
        raise PeerError("the policy must not contain a control character other than tab and newline")
    if not content.endswith(b"\n"):
        raise PeerError("the last line of the policy must end in a newline")
    draft = _Draft()
    for number, line in enumerate(content[:-1].decode("utf-8", _OPAQUE).split("\n"), start=1):
        items = [item for item in _SPACES.split(line) if item]
        if items and not items[0].startswith("#"):
            try:
                draft.read(items)
            except PeerError as error:
                raise PeerError(f"line {number} of the policy: {error}") from error
    if not draft.quorums:
        raise PeerError("the policy has no quorum line; it needs one")
    return TlogPolicy(
        logs=tuple(draft.logs),
        witnesses=tuple(draft.witnesses),
        groups=tuple(draft.groups),
        quorum=draft.quorums[0],
    )


def policy_text(policy: TlogPolicy) -> bytes:
    """The policy as `parse_policy` reads it."""
    lines = [
        *(_line("log", each.key.text, each.url) for each in policy.logs),
        *(_line("witness", each.name, each.key.text, each.url) for each in policy.witnesses),
        *(_line("group", each.name, str(each.threshold), *each.members) for each in policy.groups),
        _line("quorum", policy.quorum),
    ]
    return "".join(lines).encode("utf-8", _OPAQUE)


@dataclass(slots=True)
class _Draft:
    """What the lines up to here define."""

    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[PolicyWitness] = field(default_factory=list)
    groups: list[PolicyGroup] = field(default_factory=list)
    quorums: list[str] = field(default_factory=list)
    defined: set[str] = field(default_factory=set)

    def read(self, items: list[str]) -> None:
        match items:
            case ["log", vkey, *url] if len(url) <= 1:
                self.logs.append(PolicyLog(key=VerifierKey.parse(vkey), url="".join(url)))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self.witnesses.append(PolicyWitness(name=name, key=VerifierKey.parse(vkey), url="".join(url)))
                self.defined.add(name)
            case ["group", name, threshold, *members] if members:
                self._refer(members)
                members_needed = _threshold(threshold, members)
                self.groups.append(PolicyGroup(name=name, threshold=members_needed, members=tuple(members)))
                self.defined.add(name)
            case ["quorum", name]:
                if self.quorums:
                    raise PeerError("a second quorum line; exactly one is allowed")
                if name != NO_QUORUM:
                    self._refer([name])
                self.quorums.append(name)
            case _:
                raise PeerError(
                    "it must be `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, "
                    "`group <name> <all, any or number> <name>...` or `quorum <name>`"
                )

    def _refer(self, names: list[str]) -> None:
        for name in names:
            if name not in self.defined:
                raise PeerError(f"{name} is not defined on an earlier line")


def _threshold(text: str, members: list[str]) -> int:
    if text == "all":
        return len(members)
    return 1 if text == "any" else decimal(text, "the threshold of a group")


def _line(*items: str) -> str:
    return " ".join(item for item in items if item) + "\n"
