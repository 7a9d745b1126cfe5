"""What nodes do to a round that fail: at most their share of it is lost, and the record says so."""

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Error, Message, RecordDict

from fda_flower import Fda
from fda_flower.orders import ORDER, STATES, order_of
from tests.flower.test_round import CLIENTS, MOST, model, numbers, play

BEFORE, UPLOAD = "between checks", "during the upload"
ROUND = 4  # the threshold ends it after 8 local epochs: models are asked for by themselves
LOST = [[], [], [], ["0"], [], []]


def victim(message: Message) -> bool:
    """The client with partition-id 0: it has seeds of its own, but the grid knows it by its node."""
    return message.metadata.dst_node_id == victim.node


def at(moment: str, message: Message, number: int = ROUND) -> bool:
    """Whether the victim is asked in this moment of round `number`."""
    order = order_of(message.content)
    if order is None or order.round != number or not victim(message):
        return False
    return order.epoch == 1 and order.epochs > 0 if moment == BEFORE else order.epochs == 0


def run(fault, **words):
    """Six rounds of four clients, of which the first is the victim."""
    import random

    victim.node = random.Random(0).sample(range(2**40), CLIENTS)[0]
    return play(fault=fault, **words)


def lost(rounds) -> list[list[str]]:
    return [[client.name for client in r.clients if client.problem] for r in rounds]


def error(message: Message) -> Message:
    return Message(Error(5, "Node Unavailable"), reply_to=message)


FAULTS = {
    "no answer": lambda message, reply: [],
    "an error": lambda message, reply: [error(message)],
    "states of no numbers": lambda message, reply: [spoilt(message, reply, np.nan)],
    "infinite states": lambda message, reply: [spoilt(message, reply, np.inf)],
    "nothing in it": lambda message, reply: [Message(RecordDict(), reply_to=message)],
}


def spoilt(message: Message, reply: Message, value: float) -> Message:
    """The reply with numbers of no use, in its states and its model."""
    content = RecordDict(dict(reply.content.items()))
    for name, record in reply.content.array_records.items():
        content[name] = ArrayRecord({key: Array(np.full_like(a.numpy(), value)) for key, a in record.items()})
    return Message(content, reply_to=message)


@pytest.mark.parametrize("moment", [BEFORE, UPLOAD])
@pytest.mark.parametrize("name", FAULTS)
def test_who_fails_is_out_of_that_round_and_back_in_the_next(name, moment):
    rounds, result, _ = run(lambda message, reply: FAULTS[name](message, reply) if at(moment, message) else [reply])
    assert lost(rounds) == LOST
    assert all(len(r.left) >= CLIENTS - 1 for r in rounds) and np.isfinite(model(result)).all()
    assert next(c.problem for c in rounds[ROUND - 1].clients if c.problem)
    healthy, _, _ = play()
    assert (
        numbers(rounds)[: ROUND - 1] == numbers(healthy)[: ROUND - 1]
        and numbers(rounds)[ROUND - 1] != numbers(healthy)[ROUND - 1]
    )


def test_an_answer_that_comes_twice_counts_once():
    rounds, result, _ = run(lambda message, reply: [reply, reply] if victim(message) else [reply])
    healthy, other, _ = play()
    assert numbers(rounds) == numbers(healthy) and np.array_equal(model(result), model(other))


def test_an_answer_to_an_earlier_order_is_not_taken_for_this_one_s():
    late = []

    def fault(message, reply):
        if at(BEFORE, message):
            late.append(reply)
            return []
        return [*late, reply] if victim(message) and late and order_of(message.content) else [reply]

    rounds, _, _ = run(fault)
    assert lost(rounds) == LOST


def test_a_client_that_lost_its_state_says_so_and_comes_back():
    grids = []

    def fault(message, reply):
        order = order_of(message.content)
        if order and order.round == ROUND and order.epoch == 0 and victim(message):
            grids[0].contexts[victim.node].state.clear()
        return [reply]

    from tests.flower import test_round

    original = test_round.LocalGrid
    test_round.LocalGrid = lambda *words, **more: grids.append(original(*words, **more)) or grids[0]
    try:
        rounds, _, _ = run(fault)
    finally:
        test_round.LocalGrid = original
    assert lost(rounds) == LOST
    assert "no state of run" in next(c.problem for c in rounds[ROUND - 1].clients if c.problem)


def test_a_round_that_everybody_fails_leaves_the_model_as_it_was():
    def fault(message, reply):
        order = order_of(message.content)
        return [] if order and order.round == ROUND else [reply]

    rounds, result, _ = run(fault)
    assert (
        rounds[ROUND - 1].reason == "all-dropped"
        and rounds[ROUND - 1].left == []
        and rounds[ROUND - 1].variance is None
    )
    assert rounds[ROUND - 2].threshold_next == rounds[ROUND - 1].threshold_next and np.isfinite(model(result)).all()
    assert rounds[ROUND].left and rounds[ROUND + 1].left


@pytest.mark.parametrize("ahead", [1, 4])
def test_an_error_of_the_app_in_the_middle_of_a_round_costs_the_round_only(ahead):
    from tests.flower import test_round, tiny_app

    original, calls = tiny_app.trained, []

    def failing(w, b, client, lr):
        calls.append(client)
        if client == 0 and calls.count(0) == 4:
            raise RuntimeError("out of memory")
        return original(w, b, client, lr)

    tiny_app.trained = failing
    try:
        rounds, _, _ = test_round.play(fda=Fda(max_epochs=MOST, look_ahead=ahead))
    finally:
        tiny_app.trained = original
    assert sum(map(len, lost(rounds))) == 1 and "out of memory" in str([c.problem for r in rounds for c in r.clients])


def test_an_order_for_a_round_the_client_never_saw_is_refused():
    """As after a node joined in the middle."""
    from fda_flower import fda_mod
    from fda_flower.orders import Order
    from tests.flower import tiny_app
    from tests.flower.local_grid import LocalGrid

    local = LocalGrid(tiny_app.make_app(fda_mod), 1)
    order = RecordDict({ORDER: Order(2, 3, 1, False, True, 0).record()})
    [reply] = local.send_and_receive([Message(order, next(iter(local.contexts)), "train")])
    assert reply.has_error() and "takes part again in the next round" in reply.error.reason
    assert STATES not in order
