"""The thread that trains gives way to the pages."""

import gc
import os
import sys
import threading

import pytest

from ui.state import session


def in_a_thread(action):
    """What `action` returned, and the priority of the thread it ran in."""
    found = []

    def work():
        found.append(action())
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux knows the priority of a thread")
def test_training_has_a_lower_priority_than_the_pages():
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert in_a_thread(session.give_way) == [True, max(before, session.TRAINING_PRIORITY)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_redraws_do_not_look_through_the_heavy_libraries_for_garbage(monkeypatch):
    """Streamlit collects after every redraw, and collecting among a million objects stops the training as well."""
    monkeypatch.setattr(session.time, "sleep", lambda seconds: None)
    monkeypatch.setenv("FDA_OPT_LAB_THREADS", "1")

    def threads_after_warm_up() -> int:
        import torch

        session.warm_up()
        return torch.get_num_threads()  # of this thread

    try:
        assert in_a_thread(threads_after_warm_up)[0] == 1
        assert gc.get_freeze_count() > 100_000
        assert len(gc.get_objects()) < gc.get_freeze_count()
    finally:
        gc.unfreeze()
