"""A sentence in a record is found again in the catalogue, with its values."""

from time import perf_counter

import pytest

from fda_core.support.messages import Message, english, pieces
from ui.text.problems import catalogue, said
from ui.text.recorded_messages import LONGEST, MESSAGES, PARTS, read_back, recorded, template, templates
from ui.text.viewer import reading

# A message whose words end the sentence around it needs one that is told from what follows.
WITHIN = {"reason": "part.no_lanes", "allowed": "allowed.list", "kind": "part.label"}


def sample(id: str) -> Message:
    """The message with some value in each place."""
    values = {}
    for place, (_, name, form, _) in enumerate(pieces(english()[id])):
        if name in MESSAGES:
            values[name] = Message(WITHIN[name])
        elif name is not None:
            values.setdefault(name, 1234 + place if form else f"value-{place}")
    return Message(id, **values)


@pytest.mark.parametrize("id", [id for id in english() if not id.startswith(PARTS)])
def test_every_message_is_found_again(id):
    message = sample(id)
    with reading("ja"):
        assert recorded(str(message)) == said(message)
    found = read_back(str(message))
    assert (found.id, str(found)) == (id, str(message))


@pytest.mark.parametrize("id", [id for id in english() if id.startswith(PARTS)])
def test_every_part_is_found_again_within_a_sentence(id):
    kind = "settings.not_allowed" if id.startswith("allowed.") else "runs.damaged"
    name = "allowed" if id.startswith("allowed.") else "reason"
    whole = Message(kind, run="r", name="clients", value=0, **{name: sample(id)})
    found = read_back(str(whole))
    assert (found.id, found.values[name].id) == (kind, id)
    assert found.text(catalogue("ja")) == whole.text(catalogue("ja"))


def test_a_record_of_long_ago_is_read_in_the_viewers_language():
    text = "clients = 5,000 is not allowed: choose a whole number from 1 to 1,000."
    with reading("ja"):
        assert recorded(text) == "clients = 5,000 は使えません。1 から 1,000 までの整数を指定してください。"
        assert recorded("target reached in round 7") == "ラウンド 7 で目標に到達"
    assert recorded(text) == text


@pytest.mark.parametrize("text", ["", ".", "Something else went wrong.", "clients = 0 is not allowed"])
def test_an_unknown_sentence_comes_as_it_was(text):
    with reading("ja"):
        assert recorded(text) == text


def test_an_unknown_reason_stays_within_a_known_sentence():
    with reading("ja"):
        assert recorded("run cannot be read (the dog ate it).") == "run を読み取れません（the dog ate it）。"


def test_a_value_is_no_sentence():
    """A file may be called like one, or like a placeholder."""
    with reading("ja"):
        assert recorded("a PDF is empty: choose a file with a line of column names.").startswith("a PDF は空です。")
        assert recorded("{name} is missing: give it a value.") == "{name} がありません。値を指定してください。"


def test_the_template_with_more_text_of_its_own_wins():
    one, other = template("t.a", "{a} is {b}."), template("t.b", "{a} is not {b}.")
    assert one.values("x is not y") == {"a": "x", "b": "not y"} and other.values("x is y") is None
    lengths = [sum(map(len, one.fixed)) for one in templates(parts=True)]
    assert lengths == sorted(lengths, reverse=True)


def test_a_long_or_strange_text_takes_no_time():
    texts = [" = " * (LONGEST // 3), "Line 1: " * 200, "x" * 10 * LONGEST, "is not allowed: choose " * 80 + "."]
    began = perf_counter()
    with reading("ja"):
        for text in texts:
            recorded(text)
    assert perf_counter() - began < 1
