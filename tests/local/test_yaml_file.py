"""hansa_local.yaml_file: a YAML document has one reading, and none can hurt its reader."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from hansa_core.documents.bounds import MAX_DEPTH, MAX_DOCUMENT_BYTES
from hansa_core.errors import ConfigError
from hansa_local.tls_identity import read_certificate
from hansa_local.yaml_file import read_yaml, yaml_value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("threshold: 10\nlevel: open\nthreshold: 3", "'threshold' stands on line 1 and again on line 3; keep one of"),
        ("a:\n  b: 1\n  c: {d: 1, 'd': 2}", "'d' stands on line 3 and again on line 3"),
        ('a: 1\n"a": 2', "'a' stands on line 1 and again on line 2"),
        ("- {1: a, 0x1: b}", "'0x1' stands on line 1"),
        ("{1: a, 1.0: b}", "'1.0' stands on line 1 and again on line 1"),
        ("1: a\ntrue: b", "'true' stands on line 1 and again on line 2"),
        ("a: 12:30", "line 1: '12:30' is a number in base 60 to YAML; put it in quotes"),
        ("a:\n- 1" + ":1" * 60_000, "line 2: '1:1:1"),
        ("a: 0x" + "f" * 100_000, "line 1: a number of 100,002 characters is not read"),
        ('a: "\\ud800"', "line 1: half of a surrogate pair is no character"),
        ("a: \x00", "is no YAML (unacceptable character #x0000"),
        ("[" + "1," * 100_000 + "1]", "line 1: has more than 100,000 values"),
        ("!!str {=: 1}", "line 1: a mapping is no text"),
        ("a: &x [1]\nb: *x", "line 2: an alias is not read; write the value out"),
        ("a:\n  <<: {b: 1}", "line 2: a merge key is not read"),
        ("[" * 65 + "]" * 65, f"line 1: is nested too deeply; at most {MAX_DEPTH} levels"),
        ("[" * 6000, f"line 1: is nested too deeply; at most {MAX_DEPTH} levels"),
        ("".join(f"{' ' * depth}a:\n" for depth in range(100)), f"line {MAX_DEPTH + 1}: is nested too deeply"),
        ("a: [1", "is no YAML ("),
        ("a: 2024-13-01", "is no YAML (month must be in 1..12"),
        ("a: " + "9" * 5000, "is no YAML (Exceeds the limit"),
        ("a: !!python/name:os.system x", "is no YAML ("),
        ("? [a]\n: b", "is no YAML ("),
        ("a: 1\n---\nb: 2", "is no YAML ("),
    ],
)
def test_what_has_two_readings_or_grows_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        read_yaml(path, hint="write it")
    assert str(refusal.value).startswith(f"{path}: {said}")
    assert "\n" not in str(refusal.value)


def test_a_text_in_another_encoding_is_named_with_its_line() -> None:
    with pytest.raises(ValueError, match="is not UTF-8 text on line 2; save it as UTF-8"):
        yaml_value("a: 1\nb: Straße".encode("latin-1"))


def test_a_byte_order_mark_and_the_line_ends_of_windows_change_nothing() -> None:
    plain = b"day: 2024-01-01\nnames: [a, '\xc3\xbc']\n"
    assert yaml_value(plain) == {"day": date(2024, 1, 1), "names": ["a", "ü"]}
    assert yaml_value(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")) == yaml_value(plain)


def test_a_file_beyond_the_bound_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_bytes(b"#" * (MAX_DOCUMENT_BYTES + 9))
    with pytest.raises(ConfigError, match=f"it has {MAX_DOCUMENT_BYTES + 1} bytes; at most"):
        read_yaml(path, hint="write it")


def test_an_absent_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(No such file or directory\); write it"):
        read_yaml(tmp_path / "absent.yaml", hint="write it")


def test_a_device_is_no_document_and_is_read_no_further_than_the_bound() -> None:
    with pytest.raises(ConfigError, match=r"/dev/zero: it has 16777217 bytes; at most"):
        read_yaml(Path("/dev/zero"), hint="write it")
    with pytest.raises(ConfigError, match="is no certificate in PEM"):
        read_certificate(Path("/dev/zero"), setting="tls_cert")


def test_numbers_that_people_write_are_read_as_ever() -> None:
    assert yaml_value(b"a: 1_000\nb: -2.5\nc: 0x1F\nd: '12:30'\ne: 2024-01-01 12:30:00\nf: .5") == {
        "a": 1000,
        "b": -2.5,
        "c": 31,
        "d": "12:30",
        "e": datetime(2024, 1, 1, 12, 30),
        "f": 0.5,
    }
