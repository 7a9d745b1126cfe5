"""What a run's lanes take to the target on somebody's network, in sentences: pure functions of bills."""

from fda_core.analysis.saving import compared, factor
from fda_core.cost.network_bill import Bill, BreakEven
from fda_core.runs.snapshot import Snapshot
from ui.shared.own_network import OwnNetwork
from ui.text.i18n import t, together
from ui.text.numbers import count, duration, gigabytes, money, significant, tenths
from ui.text.sentences import goal


def sentences(
    run: Snapshot, network: OwnNetwork, labels: dict[str, str], ours: Bill, theirs: Bill, line: BreakEven | None
) -> tuple[str, str]:
    """What both lanes take to the target, and where the break-even lies."""
    us, them, link = labels[ours.lane], labels[theirs.lane], network.link
    where = t("budget.where", sites=count(network.sites), up=f"{link.uplink_mbit:g}", rtt=f"{link.rtt_ms:g}")
    first = t(
        "budget.takes", where=where, goal=goal(run.config.target), ours=costs(us, ours), theirs=costs(them, theirs)
    )
    return first, verdict(us, them, ours, theirs, line)


def control(run: Snapshot, us: str, them: str, labels: dict[str, str], found: dict[str, Bill]) -> list[str]:
    """What FedOpt with the same local training, E = M/2, would take, where the run has it beside the other."""
    half = next(lane.max_epochs for lane in run.config.lanes if lane.id == us) // 2
    lanes = [lane.id for lane in run.config.lanes if lane.is_fedopt and lane.epochs == half]
    return [t("budget.control", costs=costs(labels[lane], found[lane])) for lane in lanes if lane != them]


def costs(label: str, bill: Bill) -> str:
    """Time, GB and money that a lane needs to the target, or that it does not get there."""
    if not bill.reached:
        return t("budget.misses", lane=label)
    values = {"time": duration(bill.seconds), "gb": gigabytes(bill.bytes), "money": money(bill.dollars)}
    return t("budget.costs", lane=label, **values)


def verdict(us: str, them: str, ours: Bill, theirs: Bill, line: BreakEven | None) -> str:
    """Who is faster here, and from which bandwidth on that changes."""
    if not (ours.reached and theirs.reached) or line is None:
        return t("budget.no_verdict", us=us, them=them)
    key = {"fewer": "faster", "tie": "same", "more": "slower"}[compared(ours.seconds, theirs.seconds)]
    here = t(f"budget.here_{key}", us=us, them=them, times=tenths(factor(ours.seconds, theirs.seconds)))
    if line.uplink is None:
        key = "always" if line.slow else "never"
    else:
        key = "break_even" if line.slow else "break_even_fast"
    return together([here, t(f"budget.line_{key}", us=us, them=them, line=significant(line.uplink or 0))])
