"""A viewer without a browser: speaks Streamlit's protocol over a real WebSocket, and redraws when the page asks to."""

import asyncio
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

READY = '[{"event": "ready", "value": true}]'  # as a component of Streamlit reports a trigger
PATIENCE = 60  # seconds
PLAYED = re.compile(r"rounds played: (\d+)")


@dataclass
class Seen:
    """What a viewer waited for, in seconds; `rounds` are pairs of a number of rounds and the time it was shown."""

    first_paint: float | None = None
    interactions: list[float] = field(default_factory=list)
    redraws: list[float] = field(default_factory=list)
    rounds: list[tuple[int, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Viewer:
    """One tab on one page; `page` is its name in the address."""

    def __init__(self, url: str, page: str, query: str = ""):
        self.url, self.page, self.query = url.replace("http", "ws", 1), page, query
        self.seen, self.buttons = Seen(), {}
        self.habits = ""  # the id of the component of ui/components/page_habits
        self.page_hash = ""  # the page's name for the server once it has been drawn
        self.finished, self.drawing = asyncio.Event(), asyncio.Lock()
        self.timers: dict[str, asyncio.Task] = {}

    async def __aenter__(self) -> "Viewer":
        began = time.perf_counter()
        self.socket = await connect(
            f"{self.url}/_stcore/stream",
            subprotocols=["streamlit"],
            max_size=None,
            origin=self.url.replace("ws", "http", 1),
        )
        self.listener = asyncio.create_task(self._listen())
        await self.draw()
        self.seen.first_paint = time.perf_counter() - began
        if self.habits:
            await self.draw(ready=True)
        return self

    async def __aexit__(self, *_) -> None:
        for task in (*self.timers.values(), self.listener):
            task.cancel()
        with suppress(Exception):
            await self.socket.close()

    async def draw(self, fragment: str = "", press: str | None = None, ready: bool = False) -> float:
        """Asks for the page or one of its fragments, pressing a button if told; returns how long it took.

        ready: says what a browser says once it has the page's habits; only then the page writes the address.
        """
        async with self.drawing:
            began = time.perf_counter()
            message = BackMsg()
            state = message.rerun_script
            state.query_string, state.page_name, state.page_script_hash = self.query, self.page, self.page_hash
            state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
            if press is not None:
                pressed = state.widget_states.widgets.add()
                pressed.id, pressed.trigger_value = self.buttons[press], True
            if ready:
                said = state.widget_states.widgets.add()
                said.id, said.json_trigger_value = _make_trigger_id(self.habits, "events"), READY
            self.finished.clear()
            await self.socket.send(message.SerializeToString())
            try:
                await asyncio.wait_for(self.finished.wait(), PATIENCE)
            except TimeoutError:
                self.seen.errors.append(f"no answer within {PATIENCE} s")
            return time.perf_counter() - began

    async def interact(self) -> None:
        """What a click costs after which the whole page is drawn again."""
        self.seen.interactions.append(await self.draw())

    async def _listen(self) -> None:
        try:
            async for data in self.socket:
                message = ForwardMsg()
                message.ParseFromString(data)
                self._take(message)
        except Exception as error:
            self.seen.errors.append(f"{type(error).__name__}: {error}")

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                self.seen.errors.append("the page did not compile")
            if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self.finished.set()
        elif kind == "page_info_changed":  # a browser shows it in its address bar and asks with it from then on
            self.query = message.page_info_changed.query_string
        elif kind == "navigation":
            self.page_hash = message.navigation.page_script_hash
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self._stop_timers()
        elif kind == "auto_rerun":
            timer = self._redraw(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            self.timers[message.auto_rerun.fragment_id] = asyncio.create_task(timer)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._look_at(message.delta.new_element)

    def _look_at(self, element) -> None:
        match element.WhichOneof("type"):
            case "exception":
                self.seen.errors.append(element.exception.message)
            case "bidi_component":
                if element.bidi_component.component_name.endswith("fda_page_habits"):
                    self.habits = element.bidi_component.id
            case "button":
                self.buttons[element.button.label] = element.button.id
            case "progress":
                if found := PLAYED.search(element.progress.text):
                    self.seen.rounds.append((int(found[1]), time.time()))

    def _stop_timers(self) -> None:
        for task in self.timers.values():
            task.cancel()
        self.timers.clear()

    async def _redraw(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            self.seen.redraws.append(await self.draw(fragment))
