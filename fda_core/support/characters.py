"""Which characters nobody sees: a text of them alone is as good as empty."""

import unicodedata

# Show nothing though Unicode counts them among letters and symbols: Hangul fillers, blank Braille.
FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
SEEN = ("L", "N", "P", "S", "Co", "Cn")  # categories, by their beginnings; of the unassigned some are newer emoji


def visible(text: str) -> bool:
    """Whether there is anything to see in it. Joiners within a text are none of its letters, but part of its script."""
    return any(map(seen, text))


def seen(char: str) -> bool:
    """Whether a character by itself leaves a trace on paper."""
    return char not in FILLERS and unicodedata.category(char).startswith(SEEN)
