"""Θ by hand: what another threshold would have done with the round that is shown."""

import math

from fda_core.analysis.one_round import Look
from ui.components.theta_slider import theta_slider
from ui.text.i18n import t
from ui.text.viewer import viewing

WORDS = ("label", "passed", "cap", "beyond")


def slider(seen: Look, run_id: str) -> None:
    """Nothing where the round had no threshold, was checked after every step, or a client's estimate is missing."""
    estimates = [epoch.variance_estimate for epoch in seen.epochs]
    known = [value for value in (*estimates, seen.threshold) if value is not None and math.isfinite(value)]
    if seen.lane.every_step or len(known) < len(estimates) + 1 or not estimates or max(known) <= 0:
        return
    sent = seen.round
    theta_slider(
        estimates, key="inside_by_hand", view=f"{run_id}/{seen.lane.id}/{sent.round}", chart="inside-variance",
        theta=seen.threshold, most=seen.lane.max_epochs, model=sent.bytes_down + sent.bytes_up,
        check=sent.bytes_monitor // max(1, len(estimates)), label=t("inside.theta", value="{value}"),
        words={word: t(f"inside.by_hand_{word}", theta="{theta}", epochs="{epochs}", mb="{mb}") for word in WORDS},
        language=viewing().language,
    )  # fmt: skip
