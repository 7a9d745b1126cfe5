"""Bytes on the wire by kind, as integers.

Down: the model to every client of the round. Up: every remaining client's update. Monitor: per check one state up and
one byte (go on or synchronise) down for every remaining client, and whatever else a monitor needs at the clients.
"""

from dataclasses import dataclass, field

from fda_core.settings.methods import MONITORS

VERDICT_BYTES = 1
WIRE_BYTES_PER_PARAMETER = 4


def state_bytes(monitor: str, size: int) -> int:
    """What a client sends for a check of this monitor, without making one (`monitors.py` explains each)."""
    return WIRE_BYTES_PER_PARAMETER * MONITORS[monitor].numbers(size)


@dataclass
class Tally:
    """Bytes and checks of an epoch or a round."""

    down: int = 0
    up: int = 0
    monitor_down: int = 0
    monitor_up: int = 0
    checks: int = 0

    def add(self, **counts: int) -> None:
        """Adds to the fields of these names."""
        for name, count in counts.items():
            setattr(self, name, getattr(self, name) + count)


@dataclass
class Ledger:
    """What one lane has sent: in all, in this round, in this local epoch; `model_bytes` is |w|."""

    model_bytes: int
    total: int = 0
    round: Tally = field(default_factory=Tally)
    epoch: Tally = field(default_factory=Tally)

    def begin_round(self) -> None:
        """The round and its first local epoch begin at nothing; the total stays."""
        self.round, self.epoch = Tally(), Tally()

    def end_epoch(self) -> Tally:
        """What the local epoch cost; the next one begins at nothing."""
        done, self.epoch = self.epoch, Tally()
        return done

    def model_down(self, clients: int) -> None:
        """The global weights, to so many clients."""
        self._add(down=clients * self.model_bytes)

    def model_up(self, clients: int) -> None:
        """The updates of so many clients, each as long as the model."""
        self._add(up=clients * self.model_bytes)

    def direction_down(self, clients: int) -> None:
        """The linear monitor's ξ, as long as the model."""
        self._add(monitor_down=clients * self.model_bytes)

    def check(self, clients: int, state_bytes: int) -> None:
        """One exchange of states and verdicts."""
        self._add(monitor_up=clients * state_bytes, monitor_down=clients * VERDICT_BYTES)
        self.round.add(checks=1)
        self.epoch.add(checks=1)

    def _add(self, **counts: int) -> None:
        self.round.add(**counts)
        self.epoch.add(**counts)
        self.total += sum(counts.values())
