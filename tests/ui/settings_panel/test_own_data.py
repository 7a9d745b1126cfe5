"""A table of one's own on the Race page: chosen, checked, raced on, and nowhere where it should not be."""

import pytest

from fda_core.data import table_files
from fda_core.data.sheet import Sheet
from fda_core.data.table import normalise
from fda_core.runs.store import read_events, runs_folder
from fda_core.settings import presets
from tests.helpers import own_table
from tests.helpers.fake import reach
from tests.helpers.widgets import chosen_in
from ui.settings_panel import own_data
from ui.text.i18n import t

UNIQUE = own_table.UNIQUE


@pytest.fixture
def page(visit):
    return visit()


def upload(page, data: bytes, name: str = "tickets.csv"):
    page.button(key="own_button").click().run()
    page.file_uploader(key="own_file").set_value((name, data, "text/csv")).run()
    assert not page.exception
    return page


def choose(page, **columns: str):
    for what, name in columns.items():
        next(box for box in page.selectbox if box.key.startswith(f"own_{what}-")).set_value(name).run()
    assert not page.exception
    return page


def texts(page) -> str:
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def use(page):
    page.button(key="own_use").click().run()
    assert not page.exception
    return page


def on_sites(page):
    return choose(upload(page, own_table.csv()), text="本文", label="評価", site="支店")


def test_the_privacy_sentence_stands_before_the_file_is_chosen(page):
    page.button(key="own_button").click().run()
    assert t("own.privacy") in texts(page)


def test_a_table_in_shift_jis_is_read_and_summed_up(page):
    said = texts(on_sites(page))
    assert t("own.examples", train=48, test=12, encoding="Shift-JIS (CP932)") in said
    assert t("own.sites", clients=3) in said
    assert "良い 3" in said  # one of two labels, of 60 rows
    assert UNIQUE in page.dataframe[0].value["本文"][0]


def test_a_model_that_does_not_know_the_language_is_named_before_start_with_models_that_do(page):
    def warned() -> list[str]:
        return [element.value for element in page.warning if "distilbert-base-multilingual-cased" in element.value]

    assert len(warned()) == 0
    on_sites(page)
    assert len(warned()) == 1  # in the dialog
    use(page)
    assert len(warned()) == 1  # beside the settings, as long as table and model are these
    page.button(key="own_back").click().run()
    assert len(warned()) == 0
    upload(page, b"text,label\n" + b"a fine and funny film,1\nlong and dull,0\n" * 20)
    assert len(warned()) == 0


def test_columns_are_guessed(page):
    upload(page, own_table.csv())
    chosen = {box.key.split("-")[0]: box.value for box in page.selectbox if box.key.startswith("own_")}
    assert chosen == {"own_text": "本文", "own_label": "評価", "own_pair": None, "own_site": None}


def test_a_race_on_it_has_its_sites_as_clients(page, runner, fake):
    fake.let_go()
    use(on_sites(page))
    assert t("own.using", train=48, test=12, clients=3) in texts(page)
    assert t("own.natural") in texts(page)
    assert chosen_in(page.select_slider, "alpha").disabled and chosen_in(page.slider, "clients").disabled
    page.button(key="start").click().run()
    run = reach(runner, page.query_params["run"], "finished")
    assert (run.config.dataset, run.config.partition, run.config.clients) == ("table", "column", 3)
    assert list((runs_folder() / run.run_id).glob("table-*.parquet"))


def test_other_settings_are_kept(page):
    chosen_in(page.number_input, "rounds").set_value(7).run()
    use(on_sites(page))
    assert chosen_in(page.number_input, "rounds").value == 7


def test_a_browser_that_has_not_heard_of_it_yet_undoes_nothing(visit, runner):
    """Seconds on a busy machine, in which a page that redraws itself repeats what its widgets and its address were."""
    page = on_sites(visit(rounds="9"))
    address, widgets = dict(page.query_params), page._tree.get_widget_states()
    for button in [each for each in widgets.widgets if each.HasField("trigger_value")]:
        widgets.widgets.remove(button)  # a browser says of a button only that it was pressed

    def repeat() -> None:
        page.query_params = address
        page._run(widgets)

    use(page)
    for _ in range(2):
        repeat()
        assert t("own.using", train=48, test=12, clients=3) in texts(page)
        assert chosen_in(page.slider, "clients").value == 3 and not page.button(key="start").disabled
    page.button(key="start").click().run()
    repeat()
    assert page.session_state["run"] == runner.queue()[0][0]


def test_the_text_is_in_no_address_and_no_event(page, runner, fake, caplog):
    fake.let_go()
    use(on_sites(page))
    page.button(key="start").click().run()
    run = reach(runner, page.query_params["run"], "finished")
    page.run()
    assert UNIQUE not in str(page.query_params) and "本文" not in str(page.query_params)
    assert UNIQUE not in caplog.text
    events = [event.model_dump_json() for event in read_events(runs_folder() / run.run_id)]
    assert not any(UNIQUE in event or "本文" in event for event in events)


def test_nothing_is_on_disk_before_a_run(page, tmp_path):
    use(on_sites(page))
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and file.suffix == ".parquet"]


def test_without_a_column_of_sites_clients_are_simulated_and_not_too_many(page):
    use(choose(upload(page, own_table.csv()), text="本文", label="評価"))
    assert not chosen_in(page.select_slider, "alpha").disabled
    assert chosen_in(page.slider, "clients").value == 24  # two texts each
    assert not page.button(key="start").disabled


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"PK\x03\x04" + b"\0" * 50, "book.csv", "Excel workbook"),
        (b"text,label\n" + b"a,b\n" * 20, "x.csv", "0 rows"),
        (b"text,label\n\"<b>bold</b>, [link](http://x) ,b\n", "x.csv", "never closed"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_sentence(page, data, name, words):
    upload(page, data, name)
    [error] = page.error
    assert words in error.value
    assert "own_use" not in [button.key for button in page.button]


def test_back_to_the_reviews(page):
    use(on_sites(page))
    page.button(key="own_back").click().run()
    assert chosen_in(page.slider, "clients").value == 40
    assert t("own.natural") not in texts(page)
    assert "dataset" not in page.query_params


def test_another_preset_keeps_the_data(page):
    use(on_sites(page))
    chosen_in(page.selectbox, "preset").set_value("quick").run()
    assert t("own.using", train=48, test=12, clients=3) in texts(page)
    assert not page.button(key="start").disabled


def test_a_link_cannot_carry_the_table_and_says_so(visit):
    config = own_table.config(own_table.table())
    page = visit(
        dataset="table", partition="column", clients="3", clients_per_round="3", train_examples="48",
        test_examples="12", **{"table.sha256": config.table.sha256},
    )  # fmt: skip
    assert t("own.not_here") in [warning.value for warning in page.warning]
    assert page.button(key="start").disabled


def test_a_link_finds_the_table_of_a_run_that_is_here(visit, runner, fake):
    fake.let_go()
    table = own_table.table()
    config = own_table.config(table)
    reach(runner, runner.start(config, table=table), "finished")
    page = visit(
        dataset="table", partition="column", clients="3", clients_per_round="3", train_examples="48",
        test_examples="12", **{"table.sha256": table.sha256},
    )  # fmt: skip
    assert not page.warning
    page.button(key="start").click().run()
    assert not page.exception and page.query_params["run"]


def test_the_heterogeneity_page_shows_the_sites_of_the_run(visit, runner, fake, monkeypatch):
    import tests.helpers.fake as fakes

    table = own_table.table()
    began = fakes.run_started

    def with_sites(config):
        event = began(config)
        clients = [
            {"id": str(k), "examples": 16, "labels": [6, 10], "name": name} for k, name in enumerate(table.clients)
        ]
        return event.model_copy(update={"facts": event.facts | {"labels": ["悪い", "良い"], "clients": clients}})

    monkeypatch.setattr(fakes, "run_started", with_sites)
    fake.let_go()
    run_id = runner.start(own_table.config(table), table=table)
    reach(runner, run_id, "finished")
    page = visit("heterogeneity", run=run_id)
    assert not page.exception
    words = t("heterogeneity.of_run", clients=3, one_sided=0, share="90", middle="62", least=16, most=16)
    assert words in texts(page)


def choose_task(page, dataset: str):
    page.button(key="own_button").click().run()
    chosen_in(page.selectbox, "own_task").set_value(dataset).run()
    page.button(key="own_use_task").click().run()
    assert not page.exception
    return page


def test_a_task_of_glue_comes_with_its_measure_and_the_way_back_with_the_old_one(page):
    choose_task(page, "glue/cola")
    assert page.query_params["dataset"] == "glue/cola"
    base = page.session_state["base"]
    assert (base.target.metric, base.test_examples) == ("mcc", 1000)
    assert t("own.using_hub", name="glue/cola", train=4000, test=1000, clients=40) in texts(page)
    page.button(key="own_back").click().run()
    base = page.session_state["base"]
    assert (base.dataset, base.target.metric, base.target.value) == ("reviews", "accuracy", 0.7)
    assert "dataset" not in page.query_params


@pytest.mark.parametrize(("data", "labels"), [("glue/mnli", 3), ("glue/rte", 2), ("reviews", 2)])
def test_the_preview_of_bytes_knows_the_labels_of_the_data(data, labels):
    assert own_data.label_count(presets.build({"dataset": data})) == labels


def test_the_preview_of_bytes_knows_the_labels_of_a_stored_table(runner, fake, visit):
    table = own_table.table()
    assert own_data.label_count(own_table.config(table)) == 2
    frame = own_table.rows()
    frame["評価"] = [f"label {i % 5}" for i in range(len(frame))]
    five = normalise(Sheet(frame, ""), own_table.COLUMNS)
    folder = runs_folder() / "20260101-000000-abcdef"
    folder.mkdir(parents=True)
    table_files.keep(five, folder)
    assert own_data.label_count(own_table.config(five)) == 5
