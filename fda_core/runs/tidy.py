"""What kills and time leave behind in a folder of runs."""

import logging
import shutil
import time
from pathlib import Path

from fda_core.runs import trash
from fda_core.support.errors import StoreError

log = logging.getLogger(__name__)

DRAFTS = (".import-*", "*/*.part", "*/checkpoints/*.part", "*/prefix/*.part")
LEFT_OVER = 86_400  # seconds after which nobody is at work on a draft any more


def tidy(root: Path) -> None:
    """Removes old drafts, and for good what was deleted long ago. Raises nothing: it only makes room."""
    latest = time.time() - LEFT_OVER
    for draft in (found for pattern in DRAFTS for found in root.glob(pattern)):
        try:
            if draft.lstat().st_mtime < latest:
                shutil.rmtree(draft) if draft.is_dir() and not draft.is_symlink() else draft.unlink()
        except OSError as error:
            log.warning("%s cannot be removed (%s)", draft, error.strerror)
    try:
        trash.empty(root)
    except StoreError as error:
        log.warning("%s", error)
