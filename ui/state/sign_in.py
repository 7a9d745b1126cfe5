"""The presenter's PIN: who knows it may start, stop and delete; guessing is slow."""

import hmac
import threading
import time
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Literal

from fda_core.support.presenter_pin import LONGEST

PERIOD = 300  # seconds
MISTAKES = 5  # of one address in a period
MISTAKES_OF_ALL = 60  # students have many addresses

Answer = Literal["accepted", "wrong", "later"]


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
