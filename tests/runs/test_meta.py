"""A run's name and tags are clean, short, and kept whole or not at all."""

import json
import os

import pytest

from fda_core.runs.meta import META, Meta, read_meta, write_meta
from fda_core.support.errors import StoreError


def test_name_and_tags_are_read_back(tmp_path):
    meta = Meta(name="Όνομα 🎓", tags=("Demo", "β"))
    write_meta(tmp_path, meta)
    assert read_meta(tmp_path) == meta
    assert [path.name for path in tmp_path.iterdir()] == [META]


def test_the_file_is_plain_json(tmp_path):
    write_meta(tmp_path, Meta(name="first", tags=("demo",)))
    assert json.loads((tmp_path / META).read_text()) == {"name": "first", "tags": ["demo"]}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  two \t\r\n words  ", "two words"),
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("\ud800x", "x"),
        ("abc\u202edcba", "abcdcba"),
        ("one\u2028line\u00a0only", "one line only"),
        ("\x00 ", ""),
        ("👩‍🏫 <b>&\"'", "👩‍🏫 <b>&\"'"),  # markup is the page's business
    ],
)
def test_control_characters_go_and_white_space_collapses(given, kept):
    assert Meta(name=given).name == kept
    assert Meta(tags=(given,)).tags == ((kept,) if kept else ())


def test_a_tag_given_twice_stays_once_in_its_first_spelling():
    assert Meta(tags=["Demo", "b", "demo ", "", "DEMO", "a"]).tags == ("Demo", "b", "a")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "n" * 81}, r"^The name has 81 characters: shorten it to at most 80\.$"),
        ({"tags": ("ok", "t" * 31)}, r"^The tag t{30}… has 31 characters: shorten it to at most 30\.$"),
        ({"tags": map(str, range(11))}, r"^These are 11 tags and a run takes at most 10: leave some out\.$"),
    ],
)
def test_what_is_too_long_is_refused_in_a_sentence(values, sentence):
    with pytest.raises(StoreError, match=sentence):
        Meta(**{name: value if isinstance(value, str) else tuple(value) for name, value in values.items()})


def test_the_limits_themselves_are_allowed():
    longest = Meta(name=" " + "n" * 80, tags=tuple(f"{i}" * 30 for i in range(10)))
    assert (len(longest.name), len(longest.tags)) == (80, 10)


def test_a_meta_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Meta().name = "x"


DAMAGED = [b"", b"{", b"[]", b"\xff", b'{"name": 5}', b'{"tags": "demo"}', b'{"name": "' + b"n" * 81 + b'"}']


@pytest.mark.parametrize("data", DAMAGED)
def test_a_damaged_file_is_no_name(tmp_path, data):
    (tmp_path / META).write_bytes(data)
    assert read_meta(tmp_path) == Meta()


def test_no_file_is_no_name(tmp_path):
    assert read_meta(tmp_path) == Meta()


def test_what_the_file_says_is_cleaned_too(tmp_path):
    (tmp_path / META).write_text('{"name": "a\\u0000\\u202eb", "later": 1}')
    assert read_meta(tmp_path).name == "ab"


def test_a_write_that_fails_is_a_sentence_and_leaves_the_name_before(tmp_path, monkeypatch):
    write_meta(tmp_path, Meta(name="before"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreError, match=r"cannot be kept \(No space left on device\): see that .*\.$"):
        write_meta(tmp_path, Meta(name="after"))
    assert read_meta(tmp_path).name == "before"
    assert [path.name for path in tmp_path.iterdir()] == [META]


def test_a_run_that_is_gone_gets_no_name(tmp_path):
    with pytest.raises(StoreError, match=r"of gone cannot be kept"):
        write_meta(tmp_path / "gone", Meta(name="x"))


UNSEEN = ("\u200b\u200b", "\u2060", "\ufeff \u200d", "\u3164", "\u115f\uffa0", "\u2800", "\ufe0f", "\u00ad")


@pytest.mark.parametrize("blank", UNSEEN)
def test_a_name_or_tag_that_nobody_can_see_is_refused(blank):
    with pytest.raises(StoreError, match="cannot be seen"):
        Meta(name=blank)
    with pytest.raises(StoreError, match="cannot be seen"):
        Meta(tags=("a", blank))


@pytest.mark.parametrize("name", ["می\u200cخواهم", "👩\u200d🔬", "a\u200bb", "é", "実行"])
def test_joiners_within_a_name_are_part_of_its_script(name):
    assert Meta(name=name).name == name


def test_an_empty_box_takes_the_name_away():
    assert Meta(name="   ").name == ""
