"""The process that writes a run is really killed, or its disk is really full."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fda_core.algorithm.events import Epoch, Round
from fda_core.runs.store import read_events
from tests.helpers.tiers import tiered

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


WRITE = """
import sys
from pathlib import Path
from fda_core.runs.recorder import Recorder
from fda_core.runs.store import StoreError
from tests.helpers.tiny_events import a_round, an_epoch, started

recorder = Recorder(Path(sys.argv[1]), "the-run")
recorder.add(started())
number = 0
while True:
    number += 1
    for epoch in range(1, 11):
        recorder.add(an_epoch("fedopt", number, epoch))
    try:
        recorder.add(a_round("fedopt", number, epochs=10))
    except StoreError as error:
        print(error)
        break
    print(number, flush=True)
"""


def writer(folder: Path, limit: int | None = None) -> subprocess.Popen:
    """A process that writes rounds of ten epochs for ever, saying each round's number once it is kept."""

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails like one on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-c", WRITE, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=limited if limit else None,
    )


def whole_rounds(events) -> bool:
    """The first line, then ten epochs and their round, again and again."""
    return [type(event) for event in events[1:]] == ([Epoch] * 10 + [Round]) * (len(events) // 11)


def test_a_killed_process_loses_no_finished_round(folder):
    process = writer(folder)
    for said in process.stdout:
        if int(said) == 40:
            process.send_signal(signal.SIGKILL)
            break
    rest = [int(said) for said in process.stdout]
    assert process.wait() == -signal.SIGKILL
    events = read_events(folder)
    assert max(event.round for event in events if isinstance(event, Round)) >= max([40, *rest])
    assert whole_rounds(events)


@pytest.mark.parametrize("limit", tiered([20_000, 20_500, 21_000, 22_000], [21_000], "slow"))
def test_a_full_disk_loses_no_finished_round(folder, limit):
    """Wherever in a round the disk ends: what is read holds that round whole or not at all."""
    process = writer(folder, limit)
    *numbers, sentence = process.communicate()[0].splitlines()
    assert "cannot be written" in sentence
    events = read_events(folder)
    assert max(event.round for event in events if isinstance(event, Round)) >= int(numbers[-1])
    assert whole_rounds(events)
