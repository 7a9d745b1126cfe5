"""The fair-race panel: the numbers of the run, what differs, and a record that is not of a fair race."""

import pytest

from fda_core.runs.recorded import recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.settings.config import LaneSpec
from tests.helpers.fake import Fake, fast_config, reach
from tests.helpers.tiny_events import a_round
from ui.text.i18n import catalogue
from ui.text.viewer import reading
from ui.views.race.held_equal import differs, equal, turns


def run_of(config, events=None) -> Snapshot:
    events = events or tuple(Fake()(config, lambda done, total: None, lambda: None))
    return Snapshot("20261124-000000-aaaaaa", config, "finished", len(events), tuple(events))


def test_a_real_run_tells_all_its_numbers():
    assert dict(equal(recorded("alpha-1"))) == {
        "Initial weights": "160,898 trained weights, drawn from seed 0; the rest of the encoder is frozen",
        "Who has which texts": "4,000 texts on 40 clients, α = 1, 100 each",
        "Who trains in which round": "10 of 40 clients, drawn from the seed; found equal in all 18 rounds that several "
        "lanes have played",
        "Order of batches": "8 texts a step; in a round, a client's next step reads the same texts in every lane",
        "Training at the clients": "SGD, learning rate 0.05",
        "Server optimiser": "SGD (FedAvg), learning rate 1",
        "Evaluation": "1,000 texts on which nobody trains; untrained: accuracy 49.5 %, test loss 0.694",
        "Simulated line": "20 Mbit/s up, 50 down, 80 ms",
    }


def test_a_manager_reads_no_greek():
    with reading(depth="manager"):
        words = " ".join(part for row in equal(recorded("alpha-1")) for part in row) + differs(fast_config())
    assert not any(letter in words for letter in "αΘ")


def test_a_round_with_other_clients_is_not_called_fair():
    run = run_of(fast_config(rounds=2))
    odd = a_round("fda-opt", 2, clients=["2", "3"])
    events = [odd if getattr(e, "lane", "") == "fda-opt" and getattr(e, "round", 0) == 2 and e.event == "round" else e
              for e in run.events]  # fmt: skip
    assert turns(run).endswith("found equal in all 2 rounds that several lanes have played")
    assert turns(run_of(run.config, events)) == (
        "Not equal: other clients in 1 of the 2 rounds that several lanes have played"
    )


def test_one_lane_alone_has_nothing_to_be_compared_with():
    run = run_of(fast_config(lanes=(LaneSpec(id="a", rule="schedule", epochs=1),)))
    assert turns(run) == "4 of 4 clients, drawn from the seed"


def test_dropouts_are_held_equal_too():
    assert "10 % in a local epoch, drawn from the seed" in dict(equal(run_of(fast_config(client_dropout=0.1)))).values()


def test_parts_of_unlike_sizes_are_given_with_both_ends():
    run = run_of(fast_config())
    run.events[0].facts["clients"] = [{"examples": 7}, {"examples": 1200}]
    assert dict(equal(run))["Who has which texts"].endswith(", 7 to 1,200 each")


@pytest.mark.parametrize("clients", [None, [], "x", [{"examples": "many"}], [{}]])
def test_a_foreign_record_need_not_say_who_has_how_many(clients):
    run = run_of(fast_config())
    run.events[0].facts["clients"] = clients
    assert dict(equal(run))["Who has which texts"] == "40 texts on 4 clients, α = 1"


LANES = (
    LaneSpec(id="e1", rule="schedule", epochs=1),
    LaneSpec(id="s", rule="smoothed", max_epochs=8),
    LaneSpec(id="p", rule="tapered", max_epochs=8),
    LaneSpec(id="t", rule="fixed", theta=0.3, max_epochs=9),
    LaneSpec(id="all", rule="centralised", epochs=5),
)


def test_every_rule_says_when_it_synchronises():
    lines = differs(fast_config(lanes=LANES)).splitlines()
    assert lines[0] == "What differs is only **when a lane synchronises**:"
    assert lines[2] == "- **FedOpt E=1**: after 1 local epoch, always"
    assert "itself more smoothly, and after 8 local epochs at the latest" in lines[3]
    assert "lowers as the training loss falls, and after 8 local epochs at the latest" in lines[4]
    assert "exceeds Θ = 0.3, and after 9 local epochs at the latest" in lines[5]
    assert lines[6] == "- **All data in one place**: a reference that never synchronises"


def test_lanes_with_servers_of_their_own_differ_in_them_too():
    config = fast_config(lanes=(LANES[0], LaneSpec(id="y", rule="adaptive", max_epochs=10, server="yogi")))
    assert differs(config).startswith("What differs is **when a lane synchronises, and the server optimiser**:")
    assert "Server optimiser" not in dict(equal(run_of(config)))


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_panel_is_on_the_page_once_there_are_numbers(visit, runner, fake, lang):
    title = catalogue(lang)["fair.title"]
    assert [panel.label for panel in visit(lang=lang).expander if panel.label == title] == []
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "finished")
    page = visit(run=run_id, lang=lang)
    assert not page.exception
    assert len([panel for panel in page.expander if panel.label == title]) == 1
