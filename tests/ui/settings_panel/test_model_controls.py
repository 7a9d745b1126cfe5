"""The model and what is trained of it, in the sidebar: what is offered, what is refused, what is said before Start."""

import pytest
from streamlit.testing.v1 import AppTest

from fda_core.settings import model_names, presets
from fda_core.settings.config import ExperimentConfig
from tests.helpers.fake import fast_config, until
from tests.helpers.widgets import chosen_in
from tests.ui.settings_panel.test_controls import drawn
from ui.state.choice import widget_key


def caption(page: AppTest) -> str:
    return " ".join(caption.value for caption in page.caption)


def config(**changes) -> ExperimentConfig:
    return presets.build(changes)


SAID = {
    "as it comes": ({}, "0.64 MB per client and direction, 13 MB a round with 10 clients", "fast path"),
    "the head": ({"trained": "head"}, "0.59 MB per client and direction", "fast path"),
    "two layers": ({"lora": {"layers": 2}}, "0.69 MB per client", "plain path"),
    "a layer in full": ({"trained": "last"}, "7.7 MB per client", "plain path"),
    "everything": ({"trained": "full"}, "91 MB per client and direction, 1,817 MB a round", "plain path"),
    "RoBERTa": ({"model": "roberta-base", "trained": "full"}, "499 MB per client and direction, 9,972 MB", "plain"),
}


@pytest.mark.parametrize("what", SAID)
def test_what_will_be_sent_is_said_before_the_run(what):
    changes, *words = SAID[what]
    said = caption(drawn(config(**changes)))
    assert all(word in said for word in words)


def test_of_an_unknown_model_it_is_said_that_it_shows_later():
    assert "What somebody/model sends is shown after Start" in caption(drawn(config(model="somebody/model"))).replace(
        "\u2060", ""
    )


def test_only_what_is_trained_has_its_settings():
    page = drawn(config())
    assert widget_key("rank") in {each.key for each in page.select_slider}
    chosen_in(page.selectbox, "trained").select("head").run()
    assert widget_key("rank") not in {each.key for each in page.select_slider}
    assert page.session_state["collected"].trained == "head"
    chosen_in(page.selectbox, "trained").select("last").run()
    chosen_in(page.number_input, "trained_layers").set_value(2).run()
    assert page.session_state["collected"].trained_layers == 2
    assert page.session_state["collected"].lora == config().lora


def test_no_target_is_refused_in_a_sentence():
    page = drawn(config())
    chosen_in(page.multiselect, "targets").set_value([]).run()
    assert page.session_state["collected"] is None
    assert "at least 1" in page.error[0].value


def test_folders_are_offered_by_their_names_alone(models_folder, monkeypatch):
    monkeypatch.setenv(model_names.MODELS_FOLDER, str(models_folder))
    page = drawn(config())
    box = chosen_in(page.selectbox, "model")
    assert "folder:bert" in box.options and not any(str(models_folder) in option for option in box.options)
    page.session_state["model"] = "folder:bert"
    page.run()
    assert page.session_state["collected"].model == "folder:bert"
    assert "0.0033 MB per client" in caption(page)


@pytest.mark.parametrize("model", ["../../etc", "folder:/etc", "folder:..", "http://x/y"])
def test_a_path_is_refused_in_a_sentence(visit, model):
    page = visit("race", model=model)
    assert any("is not allowed" in each.value for each in page.warning)
    assert page.session_state["base"] == presets.build()


def test_a_link_names_a_model_of_the_hub(visit):
    page = visit("race", model="distilbert-base-uncased", trained="last", trained_layers="2")
    assert chosen_in(page.selectbox, "model").value == "distilbert-base-uncased"
    assert page.session_state["base"].trained_layers == 2


def test_a_model_that_cannot_be_had_fails_in_a_sentence(runner, monkeypatch, visit):
    """The real producer: a folder that nobody offers."""
    from fda_core.runs.record import simulate

    monkeypatch.setattr(runner.worker, "produce", simulate)
    monkeypatch.delenv(model_names.MODELS_FOLDER, raising=False)
    run = runner.start(fast_config(model="folder:nowhere"))
    until(lambda: runner.snapshot(run).status == "failed", "it did not fail")
    page = visit("race", run=run)
    assert any("The folder of the model nowhere is not known" in each.value for each in page.error)


def test_a_download_shows_its_megabytes(runner, visit):
    from threading import Event

    go = Event()

    def produce(config, progress, tick, keep, resumption):
        progress(3_000_000, 12_500_000, "download")
        go.wait(20)
        return iter(())

    runner.worker.produce = produce
    run = runner.start(fast_config())
    until(lambda: runner.snapshot(run).stage == "download", "nothing was downloaded")
    page = visit("race", run=run)
    go.set()
    assert any("Downloading the model: 3 of 13 MB" in str(each.proto) for each in page.get("progress"))
