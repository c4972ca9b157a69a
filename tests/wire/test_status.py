"""The error table: what a caller is told, and what it is never told."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import grpc
import pytest

from hansa_core.errors import ConfigError, PeerError, RefusedError, StoreCorruptError
from hansa_ended_call import Ended
from hansa_wire.codec.limits import MAX_STATUS_TEXT
from hansa_wire.rpc.status import REFUSAL_METADATA, PeerUnreachableError, Status, error_from_status, status_from_error


def _refused(code: str, rule: str = "the rule") -> RefusedError:
    return RefusedError(code=code, rule=rule, remedy="the remedy", field="where")


TABLE = [
    (_refused("signature_invalid"), grpc.StatusCode.UNAUTHENTICATED),
    (_refused("credential_invalid"), grpc.StatusCode.UNAUTHENTICATED),
    (_refused("credential_expired"), grpc.StatusCode.UNAUTHENTICATED),
    (_refused("not_a_member"), grpc.StatusCode.UNAUTHENTICATED),
    (_refused("unpinned_peer"), grpc.StatusCode.UNAUTHENTICATED),
    (_refused("too_large"), grpc.StatusCode.FAILED_PRECONDITION),
    (_refused("unavailable"), grpc.StatusCode.UNAVAILABLE),
    (_refused("unwitnessed"), grpc.StatusCode.UNAVAILABLE),
    (_refused("awaiting_witnesses"), grpc.StatusCode.UNAVAILABLE),
    (PeerError("the query is malformed"), grpc.StatusCode.INVALID_ARGUMENT),
    (TimeoutError(), grpc.StatusCode.DEADLINE_EXCEEDED),
]


@pytest.mark.parametrize(("error", "code"), TABLE)
def test_each_listed_error_has_its_status_and_comes_back(error: Exception, code: grpc.StatusCode) -> None:
    status = status_from_error(error)
    back = error_from_status(Ended(status))
    assert status.code is code
    assert type(back) is type(error)
    if isinstance(error, RefusedError):
        assert str(back) == str(error)
        assert status.text.startswith(error.code)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("12345"),
        StoreCorruptError("row 12345"),
        ConfigError("/srv/12345"),
        OSError(28, "12345"),
        json.JSONDecodeError("12345", "", 0),
    ],
)
def test_an_unlisted_error_is_internal_without_a_word(error: Exception) -> None:
    assert status_from_error(error) == Status(code=grpc.StatusCode.INTERNAL, text="", metadata=())
    assert isinstance(error_from_status(Ended(status_from_error(error))), PeerError)


def test_long_and_unprintable_texts_are_cut_so_that_the_status_arrives() -> None:
    status = status_from_error(_refused("denied", "\x1b[31m" + "x" * 100_000))
    assert len(status.text) == MAX_STATUS_TEXT
    assert sum(len(value) for _, value in status.metadata) < 6_000
    back = error_from_status(Ended(status))
    assert isinstance(back, RefusedError)
    assert "\x1b" not in back.rule


def test_a_forged_refusal_in_the_trailer_falls_back_to_the_status() -> None:
    status = Status(code=grpc.StatusCode.UNAVAILABLE, text="gone", metadata=((REFUSAL_METADATA, b"\xff"),))
    assert isinstance(error_from_status(Ended(status)), ConnectionError)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect: connect: "
            "Connection refused (111)",
            "the peer cannot be reached: nobody listens at its address; its operator has to start it (failed",
        ),
        (
            "failed to connect to all addresses; last error: UNKNOWN: Ssl handshake failed: SSL_ERROR_SSL: "
            "CERTIFICATE_VERIFY_FAILED: certificate has expired",
            "the peer cannot be reached: the TLS handshake failed: a certificate has expired or is not the roster's",
        ),
        (
            "DNS resolution failed for node.example:7400",
            "the peer cannot be reached: its host name is not known",
        ),
        ("Socket closed", "the peer cannot be reached: the connection broke (Socket closed)"),
        ("bremen is not attached", "the peer cannot be reached: bremen is not attached"),
        ("", "the peer cannot be reached"),
    ],
)
def test_no_text_of_grpc_or_tls_comes_without_a_sentence_of_ours(text: str, said: str) -> None:
    heard = error_from_status(Ended(Status(code=grpc.StatusCode.UNAVAILABLE, text=text)))
    assert isinstance(heard, ConnectionError)
    assert str(heard).startswith(said)


@pytest.mark.parametrize("said", ["the peer cannot be reached: bremen", "bremen is not attached"])
def test_a_sentence_of_ours_is_handed_on_as_it_is(said: str) -> None:
    status = status_from_error(PeerUnreachableError(said))
    heard = error_from_status(Ended(status))
    assert isinstance(heard, ConnectionError)
    assert str(heard) == said
    status = status_from_error(PeerUnreachableError(str(heard)))  # a hub hands it on once more
    assert str(error_from_status(Ended(status))) == said


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_a_status_of_any_code_begins_with_a_sentence_of_ours(code: grpc.StatusCode) -> None:
    raw = "Exception deserializing response!"
    told = str(error_from_status(Ended(Status(code=code, text=raw))))
    assert told.startswith(("the peer ", "the call was broken off", "no answer before the deadline"))
    assert code.name not in told.partition("(")[0]


def test_a_method_that_the_peer_lacks_is_told_as_such() -> None:
    status = Status(code=grpc.StatusCode.UNIMPLEMENTED, text="Method not found!")
    told = str(error_from_status(Ended(status)))
    assert told.startswith("the peer does not know this call: another service listens")
    assert told.endswith("(UNIMPLEMENTED: Method not found!)")


def test_grpc_writes_nothing_to_standard_error_by_itself() -> None:
    """A handshake with a key that does not fit, on which gRPC's C core writes OpenSSL's words."""
    code = (
        "import hansa_wire.rpc.tls as tls, hansa_test_tls as t\n"
        "a, b = (t.TestAuthority('a').issue('a') for _ in range(2))\n"
        "ca = t.TestAuthority('c').ca_pem\n"
        "with tls.dial_sync('127.0.0.1', 1, ca_pem=ca, server_name='a', cert_pem=a.cert_pem, key_pem=b.key_pem) as c:\n"
        "    try: c.unary_unary('/x')(b'', timeout=5)\n"
        "    except Exception: pass\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    environment["PYTHONPATH"] = ":".join(sys.path)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
