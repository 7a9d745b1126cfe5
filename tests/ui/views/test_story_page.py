"""The Story page: its film and its sentences are those of the record, and would be others with another."""

import json
import re
import shutil

import pandas as pd
import pytest

from fda_core.analysis.summary import summarize
from fda_core.analysis.timeline import Timeline, Track, TrackRound, Transfer
from fda_core.evidence.tables import PUBLISHED_SHARES
from fda_core.runs import recorded as models_folder
from fda_core.runs.recorded import ROOT, recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.runs.store import EVENTS
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig, LaneSpec, Target
from fda_core.support.errors import StoreError
from tests.helpers.stored_runs import begun
from tests.helpers.tiny_events import a_round
from tests.helpers.widgets import chosen_in
from ui.components import timeline_player
from ui.shared import story_words
from ui.shared.lane_looks import palette
from ui.shared.moving_timeline import PLACES, WORDS, alt, note
from ui.shared.shown_run import DEFAULT
from ui.shared.story import Story, tell
from ui.shared.story_words import sentences
from ui.text.glossary import marked
from ui.text.i18n import t
from ui.text.viewer import reading

VIEWS = [(language, depth) for language in ("en", "ja") for depth in ("manager", "engineer")]
GREEK = re.compile("[α-ωΑ-Ω]")
ONE, FIVE = (LaneSpec(id=f"fedopt-e{e}", rule="schedule", epochs=e) for e in (1, 5))
FDA = LaneSpec(id="fda-opt", rule="adaptive", max_epochs=10)
CONFIG = ExperimentConfig(lanes=(ONE, FIVE, FDA), target=Target(metric="accuracy", value=0.7))


@pytest.fixture
def shown(monkeypatch):
    """What the browser gets of each film that is drawn."""
    kept = []
    monkeypatch.setattr(timeline_player, "_mount", lambda key, data: kept.extend(json.loads(json.dumps(data))))
    return kept


@pytest.fixture
def shelved(tmp_path, monkeypatch):
    """A copy of the recorded run that a test may change; gives its file."""
    shutil.copytree(ROOT / DEFAULT, tmp_path / DEFAULT)
    monkeypatch.setattr(models_folder, "ROOT", tmp_path)
    return tmp_path / DEFAULT / EVENTS


def track_of(lane: str, megabytes: float, epochs: int, reached: bool) -> Track:
    transfer = Transfer("down", 1, ("0", "1"), int(megabytes * 1e6), 0.0, 1.0)
    return Track(lane, (transfer,), (TrackRound(1, ("0", "1"), 0.0, 1.0, epochs, 0.7),), 1.0 if reached else None)


def of(ours: tuple, theirs: tuple, control: tuple | None = None) -> Story:
    """Each lane as megabytes, local epochs, and whether it reached the target."""
    tracks = [track_of("fda-opt", *ours), track_of("fedopt-e1", *theirs)]
    tracks += [track_of("fedopt-e5", *control)] if control else []
    labels = {"fda-opt": "FDA-OPT", "fedopt-e1": "FedOpt E=1", "fedopt-e5": "FedOpt E=5"}
    run = Snapshot("r", CONFIG, "finished", 1, (begun(),))
    drawn = Timeline(tuple(tracks), ("0", "1"), 0.5, 1.0)
    return Story(run, drawn, FDA, ONE, (FIVE,) if control else (), labels)


def test_the_run_shown_is_the_preset_default():
    run = recorded(DEFAULT)
    assert run.config == presets.build({"seed": run.config.seed})


@pytest.mark.parametrize(("language", "depth"), VIEWS)
def test_the_page_in_every_language_and_depth(visit, shown, language, depth):
    page = visit("story", lang=language, depth=depth)
    assert not page.exception and not page.warning and not page.error
    with reading(language, depth):
        wanted = sentences(tell(recorded(DEFAULT)))
        said = list(map(marked, wanted))
        assert [text.value for text in page.markdown if text.value in said] == said
        assert page.button(key="story_run").label == t("story.run")
        assert shown[-1]["words"]["pause"] == t("film.pause") and shown[-1]["language"] == language
    words = [*wanted, *shown[-1]["words"].values(), shown[-1]["alt"], *(text.value for text in page.markdown)]
    if depth == "manager":
        assert not GREEK.search(" ".join(words)) and "エポック" not in "".join(wanted)
    label = " ".join(text.value for text in page.caption)
    assert "2026-11-27" in label and "EPYC" in label


def test_the_numbers_said_are_those_of_the_record():
    cost = {lane.lane: lane.to_target for lane in summarize(list(recorded(DEFAULT).events))}
    ours, theirs, control = cost["fda-opt"], cost["fedopt-e1"], cost["fedopt-e5"]
    one, two, three = sentences(tell(recorded(DEFAULT)))
    assert f"{theirs.rounds} times: **{theirs.bytes / 1e6:.0f} MB**" in one
    assert f"{ours.bytes / 1e6:.0f} MB" in two and f"**{theirs.bytes / ours.bytes:.1f} times fewer bytes**" in two
    assert f"{ours.local_epochs} local epochs against {theirs.local_epochs}" in three
    assert f"{control.bytes / 1e6:.0f} MB" in three


@pytest.mark.parametrize(("ours", "theirs", "words"), [
    ((10, 9, True), (40, 3, True), "it took 10 MB, FedOpt E=1 40 MB: **4.0 times fewer bytes**"),
    ((40, 9, True), (41, 3, True), "**about the same**"),
    ((40, 9, True), (10, 3, True), "**4.0 times more bytes**"),
    ((10, 9, True), (40, 3, False), "FedOpt E=1 **did not**, with 40 MB"),
    ((10, 9, False), (40, 3, True), "It **did not reach** 70 % accuracy, with 10 MB; FedOpt E=1 did, with 40 MB."),
    ((10, 9, False), (40, 3, False), "Neither it nor FedOpt E=1 reached 70 % accuracy"),
])  # fmt: skip
def test_every_outcome_has_its_sentence(ours, theirs, words):
    assert words in sentences(of(ours, theirs))[1]
    with reading("ja"):
        said = sentences(of(ours, theirs))[1]
        assert "10 MB" in said or "41 MB" in said
        assert ("達して" in said or "達せず" in said) == (not (ours[2] and theirs[2]))


@pytest.mark.parametrize(("ours", "control", "words"), [
    ((10, 74, True), (10, 65, True), "**does as well** with 10 MB: FDA-OPT ends its rounds by itself"),
    ((12, 74, True), (10, 65, True), "**does better** with 10 MB"),
    ((10, 74, True), (20, 65, True), "The timetable FedOpt E=5 took 20 MB, 2.0 times as many."),
    ((10, 74, True), (20, 65, False), "FedOpt E=5 did not get there, with 20 MB."),
    ((10, 74, False), (20, 65, True), "here FDA-OPT is the wrong choice"),
    ((10, 74, False), (20, 65, False), "Nor did the timetable FedOpt E=5 get there"),
])  # fmt: skip
def test_the_well_chosen_timetable_is_told_of_as_it_did(ours, control, words):
    assert words in sentences(of(ours, (40, 54, True), control))[2]
    with reading("ja"):
        assert "FedOpt E=5" in sentences(of(ours, (40, 54, True), control))[2]


@pytest.mark.parametrize(("mine", "theirs", "words"), [
    (74, 54, "**It costs local training:** 74 local epochs against 54 (1.4 times)"),
    (54, 54, "**Local training is about the same:**"),
    (20, 54, "**It saved local training, too:** 20 local epochs against 54 (2.7 times)"),
])  # fmt: skip
def test_the_price_in_local_training(mine, theirs, words):
    assert sentences(of((10, mine, True), (40, theirs, True)))[2].startswith(words)


def test_without_another_timetable_nothing_is_said_of_one():
    assert "FedOpt E=5" not in " ".join(sentences(of((10, 74, True), (40, 54, True))))


def test_lanes_have_their_look_of_the_race_page(visit, shown):
    visit("story")
    looks = {track["lane"]: track["look"] for track in shown[-1]["tracks"]}
    assert list(looks) == ["fedopt-e1", "fda-opt", "fedopt-e5"]
    order = [spec.id for spec in recorded(DEFAULT).config.lanes]
    assert [looks[lane]["colour"] for lane in order] == palette()[:3]
    assert len({look["dash"] for look in looks.values()}) == len({look["marker"] for look in looks.values()}) == 3


def test_a_lane_says_when_it_synchronises():
    assert (note(ONE), note(FIVE)) == (t("film.every_epoch"), t("film.every_epochs", count=5))
    assert note(FDA) == t("film.when_needed")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_film_finds_every_place_it_fills(language):
    """A place that the film does not know would be read as it stands."""
    with reading(language):
        filled = {name for word in WORDS for name in re.findall(r"\{(\w+)\}", t(f"film.{word}", **PLACES))}
    assert filled == set(PLACES)


def test_the_picture_is_told_in_words():
    words = alt(tell(recorded(DEFAULT)))
    assert "FDA-OPT M=10: 18 rounds, models sent: 360, sketches sent: 1000, 238 MB, 100 local epochs" in words


def test_another_record_is_another_film_and_other_sentences(visit, shown, shelved):
    visit("story")
    lines = [json.loads(line) for line in shelved.read_text().splitlines()]
    place = next(row for row in lines if row["event"] == "round" and row["lane"] == "fedopt-e1" and row["round"] == 3)
    place["bytes_up"] += 300_000_000
    for row in lines:
        if row["event"] == "round" and row["lane"] == "fedopt-e1" and row["round"] >= 3:
            row["bytes_total"] += 300_000_000
    shelved.write_text("".join(json.dumps(row) + "\n" for row in lines))
    page = visit("story")
    before, after = ([w["bytes"] for track in each["tracks"] for w in track["transfers"]] for each in shown)
    assert sum(after) == sum(before) + 300_000_000
    assert any("**1,137 MB**" in text.value for text in page.markdown)


@pytest.mark.parametrize("damage", ["missing", "garbage", "empty", "no rounds"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_record_that_cannot_be_shown_is_one_sentence(visit, shelved, language, damage):
    first = shelved.read_text().splitlines(keepends=True)[0]
    shelved.write_text({"garbage": f"{first}nonsense\n{first}", "no rounds": first}.get(damage, ""))
    if damage == "missing":
        shelved.unlink()
    page = visit("story", lang=language)
    assert not page.exception and len(page.warning) == 1 and not page.error
    assert (
        f"recorded/{DEFAULT}/{EVENTS}" in page.warning[0].value
        and str(shelved.parent.parent) not in page.warning[0].value
    )
    page.button(key="story_run").click().run()
    assert not page.exception and chosen_in(page.slider, "clients").value == presets.build().clients


def test_a_run_of_one_kind_of_lane_is_no_story():
    run = Snapshot("r", CONFIG, "finished", 1, (begun(lanes=(ONE,)), a_round("fedopt-e1")))
    with pytest.raises(StoreError, match="no rounds of FedOpt and of FDA"):
        tell(run)


def test_run_it_yourself_opens_the_race_with_the_run_s_settings(visit, shelved):
    lines = shelved.read_text().splitlines(keepends=True)
    start = json.loads(lines[0])
    start["config"] |= {"clients": 50, "alpha": 0.3}
    shelved.write_text(json.dumps(start) + "\n" + "".join(lines[1:]))
    page = visit("story")
    page.button(key="story_run").click().run()
    assert not page.exception and page.button(key="start").label == t("race.start")
    assert (chosen_in(page.slider, "clients").value, chosen_in(page.select_slider, "alpha").value) == (50, 0.3)


def test_the_published_medians_are_those_of_the_table():
    """Counted here once more: a target that FDA-OPT missed is 0 times fewer bytes and endless training."""
    table = pd.read_csv(PUBLISHED_SHARES).query("share == 0.95")
    fewer = (table.rounds_fedopt_e1 / table.rounds_fda_opt).fillna(0)
    assert f"{fewer.median():.1f} times fewer bytes" in story_words.published()
    work = table.local_epochs_ratio.fillna(float("inf"))
    assert f"{work.median():.1f} times the local training" in story_words.published()


def test_film_and_slides_of_it_can_be_taken_away(visit):
    offered = {button.proto.label for button in visit("story", lang="ja").get("download_button")}
    with reading("ja"):
        assert offered == {t("take.film"), t("take.slides")}


def test_of_many_timetables_the_one_that_did_best_is_told_of():
    assert "FedOpt E=10, **does better** with 129 MB" in sentences(tell(recorded("schedules-0")))[2]


def test_the_address_keeps_nothing_of_the_film(visit):
    assert visit("story").query_params == {}
