"""Numbers as a reader sees them: one function a kind, for every page. Where there is no number stands a dash.

What was measured or calculated is rounded here. A setting is not: it stands as it was typed, `f"{alpha:g}"`.
"""

import math

from ui.text.i18n import t
from ui.text.viewer import viewing

DASH = "–"
# Up to how many seconds a time is told in which unit, and how many seconds that has; longer ones in days.
UNITS = ((120, 1, "seconds"), (7200, 60, "minutes"), (172_800, 3600, "hours"))
DAY = 86_400


def absent(value: float | None) -> bool:
    """A record need not have a number, and a model that diverged has none."""
    return value is None or math.isnan(value)


def count(value: float | None) -> str:
    """How many: 7, 12,300."""
    return DASH if absent(value) else f"{value:,.0f}"


def tenths(value: float | None) -> str:
    """A ratio or a mean: 0.9, 2.0, 12, 1,234."""
    if absent(value):
        return DASH
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"


def rounded(value: float | None) -> str:
    """An amount, with the two digits that say something and no fewer whole ones.

    0.059, 5.9, 59, 593, 12,300.
    """
    if absent(value):
        return DASH
    if value >= 9.95 or value == int(value):
        return f"{value:,.0f}"
    if value >= 1:
        return f"{value:.1f}"
    return f"{value:#.2g}" if value >= 0.001 else f"{value:.3f}"


def significant(value: float | None) -> str:
    """Three digits, for what is compared closely, such as Var and Θ: 0.0123, 1.23, 123, 1.23e-05, 12,300."""
    if absent(value):
        return DASH
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def size(count: int) -> str:
    """One message, with its unit: 8 B, 6.0 kB."""
    return t("count.bytes", count=count) if count < 1000 else t("count.kilobytes", count=count / 1e3)


def megabytes(count: float) -> str:
    """Bytes in MB (10⁶), without the unit."""
    return rounded(count / 1e6)


def gigabytes(count: float) -> str:
    """Bytes in GB (10⁹), without the unit; three digits, as the same bytes have in MB."""
    return significant(count / 1e9)


def typed(value: float) -> str:
    """A number that a reader typed, as it is: 12.5, 1,000."""
    return f"{value:,.10g}"


def in_yen() -> bool:
    """Whether this viewer's prices are said in yen: where the words are Japanese."""
    return viewing().language == "ja"


def money(dollars: float) -> str:
    """In the viewer's currency: $0.09, $1,234.50; 1.35 円, 185,175 円."""
    amount = dollars * viewing().yen if in_yen() else dollars
    return t("budget.amount", count=f"{amount:,.0f}" if in_yen() and amount >= 10 else f"{amount:,.2f}")


def unit_price(dollars: float) -> str:
    """The same for a price that a reader typed: none of its digits is lost."""
    return t("budget.amount", count=typed(round(dollars * viewing().yen, 6) if in_yen() else dollars))


def duration(seconds: float) -> str:
    """42 s, 7.5 min, 5.2 h, 31 days; what is shorter than a second is one."""
    seconds = max(1, seconds)
    for limit, unit, name in UNITS:
        if seconds < limit:
            return t(f"budget.unit_{name}", count=rounded(seconds / unit))
    return t("budget.unit_days", count=rounded(seconds / DAY))


def of_hundred(share: float | None, digits: int = 1) -> str:
    """A share of 1 for a sentence that has the sign itself: 84.1."""
    return DASH if absent(share) else f"{100 * share:.{digits}f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1 with its sign: 84.1 %."""
    return DASH if absent(share) else t("count.percent", value=of_hundred(share, digits))


def loss(value: float | None, sign: str = "") -> str:
    """A loss or Matthews' correlation: 0.512. sign: "+" for a difference, +0.012."""
    return DASH if absent(value) else f"{value:{sign}.3f}"


def quality(value: float | None, measure: str) -> str:
    """measure: accuracy, a share; test_loss or mcc."""
    return percent(value) if measure == "accuracy" else loss(value)
