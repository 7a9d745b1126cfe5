"""Events become one table: a row a synchronisation, running totals, and the untrained model at zero."""

import math

import pytest

from fda_core.support.errors import Cancelled
from tests.helpers.fake import MODEL_BYTES, STATE_BYTES, Fake, fast_config, run_started
from tests.helpers.tiny_events import a_round, an_epoch
from ui.shared.frames import COLUMNS, race_frame


@pytest.fixture(scope="module")
def events():
    return list(Fake()(fast_config(), lambda done, total: None, lambda: None))


@pytest.fixture(scope="module")
def frame(events):
    return race_frame(events)


def of(frame, lane):
    return frame[frame.lane == lane].reset_index(drop=True)


def test_before_the_run_has_started_there_are_columns_and_no_rows():
    frame = race_frame([])
    assert list(frame.columns) == COLUMNS and frame.empty


def test_a_started_run_has_its_untrained_model_at_zero_in_every_lane():
    config = fast_config()
    frame = race_frame([run_started(config)])
    assert frame.lane.tolist() == [lane.id for lane in config.lanes]
    assert (frame[["round", "epochs", "megabytes", "seconds"]] == 0).all().all()
    assert (frame.test_loss == 0.7).all() and (frame.accuracy == 0.5).all()


def test_every_synchronisation_is_one_row(frame):
    assert of(frame, "fda-opt")["round"].tolist() == [0, 1, 2, 3]
    assert len(frame) == 3 * 4


@pytest.mark.parametrize(
    ("lane", "epochs", "each"),
    [("fedopt-e1", [0, 1, 2, 3], [0, 1, 1, 1]), ("fedopt-e5", [0, 5, 10, 15], [0, 5, 5, 5]),
     ("fda-opt", [0, 1, 6, 11], [0, 1, 5, 5])],
)  # fmt: skip
def test_local_epochs_are_running_totals_beside_each_rounds_own(frame, lane, epochs, each):
    assert of(frame, lane).epochs.tolist() == epochs
    assert of(frame, lane).round_epochs.tolist() == each


def test_megabytes_are_running_totals_of_all_kinds_of_bytes(frame):
    model, state = 8 * MODEL_BYTES / 1e6, 4 * (STATE_BYTES + 1) / 1e6
    assert of(frame, "fedopt-e1").megabytes.tolist() == pytest.approx([0, model, 2 * model, 3 * model])
    expected = [0, model + state, 2 * model + 6 * state, 3 * model + 11 * state]
    assert of(frame, "fda-opt").megabytes.tolist() == pytest.approx(expected)


def test_seconds_and_qualities_are_those_of_the_round(frame, events):
    played = [event for event in events if event.event == "round" and event.lane == "fedopt-e5"]
    rows = of(frame, "fedopt-e5")[1:]
    assert rows.seconds.tolist() == [event.simulated_seconds for event in played]
    assert rows.test_loss.tolist() == [event.test_loss for event in played]
    assert rows.accuracy.tolist() == [event.accuracy for event in played]


def test_the_reason_of_each_synchronisation_is_kept(frame):
    assert of(frame, "fda-opt").reason.tolist() == ["", "threshold", "threshold", "threshold"]


def test_epochs_of_an_unfinished_round_draw_nothing(events):
    unfinished = [*events, an_epoch("fda-opt", 4, 1)]
    assert race_frame(unfinished).equals(race_frame(events))


def test_a_round_without_numbers_is_a_gap_not_an_error():
    events = [run_started(fast_config()), a_round("fda-opt", 1, test_loss=None, accuracy=None)]
    row = of(race_frame(events), "fda-opt").iloc[1]
    assert math.isnan(row.test_loss) and math.isnan(row.accuracy)


def test_lanes_may_be_at_different_rounds():
    calls = iter(range(5))

    def tick():
        if next(calls, None) is None:
            raise Cancelled

    with pytest.raises(Cancelled):
        played = []
        for event in Fake()(fast_config(), lambda done, total: None, tick):
            played.append(event)
    assert race_frame(played).groupby("lane")["round"].max().to_dict() == {"fedopt-e1": 1, "fedopt-e5": 0, "fda-opt": 0}
