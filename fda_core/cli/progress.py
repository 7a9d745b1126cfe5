"""The progress bar of a run."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fda_core.algorithm.events import Event, LaneFinished, Round, RunStarted
from fda_core.analysis.summary import rounds_at_most
from fda_core.cli.output import console
from fda_core.settings.config import ExperimentConfig
from fda_core.support.callbacks import TEXTS


class RunBar:
    """Rounds played of the rounds at most to play, with the time left; first the texts of a cold cache."""

    def __init__(self, config: ExperimentConfig):
        self.config = config
        self.events: list[Event] = []
        self.bar = Progress(
            TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip
        self.task = self.bar.add_task("loading", total=None)

    def __enter__(self) -> "RunBar":
        self.bar.start()
        return self

    def __exit__(self, *_) -> None:
        self.bar.stop()

    def prepared(self, done: int, total: int, stage: str = TEXTS) -> None:
        if stage == TEXTS:
            self.bar.update(self.task, description="preparing texts (once)", completed=done, total=total)
        else:
            self.bar.update(self.task, description=f"{stage}, MB", completed=done // 10**6, total=total // 10**6)

    def watch(self, event: Event) -> None:
        self.events.append(event)
        total = rounds_at_most(self.events, self.config.rounds, len(self.config.lanes))
        if isinstance(event, RunStarted):
            self.bar.reset(self.task, description="training", total=total, completed=0)
        elif isinstance(event, Round):
            self.bar.update(self.task, description=f"{event.lane}, round {event.round}", advance=1)
        elif isinstance(event, LaneFinished):
            self.bar.update(self.task, total=total)
