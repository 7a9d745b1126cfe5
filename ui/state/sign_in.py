"""The presenter's PIN: who knows it may start, stop and delete; guessing is slow."""

import hmac
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Literal

from fda_core.support.errors import ConfigError

PIN = "FDA_OPT_LAB_PIN"
SHORTEST, LONGEST = 6, 100
PERIOD = 300  # seconds
MISTAKES = 5  # of one address in a period
MISTAKES_OF_ALL = 60  # students have many addresses

Answer = Literal["accepted", "wrong", "later"]


def checked(pin: str) -> str:
    """Raises `ConfigError` for a PIN that is too short or too long; the sentence does not show it."""
    if not SHORTEST <= len(pin) <= LONGEST:
        raise ConfigError(f"The presenter PIN has {len(pin)} characters: choose one of {SHORTEST} to {LONGEST}.")
    return pin


def pin_from(secrets: Callable[[], str | None], environment: Mapping[str, str] = os.environ) -> str | None:
    """FDA_OPT_LAB_PIN, else `presenter_pin` of the secrets; None without either. Raises `ConfigError`."""
    pin = environment.get(PIN) or secrets()
    return checked(str(pin)) if pin else None


class SignIn:
    """Compares attempts with the PIN in constant time and counts mistakes, each address's and everybody's."""

    def __init__(self, pin: str | None, clock: Callable[[], float] = time.monotonic):
        self.secret = pin and sha256(pin.encode()).digest()
        self.clock = clock
        self.lock = threading.Lock()
        self.mistakes: deque[tuple[float, str | None]] = deque()

    def verify(self, attempt: str, address: str | None) -> Answer:
        """address: the viewer's, None on the server's own machine, which the others' mistakes cannot lock out."""
        with self.lock:
            self._forget()
            own = sum(other == address for _, other in self.mistakes)
            if own >= MISTAKES or (address is not None and len(self.mistakes) >= MISTAKES_OF_ALL):
                return "later"
            # Digests of one length: the time taken tells nothing about the PIN.
            if self.secret and hmac.compare_digest(sha256(attempt[: LONGEST + 1].encode()).digest(), self.secret):
                return "accepted"
            self.mistakes.append((self.clock(), address))
            return "wrong"

    def _forget(self) -> None:
        while self.mistakes and self.clock() - self.mistakes[0][0] > PERIOD:
            self.mistakes.popleft()
