"""Whose a word of the address is."""

import pytest

from fda_core.settings.config import ExperimentConfig
from ui.state import address
from ui.views.budget.network_form import NUMBERS


def test_no_page_s_word_is_a_setting_or_a_word_of_every_page():
    assert not address.OF_PAGES & (set(ExperimentConfig.model_fields) | address.EVERYWHERE)


def test_the_words_of_the_network_are_those_of_its_page():
    assert set(NUMBERS) | {"payload", "against"} == address.PAGE_WORDS["budget"]


def test_a_page_cannot_read_a_word_that_is_nobody_s():
    with pytest.raises(KeyError):
        address.adopt("colour", "key", str, "")


def test_a_whole_number_stays_one():
    assert isinstance(address.number(1, 10, int)("3"), int)
