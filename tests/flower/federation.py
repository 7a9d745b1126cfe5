"""A federation on this machine, as the tests look at it."""

import re

from fda_flower import local_federation

ROUND = re.compile(
    r"FDA round (\d+): (\d+) local epochs \(([\w-]+)\), variance ([\d.e+-]+), next threshold ([\d.e+-]+)"
)


class Federation(local_federation.Federation):
    """Everything of it ends with the context."""

    def finished(self) -> str:
        """The run's log, once it is over. A run that Flower does not take never begins."""
        self.until(lambda: self.refused() or self.followed(), "the end of the run")
        assert not self.refused(), self.log("run")
        return self.log("run")

    def rounds(self) -> list[tuple]:
        """(epochs, reason, variance, Θ) as the server says them."""
        found = re.sub(r"\x1b\[[\d;]*m", "", self.log("run"))
        return [(int(e), why, float(v), float(theta)) for _, e, why, v, theta in ROUND.findall(found)]
