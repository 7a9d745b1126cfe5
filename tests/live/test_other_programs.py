"""Whether a page says that the machine is busy, and not because of this program."""

import subprocess
import sys
import threading
import time

import psutil
import pytest

from fda_core.live.other_programs import OtherPrograms, Sample


def asked(*samples: Sample) -> list[bool]:
    found = iter(samples)
    others = OtherPrograms(lambda: next(found), every=0.0)
    return [others.crowding() for _ in samples]


def test_what_this_program_takes_is_not_others():
    # Two cores for two seconds: all of it taken, first by this program, then by another.
    assert asked(Sample(0, 0, 0, 0), Sample(2, 4, 4, 4), Sample(9, 18, 18, 4)) == [False, False, True]


def test_it_is_over_soon_after_the_others_have_ended():
    busy = [Sample(t, 2 * t, 2 * t, 0) for t in range(10)]
    idle = [Sample(t, 2 * t, 18, 0) for t in range(10, 16)]
    assert asked(*busy, *idle)[-7:] == [True, True, True, False, False, False, False]


def test_no_viewer_waits_for_the_look_of_another():
    begun, may_end = threading.Event(), threading.Event()

    def slow() -> Sample:
        begun.set()
        assert may_end.wait(60)
        return Sample(0, 0, 0, 0)

    others = OtherPrograms(slow)
    looks = threading.Thread(target=others.crowding)
    looks.start()
    assert begun.wait(60)
    assert others.crowding() is False, "the last verdict, while another looks"
    may_end.set()
    looks.join()


@pytest.mark.slow
def test_busy_processes_are_seen():
    others = OtherPrograms()
    others.crowding()
    count = psutil.cpu_count() or 1
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        deadline = time.monotonic() + 60
        while not others.crowding():
            assert time.monotonic() < deadline
            time.sleep(0.5)
    finally:
        for process in busy:
            process.kill()
