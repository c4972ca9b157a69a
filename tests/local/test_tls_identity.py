"""A certificate and a key that cannot be used together are told before TLS fails on them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hansa_core.errors import ConfigError
from hansa_local.expiry import expiry_of
from hansa_local.tls_identity import read_certificate, read_key_of
from hansa_test_tls import Identity, TestAuthority

OWN, OTHER = (TestAuthority("luebeck").issue("node.luebeck") for _ in range(2))


def kept(folder: Path, certificate: bytes, key: bytes) -> tuple[Path, Path]:
    paths = folder / "tls.pem", folder / "tls.key"
    for path, content in zip(paths, (certificate, key), strict=True):
        path.write_bytes(content)
        path.chmod(0o600)
    return paths


def read(folder: Path, certificate: bytes, key: bytes) -> Identity:
    at, key_at = kept(folder, certificate, key)
    found = read_certificate(at, setting="tls.certificate")
    return Identity(cert_pem=found.pem, key_pem=read_key_of(found, key_at, setting="tls.key"))


def test_the_two_that_belong_together_are_read_as_they_are(tmp_path: Path) -> None:
    assert read(tmp_path, OWN.cert_pem, OWN.key_pem) == OWN


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        (b"nonsense", OWN.key_pem, "tls.pem: is no certificate in PEM; see to `tls.certificate`"),
        (OWN.cert_pem, b"nonsense", "tls.key: is no private key in PEM without a password; see to `tls.key`"),
        (OWN.cert_pem, OTHER.key_pem, "tls.key: is not the key of .*tls.pem; install the two that were made together"),
    ],
    ids=["no certificate", "no key", "the key of another"],  # the keys are new in each process that collects tests
)
def test_what_does_not_fit_is_named_with_its_setting(tmp_path: Path, certificate: bytes, key: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, certificate, key)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .* see to `tls_cert`"):
        read_certificate(tmp_path / "tls.pem", setting="tls_cert")


def test_an_expired_one_is_told_with_who_issues_a_new_one_and_what_the_clock_says(tmp_path: Path) -> None:
    at, _ = kept(tmp_path, OWN.cert_pem, OWN.key_pem)
    found, end = read_certificate(at, setting="tls_cert"), expiry_of(OWN.cert_pem)
    found.check_in_force(end - timedelta(seconds=1), issuer="luebeck")
    with pytest.raises(ConfigError, match=f"has expired, at {end}Z; have luebeck issue .* which says {end}Z"):
        found.check_in_force(end, issuer="luebeck")
