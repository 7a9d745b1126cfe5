"""Runs in the background of a process: the queue, the one worker, who gives way, when memory or time is short."""
