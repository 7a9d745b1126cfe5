"""Somebody's own table in a browser: chosen, checked, raced on, deleted, and gone from the disk."""

from fda_core.data.table import Table
from fda_core.runs import trash
from tests.browser.race import PATIENCE, wait
from tests.helpers import own_table


def pick(page, box: str, option: str) -> None:
    page.get_by_role("dialog").get_by_role("combobox", name=box).click()
    page.get_by_role("option", name=option, exact=True).click()


def with_the_word(folder) -> list:
    """Files in which the word of every text stands, whether they compress it or not."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            if file.suffix == ".parquet":
                data += Table.from_parquet(data).frame.to_csv().encode()
            found += [file] * (own_table.UNIQUE.encode() in data)
    return found


def test_a_table_in_shift_jis_is_uploaded_raced_on_and_deleted_with_its_run(race, server, tmp_path):
    page = race.open(rounds=1, max_tokens=16, after_target_rounds=0).page
    of_others = {*server.folder.rglob("prefix-*")}  # the server has played the reviews before
    file = tmp_path / "tickets.csv"
    file.write_bytes(own_table.csv())
    race.press("Use other data")
    page.get_by_text("Your texts stay on the machine that runs this app").wait_for()
    page.locator('[data-testid="stFileUploaderDropzoneInput"]').set_input_files(file)
    page.get_by_text("Shift-JIS (CP932)").wait_for()
    pick(page, "Site, user or region", "支店")
    page.get_by_text("3 clients").first.wait_for()
    assert with_the_word(server.folder) == []  # it is in memory only
    race.press("Race on this data")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.get_by_text("Data: your table, 48 texts to train on and 12 to test, 3 clients.").wait_for()
    race.press("Start")
    wait(lambda: "rounds played" in race.status(), "the beginning of the run")
    wait(lambda: "Finished" in race.status(), "the end of the run")
    run = server.runs / race.run_id()
    assert [kept.parent for kept in with_the_word(server.folder)] == [run]
    assert len(list(run.glob("prefix/prefix-*.safetensors"))) == 2
    assert own_table.UNIQUE not in page.url and own_table.UNIQUE not in server.log

    page.goto(f"{server.url}/runs?runs={run.name}")
    page.get_by_role("button", name="Delete").click(timeout=PATIENCE * 1000)
    wait(lambda: not run.exists(), "the run in the trash")
    trash.empty(server.runs, older_than_days=-1)
    assert with_the_word(server.folder) == []
    assert {*server.folder.rglob("prefix-*")} - of_others == set()
