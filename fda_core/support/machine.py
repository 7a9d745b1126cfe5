"""Which processor this is."""

import platform
import re
from functools import cache
from pathlib import Path


@cache
def processor() -> str:
    """The processor's name as its maker gives it, or at least its kind."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:  # not Linux
        found = None
    return found[1] if found else platform.processor() or platform.machine()
