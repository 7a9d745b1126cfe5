"""What a run will cost: as far as it is known, and measured while no run waits where it is not.

Who is shown a cost is about to press Start: after the measurement the run's texts are got ready, until a run comes.
"""

import logging
from collections.abc import Callable

from fda_core.cost.estimate import CostEstimate, Timings
from fda_core.cost.timings import TimingStore, key
from fda_core.data.table import Table, largest_site
from fda_core.data.table_files import needs_table
from fda_core.live.folders import Folders
from fda_core.live.jobs import Jobs
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import Tick
from fda_core.support.errors import Cancelled

log = logging.getLogger(__name__)

Measure = Callable[[ExperimentConfig, Tick, Table | None], Timings]
Ahead = Callable[[ExperimentConfig, Tick], None]


class Measuring:
    """method: how a config's timings are found out; None to never do that. ahead: how a run of it is got ready; not
    for a table of the user's own, nothing of which is computed before somebody asks for it."""

    def __init__(self, jobs: Jobs, folders: Folders, method: Measure | None, ahead: Ahead | None = None):
        self.jobs, self.folders, self.method, self.ahead = jobs, folders, method, ahead
        self.timings = TimingStore(folders.root)
        self.wanted: tuple[ExperimentConfig, Table | None] | None = None  # whose timings are to be measured
        self.met: set[str] = set()  # kinds of runs whose model and data are here, because one was played
        self.unmeasurable: set[str] = set()

    def cost(
        self, config: ExperimentConfig, parameters: int | None, measure: bool, table: Table | None
    ) -> tuple[CostEstimate | None, bool]:
        """See `Runner.cost`."""
        known = self.timings.cost(config, parameters, largest_site(config, table))
        if self.method is None:
            return known, False
        with self.jobs.changed:
            name = key(config)
            if (measure or name in self.met) and not self.timings.fresh(config) and name not in self.unmeasurable:
                self.wanted = config, table
                self.jobs.changed.notify_all()
            soon = self.wanted is not None and key(self.wanted[0]) == name
        return known, soon and (known is None or known.seconds is None)

    def began(self, config: ExperimentConfig) -> None:
        """A run has its model, data and texts; called under the lock."""
        self.timings.prepared(config)
        self.met.add(key(config))

    def measure(self, config: ExperimentConfig, table: Table | None) -> None:
        """In the worker. Gives way to a run at once, and is done again after it."""
        try:
            assert self.method is not None, "nothing is wanted without one"
            self.timings.put(config, self.method(config, self.give_way, self.folders.table(config, table)))
        except Cancelled:
            return
        except Exception:  # whatever stands in the way of a run is told when the run is started
            log.info("the timings could not be measured", exc_info=True)
            self.unmeasurable.add(key(config))
        with self.jobs.changed:
            if self.wanted and self.wanted[0] is config:
                self.wanted = None
        if self.ahead and not needs_table(config):
            self.get_ready(config, self.ahead)

    def get_ready(self, config: ExperimentConfig, ahead: Ahead) -> None:
        """In the worker. Gives way to a run, and to settings that somebody has chosen since, for good."""

        def tick() -> None:
            self.give_way()
            if self.wanted:
                raise Cancelled

        try:
            ahead(config, tick)
            self.timings.prepared(config)
        except Cancelled:
            pass
        except Exception:  # as above
            log.info("the run could not be got ready", exc_info=True)

    def give_way(self) -> None:
        """Raises `Cancelled` once a run waits."""
        with self.jobs.changed:
            if self.jobs.first_queued():
                raise Cancelled
