"""Texts of unequal length, stored end to end, come back padded."""

import pytest
import torch

from fda_core.data.reviews import reviews
from fda_core.models.embedded import load_tokenizer
from fda_core.models.tokens import Tokens, tokenize

TOKENS = Tokens(torch.tensor([7, 8, 9, 5, 6, 4]), torch.tensor([0, 3, 5, 6]), torch.tensor([0, 1, 0]))


@pytest.mark.parametrize(
    ("rows", "ids"),
    [
        pytest.param([0, 1, 2], [[7, 8, 9], [5, 6, 0], [4, 0, 0]], id="padded to the longest"),
        pytest.param([2, 1], [[4, 0], [5, 6]], id="padded no further than these rows need"),
        pytest.param([[0, 2], [1, 1]], [[[7, 8, 9], [4, 0, 0]], [[5, 6, 0], [5, 6, 0]]], id="a table of rows"),
    ],
)
def test_rows_are_padded_with_0_and_the_mask_marks_the_real_ones(rows, ids):
    padded, mask = TOKENS.padded(torch.tensor(rows))
    assert padded.tolist() == ids
    assert mask.tolist() == (torch.tensor(ids) > 0).tolist()


def test_a_text_is_cut_to_the_tokens_allowed():
    data, tokenizer = reviews(10, 2)["train"], load_tokenizer()
    whole, cut = tokenize(data, tokenizer, 512), tokenize(data, tokenizer, 8)
    assert cut.starts.diff().tolist() == whole.starts.diff().clamp(max=8).tolist()
    assert cut.labels.tolist() == data["label"][:]
