"""Two texts at a time: the tokens say which is which where the encoder knows, and both ways of training agree."""

import pytest
import torch

from fda_core.models import architectures, embedded
from fda_core.models.adapters import adapt
from fda_core.models.frozen_prefix import _digest, hidden_states
from fda_core.models.tokens import Tokens, tokenize, types_of
from fda_core.models.trainers.cohort import CohortTrainer
from fda_core.models.trainers.plain import PlainTrainer
from fda_core.settings.config import Lora

DATA = {
    "text": ["a warm film", "the plot is thin and slow", "who wrote it ?", "good"],
    "text_pair": ["it is warm", "nothing happens", "the author did , in a hurry", "bad"],
    "label": [1, 1, 0, 2],
}


@pytest.fixture(scope="module")
def tokenizer():
    return embedded.load_tokenizer()


def test_both_texts_stand_in_one_row_with_their_types(tokenizer):
    tokens = tokenize(DATA, tokenizer, 32, types=2)
    first = tokens.ids[: tokens.starts[1]].tolist()
    assert first.count(tokenizer.sep_token_id) == 2
    end = first.index(tokenizer.sep_token_id) + 1
    assert tokens.types[: tokens.starts[1]].tolist() == [0] * end + [1] * (len(first) - end)


def test_long_pairs_are_cut_together(tokenizer):
    tokens = tokenize({"text": ["a " * 50], "text_pair": ["b " * 5], "label": [0]}, tokenizer, 16, types=2)
    assert len(tokens.ids) == 16
    assert int(tokens.types.sum()) == 6  # the shorter one and its end are whole


@pytest.mark.parametrize(("data", "types"), [(DATA, 1), ({"text": ["a"], "label": [0]}, 2)])
def test_where_there_is_one_type_only_none_is_given(tokenizer, data, types):
    assert tokenize(data, tokenizer, 32, types).types is None


@pytest.mark.parametrize("model", ["minilm-bert", "minilm-distilbert"])
def test_both_ways_agree_on_pairs_of_three_labels(tokenizer, model):
    adapted = adapt(embedded.load_classifier(3, model), Lora(), seed=0)
    types = types_of(adapted.config)
    assert types == (2 if model == "minilm-bert" else 1)
    tokens = tokenize(DATA, tokenizer, 32, types)
    hidden = hidden_states(architectures.encoder(adapted), 5, tokens, "", None, lambda done, total: None)
    plain, cohort = PlainTrainer(adapted, tokens, tokens), CohortTrainer(adapted, tokens, tokens, hidden, hidden)
    start = plain.layout.flatten(adapted)
    weights = start + 0.02 * torch.randn(2, len(start), generator=torch.Generator().manual_seed(0))
    rows, mask = torch.tensor([[0, 1], [2, 3]]), torch.ones(2, 2, dtype=torch.bool)
    found = []
    for trainer in (plain, cohort):
        out = torch.full_like(weights, torch.nan)
        found.append((trainer.gradients(weights.clone(), rows, mask, out), out, trainer.logits(weights[0])))
    for theirs, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_the_types_matter_to_bert_and_to_what_is_kept_of_it(tokenizer):
    adapted = adapt(embedded.load_classifier(3, "minilm-bert"), Lora(), seed=0)
    typed = tokenize(DATA, tokenizer, 32, types=2)
    untyped = Tokens(typed.ids, typed.starts, typed.labels)
    encoder = architectures.encoder(adapted)
    outputs = [hidden_states(encoder, 1, tokens, "", None, lambda *_: None) for tokens in (typed, untyped)]
    assert not torch.allclose(*outputs)
    assert len({_digest(encoder, tokens, "weights", 1) for tokens in (typed, untyped)}) == 2
