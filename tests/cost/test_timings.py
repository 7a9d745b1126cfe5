"""TimingStore on disk: kept, found again, believed for a while, and never in the way."""

import json
import os

import pytest

from fda_core.cost.timings import BELIEVED, FILE, FRESH, KEPT, TimingStore
from tests.cost.test_estimate import TIMINGS
from tests.helpers.fake import fast_config


class Clock:
    now = 1e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def timings(root, clock):
    return TimingStore(lambda: root, clock)


def again(timings) -> TimingStore:
    """As another process reads them."""
    return TimingStore(timings.root, timings.now)


def test_a_pace_is_found_again_by_the_next_process(timings):
    timings.put(fast_config(), TIMINGS)
    assert again(timings).get(fast_config()) == TIMINGS
    assert again(timings).cost(fast_config(clients=8)).seconds


def test_another_kind_of_training_has_another_pace(timings):
    timings.put(fast_config(), TIMINGS)
    assert timings.get(fast_config(lora={"layers": 2})) is None


@pytest.mark.parametrize("name", ["FDA_OPT_LAB_THREADS", "OMP_NUM_THREADS"])
def test_so_has_another_number_of_threads(timings, monkeypatch, name):
    timings.put(fast_config(), TIMINGS)
    monkeypatch.setenv(name, str(1 + int(os.environ.get(name) or 0)))
    assert timings.get(fast_config()) is None


def test_a_pace_is_measured_again_after_a_while_and_believed_for_longer(timings, clock):
    assert not timings.fresh(fast_config())
    timings.put(fast_config(), TIMINGS)
    assert timings.fresh(fast_config())
    clock.now += FRESH + 1
    assert not timings.fresh(fast_config()) and timings.get(fast_config())
    clock.now += BELIEVED
    assert timings.get(fast_config()) is None


def test_what_was_prepared_is_remembered_by_its_numbers_of_texts(timings):
    timings.put(fast_config(), TIMINGS)
    before = timings.cost(fast_config()).preparing
    timings.prepared(fast_config())
    assert again(timings).cost(fast_config()).preparing == TIMINGS.load < before
    assert again(timings).cost(fast_config(train_examples=41)).preparing > TIMINGS.load


def test_without_a_pace_the_bytes_follow_from_the_weights(timings):
    assert timings.cost(fast_config()) is None
    assert timings.cost(fast_config(), 1000).bytes.likely > 0


def test_nothing_of_a_config_stands_in_the_file(timings, root):
    timings.put(fast_config(preset="secret-name"), TIMINGS)
    timings.prepared(fast_config())
    text = (root / FILE).read_text()
    assert "secret-name" not in text and "minilm" not in text and "reviews" not in text


def test_the_file_stays_small(timings, root):
    for tokens in range(4, 4 + KEPT + 5):
        timings.put(fast_config(max_tokens=tokens), TIMINGS)
    assert len(json.loads((root / FILE).read_text())) == KEPT
    assert timings.get(fast_config(max_tokens=4)) is None and timings.get(fast_config(max_tokens=3 + KEPT))


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"{", b"[]", b"null", b"7", b'{"a": 7}', b'{"a": {"pace": {}}}', b'{"a": {"pace": null, "when": 1}}',
        b'{"a": {"texts": [7]}}', b'{"a": {"texts": 7}}', b"\xff\xfe", b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(timings, root, damage):
    root.mkdir()
    (root / FILE).write_bytes(damage)
    assert timings.get(fast_config()) is None
    timings.put(fast_config(), TIMINGS)
    assert again(timings).get(fast_config()) == TIMINGS


@pytest.mark.parametrize("field", ["pace", "when"])
@pytest.mark.parametrize("value", [None, "soon", [], {}, {"step": []}])
def test_an_entry_with_a_damaged_part_is_dropped_alone(timings, root, field, value):
    timings.put(fast_config(), TIMINGS)
    timings.put(fast_config(max_tokens=32), TIMINGS)
    found = json.loads((root / FILE).read_text())
    next(iter(found.values()))[field] = value
    (root / FILE).write_text(json.dumps(found))
    later = again(timings)
    assert later.get(fast_config()) is None and later.get(fast_config(max_tokens=32)) == TIMINGS


def test_a_folder_that_cannot_be_written_costs_only_the_memory(root):
    root.touch()  # a file where the folder should be
    timings = TimingStore(lambda: root)
    timings.put(fast_config(), TIMINGS)
    assert timings.get(fast_config()) == TIMINGS
