"""What a client keeps between two messages, in its context or in files: for one moment of a run, and whole."""

from pathlib import Path

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, RecordDict

from fda_flower import fda_mod, keeping
from fda_flower.keeping import LostState, forget, keep, kept
from fda_flower.orders import ORDER, Order
from tests.flower import tiny_app
from tests.flower.local_grid import RUN, LocalGrid

RECORDS = {
    "start": ArrayRecord({"w": Array(np.zeros(3, np.float32))}), "sent/config": ConfigRecord({"lr": 0.2}),
    "back/2/arrays": ArrayRecord({"w": Array(np.ones(3, np.float32))}),
}  # fmt: skip
NOW = {"run": 7, "round": 3, "epoch": 2}


@pytest.fixture
def context() -> Context:
    return Context(7, 11, {}, RecordDict(), {})


@pytest.fixture
def spilt(monkeypatch):
    """Everything is large."""
    monkeypatch.setattr(keeping, "SPILL", 0)


def files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "states").rglob("*") if path.is_file())


def test_what_is_kept_in_files_comes_back_and_is_deleted(context, spilt, tmp_path):
    keep(context, **NOW, records=RECORDS)
    assert len(files(tmp_path)) == len(RECORDS) and list(context.state) == [keeping.MARK]
    found = kept(context, **NOW)
    assert set(found) == set(RECORDS) and found["sent/config"]["lr"] == 0.2
    assert found["back/2/arrays"]["w"].numpy().tolist() == [1, 1, 1]
    forget(context)
    assert not files(tmp_path) and not context.state


@pytest.mark.parametrize("size", [0, 2**30])
@pytest.mark.parametrize("other", [{"run": 8}, {"round": 2}, {"round": 4}, {"epoch": 1}, {"epoch": 3}])
def test_it_is_given_out_for_just_that_moment(context, monkeypatch, size, other):
    monkeypatch.setattr(keeping, "SPILL", size)
    keep(context, **NOW, records=RECORDS)
    with pytest.raises(LostState, match=r"it has \(7, 3, 2\). It takes part again in the next round"):
        kept(context, **NOW | other)
    assert kept(context, **NOW)


@pytest.mark.parametrize("other", [{"run": 8}, {"round": 4}, {"epoch": 3}])
def test_a_context_older_or_newer_than_the_files_is_no_state(context, spilt, other):
    """Flower lost the context that a message handed back: the files are of another moment than it says."""
    keep(context, **NOW, records=RECORDS)
    context.state[keeping.MARK] = ConfigRecord({**context.state[keeping.MARK], **other})
    with pytest.raises(LostState, match=r"kept of round \d cannot be read: .* holds 0 of its 3 records"):
        kept(context, **NOW | other)


def test_files_of_a_moment_whose_number_begins_alike_are_not_read(context, spilt, tmp_path):
    keep(context, **NOW, records=RECORDS)
    for file in files(tmp_path):
        file.rename(file.with_name(file.name.replace("3-2-", "3-20-")))
    with pytest.raises(LostState):
        kept(context, **NOW)


DAMAGE = {
    "lost": lambda file: file.unlink(), "empty": lambda file: file.write_bytes(b""),
    "torn": lambda file: file.write_bytes(file.read_bytes()[:-1]), "other": lambda file: file.write_bytes(b"no state"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("number", range(len(RECORDS)))
def test_one_damaged_file_is_told_in_a_sentence(context, spilt, tmp_path, name, number):
    keep(context, **NOW, records=RECORDS)
    DAMAGE[name](files(tmp_path)[number])
    with pytest.raises(LostState, match=r"^What this client kept of round 3 cannot be read: .+\.$"):
        kept(context, **NOW)


@pytest.mark.parametrize("number", [0, 1, -1])
def test_the_server_hears_that_sentence(spilt, tmp_path, number):
    local = LocalGrid(tiny_app.make_app(fda_mod), 1)
    [node] = local.contexts
    first = RecordDict({"arrays": tiny_app.initial(), "config": tiny_app.config(), ORDER: order(0)})
    [reply] = local.send_and_receive([Message(first, node, "train")])
    assert not reply.has_error() and len(files(tmp_path)) > 3
    files(tmp_path)[number].unlink()
    [reply] = local.send_and_receive([Message(RecordDict({ORDER: order(1)}), node, "train")])
    assert reply.has_error() and reply.error.reason.startswith("What this client kept of round 3 cannot be read: ")
    assert str(RUN) in reply.error.reason and reply.error.reason.endswith("records.")
    assert not files(tmp_path), "nothing of no use is left"


def order(epoch: int) -> ConfigRecord:
    return Order(3, epoch, 1, False, True, 0).record()
