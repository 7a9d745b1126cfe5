"""The film on the Story page as a person sees it: it moves by itself, stops when told to, and shows the record."""

import json
import shutil
from pathlib import Path

import pytest

from fda_core.analysis.timeline import timeline, until_target
from fda_core.runs.recorded import recorded
from fda_core.runs.store import EVENTS
from tests.browser.race import wait
from tests.helpers.server import Server
from ui.shared.shown_run import DEFAULT

APP = Path(__file__).parents[2]
FILM = ".film .lane .stage"


class Cinema:
    """One browser tab on the Story page."""

    def __init__(self, page, url: str):
        self.page, self.url, self.problems = page, url, []
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, words: str = "lang=en") -> "Cinema":
        self.page.goto(f"{self.url}/?{words}")
        self.page.wait_for_selector(FILM)
        return self

    def places(self) -> list[str]:
        """Where every packet on its way is drawn."""
        flying = self.page.locator(".packet:visible")
        return [packet.get_attribute("transform") for packet in flying.all()]

    def clock(self) -> float:
        return float(self.page.locator(".controls .place").input_value())

    def sent(self) -> list[int]:
        """Bytes of each lane."""
        lanes = self.page.locator(".lane[data-bytes]").all()
        return [int(lane.get_attribute("data-bytes")) for lane in lanes]

    def press(self, name: str) -> None:
        self.page.locator(".controls").get_by_role("button", name=name, exact=True).click()

    def seek(self, key: str) -> None:
        self.page.locator(".controls .place").focus()
        self.page.keyboard.press(key)

    def wide(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.fixture
def cinema(server, context):
    cinema = Cinema(context.new_page(), server.url).open()
    yield cinema
    assert cinema.problems == [] and cinema.page.locator('[data-testid="stException"]').count() == 0
    cinema.page.close()


def test_it_moves_by_itself_and_bytes_are_counted(cinema):
    before, sent, seen = cinema.clock(), cinema.sent(), set()
    wait(lambda: seen.update(cinema.places()) or len(seen) > 1, "packets elsewhere")  # first: the film comes to an end
    wait(lambda: cinema.clock() > before, "a later moment")
    wait(lambda: sum(cinema.sent()) > sum(sent), "more bytes")


def test_pause_stops_it_and_play_goes_on(cinema):
    cinema.press("Pause")
    still = cinema.clock(), cinema.places(), cinema.sent()
    cinema.page.wait_for_timeout(300)
    assert (cinema.clock(), cinema.places(), cinema.sent()) == still
    cinema.press("Play")
    wait(lambda: cinema.clock() > still[0], "a later moment")


def test_at_its_end_it_has_counted_the_record_and_plays_again(cinema):
    cinema.seek("End")
    bytes = {track.lane: track.bytes for track in timeline(until_target(recorded(DEFAULT).events)).tracks}
    assert cinema.sent() == [bytes[lane] for lane in ("fedopt-e1", "fda-opt", "fedopt-e5")]
    assert cinema.places() == [] and cinema.page.get_by_text("★").count() == 3
    cinema.press("Again")
    wait(lambda: 0 < sum(cinema.sent()) < sum(bytes.values()), "the beginning")


def test_steps_show_the_packets_of_the_record_one_wave_after_the_other(cinema):
    """Ten models go out in each lane, and ten sketches are on their way before the first models come back."""
    cinema.seek("Home")
    track = next(track for track in timeline(until_target(recorded(DEFAULT).events)).tracks if track.lane == "fda-opt")
    seen = []
    for _ in range(8):
        cinema.press("On to the next packets")
        lane = cinema.page.locator(".lane[data-bytes]").nth(1)
        seen.append([packet.get_attribute("data-kind") for packet in lane.locator(".packet:visible").all()])
    told = [kinds[0] for kinds in seen if kinds]
    assert [kind for i, kind in enumerate(told) if i == 0 or told[i - 1] != kind][:3] == ["down", "sketch", "up"]
    assert {len(kinds) for kinds in seen if kinds} == {len(track.transfers[0].clients)}


def test_it_can_be_played_from_the_keyboard(cinema):
    cinema.page.locator(".play").focus()
    cinema.page.keyboard.press("Space")
    still = cinema.clock()
    cinema.page.wait_for_timeout(200)
    assert cinema.clock() == still
    cinema.page.keyboard.press("Tab")
    cinema.page.keyboard.press("Tab")
    cinema.page.keyboard.press("Enter")
    assert cinema.clock() > still
    cinema.page.keyboard.press("Tab")
    cinema.page.keyboard.press("ArrowRight")
    cinema.page.keyboard.press("Tab")
    cinema.page.keyboard.press("ArrowDown")
    assert cinema.page.locator(".speed").input_value() == "2"


def test_another_language_keeps_the_place_in_the_film(cinema):
    cinema.press("Pause")
    cinema.press("On to the next packets")
    place = cinema.clock()
    cinema.page.locator(".st-key-reader button").click()
    cinema.page.get_by_text("日本語").click()
    cinema.page.locator(".film").get_by_text("これまでの通信量").wait_for()
    assert cinema.clock() == pytest.approx(place)
    assert cinema.page.locator(".play").inner_text() == "再生"


ONE_SCREEN = """(parts => parts.length > 5 && parts.every(part => part.getBoundingClientRect().bottom <= innerHeight))(
  [...document.querySelectorAll(".st-key-story_film, .st-key-story_run, [data-testid=stColumn]")])"""


@pytest.mark.parametrize("words", ["lang=en", "lang=ja", "lang=en&depth=manager", "lang=ja&depth=manager"])
def test_it_fits_one_screen_of_a_projector_and_a_phone_s_width(cinema, words):
    cinema.open(words)
    cinema.page.get_by_role("button", name="Run it yourself" if "en" in words else "自分で").wait_for()
    wait(lambda: cinema.page.evaluate(ONE_SCREEN), "a page of one screen, but for where it comes from")
    assert not cinema.wide()
    cinema.page.set_viewport_size({"width": 390, "height": 844})
    cinema.page.wait_for_timeout(300)
    assert not cinema.wide()
    box = cinema.page.locator(".film").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_less_motion_is_asked_for_it_is_a_still_with_steps(server, context, scheme):
    quiet = context.new_page()
    quiet.emulate_media(reduced_motion="reduce", color_scheme=scheme)
    cinema = Cinema(quiet, server.url).open()
    still = cinema.places()
    assert len(still) == 30 and not cinema.page.locator(".play").is_visible()
    cinema.page.wait_for_timeout(300)
    assert cinema.places() == still
    cinema.press("On to the next packets")
    assert cinema.places() not in ([], still)
    quiet.close()


def test_the_picture_is_told_to_who_cannot_see_it(cinema):
    told = cinema.page.get_by_role("img", name="Film of a recorded run").get_attribute("aria-label")
    tracks = {track.lane: track for track in timeline(until_target(recorded(DEFAULT).events)).tracks}
    assert f"FedOpt E=1: {len(tracks['fedopt-e1'].rounds)} rounds" in told
    assert f"sketches sent: {tracks['fda-opt'].packets('sketch')}" in told


PER_CLIENT = ("clients", "client_steps", "client_train_loss", "client_sq_drift", "paths")


@pytest.fixture
def edited(tmp_path, driver):
    """A server on a copy of the app in whose record FedOpt E=1's first round has three clients and another size."""
    parts = ("app.py", "pages", "ui", "fda_core", ".streamlit")
    for part in parts:
        copy = shutil.copytree if (APP / part).is_dir() else shutil.copy
        copy(APP / part, tmp_path / part)
    record = tmp_path / "fda_core" / "recorded" / DEFAULT / EVENTS
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    first = next(row for row in lines if row["event"] == "round" and row["lane"] == "fedopt-e1")
    first |= {name: values[:3] for name, values in first.items() if name in PER_CLIENT} | {"bytes_down": 1_000_000}
    record.write_text("".join(json.dumps(row) + "\n" for row in lines))
    server = Server(tmp_path, root=tmp_path).start()
    yield server
    server.kill()


def test_another_record_moves_otherwise(edited, context):
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    cinema = Cinema(page, edited.url).open()
    lane = cinema.page.locator(".lane[data-bytes]").first
    assert lane.locator(".packet:visible").count() == 3
    assert int(lane.get_attribute("data-bytes")) == 500_000  # half-way
    page.close()
