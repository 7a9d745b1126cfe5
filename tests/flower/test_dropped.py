"""Whoever drops out, and whenever: the record stays one that the lab reads, and names the clients that did."""

import random

import pytest

pytest.importorskip("fda_core.runs.store", exc_type=ImportError)
from fda_core.algorithm.events import Round
from fda_core.runs.audit import audit
from fda_core.runs.store import read_events
from fda_flower import Fda, FdaAvg, LabRecord, fda_mod
from fda_flower.numbering import Numbers
from fda_flower.orders import Order, order_of
from fda_flower.rounds import Told
from tests.flower import tiny_app
from tests.flower.local_grid import LocalGrid
from tests.flower.test_round import play

CLIENTS, ROUNDS, LATER = 4, 5, 4
ALL = list(map(str, range(CLIENTS)))
NODES = random.Random(0).sample(range(2**40), CLIENTS)  # as LocalGrid draws them: node ids by partition-id
MOMENTS = {
    "first order": lambda order: order.epoch == 0 and order.epochs > 0,
    "between checks": lambda order: order.epoch > 0 and order.epochs > 0,
    "upload": lambda order: order.epochs == 0,
}


def silent(who, when, round=LATER):
    """Clients that do not answer in this moment of a round."""

    def fault(message, reply):
        order = order_of(message.content)
        lost = order and order.round == round and when(order) and NODES.index(message.metadata.dst_node_id) in who
        return [] if lost else [reply]

    return fault


def recorded(folder, *faults, fda=Fda(max_epochs=10)) -> list[Round]:  # noqa: B008 - it is frozen
    """The rounds on record of a run with a lane for each fault, after everything that checks records."""
    lanes = {f"lane-{number}": fda for number in range(len(faults))}
    with LabRecord(folder, lanes, CLIENTS, CLIENTS, ROUNDS) as record:
        for lane, fault in zip(lanes, faults, strict=True):
            strategy = FdaAvg(
                fda=fda, watcher=record.watch(lane), min_train_nodes=CLIENTS, min_available_nodes=CLIENTS,
                fraction_evaluate=0.0,
            )  # fmt: skip
            local = LocalGrid(tiny_app.make_app(fda_mod), CLIENTS, fault=fault)
            assert list(local.contexts) == NODES
            strategy.start(local, tiny_app.initial(), ROUNDS, train_config=tiny_app.config())
    report = audit(folder)
    assert not report.wrong and report.closed
    rounds = [event for event in read_events(folder) if isinstance(event, Round)]
    assert len(rounds) == ROUNDS * len(faults)
    return rounds


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "20261127-120000-abcdef"


@pytest.mark.parametrize("victim", range(CLIENTS))
@pytest.mark.parametrize(("moment", "round"), [("first order", 1), *((moment, LATER) for moment in MOMENTS)])
def test_a_dead_node_is_on_record_by_its_own_number(folder, victim, moment, round):
    rounds = recorded(folder, silent({victim}, MOMENTS[moment], round))
    assert [each.dropped for each in rounds] == [[str(victim)] if each.round == round else [] for each in rounds]
    assert all(sorted(each.clients) == ALL for each in rounds)
    assert rounds[round - 1].bytes_up == (CLIENTS - 1) * rounds[0].bytes_down // CLIENTS


@pytest.mark.parametrize("rule", [Fda(max_epochs=10), Fda(max_epochs=10, look_ahead=3), Fda(rule="schedule", epochs=2)])
@pytest.mark.parametrize(("moment", "round"), [("first order", 1), *((moment, LATER) for moment in MOMENTS)])
def test_a_round_that_everybody_fails_is_on_record(folder, moment, round, rule):
    if rule.rule == "schedule" and moment != "first order":
        pytest.skip("FedOpt has one order a round")
    rounds = recorded(folder, silent(range(CLIENTS), MOMENTS[moment], round), fda=rule)
    assert [sorted(each.dropped) for each in rounds] == [ALL if each.round == round else [] for each in rounds]
    assert rounds[round - 1].reason == "all-dropped" and rounds[round - 1].bytes_up == 0
    assert [each.clients for each in rounds if each.round > round] == [ALL] * (ROUNDS - round)


@pytest.mark.parametrize("who", [{0, 3}, {1, 2}, {0, 1, 2}])
def test_numbers_for_the_time_being_are_given_up_once_the_names_are_known(folder, who):
    rounds = recorded(folder, silent(who, MOMENTS["first order"], 1))
    assert len(rounds[0].dropped) == len(who) and sorted(rounds[0].clients) == ALL
    assert [each.clients for each in rounds[1:]] == [ALL] * (ROUNDS - 1)


def test_a_lane_knows_the_clients_of_the_one_before(folder):
    rounds = recorded(folder, None, silent({1, 2}, MOMENTS["first order"], 1))
    first = next(each for each in rounds if each.lane == "lane-1")
    assert sorted(first.dropped) == ["1", "2"] and sorted(first.clients) == ALL


def test_a_watcher_is_told_the_name_of_who_does_not_answer_at_all():
    rounds, _, _ = play(fault=silent({2}, MOMENTS["first order"]), rounds=ROUNDS)
    assert [[client.name for client in each.clients if client.problem] for each in rounds] == [[], [], [], ["2"], []]


# Nodes and names that are none of the usual ones.


def told(node: int, name: str = "", problem: str = "") -> Told:
    return Told(node, None, name, problem=problem)


def test_a_client_under_a_new_node_has_its_number_and_the_dead_node_none():
    numbers = Numbers(3)
    assert numbers.of([told(70, "0"), told(71, "1"), told(72, "2")]) == {70: "0", 71: "1", 72: "2"}
    assert numbers.of([told(70, "0"), told(71, "1", "dead"), told(99, "1"), told(72, "2")]) == {
        70: "0", 99: "1", 72: "2",
    }  # fmt: skip


def test_clients_without_a_number_of_their_own_have_the_same_one_throughout():
    numbers = Numbers(3)
    assert numbers.of([told(70, "Lyon"), told(71, "Bonn"), told(72, "", "dead")]) == {70: "0", 71: "1", 72: "2"}
    assert numbers.of([told(72, "2"), told(71, "Bonn")]) == {72: "2", 71: "1"}
    assert numbers.of([told(71, "", "dead"), told(72, "", "dead")]) == {71: "1", 72: "2"}
    assert Numbers(3).of([told(70, "007"), told(71, "01")]) == {71: "1", 70: "0"}, "their numbers, or none beyond"


def test_two_nodes_of_one_name_are_two_clients():
    numbers = Numbers(3)
    assert numbers.of([told(70, "1"), told(71, "1"), told(72, "1")]) == {70: "1", 71: "0", 72: "2"}


def test_more_clients_than_the_record_was_told_of_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match="told of 2 clients, and more take part"):
        Numbers(2).of([told(70, "0"), told(71, "1"), told(72, "2")])
    assert Numbers(2).of([told(70, "0"), told(71, "1"), told(72, "", "dead")]) == {70: "0", 71: "1"}


@pytest.mark.parametrize("seed", range(20))
def test_no_number_is_given_twice_whoever_answers(seed):
    lot, numbers = random.Random(seed), Numbers(CLIENTS)
    nodes = {lot.randrange(2**40): name for name in ALL}
    for _ in range(20):
        round = [told(node, name) if lot.random() < 0.4 else told(node, "", "dead") for node, name in nodes.items()]
        given = numbers.of(lot.sample(round, lot.randint(1, len(round))))
        assert len(set(given.values())) == len(given) and set(given.values()) <= set(ALL)
        assert all(given.get(each.node, each.name) == each.name for each in round if each.name)


def test_orders_of_all_moments_are_told_apart():
    first, going_on, upload = (Order(1, epoch, epochs, False, True, 0) for epoch, epochs in ((0, 1), (1, 1), (3, 0)))
    found = [[when(order) for when in MOMENTS.values()] for order in (first, going_on, upload)]
    assert found == [[True, False, False], [False, True, False], [False, False, True]]
