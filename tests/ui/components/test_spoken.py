"""What a screen reader reads out has no signs of Markdown in it."""

import pytest

from ui.components.spoken import spoken


@pytest.mark.parametrize(
    ("written", "read_out"),
    [
        ("**FDA-OPT** sent *fewer* MB", "FDA-OPT sent *fewer* MB"),
        ("a [local epoch](#term-epoch) of `fedopt-e1`", "a local epoch of fedopt-e1"),
        (":material/warning: 5 MB", "5 MB"),
        ("2 * 3 MB", "2 * 3 MB"),
    ],
)
def test_signs_are_left_out_and_words_stay(written, read_out):
    assert spoken(written) == read_out
