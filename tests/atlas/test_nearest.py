"""Whatever the sliders say, the nearest recorded setting is found, and whether it is the very one."""

import pytest

from fda_core.atlas.cells import BASELINE, DEFAULT, RACE, Cell, Run
from fda_core.atlas.curves import Atlas
from fda_core.atlas.nearest import exact, nearest, neighbours, shown
from fda_core.settings import presets
from tests.atlas.test_opponents import curve

ALIKE, SLOW, SMALL = Cell(clients=40, alpha=10, client_lr=0.05), Cell(clients=40, client_lr=0.01), Cell(client_lr=0.05)


@pytest.fixture
def atlas() -> Atlas:
    cells = (DEFAULT, ALIKE, SLOW, SMALL)
    curves = {Run(cell, lane, seed): curve(0.6, 0.7) for cell in cells for lane in RACE for seed in (0, 1, 2)}
    curves |= {Run(Cell(client_lr=0.2), BASELINE, 0): curve(0.6)}  # one lane alone is no comparison
    return Atlas(curves, {})


@pytest.mark.parametrize(
    ("changes", "cell"),
    [
        ({}, DEFAULT), ({"alpha": 4.0}, ALIKE), ({"alpha": 2.0}, DEFAULT), ({"client_lr": 0.015}, SLOW),
        ({"clients": 15}, SMALL), ({"clients": 200}, DEFAULT), ({"alpha": 0.01}, DEFAULT),
    ],
)  # fmt: skip
def test_the_nearest_by_ratios(atlas, changes, cell):
    config = presets.build(changes)
    assert nearest(atlas, config) == cell
    assert exact(cell, config) == (not changes)


def test_the_neighbours_of_all_places_of_two_sliders_are_those_of_each(atlas):
    alphas, clients, config = (10.0, 1.0, 0.01), range(2, 201, 18), presets.build({"client_lr": 0.02})
    found = neighbours(atlas, config, alphas, clients)
    assert found == [
        [nearest(atlas, config.model_copy(update={"alpha": alpha, "clients": n})) for n in clients] for alpha in alphas
    ]
    assert len({cell for line in found for cell in line}) > 2


def test_another_server_has_no_neighbour_and_one_lane_is_no_cell(atlas):
    assert nearest(atlas, presets.build({"server_optimizer": "adam"})) is None
    assert neighbours(atlas, presets.build({"server_optimizer": "adam"}), (1.0,), (40,)) == []
    assert Cell(client_lr=0.2) not in shown(atlas)


def test_of_another_server_only_its_own_cells_are_shown_and_a_rate_of_its_own_makes_a_difference(atlas):
    slow, fast = (Cell("adam", 40, 1.0, 0.05, rate) for rate in (0.001, 0.01))
    for cell in (slow, fast):
        atlas.curves.update({Run(cell, lane, seed): curve(0.6) for lane in RACE for seed in (0, 1, 2)})
    near = presets.build({"server_optimizer": "adam", "server_lr": 0.002})
    assert nearest(atlas, near) == slow and not exact(slow, near)
    assert neighbours(atlas, near, (1.0,), (40,)) == [[slow]]
    assert exact(fast, presets.build({"server_optimizer": "adam", "server_lr": 0.01}))
    assert nearest(atlas, presets.build()) == DEFAULT


E2, M20 = ({"id": "a", "rule": "schedule", "epochs": 2},), ({"id": "b", "rule": "adaptive", "max_epochs": 20},)


@pytest.mark.parametrize(
    "changes",
    [
        {"trained": "head"}, {"batch_size": 16}, {"clients_per_round": 5}, {"client_dropout": 0.3},
        {"weighting": "examples"}, {"server_lr": 0.3}, {"max_tokens": 32}, {"test_examples": 200}, {"lanes": E2},
        {"lanes": M20},
    ],
)  # fmt: skip
def test_what_differs_otherwise_is_near_and_not_the_same(atlas, changes):
    assert not exact(nearest(atlas, presets.build(changes)), presets.build(changes))


@pytest.mark.parametrize(
    "changes", [{"seed": 9}, {"target": {"value": 0.6}}, {"rounds": 5}, {"link": {"rtt_ms": 10.0}}]
)
def test_what_only_this_run_has_for_itself_is_still_the_same(atlas, changes):
    assert exact(DEFAULT, presets.build(changes))
