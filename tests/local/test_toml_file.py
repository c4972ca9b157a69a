"""hansa_local.toml_file: every mistake in a TOML file names the file, the field, the rule and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from hansa_core.documents.model import ListOf, Section, Text, absent_table
from hansa_core.errors import ConfigError
from hansa_local.toml_file import FilePath, read_section


class Inner(Section):
    width: float = Field(default=1.0, gt=0, le=9)
    key: FilePath = Path("keys/inner.key")


class Item(Section):
    name: Text


class File(Section):
    title: Text
    count: int = Field(default=3, ge=1)
    flags: ListOf[Text] = ()
    items: ListOf[Item] = ()
    inner: Inner = Field(default_factory=absent_table)


def read(folder: Path, text: str) -> File:
    path = folder / "file.toml"
    path.write_text(text, encoding="utf-8")
    return read_section(path, File, hint="give a file")


def test_what_is_left_out_has_its_default_and_default_paths_lie_beside_the_file(tmp_path: Path) -> None:
    file = read(tmp_path, 'title = "t"')
    assert (file.count, file.flags, file.inner.width) == (3, (), 1.0)
    assert file.inner.key == tmp_path / "keys" / "inner.key"
    assert file == read(tmp_path, 'title = "t"\n[inner]\nkey = "keys/inner.key"')


def test_a_whole_number_may_stand_where_a_number_is_wanted(tmp_path: Path) -> None:
    assert read(tmp_path, 'title = "t"\n[inner]\nwidth = 2').inner.width == 2.0


def test_a_file_is_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        read(tmp_path, 'title = "t"').title = "other"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('titel = "t"', "titel is no known key; did you mean title?"),
        ('title = "t"\nTITLE = "t"', "TITLE is no known key; did you mean title?"),
        ('title = "t"\n[inner]\nwidht = 1', "inner.widht is no known key; did you mean width?"),
        ('title = "t"\n[[items]]\nname = "a"\n[[items]]\nnmae = "b"', "items[1].nmae is no known key; did you mean"),
        ('title = "t"\n"a.b {c}" = 1', "'a.b {c}' is no known key; known are: count, flags, inner, items, title"),
        ('title = "t"\n"a\\nb" = 1', r"'a\nb' is no known key"),
        ("count = 1", "title is missing; add it"),
        ("title = 1", "title must be a text; write it in quotes"),
        ('title = ""', "title is empty; write a text"),
        ('title = "t"\ncount = 0', "count is 0; write 1 or more"),
        ('title = "t"\ncount = true', "count must be a whole number; write digits without quotes"),
        ('title = "t"\ncount = 1.5', "count must be a whole number; write digits without quotes"),
        ('title = "t"\nflags = "a"', 'flags must be a list; write it as ["a", "b"]'),
        ('title = "t"\nflags = ["a", 1]', "flags[1] must be a text; write it in quotes"),
        ('title = "t"\ninner = 1', "inner must be a table; write its keys and values under its name in brackets"),
        ('title = "t"\n[inner]\nwidth = "w"', "inner.width must be a number; write it without quotes"),
        ('title = "t"\n[inner]\nwidth = 0', "inner.width is 0; write more than 0.0"),
        ('title = "t"\n[inner]\nwidth = 10', "inner.width is 10; write 9.0 or less"),
        ('title = "t"\n[inner]\nkey = 1', "inner.key must be a text; write it in quotes"),
        ('title = "t"\n[inner]\nkey = ""', "inner.key is empty; write a text"),
        ("title = ", "is no TOML"),
    ],
)
def test_a_mistake_names_file_field_rule_and_remedy_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, text)
    assert str(wrong.value).startswith(f"{tmp_path / 'file.toml'}: {said}")
    assert "\n" not in str(wrong.value)


def test_an_absent_file_is_named_with_the_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read \(No such file or directory\); give a file"):
        read_section(tmp_path / "absent.toml", File, hint="give a file")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('title = "t"\n\ntitle = "u"', "'title' stands on line 1 and again on line 3; keep one of them"),
        (
            'title = "t"\n[inner]\nwidth = 1\n[inner]',
            "'[inner]' stands on line 2 and again on line 4; keep one of them",
        ),
        (
            'title = """\ncount = 1\ncount = 2\n"""\n[inner]\nwidth = 1\n# width = 3\nwidth = 2',
            "'width' stands on line 6 and again on line 8",
        ),
        ('[[items]]\nname = "a"\n[[items]]\nname = "b"\nname = "c"', "'name' stands on line 4 and again on line 5"),
        ('title = """\ncount = 1\ncount = 2\n"""\n!', "is no TOML ("),
        ("flags = " + "[" * 65 + "]" * 65, "it is nested too deeply: at most 64 levels are read"),
        ("flags = " + "[" * 6000, "it is nested too deeply: at most 64 levels are read"),
        ("a" + ".a" * 70 + " = 1", "is nested too deeply: a key of more than 64 parts; shorten it"),
        ("[" + "a . " * 90 + "b]", "is nested too deeply: a key of more than 64 parts; shorten it"),
    ],
)
def test_a_repeated_or_endless_key_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, text)
    assert str(wrong.value).startswith(f"{tmp_path / 'file.toml'}: {said}")


def test_brackets_in_texts_and_comments_are_no_nesting(tmp_path: Path) -> None:
    quoted = "[" * 70
    text = f'''title = "{quoted}"  # {quoted}\nflags = ['{quoted}', """{quoted}""", "a\\\\"]\n# {"a." * 90}'''
    assert read(tmp_path, text).flags == (quoted, quoted, "a\\")


def test_another_encoding_is_named_and_a_byte_order_mark_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes('count = 1\r\ntitle = "Straße"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8 text on line 2; save it as UTF-8"):
        read_section(path, File, hint="give a file")
    path.write_bytes(b"\xef\xbb\xbf" + 'count = 1\r\ntitle = "Straße"\r\n'.encode())
    assert read_section(path, File, hint="give a file").title == "Straße"
