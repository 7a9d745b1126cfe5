"""A model's files from the hub: one commit of a repository, and of its files only those that are needed.

The hub is a stranger on the other end of a line: it may be slow, broken, closed or away. Whatever it does becomes one
sentence; while it is waited for, whoever asked can stop.
"""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import repo_folder_name
from huggingface_hub.utils import httpx
from tqdm import tqdm

from fda_core.support.callbacks import Progress
from fda_core.support.errors import Cancelled, LabError
from fda_core.support.messages import because
from fda_core.support.waiting import wait_for

log = logging.getLogger(__name__)

T = TypeVar("T")
TIMEOUT = 10  # seconds for an answer of the interface; huggingface_hub has as much for files
PATIENCE = 300  # seconds in which not one more byte has arrived
DOWNLOAD = "download"  # the stage of `Progress` in which bytes are counted
COMMIT = re.compile(r"[0-9a-f]{40}")
CONVERTER, CONVERTED = "SFconvertbot", "Adding `safetensors` variant of this model"


class HubError(LabError):
    """A model that the hub does not hand out; the text says why and what to do."""


class Repository:
    """A model of the hub at one commit. `sizes` are the bytes of its files, by name."""

    def __init__(self, repo: str, revision: str | None = None, progress: Progress = lambda *_: None):
        """Asks the hub, or the cache where there is no hub. Raises `HubError`, and whatever `progress` raises."""
        self.name = repo
        if revision and not COMMIT.fullmatch(revision):  # from a record that somebody may have written
            raise HubError("models.no_commit", repo=repo)
        cached = in_cache(repo, revision)
        if cached and revision:  # a commit does not change
            self.revision, self.sizes = revision, sizes_in(cached)
            return
        try:
            self.revision, self.sizes = patiently(lambda _: about(repo, revision), repo, progress)
        except HubError as problem:
            if cached is None or (problem.__cause__ and definite(problem.__cause__)):
                raise
            self.revision, self.sizes = cached.name, sizes_in(cached)

    def fetch(self, names: list[str], progress: Progress) -> Path:
        """The folder that has these files, of which some may have been there before. Raises as the constructor."""
        return patiently(lambda fetching: self._fetch(names, fetching), self.name, progress)

    def _fetch(self, names: list[str], fetching: "Fetching") -> Path:
        fetching.total = sum(self.sizes[name] for name in names)
        for name in names:
            path = huggingface_hub.hf_hub_download(
                self.name, name, revision=self.revision, tqdm_class=fetching.bar(), etag_timeout=TIMEOUT
            )
            fetching.finished(self.sizes[name])
            folder = Path(path).parents[name.count("/")]
        return folder


def about(repo: str, revision: str | None) -> tuple[str, dict[str, int]]:
    """Commit and files. Where the main branch has pickled weights only, the hub's own conversion is taken, if any."""
    api = HfApi()
    found = api.model_info(repo, revision=revision, files_metadata=True, timeout=TIMEOUT)
    if revision is None and not any(file.rfilename.endswith(".safetensors") for file in found.siblings or ()):
        for offer in api.get_repo_discussions(repo, author=CONVERTER, discussion_type="pull_request"):
            if (offer.title, offer.author) == (CONVERTED, CONVERTER):  # the name of whoever else may say the same
                found = api.model_info(repo, revision=offer.git_reference, files_metadata=True, timeout=TIMEOUT)
                break
    assert found.sha is not None and found.siblings is not None, "both are in every answer with files_metadata"
    return found.sha, {file.rfilename: file.size or 0 for file in found.siblings}


def in_cache(repo: str, revision: str | None) -> Path | None:
    """The folder of a commit that was fetched before with its weights; without a revision, the newest such."""
    snapshots = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo, repo_type="model") / "snapshots"
    whole = {path.parent for path in snapshots.glob(f"{revision or '*'}/*.safetensors") if path.is_file()}
    return max(whole, key=lambda folder: folder.stat().st_mtime, default=None)


def sizes_in(folder: Path) -> dict[str, int]:
    """Bytes of the files directly in a folder, by name. Raises OSError."""
    return {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}


class Fetching:
    """What has arrived so far; written by the thread that fetches, read by the one that waits."""

    def __init__(self) -> None:
        self.done, self.partly, self.total = 0, 0, 0
        self.unwanted = False

    @property
    def bytes(self) -> int:
        """What has arrived, of the finished files and of the one under way; never more than the total."""
        return min(self.total, self.done + self.partly)

    def finished(self, size: int) -> None:
        """One file of so many bytes is there, from the hub or from the cache."""
        self.done, self.partly = self.done + size, 0

    def bar(self) -> type[tqdm]:
        """A silent progress bar that counts for this one, and ends a download that nobody waits for."""

        class Bar(tqdm):
            def __init__(bar, *args: Any, **kwargs: Any) -> None:
                kwargs.pop("name", None)  # huggingface_hub's own
                super().__init__(*args, **kwargs | {"disable": True})

            def update(bar, n: int | None = 1) -> None:
                if self.unwanted:
                    raise Cancelled
                self.partly += n or 0

        return Bar


def patiently(work: Callable[[Fetching], T], repo: str, progress: Progress) -> T:
    """The work's result, done in a thread of its own, so that `progress` is asked all the while.

    Raises `HubError` for what goes wrong and when nothing arrives for `PATIENCE` seconds, and what `progress` raises.
    The thread is then left to its time-outs; what it has downloaded is gone on with next time.
    """
    fetching, arrived, since = Fetching(), -1, monotonic()

    def look() -> None:
        nonlocal arrived, since
        if fetching.bytes != arrived:
            arrived, since = fetching.bytes, monotonic()
        if monotonic() - since > PATIENCE:
            raise HubError("models.hub_silent", host=host(), repo=repo, seconds=PATIENCE)
        progress(fetching.bytes, fetching.total, DOWNLOAD)

    def tried() -> T | Exception:
        try:
            return work(fetching)
        except Exception as error:  # what goes wrong there is told apart from what `progress` raises
            return error

    try:
        result = wait_for(tried, look)
    finally:
        fetching.unwanted = True
    if isinstance(result, Exception):
        log.info("the hub and %s: %r", repo, result)
        raise refusal(result, repo) from result
    return result


def already_here(repo: str, name: str) -> Path | None:
    """Of a model's newest commit in the cache of the hub, the file `name`; nothing is fetched."""
    found = huggingface_hub.try_to_load_from_cache(repo, name)
    return Path(found) if isinstance(found, str) else None


def host() -> str:
    """The hub's name as sentences call it."""
    return urlsplit(constants.ENDPOINT).hostname or constants.ENDPOINT


def reason(error: BaseException) -> BaseException:
    """What lies behind huggingface_hub's word that a file is neither on the hub nor here."""
    if isinstance(error, LocalEntryNotFoundError) and error.__cause__ is not None:
        return error.__cause__
    return error


def definite(error: BaseException) -> bool:
    """Whether the hub itself has said no, in which case older files are not taken for an answer."""
    error = reason(error)
    return isinstance(error, HfHubHTTPError) and error.response.status_code < 500


def refusal(error: BaseException, repo: str) -> HubError:
    """What went wrong and what to do."""
    error = reason(error)
    match error:
        case OfflineModeIsEnabled() | LocalEntryNotFoundError():
            return HubError("models.hub_offline", repo=repo)
        case GatedRepoError():
            return HubError("models.hub_gated", repo=repo, host=host())
        case RepositoryNotFoundError():
            return HubError("models.hub_unknown", host=host(), repo=repo)
        case RevisionNotFoundError():
            return HubError("models.hub_commit_gone", host=host(), repo=repo)
        case HfHubHTTPError():
            return refused(error.response.status_code, repo)
        case httpx.TimeoutException():
            return HubError("models.hub_late", host=host(), repo=repo)
        case httpx.HTTPError():
            return HubError("models.hub_away", host=host(), repo=repo)
        case OSError() if "Consistency check failed" in str(error):
            return HubError("models.hub_broke_off", repo=repo)
        case OSError():
            why = because(error) if error.strerror else str(error)
            return HubError("models.hub_not_kept", repo=repo, folder=constants.HF_HUB_CACHE, reason=why)
    return HubError("models.hub_not_fetched", repo=repo, host=host(), error=type(error).__name__)


def refused(status: int, repo: str) -> HubError:
    """What a status above 399 means and what to do."""
    if status in (401, 403):
        return HubError("models.hub_refused", host=host(), repo=repo, status=status)
    if status == 404:
        return HubError("models.hub_no_files", host=host(), repo=repo)
    if status == 429:
        return HubError("models.hub_too_often", host=host())
    return HubError("models.hub_trouble", host=host(), repo=repo, status=status)
