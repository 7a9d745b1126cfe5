"""A saving of each standing, five seeds each: the pairs are (ours, theirs)."""

from fda_core.analysis.saving import Saving, Spent, Standing

BOTH = (Spent(50, 90), Spent(200, 200))
LOST = (Spent(None, 300), Spent(200, 200))
WON = (Spent(50, 90), Spent(None, 200))
OPEN = (Spent(None, 90), Spent(200, 200))  # ours had sent less than theirs needed
NOBODY = (Spent(None, 90), Spent(None, 200))

BY_STANDING: dict[Standing, Saving] = {
    "ratio": Saving([BOTH] * 3 + [OPEN] * 2),
    "missed": Saving([BOTH] * 2 + [LOST] * 3),
    "alone": Saving([BOTH, OPEN] + [WON] * 3),
    "undecided": Saving([BOTH] + [OPEN] * 4),
    "neither": Saving([NOBODY] * 5),
}
