"""Puts plotly.min.js where Streamlit can serve it, so charts need no network."""

import contextlib
import os
import shutil
import tempfile
from functools import cache
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path


@cache
def file_name() -> str:
    """Name of the served copy; it carries the version, so a browser never reuses an old one."""
    return f"plotly-{version('plotly')}.min.js"


def publish(static_dir: Path) -> str:
    """Copy plotly.min.js into `static_dir` if it is not there yet and return its file name.

    Call it once when the app starts. Streamlit serves the copy as `app/static/<name>`
    when `server.enableStaticServing` is on and `static_dir` is the folder `static`
    beside the main script. Raises OSError, in a sentence, if the copy cannot be made.
    """
    target = Path(static_dir) / file_name()
    with as_file(files("plotly") / "package_data" / "plotly.min.js") as source:
        if not _same_size(source, target):
            _copy(source, target)
    _remove_other_versions(target)
    return target.name


def _same_size(source: Path, target: Path) -> bool:
    return target.is_file() and target.stat().st_size == source.stat().st_size


def _copy(source: Path, target: Path) -> None:
    """Copy through a temporary file, so that nobody ever reads half a library."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
    except OSError as error:
        raise _explained(error, target) from error
    try:
        os.close(handle)
        shutil.copyfile(source, temporary)
        os.chmod(temporary, 0o644)  # mkstemp gives 600; the server may run as another user
        os.replace(temporary, target)
    except OSError as error:
        # Windows refuses to replace a file in use: then another process has just copied it.
        if not _same_size(source, target):
            raise _explained(error, target) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _explained(error: OSError, target: Path) -> OSError:
    return type(error)(
        error.errno,
        f"The chart library could not be copied ({error.strerror}). Make the folder writable, "
        f"or put plotly.min.js of the plotly package there as {target.name}",
        str(target.parent),
    )


def _remove_other_versions(target: Path) -> None:
    for old in target.parent.glob("plotly-*.min.js"):
        if old.name != target.name:
            # A leftover is harmless: it may be in use, or the folder may be read-only.
            with contextlib.suppress(OSError):
                old.unlink()
