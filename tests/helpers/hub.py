"""A hub of one's own on 127.0.0.1: folders served the way `huggingface_hub` asks for them, and troubles on demand.

    with Hub() as hub:
        hub.add("tiny/bert", folder)                    # a model; kind="datasets" for a data set
        hub.troubles["*/model.safetensors"] = CUT       # fnmatch patterns of the address's path
        subprocess.run(..., env=os.environ | hub.environment(cache))

The endpoints are those of huggingface.co as `huggingface_hub` 2.4 and `datasets` 5.2 use them: what a repository is,
its files, its commits and discussions, and the files themselves with entity tags and ranges. `datasets` 5.2 takes only
ids with an owner.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

KINDS = ("models", "datasets", "spaces")
MAIN = "main"
BLOCK = 1024


@dataclass(frozen=True)
class Trouble:
    """What happens instead of a good answer: another status, seconds before it or after every KiB, or a cut.

    only: the methods it befalls. code: the hub's own word for the error. cut: bytes sent before the line breaks.
    """

    status: int = 200
    code: str = ""
    before: float = 0
    between: float = 0
    cut: int | None = None
    only: tuple[str, ...] = ("GET", "HEAD", "POST")


MISSING = Trouble(404, "RepoNotFound")
GATED = Trouble(403, "GatedRepo")
LOCKED = Trouble(401, "GatedRepo")
BROKEN = Trouble(500)
SLOW = Trouble(before=60)
TRICKLE = Trouble(between=0.5, only=("GET",))
CUT = Trouble(cut=2 * BLOCK, only=("GET",))


class Hub:
    """Serves what was added; `requests` holds what was asked for, as (method, path)."""

    def __init__(self):
        self.folders: dict[tuple[str, str, str], Path] = {}
        self.moved: dict[str, str] = {}  # former ids, as distilbert-base-uncased is one on the real hub
        self.troubles: dict[str, Trouble] = {}
        self.discussions: dict[str, list[dict]] = {}
        self.requests: list[tuple[str, str]] = []
        self.closing = threading.Event()
        handler = type("Answers", (Answer,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "Hub":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.closing.set()  # those who are slow on purpose need not be waited for
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def environment(self, cache: Path) -> dict[str, str]:
        """The variables that send another process here, with a cache of its own."""
        return {
            "HF_ENDPOINT": self.url, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": "", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        }  # fmt: skip

    def add(self, repo: str, folder: Path, kind: str = "models", revision: str = MAIN) -> str:
        """Serves a folder, and returns the commit it has now: a digest of its content. Former folders stay commits."""
        self.folders[kind, repo, revision] = self.folders[kind, repo, commit(folder)] = folder
        return commit(folder)

    def offer_safetensors(self, repo: str, folder: Path, author: str = "SFconvertbot") -> str:
        """A pull request as the hub's converter makes them; returns its commit."""
        self.discussions[repo] = [
            {
                "num": 1, "title": "Adding `safetensors` variant of this model", "status": "open",
                "isPullRequest": True, "author": {"name": author}, "createdAt": "2026-01-01T00:00:00.000Z",
                "numComments": 0,
                "repo": {"name": repo, "type": "model"}, "repoOwner": {"name": "", "type": "user"}, "topReactions": [],
                "numReactionUsers": 0, "pinned": False,
            }
        ]  # fmt: skip
        return self.add(repo, folder, revision="refs/pr/1")

    def find(self, kind: str, words: list[str]) -> tuple[str, list[str]] | None:
        """The repository that a path begins with, and the rest of the path."""
        for length in (2, 1):
            repo = "/".join(words[:length])
            if any((kind, repo) == known[:2] for known in self.folders):
                return repo, words[length:]
        return None

    def folder(self, kind: str, repo: str, revision: str) -> Path | None:
        """By branch, pull request or commit."""
        return self.folders.get((kind, repo, revision))

    def trouble(self, method: str, path: str) -> Trouble:
        hits = (trouble for pattern, trouble in self.troubles.items() if fnmatch(path, pattern))
        return next((trouble for trouble in hits if method in trouble.only), Trouble())


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def commit(folder: Path) -> str:
    """40 digits that change with the content."""
    digest = hashlib.sha1()
    for name, path in files(folder):
        digest.update(f"{name} {etag(path)} ".encode())
    return digest.hexdigest()


def etag(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def entry(name: str, path: Path) -> dict:
    """A file as the listing of a tree shows it; large files are said to be in LFS, as on the real hub."""
    size, oid = path.stat().st_size, etag(path)
    lfs = {"lfs": {"oid": oid, "size": size, "pointerSize": 134}} if path.suffix == ".safetensors" else {}
    return {"type": "file", "path": name, "size": size, "oid": oid[:40], **lfs}


def tree(folder: Path, below: str, recursive: bool) -> list[dict]:
    stem = f"{below}/" if below else ""
    inside = [(name, path) for name, path in files(folder) if name.startswith(stem)]
    found = [entry(name, path) for name, path in inside if recursive or "/" not in name.removeprefix(stem)]
    parents = {str(parent) for name, _ in inside for parent in Path(name).parents} - {".", below, ""}
    return found + [
        {"type": "directory", "path": name, "size": 0, "oid": "0" * 40}
        for name in sorted(parents)
        if name.startswith(stem) and (recursive or "/" not in name.removeprefix(stem))
    ]


def described(repo: str, folder: Path) -> dict:
    siblings = [
        {"rfilename": name, "size": path.stat().st_size, "blobId": etag(path)[:40]} for name, path in files(folder)
    ]
    return {
        "_id": "0" * 24, "id": repo, "modelId": repo, "sha": commit(folder), "private": False, "gated": False,
        "disabled": False, "downloads": 0, "likes": 0, "tags": [], "siblings": siblings,
        "lastModified": "2026-01-01T00:00:00.000Z", "createdAt": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip


class Answer(BaseHTTPRequestHandler):
    """One request."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def log_message(self, *_) -> None:
        """Tests print what they want to."""

    def answer(self) -> None:
        address = urlsplit(self.path)
        path, self.query = unquote(address.path), parse_qs(address.query)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.requests.append((self.command, path))
        self.trouble = self.hub.trouble(self.command, path)
        if self.trouble.before and self.hub.closing.wait(self.trouble.before):
            return
        if self.trouble.status != 200:
            return self.fail(self.trouble.status, self.trouble.code)
        words = path.strip("/").split("/")
        if words[0] == "api" and len(words) > 2 and words[1] in KINDS:
            return self.about(words[1], words[2:], words[:2])
        kind = words[0] if words[0] in KINDS else "models"
        return self.file(kind, words[kind == words[0] :], words[: kind == words[0]])

    def about(self, kind: str, words: list[str], before: list[str]) -> None:
        """What is asked of the interface for programs."""
        found = self.hub.find(kind, words)
        if not found:
            return self.gone(words, before)
        repo, rest = found
        what, rest = (rest[0], rest[1:]) if rest else ("revision", [MAIN])
        if what == "discussions":
            listed = self.hub.discussions.get(repo, [])
            return self.json({"discussions": listed, "count": len(listed), "start": 0, "numClosedDiscussions": 0})
        revision, below = self.revision(rest)
        folder = self.hub.folder(kind, repo, revision)
        if folder is None:
            return self.fail(404, "RevisionNotFound")
        if what == "commits":
            return self.json(self.commits(kind, repo, folder))
        if what == "tree":
            return self.json(tree(folder, below, self.query.get("recursive", [""])[0].lower() == "true"))
        if what == "paths-info":
            wanted = self.wanted()
            return self.json([entry for entry in tree(folder, "", True) if entry["path"] in wanted])
        return self.json(described(repo, folder)) if what == "revision" else self.fail(404, "")

    @staticmethod
    def revision(rest: list[str]) -> tuple[str, str]:
        """The revision in a path, which may be refs/pr/1 or refs/convert/parquet, and what follows."""
        length = 3 if rest[:1] == ["refs"] else 1
        return "/".join(rest[:length]) or MAIN, "/".join(rest[length:])

    def commits(self, kind: str, repo: str, folder: Path) -> list[dict]:
        """A pull request stands on the main branch's last commit."""
        chain = dict.fromkeys((commit(folder), commit(self.hub.folders[kind, repo, MAIN])))
        return [
            {"id": sha, "title": "", "message": "", "date": "2026-01-01T00:00:00.000Z", "authors": []} for sha in chain
        ]

    def wanted(self) -> list[str]:
        """The paths of a POST, as a form or as JSON."""
        if "json" in (self.headers.get("Content-Type") or ""):
            return json.loads(self.body)["paths"]
        return parse_qs(self.body.decode()).get("paths", [])

    def file(self, kind: str, words: list[str], before: list[str]) -> None:
        """A file of a repository."""
        found = self.hub.find(kind, words)
        if not found:
            return self.gone(words, before)
        repo, rest = found
        if rest[:1] != ["resolve"] or len(rest) < 3:
            return self.fail(404, "EntryNotFound")
        revision, name = self.revision(rest[1:])
        folder = self.hub.folder(kind, repo, revision)
        if folder is None:
            return self.fail(404, "RevisionNotFound")
        path = folder / name
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            return self.fail(404, "EntryNotFound", {"X-Repo-Commit": commit(folder)})
        headers = {"ETag": f'"{etag(path)}"', "X-Repo-Commit": commit(folder), "Accept-Ranges": "bytes"}
        return self.send(path.read_bytes(), "application/octet-stream", headers)

    def gone(self, words: list[str], before: list[str]) -> None:
        """Where a repository has a new name, the way there."""
        for former, now in self.hub.moved.items():
            parts = former.split("/")
            if words[: len(parts)] == parts:
                place = "/".join([*before, now, *words[len(parts) :]])
                return self.send(b"", "text/plain", {"Location": f"/{place}"}, 307)
        return self.fail(401, "RepoNotFound")  # the real hub does not tell uninformed what there is

    def fail(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        about = {"X-Error-Code": code, "X-Error-Message": f"{code} (test)"} if code else {}
        self.send(b'{"error": "test"}', "application/json", about | (headers or {}), status)

    def json(self, value: object) -> None:
        self.send(json.dumps(value).encode(), "application/json", {})

    def send(self, data: bytes, kind: str, headers: dict[str, str], status: int = 200) -> None:
        if status == 200 and (asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")):
            first, last = int(asked[1]), min(int(asked[2] or len(data) - 1), len(data) - 1)
            headers |= {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
            data, status = data[first : last + 1], 206
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        for start in range(0, len(data), BLOCK):
            if self.trouble.cut is not None and start >= self.trouble.cut:
                self.close_connection = True
                return
            try:
                self.wfile.write(data[start : start + BLOCK])
                self.wfile.flush()
            except OSError:  # the other side has gone
                return
            if self.trouble.between and self.hub.closing.wait(self.trouble.between):
                return


def wait_until(true, seconds: float = 20) -> bool:
    """Whether something becomes true in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.02)
    return False
