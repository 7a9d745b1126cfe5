"""Simulated seconds of a round from bytes, local steps and a link: arithmetic only, no training, no measured time.

A synchronous round waits for its slowest client at every barrier, so a round is a sum of maxima:
FedOpt: max(down + E epochs + up) + RTT; FDA: max(down + epoch 1 + state) + RTT, then per further epoch
max(epoch + state) + RTT, then max(up) + RTT.
"""

from dataclasses import dataclass

import numpy as np

from fda_core.settings.config import Link
from fda_core.support.streams import stream


@dataclass(frozen=True)
class Network:
    """Each client's link: bytes per second up and down [N]; seconds of one local step on its device; RTT in s."""

    up: np.ndarray
    down: np.ndarray
    step_seconds: float
    rtt: float

    @classmethod
    def of(cls, link: Link, clients: int, seed: int) -> "Network":
        """The median client has the link's speeds; the others vary log-normally by `link.spread`."""
        speed = np.exp(link.spread * stream(seed, "network").standard_normal(clients))
        bytes_per_mbit = 1e6 / 8
        return cls(
            link.uplink_mbit * bytes_per_mbit * speed,
            link.downlink_mbit * bytes_per_mbit * speed,
            link.step_seconds,
            link.rtt_ms / 1e3,
        )

    def round_seconds(
        self, clients: list[int], segments: list[np.ndarray], model_bytes: int, state_bytes: int | None,
        uninformed: list[int] = [],  # noqa: B006 - only read
    ) -> float:  # fmt: skip
        """Seconds of one round.

        segments: the steps of each of `clients` between one check and the next; nan for one that has dropped out, which
        nobody waits for. state_bytes: what a client sends at a check; None when it sends none (FedOpt). uninformed:
        clients to whom a second vector as long as the model goes down.
        """
        twice = 1 + np.isin(clients, uninformed)
        down, up = twice * model_bytes / self.down[clients], model_bytes / self.up[clients]
        compute = self.step_seconds * np.asarray(segments, dtype=float)  # [L, K]
        left = ~np.isnan(compute[-1])
        if state_bytes is None:
            return slowest(down + compute.sum(0) + up) + self.rtt
        checked = compute + state_bytes / self.up[clients]
        checked[0] += down
        return sum(slowest(segment) + self.rtt for segment in checked) + slowest(np.where(left, up, np.nan)) + self.rtt

    def compute_seconds(self, segments: list[np.ndarray]) -> float:
        """Seconds of the local steps alone."""
        return sum(slowest(self.step_seconds * segment) for segment in segments)


def slowest(seconds: np.ndarray) -> float:
    """The largest of those that are numbers; 0 if none is."""
    return float(np.nanmax(seconds, initial=0.0))
