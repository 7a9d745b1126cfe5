"""What the figures of a file are: of which run, recorded when, with which settings. Files travel without the app."""

from datetime import UTC
from functools import reduce

from fda_core.runs import recorded
from fda_core.runs.snapshot import Snapshot
from fda_core.settings import presets
from fda_core.settings.config import ExperimentConfig
from ui.shared.replay_controls import label
from ui.text.i18n import named, t, together
from ui.text.sentences import lane_labels


def origin(run: Snapshot) -> str:
    """Whose run it is, when it was made and on what; times are UTC, as in every file."""
    words = t("take.shipped") if run.run_id in recorded.names() else t("take.kept", status=t(f"runs.is_{run.status}"))
    flower = [] if run.steerable else [t("take.on_flower")]
    return together([words, *flower, label(run, UTC, str)])


def settings(config: ExperimentConfig) -> str:
    """The settings in short."""
    preset = t(f"settings.preset_{config.preset}") if config.preset in presets.names() else config.preset
    key = "take.settings_own" if config.partition == "column" else "take.settings"
    server = named(f"settings.server_{config.server_optimizer}", config.server_optimizer)
    return t(
        key, preset=preset, examples=config.train_examples, clients=config.clients, cohort=config.cohort_size,
        alpha=config.alpha, model=config.model, server=server,
    )  # fmt: skip


def references(config: ExperimentConfig) -> str:
    """The lanes that send nothing, which are in no comparison of bytes, in a sentence; empty without any."""
    labels = lane_labels(config)
    lanes = [labels[lane.id] for lane in config.lanes if lane.is_baseline]
    return t("take.references", lanes=listed(lanes)) if lanes else ""


def listed(words: list[str]) -> str:
    """One after the other, as the language does."""
    return reduce(lambda some, more: t("take.list", some=some, more=more), words)


def bold_parts(sentence: str) -> list[tuple[str, bool]]:
    """A sentence in the catalogue's Markdown as its parts, with whether each is bold."""
    return [(part, i % 2 == 1) for i, part in enumerate(sentence.split("**")) if part]
