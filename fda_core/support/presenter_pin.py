"""The presenter's PIN of a class: where it stands, and what it may look like."""

import os
from collections.abc import Callable, Mapping

from fda_core.support.errors import ConfigError

PIN = "FDA_OPT_LAB_PIN"
SHORTEST, LONGEST = 6, 100


def checked(pin: str) -> str:
    """Raises `ConfigError` for a PIN that is too short or too long; the sentence does not show it."""
    if not SHORTEST <= len(pin) <= LONGEST:
        raise ConfigError("cli.pin_length", count=len(pin), fewest=SHORTEST, most=LONGEST)
    return pin


def pin_from(secrets: Callable[[], str | None], environment: Mapping[str, str] = os.environ) -> str | None:
    """FDA_OPT_LAB_PIN, else `presenter_pin` of the secrets; None without either. Raises `ConfigError`."""
    pin = environment.get(PIN) or secrets()
    return checked(str(pin)) if pin else None
