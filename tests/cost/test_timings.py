"""Paces on disk: kept, found again, believed for a while, and never in the way."""

import json
import os

import pytest

from fda_core.cost.timings import BELIEVED, FILE, FRESH, KEPT, Paces
from tests.cost.test_estimate import PACE
from tests.helpers.fake import fast_config


class Clock:
    now = 1e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def paces(root, clock):
    return Paces(lambda: root, clock)


def again(paces) -> Paces:
    """As another process reads them."""
    return Paces(paces.root, paces.now)


def test_a_pace_is_found_again_by_the_next_process(paces):
    paces.put(fast_config(), PACE)
    assert again(paces).get(fast_config()) == PACE
    assert again(paces).cost(fast_config(clients=8)).seconds


def test_another_kind_of_training_has_another_pace(paces):
    paces.put(fast_config(), PACE)
    assert paces.get(fast_config(lora={"layers": 2})) is None


@pytest.mark.parametrize("name", ["FDA_OPT_LAB_THREADS", "OMP_NUM_THREADS"])
def test_so_has_another_number_of_threads(paces, monkeypatch, name):
    paces.put(fast_config(), PACE)
    monkeypatch.setenv(name, str(1 + int(os.environ.get(name) or 0)))
    assert paces.get(fast_config()) is None


def test_a_pace_is_measured_again_after_a_while_and_believed_for_longer(paces, clock):
    assert not paces.fresh(fast_config())
    paces.put(fast_config(), PACE)
    assert paces.fresh(fast_config())
    clock.now += FRESH + 1
    assert not paces.fresh(fast_config()) and paces.get(fast_config())
    clock.now += BELIEVED
    assert paces.get(fast_config()) is None


def test_what_was_prepared_is_remembered_by_its_numbers_of_texts(paces):
    paces.put(fast_config(), PACE)
    before = paces.cost(fast_config()).preparing
    paces.prepared(fast_config())
    assert again(paces).cost(fast_config()).preparing == PACE.load < before
    assert again(paces).cost(fast_config(train_examples=41)).preparing > PACE.load


def test_without_a_pace_the_bytes_follow_from_the_weights(paces):
    assert paces.cost(fast_config()) is None
    assert paces.cost(fast_config(), 1000).bytes.likely > 0


def test_nothing_of_a_config_stands_in_the_file(paces, root):
    paces.put(fast_config(preset="secret-name"), PACE)
    paces.prepared(fast_config())
    text = (root / FILE).read_text()
    assert "secret-name" not in text and "minilm" not in text and "reviews" not in text


def test_the_file_stays_small(paces, root):
    for tokens in range(4, 4 + KEPT + 5):
        paces.put(fast_config(max_tokens=tokens), PACE)
    assert len(json.loads((root / FILE).read_text())) == KEPT
    assert paces.get(fast_config(max_tokens=4)) is None and paces.get(fast_config(max_tokens=3 + KEPT))


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"[]", b"null", b"7", b'{"a": 7}', b'{"a": {"pace": {}}}', b'{"a": {"pace": null, "when": 1}}',
        b'{"a": {"texts": [7]}}', b'{"a": {"texts": 7}}', b"\xff\xfe", b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(paces, root, damage):
    root.mkdir()
    (root / FILE).write_bytes(damage)
    assert paces.get(fast_config()) is None
    paces.put(fast_config(), PACE)
    assert again(paces).get(fast_config()) == PACE


@pytest.mark.parametrize("field", ["pace", "when"])
@pytest.mark.parametrize("value", [None, "soon", [], {}, {"step": []}])
def test_an_entry_with_a_damaged_part_is_dropped_alone(paces, root, field, value):
    paces.put(fast_config(), PACE)
    paces.put(fast_config(max_tokens=32), PACE)
    found = json.loads((root / FILE).read_text())
    next(iter(found.values()))[field] = value
    (root / FILE).write_text(json.dumps(found))
    later = again(paces)
    assert later.get(fast_config()) is None and later.get(fast_config(max_tokens=32)) == PACE


def test_a_folder_that_cannot_be_written_costs_only_the_memory(root):
    root.touch()  # a file where the folder should be
    paces = Paces(lambda: root)
    paces.put(fast_config(), PACE)
    assert paces.get(fast_config()) == PACE
