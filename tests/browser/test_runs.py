"""The Runs page with a mouse: rows chosen in the list, files that arrive, a report that opens without a network."""

import csv
import json

import pytest

from fda_core.runs.store import EVENTS
from tests.browser.race import CHART, address, wait
from tests.helpers.stored_runs import STORY, keep_run

ROW, HEADER, BOX = 35, 36, 16  # pixels of the list


@pytest.fixture
def runs(server, context):
    """The page, with two runs of one experiment among what other tests left."""
    ids = [keep_run(server.runs, STORY, seed=seed) for seed in (101, 102)]
    page = context.new_page()
    page.goto(f"{server.url}/runs?search=seed+101")
    page.wait_for_selector('[data-testid="stDataFrame"] canvas')
    yield Runs(page, server, ids)
    page.close()


class Runs:
    def __init__(self, page, server, ids):
        self.page, self.server, self.ids = page, server, ids

    def search(self, words: str) -> "Runs":
        box = self.page.get_by_role("textbox", name="Search")
        box.fill(words)
        box.press("Enter")
        return self

    def tick(self, row: int) -> None:
        """The list is one picture: its boxes are found by their place."""
        table = self.page.locator('[data-testid="stDataFrame"] canvas').first.bounding_box()
        self.page.mouse.click(table["x"] + BOX, table["y"] + HEADER + ROW * (row + 0.5))

    def open(self, run_ids) -> "Runs":
        self.page.goto(f"{self.server.url}/runs?runs={','.join(run_ids)}")
        self.page.wait_for_selector(f"{CHART} .main-svg")
        return self

    def taken(self, name: str):
        """The file behind a button of the export menu."""
        self.page.get_by_role("button", name="Export").click()
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=name).click()
        return download.value.path()

    def wide(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def exceptions(page) -> int:
    return page.locator('[data-testid="stException"]').count()


def test_a_row_that_is_ticked_is_drawn_and_stays_ticked(runs):
    runs.tick(0)
    runs.page.wait_for_selector(f"{CHART} .main-svg")
    wait(lambda: "runs=" in address(runs.page), "the run in the address")
    assert runs.page.get_by_role("button", name="To Race").is_enabled()
    assert not runs.wide() and exceptions(runs.page) == 0


def test_a_refresh_keeps_what_was_chosen(runs):
    runs.open(runs.ids)
    runs.page.reload()
    runs.page.wait_for_selector(f"{CHART} .main-svg")
    assert runs.page.get_by_text("One experiment, 2 seeds").count() == 1


def test_delete_and_undo(runs):
    runs.open(runs.ids[:1])
    runs.page.get_by_role("button", name="Delete").click()
    runs.page.get_by_text("Runs moved to the trash: 1.").wait_for()
    assert not (runs.server.runs / runs.ids[0]).exists()
    runs.page.get_by_role("button", name="Undo").click()
    runs.page.get_by_text("Runs restored: 1.").wait_for()
    assert (runs.server.runs / runs.ids[0] / EVENTS).is_file()


def test_a_run_is_taken_away_as_csv_json_and_events(runs):
    runs.open(runs.ids[:1])
    rows = list(csv.DictReader(runs.taken("Rounds (CSV)").read_text("utf-8-sig").splitlines()))
    assert [(row["lane"], row["round"]) for row in rows] == [("fedopt", "1"), ("fedopt", "2"), ("fda-opt", "1")]
    runs.page.keyboard.press("Escape")
    runs.open(runs.ids[:1])
    assert json.loads(runs.taken("Everything (JSON)").read_text())["run_id"] == runs.ids[0]
    runs.open(runs.ids[:1])
    assert runs.taken("Record (events.jsonl)").read_bytes() == (runs.server.runs / runs.ids[0] / EVENTS).read_bytes()


def test_the_report_opens_without_a_network(runs, chromium, tmp_path):
    report = tmp_path / "report.html"
    report.write_bytes(runs.open(runs.ids).taken("Report (HTML)").read_bytes())
    offline = chromium.new_context(offline=True, viewport={"width": 1280, "height": 720})
    page, problems = offline.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: message.type == "error" and problems.append(message.text))
    page.goto(report.as_uri())
    page.wait_for_selector(".main-svg")
    assert page.get_by_text("One experiment, 2 seeds").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert problems == []
    offline.close()


def test_a_record_is_uploaded(runs, tmp_path):
    run_id = keep_run(tmp_path, seed=103)
    runs.page.get_by_text("Import a record").click()
    runs.page.locator('input[type="file"]').set_input_files(tmp_path / run_id / EVENTS)
    runs.page.get_by_text("checked line by line and is kept").wait_for()
    runs.search("seed 103")
    runs.page.wait_for_selector(f"{CHART} .main-svg")


def test_on_a_phone_nothing_is_cut_off(runs):
    runs.page.set_viewport_size({"width": 390, "height": 844})
    runs.open(runs.ids)
    assert not runs.wide() and exceptions(runs.page) == 0
