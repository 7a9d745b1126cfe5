"""The Runs page: find, choose, name, compare, repeat, delete and bring back, import and take away."""

import json
import threading

import pytest

from fda_core.runs.backlog import FEW
from fda_core.runs.index import Index
from fda_core.runs.meta import Meta, read_meta, write_meta
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import EVENTS, folder_of, new_run_id, runs_folder
from fda_core.runs.trash import deleted
from fda_core.support.errors import Preempted
from tests.helpers.errors import saying
from tests.helpers.fake import fast_config, reach, until
from tests.helpers.stored_runs import keep_run
from ui.text.i18n import JOINER, t
from ui.views.runs import run_actions
from ui.views.runs.runs_page import MOST_READ


@pytest.fixture
def three(runner, fake):
    """Runs of seeds 1, 2 and 3, the last with another α; the newest first."""
    fake.let_go()
    ids = [runner.start(fast_config(seed=seed, alpha=alpha)) for seed, alpha in ((1, 10), (2, 10), (3, 0.1))]
    for run_id in ids:
        reach(runner, run_id, "finished")
    return ids


def listed(page) -> list[int]:
    """The seeds in the list."""
    return list(page.dataframe[0].value[t("runs.seed")]) if page.dataframe else []


def press(page, key: str):
    page.button(key=key).click().run()
    assert not page.exception
    return page


def said(page) -> list[str]:
    return [box.value for box in (*page.success, *page.warning, *page.info, *page.error)]


def test_without_runs_it_says_where_they_come_from(visit):
    page = visit("runs")
    assert not page.exception and said(page) == [t("runs.none")]


def test_it_lists_what_was_run(visit, three):
    page = visit("runs")
    assert not page.exception
    assert sorted(listed(page)) == [1, 2, 3]
    assert set(page.dataframe[0].value[t("runs.status")]) == {t("runs.is_finished")}
    assert t("runs.choose") in [caption.value for caption in page.caption]


def test_runs_that_are_still_being_read_are_not_said_to_be_missing(visit, monkeypatch):
    """The first visitor of a folder with many runs: the page says how far it is, and looks again by itself."""
    for seed in range(FEW + 5):
        keep_run(runs_folder(), seed=seed)
    gate = threading.Event()
    read = Index.read
    monkeypatch.setattr(Index, "read", lambda index, ids: gate.wait(30) and read(index, ids))
    page = visit("runs")
    assert not page.exception and said(page) == []
    assert len(page.get("progress")) == 1
    gate.set()
    until(lambda: len(listed(page.run())) == FEW + 5)


def test_search_and_tag_narrow_the_list(visit, three):
    write_meta(folder_of(three[1]), Meta(name="Monday class", tags=("class",)))
    page = visit("runs")
    page.text_input(key="runs_search").set_value("monday").run()
    assert listed(page) == [2]
    page.text_input(key="runs_search").set_value("tuesday").run()
    assert said(page) == [t("runs.none_found")]
    page.text_input(key="runs_search").set_value("").run()
    page.selectbox(key="runs_tag").set_value("class").run()
    assert listed(page) == [2]


def test_a_tag_that_somebody_else_gave_can_be_chosen_with_the_next_draw(visit, three):
    page = visit("runs")
    write_meta(folder_of(three[1]), Meta(tags=("class",)))
    assert page.run().selectbox(key="runs_tag").options == ["class"]
    write_meta(folder_of(three[1]), Meta())
    assert page.run().selectbox(key="runs_tag").options == []


def test_the_address_brings_choice_and_search(visit, three):
    page = visit("runs", runs=three[0], search="seed 1")
    assert not page.exception and listed(page) == [1]
    assert page.query_params["runs"] == three[0] and page.query_params["search"] == "seed 1"


@pytest.mark.parametrize("runs", ["../../etc", "x" * 5000, "20260101-000000-abcdef", ",,,"])
def test_unknown_runs_in_the_address_choose_nothing(visit, three, runs):
    page = visit("runs", runs=runs)
    assert not page.exception and sorted(listed(page)) == [1, 2, 3]
    assert "runs" not in page.query_params


def test_one_run_is_shown_with_its_sentence_and_can_be_opened(visit, three):
    page = visit("runs", runs=three[0])
    assert any("No lane held" in text.value for text in page.markdown)
    press(page, "open")
    assert page.query_params["run"] == three[0]
    assert page.button(key="start").label == t("race.start_again")


def test_several_runs_are_compared_in_one_table(visit, three):
    page = visit("runs", runs=f"{three[0]},{three[2]}")
    names = list(page.table[0].value[t("runs.run")])
    assert len(names) == 2 and any("alpha 0.1" in name for name in names) and any("alpha 10" in name for name in names)
    assert page.button(key="open").disabled and page.button(key="study").disabled


def test_seeds_of_one_experiment_become_a_study(visit, three):
    page = visit("runs", runs=f"{three[0]},{three[1]}")
    assert any("2 seeds" in text.value for text in page.markdown)
    assert list(page.table[0].value[t("runs.reached")]) == [t("runs.of", count=0, all=2)] * 3
    assert page.toggle(key="each_seed").value is False
    page.toggle(key="each_seed").set_value(True).run()
    assert not page.exception


def test_one_click_starts_five_seeds(visit, runner, fake, three):
    fake.held = True
    page = press(visit("runs", runs=three[0]), "study")
    queue = [run_id for run_id, _ in runner.queue()]
    seeds = [runner.snapshot(run_id).config.seed for run_id in queue]
    assert seeds == [1, 2, 3, 4, 5] and page.session_state["chosen"] == queue
    statuses = list(page.run().dataframe[0].value[t("runs.status")])
    assert statuses.count(t("runs.is_queued")) == 4  # those that wait are listed too
    fake.let_go()
    until(lambda: not runner.queue(), "the study went on")
    page.run()
    assert any("5 seeds" in text.value for text in page.markdown)
    assert {json.loads((folder_of(r) / EVENTS).open().readline())["group"] for r in queue} != {None}


def test_a_name_and_tags_are_kept_with_the_run(visit, three):
    page = visit("runs", runs=three[0])
    page.text_input(key=f"name-{three[0]}").set_value("  Monday   class ")
    page.multiselect(key=f"tags-{three[0]}").set_value(["class", "α small"])
    next(button for button in page.button if button.label == t("runs.save")).click().run()
    assert said(page) == [t("runs.renamed")]
    assert read_meta(folder_of(three[0])) == Meta(name="Monday class", tags=("class", "α small"))


def test_a_tag_that_is_too_long_is_refused_and_nothing_is_lost(visit, three):
    page = visit("runs", runs=three[0])
    page.multiselect(key=f"tags-{three[0]}").set_value(["x" * 100])
    next(button for button in page.button if button.label == t("runs.save")).click().run()
    assert len(said(page)) == 1 and "shorten it" in said(page)[0]
    assert read_meta(folder_of(three[0])) == Meta()


def offered(page) -> set[str]:
    return {button.proto.label for button in page.get("download_button")}


def test_one_run_can_be_taken_away_as_slides_and_film_several_as_a_report(visit, three):
    data = {t(f"runs.file_{kind}") for kind in ("csv", "json", "jsonl")}
    assert offered(visit("runs", runs=three[0])) == {t("runs.report"), t("take.slides"), t("take.film")} | data
    assert offered(visit("runs", runs=",".join(three[:2]))) == {t("runs.report")}


def test_a_run_that_is_no_story_has_no_film(visit, runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config(lanes=fast_config().lanes[:1]))
    reach(runner, run_id, "finished")
    labels = offered(visit("runs", runs=run_id))
    assert t("take.slides") in labels and t("take.film") not in labels


def test_deleting_can_be_undone(visit, three):
    page = press(visit("runs", runs=f"{three[0]},{three[1]}"), "delete")
    assert listed(page) == [3] and said(page) == [t("runs.deleted", count=2)]
    assert sorted(deleted(runs_folder())) == sorted(three[:2])
    press(page, "undo")
    assert sorted(listed(page)) == [1, 2, 3] and said(page) == [t("runs.restored", count=2)]


def test_the_trash_gives_back_what_was_deleted_earlier(visit, three):
    press(visit("runs", runs=three[0]), "delete")
    page = press(visit("runs"), f"restore-{three[0]}")
    assert sorted(listed(page)) == [1, 2, 3]


def test_a_run_under_way_is_stopped_before_it_can_be_deleted(visit, runner, fake):
    run_id = runner.start(fast_config())
    reach(runner, run_id, "running")
    page = visit("runs", runs=run_id)
    assert page.button(key="delete").disabled
    assert list(page.dataframe[0].value[t("runs.status")]) == [t("runs.is_running")]
    press(page, "stop_chosen")
    reach(runner, run_id, "stopped")
    assert not page.run().button(key="delete").disabled


def test_an_interrupted_run_is_listed_as_interrupted(visit, runner, fake):
    fake.error, fake.after = saying(Preempted, "The lid was closed."), 2
    fake.let_go()
    reach(runner, runner.start(fast_config()), "interrupted")
    assert list(visit("runs").dataframe[0].value[t("runs.status")]) == [t("runs.is_interrupted")]


def test_a_run_killed_before_its_first_round_can_be_opened_to_be_resumed(visit, runner):
    run_id = new_run_id()
    Recorder(runs_folder() / run_id, run_id, config=fast_config(seed=5).to_json()).close()
    page = visit("runs", runs=run_id)
    assert list(page.dataframe[0].value[t("runs.status")]) == [t("runs.is_interrupted")] and listed(page) == [5]
    assert not page.button(key="open").disabled
    race = visit(run=run_id)
    assert not race.exception and not race.button(key="resume").disabled


def test_who_chooses_all_runs_there_are_gets_the_newest(visit, runner, monkeypatch):
    ids = [keep_run(runs_folder(), seed=seed, began=f"2026-01-01T00:00:{seed:02}Z") for seed in range(MOST_READ + 5)]
    seen, real = set(), runner.snapshot
    monkeypatch.setattr(runner, "snapshot", lambda run_id, watching=False: seen.add(run_id) or real(run_id, watching))
    page = visit("runs", runs=",".join(ids))
    assert not page.exception and seen == set(ids[-MOST_READ:])
    assert t("runs.too_many", count=MOST_READ) in said(page)
    press(page, "delete")
    assert not page.dataframe


def test_a_name_is_no_formula_in_the_table_s_own_csv(visit, three):
    write_meta(folder_of(three[0]), Meta(name="=HYPERLINK(A1)", tags=("＝1", "class 3")))
    row = visit("runs", search="hyperlink").dataframe[0].value.iloc[0]
    assert row[t("runs.name")] == f"{JOINER}=HYPERLINK(A1)"
    assert list(row[t("runs.tags")]) == [f"{JOINER}＝1", "class 3"]


def test_a_damaged_run_hides_no_other(visit, three):
    damaged = keep_run(runs_folder())
    (folder_of(damaged) / EVENTS).write_text("garbage\n")
    page = visit("runs", runs=f"{damaged},{three[1]}")
    assert not page.exception and len(listed(page)) == 4
    assert sum(damaged in words for words in said(page)) == 1
    assert len(page.table) == 1
    assert len(listed(press(page, "delete"))) == 2


def upload(page, data: bytes):
    page.file_uploader[0].set_value(("events.jsonl", data, "application/jsonl")).run()
    assert not page.exception
    return page


def test_a_record_is_imported_and_chosen(visit, runner, tmp_path):
    run_id = keep_run(tmp_path / "elsewhere", seed=77)
    page = upload(visit("runs"), (tmp_path / "elsewhere" / run_id / EVENTS).read_bytes())
    assert said(page) == [t("runs.imported")]
    assert listed(page) == [77] and len(page.session_state["chosen"]) == 1
    page.run()
    assert listed(page) == [77]


def test_a_damaged_record_is_refused_in_one_sentence(visit, runner):
    page = upload(visit("runs"), b"not a run\n")
    assert len(page.warning) == 1 and "Line 1" in page.warning[0].value
    assert listed(page) == []


def test_five_are_the_seeds_of_a_click():
    assert run_actions.SEEDS == 5 and "5" in t("runs.study", count=run_actions.SEEDS)
