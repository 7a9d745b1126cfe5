"""Errors meant for a person: a message with its values, one sentence that names what is wrong and what to do."""

from fda_core.support.messages import Message


class LabError(Message, Exception):
    """Base of every error this project raises on purpose: `ConfigError("settings.missing", name="lanes.0.rule")`.

    Its English sentence is `str(error)`. An error without an id says nothing.
    """


class ConfigError(LabError, ValueError):
    """A setting that is not allowed; the text names the value and what is allowed."""


class MissingAssets(LabError):
    """The embedded model or data is not installed or not intact; the text names the command that installs it."""


class StoreError(LabError):
    """A run folder that cannot be written or read."""


class Cancelled(LabError):
    """The user stopped the work before it ended."""


class Preempted(LabError):
    """The work gives its place away and is to be continued later; with a sentence if somebody must see to it."""
