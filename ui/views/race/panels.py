"""What is closed below a race until somebody asks: what was held equal, and a sentence of one's own."""

from ui.state.session import shown_run
from ui.views.race import held_equal, try_sentence


def panels() -> None:
    """A fragment of its own: they took a quarter of the part that every viewer of a class has drawn each second."""
    run, _ = shown_run()
    if run is not None:
        held_equal.panel(run)
        try_sentence.panel(run)
