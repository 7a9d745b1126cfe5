"""The authors' runs to several targets, server by server, beside ours: FDA-OPT M=10 against FedOpt E=1.

In rounds: with all weights trained a round's models are more than 99.9 % of what it sends, so that the ratio of rounds
is the ratio of bytes. Their targets are shares of a score that they chose for each task, ours of FedOpt E=1's best.
"""

from collections.abc import Iterable

import pandas as pd

from fda_core.analysis.saving import Saving, Spent
from fda_core.atlas.cells import BASELINE, TUNED
from fda_core.atlas.file import Atlas
from fda_core.atlas.opponents import SHARES, at_servers, comparable, findings
from fda_core.atlas.page import figures, row
from fda_core.evidence.tables import PUBLISHED_SHARES
from fda_core.settings.methods import SERVERS

ALL = "all"


def savings(share: float) -> dict[str, Saving]:
    """By server, a pair a task of those that have this target; then of all."""
    table = pd.read_csv(PUBLISHED_SHARES)
    found = table[table.share == share]
    return {name: of(rows) for name, rows in found.groupby("server", sort=False)} | {ALL: of(found)}


def of(rows: pd.DataFrame) -> Saving:
    """Of tasks in which E=1 got there; FDA-OPT was then played for as many rounds at least."""
    return Saving([(spent(pair.rounds_fda_opt, pair.rounds_fedopt_e1), spent(pair.rounds_fedopt_e1, 0))
                   for pair in rows.itertuples()])  # fmt: skip


def spent(rounds: float, least: float) -> Spent:
    """least: rounds that were played, where the target was not reached."""
    return Spent(None, least) if pd.isna(rounds) else Spent(rounds, rounds)


def table(atlas: Atlas) -> str:
    """A row a server, a column a target that is met for the first time; below, ours."""
    lines = [row("server", (f"{share:.0%} first" for share in SHARES)), f"|{' --- |' * (len(SHARES) + 1)}"]
    theirs = {share: savings(share) for share in SHARES}
    for name in theirs[SHARES[0]]:
        lines.append(row(f"theirs, {name}", cells(each.get(name) for each in theirs.values())))
    for cell in TUNED:
        if comparable(atlas, cell):
            ours = (findings(atlas, cell, share, held=False)[0].saving for share in SHARES)
            lines.append(row(f"ours, FedAvg, N = {cell.clients}", cells(ours)))
    adaptive = [at_servers(atlas, share, held=False) for share in SHARES]
    for cell in adaptive[0]:
        if cell.alpha == 1:  # as all of theirs
            name = f"ours, {SERVERS[cell.server].with_fedopt}, N = {cell.clients}"
            lines.append(row(name, cells(each[cell][BASELINE] for each in adaptive)))
    return "\n".join(lines)


def cells(found: Iterable[Saving | None]) -> list[str]:
    """In words; a dash where there is nothing."""
    return [figures(saving) if saving and saving.pairs else "–" for saving in found]
