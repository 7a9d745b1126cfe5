"""The running server, as somebody who wishes it ill would talk to it. docs/security.md says what is measured here."""

import asyncio
import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection

import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.viewer import Viewer
from fda_core.support.presenter_pin import PIN
from tests.helpers.server import ROOT, Server
from ui.components.live_chart.plotly_js import file_name
from ui.text.i18n import t

pytestmark = pytest.mark.server

FOREIGN = "http://evil.example"
PROTECTIVE = {
    "content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy", "permissions-policy",
    "strict-transport-security", "cross-origin-opener-policy",
}  # fmt: skip
UPLOAD = "/_stcore/upload_file/session/file"
PRESENTERS_PIN = "open-sesame"


class External:
    """Stands in for the internet, as a proxy that answers nobody; `asked` has the hosts the server wanted."""

    def __init__(self):
        self.asked: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._refuse, daemon=True).start()

    def _refuse(self) -> None:
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:  # closed: the tests are over
                return
            with caller:
                words = caller.recv(4096).decode("latin-1").split()
                self.asked.append(words[1].removeprefix("http://").split("/")[0].split(":")[0])


@contextmanager
def running(folder, **environment):
    outside = External()
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), outside.url)
    server = Server(folder, proxies | {"no_proxy": "", "NO_PROXY": ""} | environment)
    server.outside = outside
    try:
        yield server.start()
    finally:
        server.kill()
        outside.socket.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(PIN, raising=False)
        with running(tmp_path_factory.mktemp("server")) as server:
            yield server


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    with running(tmp_path_factory.mktemp("class"), **{PIN: PRESENTERS_PIN}) as server:
        yield server


def ask(server: Server, path: str, method: str = "GET", body: bytes | None = None, **headers: str):
    """Status, headers in lower case and body; the path goes out as it is."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def handshake(server: Server, origin: str | None, host: str = "127.0.0.1") -> int:
    """The status a WebSocket handshake gets; 101 opens the socket."""
    place = f"{host}:{server.port}"
    lines = [
        "GET /_stcore/stream HTTP/1.1", f"Host: {place}", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: streamlit",
        *([f"Origin: {origin.replace('HERE', place)}"] if origin else []), "", "",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall("\r\n".join(lines).encode())
        return int(raw.recv(4096).split()[1])


class Reader(Viewer):
    """A viewer that also keeps what stands in boxes, and can send any state of widgets."""

    def __init__(self, *where):
        super().__init__(*where)
        self.boxes: list[str] = []
        self.fields: list[str] = []

    def _look_at(self, element) -> None:
        super()._look_at(element)
        if element.WhichOneof("type") == "alert":
            self.boxes.append(element.alert.body)
        if element.WhichOneof("type") == "text_input":
            self.fields.append(element.text_input.id)

    async def send(self, button: str, **values: bool | str) -> None:
        """Presses a button, whether or not it can be pressed, with these widgets as well."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_name = self.query, self.page
        for name, value in values.items():
            widget = state.widget_states.widgets.add(id=name)
            setattr(widget, "bool_value" if isinstance(value, bool) else "string_value", value)
        state.widget_states.widgets.add(id=self.buttons[button], trigger_value=True)
        self.finished.clear()
        await self.socket.send(message.SerializeToString())
        await asyncio.wait_for(self.finished.wait(), 30)


async def look(server: Server, page: str, query: str = "") -> Reader:
    async with Reader(server.url, page, query) as viewer:
        return viewer


def test_only_its_own_machine_can_reach_it(server):
    process = psutil.Process(server.process.pid)
    family = [process, *process.children(recursive=True)]
    listening = {c.laddr[:2] for p in family for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert listening == {("127.0.0.1", server.port)}


def test_it_answers(server):
    assert ask(server, "/_stcore/health")[::2] == (200, b"ok")


@pytest.mark.parametrize("path", ["/", "/race", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics"])
def test_headers_that_protect_have_to_come_from_a_proxy(server, path):
    status, headers, _ = ask(server, path)
    assert status == 200 and headers["server"] == "uvicorn"
    assert PROTECTIVE & set(headers) == set()


def test_the_token_against_forged_requests_is_not_sent_along_by_other_sites(server):
    cookie = ask(server, "/_stcore/health")[1]["set-cookie"]
    assert cookie.startswith("_streamlit_xsrf=") and "SameSite=Lax" in cookie


@pytest.mark.parametrize("path", ["/", "/race", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics"])
def test_other_sites_may_not_read_answers(server, path):
    assert "access-control-allow-origin" not in ask(server, path, Origin=FOREIGN)[1]


def test_other_sites_may_not_upload(server):
    status, headers, _ = ask(server, UPLOAD, "OPTIONS", Origin=FOREIGN)
    assert status == 204 and headers["access-control-allow-origin"] == f"http://localhost:{server.port}"


def test_every_site_may_read_the_chart_library_and_there_is_nothing_else(server):
    asyncio.run(look(server, ""))  # the first page drawn puts it there
    status, headers, _ = ask(server, f"/app/static/{file_name()}", Origin=FOREIGN)
    assert status == 200 and headers["access-control-allow-origin"] == "*"
    assert headers["x-content-type-options"] == "nosniff"
    assert {path.name for path in (ROOT / "static").iterdir()} - {".gitignore"} == {file_name()}


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://HERE", 101),
        (None, 101),  # not a browser
        ("http://localhost:3000", 101),  # another program's page on the same machine
        (FOREIGN, 403),
        ("http://127.0.0.1.evil.example", 403),
        ("null", 403),  # a sandboxed frame, a file
    ],
)
def test_who_may_open_the_socket(server, origin, status):
    assert handshake(server, origin) == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 101),
        ("localhost", 101),
        ("LOCALHOST", 101),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ],
)
def test_a_foreign_name_that_points_here_opens_no_socket(server, host, status):
    """What the page of such a site would send: its own name as host and origin."""
    assert handshake(server, "http://HERE", host) == status


def test_whoever_sends_another_site_s_name_makes_the_server_ask_for_its_own_address(server):
    server.outside.asked.clear()
    handshake(server, FOREIGN)
    assert set(server.outside.asked) == {"checkip.amazonaws.com"}


def test_drawing_a_page_asks_nobody_outside(server):
    server.outside.asked.clear()
    for page in ("", "race"):
        assert asyncio.run(look(server, page)).seen.errors == []
    assert server.outside.asked == []


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%5c..%5capp.py",
        "/app/static/../app.py",
        "/app/static/%2e%2e/app.py",
        "/app/static/..%2fapp.py",
        "/app/static/..\\app.py",
        "/app/static/../.streamlit/config.toml",
        "/app/static//etc/passwd",
        "/app/static/C:/Windows/win.ini",
        "/app/static/%00",
        "/app/static/",
        "/component/../../app.py",
        "/component/fda_live_chart/../../../app.py",
        "/_stcore/bidi-components/fda_live_chart/../../../app.py",
        "/_stcore/bidi-components/fda_live_chart/%2e%2e/chart.js",
        "/media/../app.py",
        "/media/app.py",
        "//etc/passwd",
        "/../app.py",
    ],
)
def test_no_file_comes_out_by_a_path_that_climbs(server, path):
    status, _, body = ask(server, path)
    assert status in (400, 404) and len(body) < 100


@pytest.mark.parametrize("path", ["/app.py", "/.streamlit/config.toml", "/fda_core/settings/config.py", "/etc/passwd"])
def test_the_name_of_a_file_gets_the_page_as_any_unknown_name_does(server, path):
    assert ask(server, path)[::2] == ask(server, "/nothing")[::2]


def test_an_upload_needs_the_token(server):
    token = ask(server, "/_stcore/health")[1]["set-cookie"].split(";")[0].partition("=")[2]
    file = {"body": b"--x--", "Content_Type": "multipart/form-data; boundary=x"}
    assert ask(server, UPLOAD, "PUT", **file)[0] == 403
    assert ask(server, UPLOAD, "PUT", Cookie=f"_streamlit_xsrf={token}", **file)[0] == 403
    assert ask(server, UPLOAD, "PUT", X_Xsrftoken=token, **file)[0] == 403
    assert ask(server, UPLOAD, "DELETE")[0] == 403
    # With it, the next question is whose session this is.
    status, _, body = ask(server, UPLOAD, "PUT", Cookie=f"_streamlit_xsrf={token}", X_Xsrftoken=token, **file)
    assert status == 400 and b"Invalid session_id" in body


@pytest.mark.parametrize("path", ["interact", "mcp"])
def test_the_agent_interface_is_off(server, path):
    status, _, body = ask(server, f"/_stcore/agent/{path}", "POST", b"{}", Content_Type="application/json")
    assert status in (400, 403) and b"not_available" in body


@pytest.mark.parametrize("climb", ["../elsewhere", "..%2Felsewhere", "....//elsewhere", "%2e%2e/elsewhere"])
def test_no_folder_is_opened_by_an_address_that_climbs(server, climb):
    record = server.runs.parent / "elsewhere" / "events.jsonl"
    record.parent.mkdir(exist_ok=True)
    record.write_text("would be called damaged\n")
    server.runs.mkdir(exist_ok=True)
    viewer = asyncio.run(look(server, "race", f"run={climb}"))
    [box] = set(viewer.boxes)  # drawn again once the viewer listens
    assert t("race.unknown_run", run="|").split("|")[1] in box
    assert viewer.seen.errors == [] and "Traceback" not in server.log


def test_a_viewer_who_forges_the_presenter_s_mark_starts_nothing(classroom):
    async def forge() -> list[str]:
        async with Reader(classroom.url, "race") as viewer:
            await viewer.send("Start")
            await viewer.send("Start", presenter=True)
            await viewer.send("Start", **{viewer.fields[0]: "open-seasame"})
        return sorted((await look(classroom, "race")).buttons)

    assert asyncio.run(forge()) == ["Present", "Start", "Step", "Stop", t("own.open")]
    assert not classroom.runs.exists() or not list(classroom.runs.iterdir())


def test_the_pin_opens_and_is_not_in_the_log(classroom):
    async def present() -> set[str]:
        async with Reader(classroom.url, "race") as viewer:
            await viewer.send("Present", **{viewer.fields[0]: PRESENTERS_PIN})
            await viewer.send("Start")
        return set(viewer.buttons)

    assert {"Stop presenting", "Pause"} <= asyncio.run(present())
    assert PRESENTERS_PIN not in classroom.log
