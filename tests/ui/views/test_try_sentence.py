"""Try a sentence, on the page, with a stand-in for the models."""

import math

import pytest

from fda_core import predict
from fda_core.predict import LONGEST, Answer
from fda_core.runs.store import folder_of
from fda_core.support.errors import MissingAssets
from tests.helpers import fake as fakes
from tests.helpers import own_table
from tests.helpers.errors import saying
from tests.helpers.fake import fast_config, reach, reach_rounds
from ui.text.i18n import t

TEXT = "*A* ![warm](http://elsewhere.invalid/x) film"


@pytest.fixture
def asked(monkeypatch):
    """What the models were asked."""
    seen = []

    def answers(config, folder, text, labels):
        seen.append(text)
        return [
            Answer(None, 0, (0.49, 0.51)), Answer("fedopt-e1", 3, (0.8, 0.2)),
            Answer("fda-opt", 2, (math.nan, math.nan)),
        ]  # fmt: skip

    monkeypatch.setattr(predict, "ready", lambda: True)
    monkeypatch.setattr(predict, "answers", answers)
    return seen


def with_weights(run_id: str) -> str:
    folder = folder_of(run_id) / "checkpoints"
    folder.mkdir(exist_ok=True)
    (folder / "fda-opt.safetensors").touch()
    return run_id


@pytest.fixture
def ended(runner, fake):
    fake.let_go()
    run_id = runner.start(fast_config())
    reach(runner, run_id, "finished")
    return run_id


def ask(page, text: str):
    page.text_input(key="ask_text").set_value(text)
    next(button for button in page.button if button.label == t("ask.button")).click().run()
    assert not page.exception
    return page


def test_a_text_in_a_language_the_model_does_not_know_is_not_judged(visit, ended, asked):
    page = ask(visit(run=with_weights(ended)), "とても面白い映画でした。")
    assert asked == [] and t("ask.language") in [element.value for element in page.warning]


def texts(page) -> list[str]:
    return [element.value for element in page.markdown]


def tables(page) -> list:
    return [table.value for table in page.table if t("ask.model") in table.value]


def test_every_model_answers_beside_the_untrained_one(visit, ended, asked):
    page = ask(visit(run=with_weights(ended)), "  A warm film. ")
    assert asked == ["A warm film."]
    [table] = tables(page)
    assert table[t("ask.model")].tolist() == [
        "Before training, the same for all lanes", "FedOpt E=1, after round 3", "FDA-OPT M=10, after round 2",
    ]  # fmt: skip
    assert table[t("ask.favourable")].tolist() == ["51 %", "20 %", "–"]
    assert table[t("ask.unfavourable")].tolist() == ["49 %", "80 %", "–"]


def test_the_answers_stay_and_are_not_asked_for_again_at_every_draw(visit, ended, asked):
    page = ask(visit(run=with_weights(ended)), TEXT)
    assert len(tables(page.run())) == 1 and len(tables(page.run())) == 1
    assert len(asked) == 1


def test_what_was_typed_is_shown_as_it_is_and_goes_nowhere(visit, ended, asked, caplog):
    page = ask(visit(run=with_weights(ended)), TEXT)
    assert [text.value for text in page.text] == [TEXT]
    assert not any("elsewhere" in text for text in texts(page))
    assert "elsewhere" not in str(page.query_params) + caplog.text
    folder = folder_of(ended)
    assert not any(b"elsewhere" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_nobody_else_sees_it(visit, ended, asked):
    ask(visit(run=with_weights(ended)), TEXT)
    assert tables(visit(run=ended)) == []


def test_nothing_typed_is_nothing_asked(visit, ended, asked):
    assert tables(ask(visit(run=with_weights(ended)), "   ")) == [] and asked == []


def test_there_is_a_limit(visit, ended, asked):
    page = visit(run=with_weights(ended))
    assert page.text_input(key="ask_text").max_chars == LONGEST == 300


def test_another_run_has_not_been_asked(visit, runner, ended, asked):
    page = ask(visit(run=with_weights(ended)), TEXT)
    other = runner.start(fast_config())
    reach(runner, other, "finished")
    page.session_state["run"] = with_weights(other)
    assert tables(page.run()) == []


def test_a_run_without_weights_says_so(visit, ended):
    assert t("ask.no_weights") in texts(visit(run=ended))


def test_before_the_first_round_has_ended_one_has_to_wait(visit, runner, fake):
    run_id = runner.start(fast_config())
    fake.allow(1)
    reach_rounds(runner, run_id, 1)  # the stand-in keeps no checkpoints
    assert t("ask.not_yet") in texts(visit(run=run_id))


def test_a_model_that_is_being_loaded_is_asked_later(visit, ended, asked, monkeypatch):
    monkeypatch.setattr(predict, "ready", lambda: False)
    page = ask(visit(run=with_weights(ended)), TEXT)
    assert t("ask.loading") in [warning.value for warning in page.warning] and asked == [] and tables(page) == []


def test_a_model_that_is_not_installed_gives_its_sentence(visit, ended, asked, monkeypatch):
    def missing(*_):
        raise saying(MissingAssets, "The package is not installed.")

    monkeypatch.setattr(predict, "answers", missing)
    page = ask(visit(run=with_weights(ended)), TEXT)
    assert "The package is not installed." in [warning.value for warning in page.warning]


NAMES = ["billing", "*delivery*", "login", "praise"]


def with_labels(monkeypatch, **facts) -> None:
    """Runs of this test say in their facts what labels they have; their data are not the reviews."""
    began = fakes.run_started
    monkeypatch.setattr(
        fakes, "run_started", lambda config: (event := began(config)).model_copy(update={"facts": event.facts | facts})
    )


def on_a_table(runner, fake) -> str:
    table = own_table.table()
    run_id = runner.start(own_table.config(table), table=table)
    fake.let_go()
    reach(runner, run_id, "finished")
    return with_weights(run_id)


def test_of_many_labels_the_likeliest_are_named(visit, runner, fake, asked, monkeypatch):
    with_labels(monkeypatch, labels=NAMES)
    shares = [Answer(None, 0, (0.2, 0.4, 0.1, 0.3))]
    monkeypatch.setattr(predict, "answers", lambda config, folder, text, labels: shares * (labels == len(NAMES)))
    page = ask(visit(run=on_a_table(runner, fake)), TEXT)
    [table] = tables(page)
    row = table.iloc[0].tolist()[1:]
    assert row == [r"\*delivery\*: 40 %", "praise: 30 %", "billing: 20 %"]
    assert t("ask.note_own", percent="25") in [caption.value for caption in page.caption]


def test_a_run_on_pairs_cannot_be_asked_and_says_so(visit, runner, fake, monkeypatch):
    with_labels(monkeypatch, labels=NAMES, pairs=True)
    page = visit(run=on_a_table(runner, fake))
    assert t("ask.pairs") in texts(page)
    assert "ask_text" not in [box.key for box in page.text_input]
