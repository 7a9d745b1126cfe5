"""The authors' runs to several targets, server by server, beside ours by the same definition: FDA-OPT M=10 against
FedOpt E=1 at the rates at which this gets highest, to the first crossing of a target, at α = 1.

Their targets are shares of a score that they chose for each task, ours of FedOpt E=1's best.
"""

from collections.abc import Iterable

from fda_core.analysis.saving import Saving
from fda_core.atlas.curves import Atlas
from fda_core.atlas.opponents import SHARES, at_peak
from fda_core.atlas.page import figures, row
from fda_core.evidence.published import ALL, JUDGED, PUBLISHED_ALPHA, Crossing, savings, theirs
from fda_core.settings.methods import SERVERS


def ours(atlas: Atlas | None) -> Crossing:
    """What the atlas says of them, a pair a setting and seed; without pairs where there is none."""
    found = at_peak(atlas, PUBLISHED_ALPHA, JUDGED).values() if atlas else []
    return Crossing(pooled(bytes for bytes, _ in found), pooled(epochs for _, epochs in found))


def pooled(savings: Iterable[Saving]) -> Saving:
    """All their pairs as one."""
    return Saving([pair for saving in savings for pair in saving.pairs])


def table(atlas: Atlas) -> str:
    """A row a server, a column a target that is met for the first time; below, ours, a row a setting."""
    lines = [row("server", (f"{share:.0%} first" for share in SHARES)), f"|{' --- |' * (len(SHARES) + 1)}"]
    published = [savings(share) for share in SHARES]
    for name in published[0]:
        lines.append(row(f"theirs, {name}", cells(each.get(name) for each in published)))
    played = [{cell: both[0] for cell, both in at_peak(atlas, PUBLISHED_ALPHA, share).items()} for share in SHARES]
    for cell in played[0]:
        name = f"ours, {SERVERS[cell.server].with_fedopt}, N = {cell.clients}"
        lines.append(row(name, cells(each[cell] for each in played)))
    lines.append(row(f"ours, {ALL}", cells(pooled(each.values()) for each in played)))
    return "\n".join(lines)


def judged(atlas: Atlas) -> str:
    """What the claims take from both sides, in words."""
    sides = {"theirs": theirs(), "ours": ours(atlas)}
    epochs = ", ".join(f"{name} {times(each.epochs)}" for name, each in sides.items())
    return (
        f"The claims of the app's Evidence page take the rows *{ALL}* at {JUDGED:.0%}: times fewer bytes, theirs "
        f"{times(sides['theirs'].bytes)}, ours {times(sides['ours'].bytes)}; and up to the same crossings times as "
        f"many local epochs as E=1, {epochs}, where a pair whose target FDA-OPT alone missed counts as infinitely many."
    )


def times(saving: Saving) -> str:
    """The median and the ends of the pairs in which both got there, of all."""
    if not saving.ratios or saving.middle is None:
        return "–"
    low, high, both = min(saving.ratios), max(saving.ratios), len(saving.ratios)
    return f"**{saving.middle:.2f}** ({low:.2f}–{high:.2f} in {both} of {len(saving.pairs)})"


def cells(found: Iterable[Saving | None]) -> list[str]:
    """In words; a dash where there is nothing."""
    return [figures(saving) if saving and saving.pairs else "–" for saving in found]
