"""Sentences made from a run's numbers: pure functions from summaries to text."""

from collections.abc import Sequence

from fda_core.analysis.saving import compared, factor
from fda_core.analysis.summary import Cost, LaneSummary
from fda_core.settings.config import ExperimentConfig, LaneSpec, Target
from fda_core.settings.methods import SERVERS
from ui.text.i18n import listed, named, t, together
from ui.text.numbers import megabytes, quality, tenths


def lane_label(lane: LaneSpec) -> str:
    """FedOpt E=1, FDA-OPT M=10, FDA Θ=0.3 (every step); with the lane's server FedAdam E=1, FDA-Yogi M=10."""
    method = method_of(lane)
    theta = None if lane.theta is None else f"{lane.theta:g}"
    values = {"method": method, "epochs": lane.epochs, "max_epochs": lane.max_epochs, "theta": theta}
    kind = "schedule_once" if lane.rule == "schedule" and lane.epochs == 1 else lane.rule.replace("-", "_")
    label = named(f"lane.{kind}", method, **values)
    if lane.is_baseline:
        return label
    details = [t("lane.every_step")] if lane.every_step else []
    if lane.is_fda and lane.monitor != LaneSpec.model_fields["monitor"].default:
        details.append(named(f"lane.monitor_{lane.monitor}", lane.monitor))
    return t("lane.details", label=label, details=listed(details)) if details else label


def method_of(lane: LaneSpec) -> str:
    """FedOpt, FDA-OPT; with the lane's server what the field calls the pair: FedAdam, FDA-Yogi."""
    if lane.server is None or lane.is_baseline:
        return named(f"method.{lane.rule}", lane.rule)
    server = SERVERS[lane.server]
    return server.with_fda if lane.is_fda else server.with_fedopt


def with_servers(config: ExperimentConfig) -> ExperimentConfig:
    """Every lane says its server optimiser if one of them is not plain averaging, otherwise none does: for labels."""
    servers = {lane.id: config.server_of(lane)[0] for lane in config.lanes}
    named = any(not SERVERS[servers[lane.id]].averages for lane in config.lanes if not lane.is_baseline)
    lanes = (lane.model_copy(update={"server": servers[lane.id] if named else None}) for lane in config.lanes)
    return config.model_copy(update={"lanes": tuple(lanes)})


def lane_labels(config: ExperimentConfig) -> dict[str, str]:
    """The lanes' names by id; lanes that would be called alike have their id with it."""
    labels = {lane.id: lane_label(lane) for lane in with_servers(config).lanes}
    names = list(labels.values())
    return {
        id: label if names.count(label) == 1 else t("lane.details", label=label, details=id)
        for id, label in labels.items()
    }


def epochs(count: int) -> str:
    """1 local epoch, 5 local epochs, in the viewer's words."""
    return t("count.epoch" if count == 1 else "count.epochs", count=count)


def spent(cost: Cost | None) -> str:
    """52 MB, 123 local epochs; a dash for a target that was not reached."""
    if cost is None:
        return t("table.not_reached")
    if not cost.bytes:
        return epochs(cost.local_epochs)
    return t("table.spent", mb=megabytes(cost.bytes), epochs=epochs(cost.local_epochs))


def goal(target: Target) -> str:
    """The target within a sentence: accuracy in percent, a correlation or a loss as it is."""
    if target.metric == "accuracy":
        return t("headline.goal_accuracy", value=f"{100 * target.value:g}")
    if target.metric == "mcc":
        return t("headline.goal_mcc", value=f"{target.value:g}")
    return t("headline.goal_loss", value=f"{target.value:g}")


def headline(config: ExperimentConfig, lanes: Sequence[LaneSummary], running: bool) -> str:
    """What the run says about FDA against each FedOpt lane, in MB and in local epochs; true at every moment."""
    competing = {spec.id for spec in config.lanes if not spec.is_baseline}
    lanes = [lane for lane in lanes if lane.lane in competing] or lanes
    specs = with_servers(config).lanes
    config = config.model_copy(update={"lanes": tuple(s for s in specs if s.id in competing) or specs})
    by_id = {lane.lane: lane for lane in lanes}
    ours = [spec for spec in config.lanes if not spec.is_fedopt]
    theirs = [spec for spec in config.lanes if spec.is_fedopt]
    if all(lane.to_target is None for lane in lanes):
        return nobody(config, lanes, running)
    if not ours or not theirs:
        return together(alone(spec, by_id[spec.id], config.target, running) for spec in config.lanes)
    pairs = [(main_lane(ours), spec) for spec in theirs]
    pairs += [(spec, theirs[0]) for spec in ours if spec is not main_lane(ours)]
    return together(versus(us, them, by_id[us.id], by_id[them.id], config.target, running) for us, them in pairs)


def main_lane(ours: list[LaneSpec]) -> LaneSpec:
    """The lane that is compared with every FedOpt lane; other FDA lanes are compared with the first of those."""
    return next((spec for spec in ours if spec.kind.published), ours[-1])


def versus(us: LaneSpec, them: LaneSpec, ours: LaneSummary, theirs: LaneSummary, target: Target, running: bool) -> str:
    """One comparison: who needed how much to the target, or who has not reached it."""
    values = {"us": lane_label(us), "them": lane_label(them), "goal": goal(target)}
    a, b = ours.to_target, theirs.to_target
    if a and b:
        return t(f"headline.{compared(a.bytes, b.bytes)}", **values, **cost_words(a, b))
    if not a and not b:
        return t("headline.neither_yet" if undecided(ours, theirs, running) else "headline.neither", **values)
    winner, late = ("us", theirs) if a else ("them", ours)
    spent = a or b
    key = f"headline.only_{winner}" + ("_yet" if running and late.status is None else "")
    return t(
        key, **values, mb=megabytes(spent.bytes), epochs=epochs(spent.local_epochs),
        late_mb=megabytes(late.spent.bytes), late_epochs=epochs(late.spent.local_epochs),
    )  # fmt: skip


def nobody(config: ExperimentConfig, lanes: Sequence[LaneSummary], running: bool) -> str:
    """While no lane has reached the target: how far the best one is."""
    if all(lane.status == "diverged" for lane in lanes):
        return t("headline.diverged")
    names = {spec.id: lane_label(spec) for spec in config.lanes}
    metric = config.target.metric
    loss = metric == "test_loss"
    values = {lane.lane: getattr(lane, f"best_{metric}") for lane in lanes}
    values = {lane: value for lane, value in values.items() if value is not None}
    yet = running and any(lane.status is None for lane in lanes)
    if not values:
        return t("headline.nothing_yet" if yet else "headline.nothing", goal=goal(config.target))
    best = (min if loss else max)(values, key=values.get)
    key = "headline.nobody_yet" if yet else "headline.nobody"
    return t(key, goal=goal(config.target), lane=names[best], best=quality(values[best], metric))


def alone(spec: LaneSpec, lane: LaneSummary, target: Target, running: bool) -> str:
    """For a run without an opponent: what this lane needed."""
    values = {"lane": lane_label(spec), "goal": goal(target)}
    if cost := lane.to_target:
        key = "headline.alone" if cost.bytes else "headline.alone_silent"
        return t(key, **values, mb=megabytes(cost.bytes), epochs=epochs(cost.local_epochs))
    return t("headline.alone_not_yet" if running and lane.status is None else "headline.alone_not", **values)


def cost_words(ours: Cost, theirs: Cost) -> dict[str, str | int]:
    """Both costs, the ratio of bytes as the larger over the smaller, and the ratio of local epochs."""
    return {
        "our_mb": megabytes(ours.bytes), "their_mb": megabytes(theirs.bytes),
        "times": tenths(factor(ours.bytes, theirs.bytes)),
        "our_epochs": ours.local_epochs, "their_epochs": epochs(theirs.local_epochs),
        "work": tenths(ours.local_epochs / theirs.local_epochs),
    }  # fmt: skip


def undecided(ours: LaneSummary, theirs: LaneSummary, running: bool) -> bool:
    """Whether one of the two lanes can still reach the target."""
    return running and (ours.status is None or theirs.status is None)
