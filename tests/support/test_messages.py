"""Errors are messages: an id and values that any language can be looked up for."""

import pickle

import pytest

from fda_core.support.errors import ConfigError, LabError, Preempted, StoreError
from fda_core.support.messages import Message, Printable, because


def test_the_catalogue_says_how_a_value_is_written():
    assert str(StoreError("runs.long_name", count=1234, most=80)) == (
        "The name has 1,234 characters: shorten it to at most 80."
    )
    assert str(Message("lane.loss_absurd", round=3, loss=1e6)) == "the test loss after round 3 is 1,000,000"


def test_a_message_within_another_is_in_the_same_language_and_has_no_full_stop():
    inner = ConfigError("settings.missing", name="rule")
    outer = StoreError("runs.damaged", run="r", reason=inner)
    assert str(outer) == "The run r is damaged: rule is missing: give it a value."
    others = {"settings.missing": "{name} fehlt.", "runs.damaged": "{run}: {reason}."}
    assert outer.text(others) == "r: rule fehlt."


def test_an_error_survives_the_way_to_another_process():
    error = StoreError("runs.damaged", run="r", reason=ConfigError("settings.missing", name="rule"))
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), there.id, str(there)) == (StoreError, error.id, str(error))


def test_an_error_without_an_id_says_nothing():
    assert str(Preempted()) == "" and isinstance(ConfigError("settings.missing"), LabError | ValueError)


@pytest.mark.parametrize("message", [Message("no.such"), Message("settings.missing")])
def test_an_unknown_id_or_a_missing_value_is_a_defect(message):
    with pytest.raises(KeyError):
        str(message)


def test_words_of_a_record_become_one_printable_line():
    assert str(Printable(ConfigError("settings.missing", name="a\nb\x1b"))) == "a?b? is missing: give it a value."
    assert str(Printable(ConfigError("settings.missing", name="x" * 600))) == "x" * 500 + "…"


def test_what_the_system_says_has_an_id_where_it_is_known():
    assert because(OSError(2, "No such file or directory")).id == "system.ENOENT"
    assert because(OSError(2, "Something else")) == "Something else"
    assert because(OSError("no number")) == "None"
