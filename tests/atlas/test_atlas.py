"""`python -m fda_core atlas`: interrupted and continued it has every run once, and its file says what the runs said."""

import dataclasses
import json
from pathlib import Path

import pytest

from fda_core.algorithm.events import parse
from fda_core.analysis.summary import rounds_of
from fda_core.atlas import cells, file, page, play
from fda_core.atlas import headline as headlines
from fda_core.atlas.campaign import complete, play_one
from fda_core.atlas.default_figures import best_schedule, fastest, headline, saving
from fda_core.runs.store import EVENTS, read_events

DOCS = Path(__file__).parents[2] / "docs" / "atlas.md"
CELL = cells.Cell(clients=4)
RUNS = [cells.Run(CELL, lane, 0) for lane in ("fedopt-e1", "fda-opt", "fda-fixed-high")]
RUNS.append(cells.Run(cells.Cell(clients=8), "fedopt-e1", 0))  # half of them a round


def test_every_run_is_asked_for_once_and_no_verdict_rests_on_the_tuning_seed():
    asked = list(cells.runs())
    assert len(asked) == len(set(asked)) == len({run.name for run in asked})
    judged = {run.seed for run in cells.runs(tuple(part for part in cells.PARTS if part.name not in cells.TUNING))}
    assert judged.isdisjoint(cells.TUNING_SEEDS)
    configs = [run.config(0.1 if cells.LANES[run.lane].theta_scale else None) for run in asked]
    assert {config.local_epochs_of(config.lanes[0]) for config in configs} == {cells.LOCAL_EPOCHS}


@pytest.fixture(scope="module")
def tiny():
    """Runs of seconds, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        small = {"train_examples": 64, "test_examples": 32, "clients_per_round": 4, "local_epochs": 10}
        patch.setattr(cells, "SHARED", cells.SHARED | small)
        patch.setattr(play, "play_all", lambda jobs, workers: (job[0] for job in jobs if play_one(*job)))
        yield


@pytest.fixture(scope="module")
def played(tiny, tmp_path_factory, cold_cache):
    root = tmp_path_factory.mktemp("atlas")
    path = root / "atlas.parquet"
    done = []
    for run in play.play(RUNS, root, 1, lambda _: None):
        done.append(run)
        file.save([run], root, path)
    assert sorted(done) == sorted(RUNS)
    return root, path


@pytest.mark.slow
def test_the_file_has_every_round_as_the_run_recorded_it(played):
    root, path = played
    curves = file.load(path).curves
    assert set(curves) == set(RUNS)
    for run, curve in curves.items():
        rounds = rounds_of(read_events(root / run.name), run.lane)
        assert curve.bytes_total.tolist() == [0, *(event.bytes_total for event in rounds)]
        assert curve.epochs.tolist() == [0, *(event.epochs for event in rounds)]
        assert curve.accuracy[1:].tolist() == pytest.approx([event.accuracy for event in rounds])
        assert curve.test_loss[1:].tolist() == pytest.approx([event.test_loss for event in rounds])
        assert curve.status == "cap"
    starts = {(curve.accuracy[0], curve.test_loss[0]) for curve in curves.values()}
    assert len(starts) == 1  # all from the same weights


@pytest.mark.slow
def test_a_fixed_threshold_is_a_multiple_of_what_fda_opt_settled_at_on_the_tuning_seed(played):
    root, path = played
    events = [parse(line) for line in (root / play.scale_of(RUNS[2]).name / EVENTS).read_bytes().splitlines()]
    settled = sorted(event.threshold_next for event in rounds_of(events, cells.OURS)[2:])
    theta = file.load(path).curves[RUNS[2]].theta
    assert 3 * settled[0] * 0.94 <= theta <= 3 * settled[-1] * 1.06  # two digits


@pytest.mark.slow
def test_what_is_there_is_not_played_again_but_a_torn_run_is(played, monkeypatch):
    root, _ = played
    events = root / RUNS[0].name / EVENTS
    events.write_bytes(b"".join(events.read_bytes().splitlines(keepends=True)[:-2]))
    again = []
    monkeypatch.setattr(
        play, "play_all", lambda jobs, workers: (again.append(job[0].name) or job[0] for job in jobs if play_one(*job))
    )
    assert sorted(play.play(RUNS, root, 1, lambda _: None)) == sorted(RUNS)
    assert again == [RUNS[0].name]
    assert complete(*play.job_of(RUNS[0], root))


@pytest.mark.slow
def test_runs_of_other_settings_do_not_get_into_the_file(played, monkeypatch, tmp_path):
    _, path = played
    other = dataclasses.replace(RUNS[0], seed=1)
    monkeypatch.setattr(cells, "SHARED", cells.SHARED | {"test_examples": 16})
    assert list(play.play([other], tmp_path, 1, lambda _: None)) == [other]
    before = path.read_bytes()
    with pytest.raises(file.AtlasError, match="other settings"):
        file.save([other], tmp_path, path)
    assert path.read_bytes() == before and other not in file.load(path).curves


def test_a_file_without_its_card_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "atlas.parquet").write_bytes(b"no table")
    with pytest.raises(file.AtlasError, match="is no atlas"):
        file.load(tmp_path / "atlas.parquet")


@pytest.mark.skipif(not cells.ATLAS.exists(), reason="no atlas comes with this copy")
def test_the_page_is_made_from_the_file():
    assert DOCS.read_text(encoding="utf-8") == page.render(file.load(cells.ATLAS))


@pytest.mark.skipif(not cells.ATLAS.exists(), reason="no atlas comes with this copy")
def test_the_figures_that_pages_repeat_are_what_the_rows_come_to():
    """They are kept beside the rows, and would outlive them."""
    known = file.load(cells.ATLAS)
    assert known.card["default"] == headline(known)
    shown = headlines.shown()
    assert shown.equal.ratios == saving(known).ratios and shown.best == best_schedule(known)
    assert (shown.rate, shown.faster.spread) == (fastest(known)[0], fastest(known)[1].spread)


@pytest.mark.skipif(not cells.ATLAS.exists(), reason="no atlas comes with this copy")
def test_the_atlas_that_comes_with_the_app_is_whole():
    atlas = file.load(cells.ATLAS)
    for run, curve in atlas.curves.items():
        assert curve.bytes_total[0] == 0 and (curve.bytes_total[1:] > curve.bytes_total[:-1]).all()
        assert curve.epochs.sum() >= cells.LOCAL_EPOCHS or curve.status == "diverged", run.name
    assert json.loads(file.card_of(cells.ATLAS).read_text(encoding="utf-8"))["config"]["test_examples"] == cells.TEST


@pytest.mark.skipif(not cells.ATLAS.exists(), reason="no atlas comes with this copy")
@pytest.mark.parametrize("cell", cells.SERVERS, ids=lambda cell: f"{cell.server} {cell.alpha:g}")
def test_a_servers_rate_is_the_best_on_the_tuning_seeds_and_no_end_of_its_grid(cell):
    """At an end of the grid the server might do better beyond it, and the comparison would be with a weaker one."""
    curves, rates = file.load(cells.ATLAS).curves, cells.SERVER_RATES[cell.server]

    def height(rate: float) -> float:
        tried = dataclasses.replace(cell, server_lr=rate)
        return sum(curves[cells.Run(tried, cells.BASELINE, seed)].accuracy.max() for seed in cells.TUNING_SEEDS)

    assert max(rates, key=height) == cell.server_lr
    assert min(rates) < cell.server_lr < max(rates)
