"""Tables, names and sentences for several runs side by side: pure functions."""

from collections.abc import Callable, Sequence
from math import isfinite

import pandas as pd

from fda_core.analysis.comparison import costs_to_target, differences, median_of_all, middle
from fda_core.analysis.saving import compared, factor, ratio
from fda_core.analysis.summary import Cost, summarize
from fda_core.runs.snapshot import Snapshot
from ui.shared.frames import race_frame
from ui.text.i18n import t, together
from ui.text.numbers import DASH, megabytes, rounded, tenths
from ui.text.sentences import goal, lane_labels, main_lane, spent


def names_of(runs: Sequence[Snapshot], titles: Sequence[str]) -> list[str]:
    """What tells the runs apart: their titles and up to three settings in which they differ; a number at need."""
    settings = differences([run.config for run in runs])
    names = [
        ", ".join([title, *(f"{name} {short(value)}" for name, value in list(each.items())[:3])])
        for title, each in zip(titles, settings, strict=True)
    ]
    return [f"{name} ({i})" if names.count(name) > 1 else name for i, name in enumerate(names, 1)]


def short(value: object) -> str:
    """A setting's value in 20 characters at most."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 20 else f"{text[:19]}…"


def overlay_frame(runs: Sequence[Snapshot]) -> pd.DataFrame:
    """The rows of `race_frame` of each run, with its position in `run` and its lane's name in `label`."""
    frames = []
    for i, run in enumerate(runs):
        frame = race_frame(run.events)
        frames.append(frame.assign(run=i, label=frame.lane.map(lane_labels(run.config))))
    return pd.concat(frames, ignore_index=True)


def labels_of(runs: Sequence[Snapshot]) -> list[str]:
    """All lanes' names, each once; a lane has its colour by its place among them."""
    return list(dict.fromkeys(label for run in runs for label in lane_labels(run.config).values()))


def cost_table(runs: Sequence[Snapshot], names: Sequence[str]) -> list[dict[str, str]]:
    """One row a run: what each lane had spent when it reached the run's target."""
    rows = []
    for run, name in zip(runs, names, strict=True):
        labels = lane_labels(run.config)
        reached = {labels[lane.lane]: spent(lane.to_target) for lane in summarize(list(run.events))}
        rows.append({t("runs.run"): name, **{label: reached.get(label, "") for label in labels_of(runs)}})
    return rows


def study_table(runs: Sequence[Snapshot]) -> list[dict[str, str]]:
    """One row a lane: in how many runs it reached the target, and median, lowest and highest cost of those."""
    events = [run.events for run in runs]
    return study_rows({label: costs_to_target(events, lane) for lane, label in lane_labels(runs[0].config).items()})


def study_rows(found: dict[str, list[Cost | None]]) -> list[dict[str, str]]:
    """found: by the lane's name what each run had spent at the target, None where it did not get there."""
    rows = []
    for label, each in found.items():
        costs = [cost for cost in each if cost]
        rows.append(
            {
                t("table.lane"): label,
                t("runs.reached"): t("runs.of", count=len(costs), all=len(each)),
                t("runs.megabytes"): spread([cost and cost.bytes for cost in each], megabytes),
                t("table.epochs"): spread([cost and cost.local_epochs for cost in each], rounded),
            }
        )
    return rows


def spread(values: Sequence[float | None], show: Callable[[float], str]) -> str:
    """The median over all runs, None for one that missed the target, and in brackets the lowest and the highest that
    there are; a dash for a median that half of them or more missed."""
    if not (known := [value for value in values if value is not None]):
        return DASH
    mid = median_of_all(values)
    return t("runs.spread", middle=show(mid) if isfinite(mid) else DASH, low=show(min(known)), high=show(max(known)))


def study_sentence(runs: Sequence[Snapshot]) -> str:
    """Seed by seed, the FDA lane against each FedOpt lane."""
    config = runs[0].config
    labels = lane_labels(config)
    ours = [lane for lane in config.lanes if lane.is_fda]
    theirs = [lane for lane in config.lanes if lane.is_fedopt]
    if not ours or not theirs:
        return t("runs.no_pairs", count=len(runs))
    us, events = main_lane(ours), [run.events for run in runs]
    pairs = [
        versus(labels[us.id], labels[them.id], costs_to_target(events, us.id), costs_to_target(events, them.id))
        for them in theirs
    ]
    key = "runs.over_seeds_yet" if any(run.live for run in runs) else "runs.over_seeds"
    return together([t(key, count=len(runs), goal=goal(config.target)), *pairs])


def versus(us: str, them: str, ours: Sequence[Cost | None], theirs: Sequence[Cost | None]) -> str:
    """Over the seeds in which both reached the target: how often fewer bytes, and the ratios in the middle."""
    both = [(a, b) for a, b in zip(ours, theirs, strict=True) if a and b]
    if not both:
        return t("runs.never_both", us=us, them=them, all=len(ours))
    found = [compared(a.bytes, b.bytes) for a, b in both]
    low, mid, high = middle([ratio(a.bytes, b.bytes) for a, b in both])
    _, work, _ = middle([a.local_epochs / b.local_epochs for a, b in both])
    words = t(
        f"runs.versus_{compared(1, mid)}", us=us, them=them, both=len(both), wins=found.count("fewer"),
        ties=found.count("tie"), losses=found.count("more"), ratio=tenths(factor(1, mid)), work=tenths(work),
        low=tenths(low), high=tenths(high),
    )  # fmt: skip
    return words if len(both) == len(ours) else together([words, t("runs.not_all", both=len(both), all=len(ours))])
