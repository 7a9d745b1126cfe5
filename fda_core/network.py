"""Simulated seconds of a round from bytes, local steps and a link: arithmetic only, no training, no measured time.

A synchronous round waits for its slowest client at every barrier, so a round is a sum of maxima:
FedOpt: max(down + E epochs + up) + RTT; FDA: max(down + epoch 1 + state) + RTT, then per further epoch
max(epoch + state) + RTT, then max(up) + RTT.
"""

from dataclasses import dataclass

import numpy as np

from fda_core.config import Link
from fda_core.streams import stream


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
        self, clients: list[int], epoch_steps: list[list[int]], model_bytes: int, state_bytes: int | None
    ) -> float:
        """Seconds of one round; `epoch_steps` holds per local epoch the steps of each of `clients`.

        state_bytes: what a client sends after each local epoch; None when it sends none (FedOpt).
        """
        down, up = model_bytes / self.down[clients], model_bytes / self.up[clients]
        compute = self.step_seconds * np.asarray(epoch_steps)  # [e, K]
        if state_bytes is None:
            return float(np.max(down + compute.sum(0) + up) + self.rtt)
        checked = compute + state_bytes / self.up[clients]
        checked[0] += down
        return float((checked.max(1) + self.rtt).sum() + up.max() + self.rtt)
