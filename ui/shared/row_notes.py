"""What became of the rows of somebody's data, in sentences."""

from fda_core.data import table as tables
from fda_core.data.table import Notes
from ui.text.i18n import t

REASONS = ("empty", "duplicates", "contradictions", "rare", "cut", "merged")


def row_words(notes: Notes, first: str) -> list[str]:
    """How many rows were read and used, in the sentence with the key `first`, then one for each thing done to some."""
    values = {"limit": tables.LONGEST_TEXT, "few": tables.FEWEST_OF_A_CLIENT}
    counts = {reason: getattr(notes, reason) for reason in REASONS}
    done = [t(f"own.left_{reason}", count=count, **values) for reason, count in counts.items() if count]
    return [t(first, rows=notes.rows, used=notes.rows - notes.left_out), *done]
