"""The timeline of a run: its packets are the run's events, counted by hand and over recorded runs."""

import pytest

from fda_core.algorithm.events import Epoch, Round
from fda_core.analysis.summary import lane_ids, rounds_of, started, summarize
from fda_core.analysis.timeline import TrackRound, Transfer, timeline, track, until_target
from fda_core.runs.recorded import names, recorded
from tests.helpers.stored_runs import begun
from tests.helpers.tiny_events import a_round, an_epoch

TARGET = {"metric": "accuracy", "value": 0.7}
CHECK = {"bytes_monitor_up": 16, "bytes_monitor_down": 2, "checks": 1}
BOTH = ("0", "1")


def monitored(number: int = 1, epochs: int = 2, **changes) -> list:
    """A round of FDA-OPT with a check of 18 bytes after each epoch; 48 bytes of models, two simulated seconds."""
    total = number * (48 + 18 * epochs)
    told = [an_epoch("fda-opt", number, epoch, **CHECK) for epoch in range(1, epochs + 1)]
    values = {"epochs": epochs, "bytes_monitor": 18 * epochs, "bytes_total": total, "client_steps": [2 * epochs] * 2}
    return [*told, a_round("fda-opt", number, **values | changes)]


def test_a_round_by_hand():
    """Two seconds cut in four: out, two epochs, back; a sketch in the second half of each epoch."""
    assert track([begun(), *monitored()], "fda-opt").transfers == (
        Transfer("down", 1, BOTH, 24, 0.0, 0.5),
        Transfer("sketch", 1, BOTH, 18, 0.75, 1.0),
        Transfer("sketch", 1, BOTH, 18, 1.25, 1.5),
        Transfer("up", 1, BOTH, 24, 1.5, 2.0),
    )


def test_fedopt_sends_no_sketches_and_a_lane_s_next_round_begins_where_the_last_one_ended():
    events = [begun(), an_epoch(), a_round(), an_epoch(number=2), a_round(number=2, simulated_seconds=5.0)]
    transfers = track(events, "fedopt").transfers
    assert [(transfer.kind, transfer.start, transfer.end) for transfer in transfers] == [
        ("down", 0.0, pytest.approx(2 / 3)), ("up", pytest.approx(4 / 3), 2.0), ("down", 2.0, 3.0), ("up", 4.0, 5.0),
    ]  # fmt: skip


def test_what_a_lane_had_come_to_after_each_round():
    events = [begun(), *monitored(accuracy=0.6), *monitored(2, 3, accuracy=None)]
    assert track(events, "fda-opt").rounds == (
        TrackRound(1, BOTH, 0.0, 2.0, 2, 0.6),
        TrackRound(2, BOTH, 2.0, 4.0, 5, None),
    )


def test_who_drops_out_sends_neither_the_last_state_nor_a_model():
    """Client 1 has trained one of two epochs: no state after it, and nothing after that."""
    events = [begun(), *monitored(dropped=["1"], client_steps=[4, 2], bytes_up=12)]
    assert [transfer.clients for transfer in track(events, "fda-opt").transfers] == [BOTH, ("0",), ("0",), ("0",)]
    stayed_longer = [begun(), *monitored(epochs=3, dropped=["1"], client_steps=[6, 4])]
    assert [transfer.clients for transfer in track(stayed_longer, "fda-opt").transfers] == [
        BOTH,
        BOTH,
        ("0",),
        ("0",),
        ("0",),
    ]


def test_a_round_that_nobody_survives_sends_no_model_back():
    lost = a_round(dropped=["0", "1"], bytes_up=0, reason="all-dropped")
    assert [transfer.kind for transfer in track([begun(), an_epoch(), lost], "fedopt").transfers] == ["down"]


def test_the_clock_of_a_damaged_record_does_not_run_backwards():
    events = [begun(), a_round(), a_round(number=2, simulated_seconds=1.0), a_round(number=3)]
    assert [(played.start, played.end) for played in track(events, "fedopt").rounds] == [(0, 2), (2, 2), (2, 6)]


def test_an_epoch_without_its_round_is_not_shown():
    assert track([begun(), *monitored(), an_epoch("fda-opt", 2, **CHECK)], "fda-opt").packets("sketch") == 4


def test_a_lane_is_shown_up_to_the_round_in_which_it_had_reached_the_target():
    """Met in rounds 2 and 3: known after 3. FDA-OPT does not get there and is shown whole."""
    theirs = [a_round(number=n, accuracy=value) for n, value in enumerate((0.6, 0.7, 0.8, 0.9), 1)]
    ours = [each for n in range(1, 6) for each in monitored(n, accuracy=0.6)]
    shown = timeline(until_target([begun(target=TARGET), *theirs, *ours]))
    assert [(one.lane, len(one.rounds), one.reached) for one in shown.tracks] == [
        ("fedopt", 3, 6.0),
        ("fda-opt", 5, None),
    ]
    assert shown.seconds == 10.0 and shown.accuracy == 0.5


@pytest.mark.parametrize(("facts", "clients"), [
    ({"clients": [{"id": "2"}, {"id": "1"}]}, ("2", "1", "0")), ({}, BOTH), ({"clients": None}, BOTH),
    ({"clients": [3]}, BOTH),
])  # fmt: skip
def test_everybody_has_a_place_whatever_the_record_says_of_its_clients(facts, clients):
    start = begun().model_copy(update={"facts": facts})
    assert timeline([start, a_round()]).clients == clients


def test_a_run_that_has_just_begun_is_an_empty_film():
    assert timeline([begun()]).seconds == 0.0 and [one.transfers for one in timeline([begun()]).tracks] == [(), ()]


@pytest.mark.parametrize("name", names())
def test_every_byte_of_a_recorded_run_is_in_its_film_and_every_packet_in_its_record(name):
    events = recorded(name).events
    for one in timeline(events).tracks:
        rounds = rounds_of(events, one.lane)
        checks = [e for e in events if isinstance(e, Epoch) and e.lane == one.lane and e.bytes_monitor_up]
        cohort = len(rounds[0].clients)
        assert one.bytes == rounds[-1].bytes_total
        assert one.packets("down", "up") == 2 * sum(len(event.clients) for event in rounds)
        assert one.packets("sketch") == cohort * len(checks)
        assert one.transfers[-1].end == one.rounds[-1].end == rounds[-1].simulated_seconds


def test_up_to_the_target_a_film_costs_what_the_summary_says():
    events = recorded("alpha-1").events
    costs = {lane.lane: lane.to_target for lane in summarize(list(events))}
    for one in timeline(until_target(events)).tracks:
        cost = costs[one.lane]
        assert (one.bytes, one.rounds[-1].epochs, one.reached) == (
            cost.bytes,
            cost.local_epochs,
            cost.simulated_seconds,
        )


def test_packets_of_a_wave_leave_after_those_before_and_within_their_round():
    for one in timeline(recorded("alpha-1").events).tracks:
        rounds = {played.round: played for played in one.rounds}
        for transfer in one.transfers:
            assert rounds[transfer.round].start <= transfer.start < transfer.end <= rounds[transfer.round].end
        assert list(one.transfers) == sorted(one.transfers, key=lambda transfer: transfer.start)


def test_another_record_is_another_film():
    events = list(recorded("alpha-1").events)
    place = next(i for i, e in enumerate(events) if isinstance(e, Round) and e.lane == "fda-opt" and e.round == 2)
    changes = {"bytes_up": 7, "clients": [*events[place].clients, "39"]}
    other = [*events[:place], events[place].model_copy(update=changes), *events[place + 1 :]]
    before, after = (timeline(each).tracks[lane_ids(started(each)).index("fda-opt")] for each in (events, other))
    assert after.bytes == before.bytes - events[place].bytes_up + 7
    assert after.packets("down") == before.packets("down") + 1 and after.packets("up") == before.packets("up") + 1
