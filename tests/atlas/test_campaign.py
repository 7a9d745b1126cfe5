"""A campaign of many runs in processes of their own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WORKERS = """
import os, time
from fda_core.atlas.campaign import processes
if __name__ == "__main__":
    pool = processes(1)
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 600).result()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks processes up in /proc")
def test_a_campaign_that_is_killed_leaves_nothing_playing(tmp_path):
    """Else it would take both cores for hours, and write into folders that the next start of the command plays."""
    (script := tmp_path / "play.py").write_text(WORKERS)
    found = os.environ | {"PYTHONPATH": str(ROOT)}
    campaign = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=found)
    assert campaign.stdout is not None
    worker = int(campaign.stdout.readline())
    assert running(worker)
    campaign.kill()
    campaign.wait()
    deadline = time.monotonic() + 30
    while running(worker):
        assert time.monotonic() < deadline, "it plays on"
        time.sleep(0.1)


def running(process: int) -> bool:
    """A process that has ended may stay in the list until somebody asks what became of it."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
