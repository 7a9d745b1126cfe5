"""Bytes on the wire by kind, as integers.

Down: the model to every client of the round. Up: every client's update. Monitor: per check one state up and one byte
(go on or synchronise) down for every client.
"""

from dataclasses import dataclass

VERDICT_BYTES = 1
WIRE_BYTES_PER_PARAMETER = 4


@dataclass
class Ledger:
    """What one lane has sent so far; `model_bytes` is the size of the trainable weights on the wire."""

    model_bytes: int
    total: int = 0

    def model_down(self, clients: int) -> int:
        return self._add(clients * self.model_bytes)

    def model_up(self, clients: int) -> int:
        return self._add(clients * self.model_bytes)

    def check(self, clients: int, state_bytes: int) -> tuple[int, int]:
        """One exchange of states: bytes up, bytes down."""
        return self._add(clients * state_bytes), self._add(clients * VERDICT_BYTES)

    def _add(self, count: int) -> int:
        self.total += count
        return count
