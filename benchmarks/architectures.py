"""Which architectures can be trained: numbers that are trained and sent, and how many of them have a gradient.

    python -m benchmarks.architectures                 # prints the table
    python -m benchmarks.architectures --write         # puts it into docs/models.md

Tiny models with random weights (three layers of width 16, `tests/helpers/tiny_models.py`), 40 reviews, four steps of
gradient descent with rate 0.1, seed 0. Nothing is timed, so that the table is the same on every machine.
"""

import argparse
import tempfile
from pathlib import Path

import torch

from fda_core import setup
from fda_core.settings.config import TRAINED, ExperimentConfig
from fda_core.support.errors import LabError
from tests.helpers import tiny_models

DOCS = Path(__file__).parents[1] / "docs" / "models.md"
BEGIN, END = "<!-- architectures: python -m benchmarks.architectures --write -->", "<!-- end of architectures -->"
STEPS, RATE, BATCH = 4, 0.1, 8


def changing(prepared: setup.Prepared) -> int:
    """How many of the trained numbers have a gradient other than 0 in one of the steps: those that change.

    Whether a float32 shows so small a change at once is another matter.
    """
    weights, moved = prepared.initial.clone()[None], torch.zeros(len(prepared.initial), dtype=torch.bool)
    out = torch.empty_like(weights)
    for step in range(STEPS):
        rows = (torch.arange(BATCH) + step * BATCH)[None] % len(prepared.trainer.train)
        prepared.trainer.gradients(weights, rows, torch.ones(rows.shape, dtype=torch.bool), out)
        moved |= out[0] != 0
        weights -= RATE * out
    return int(moved.sum())


def cell(kind: str, trained: str, folder: Path) -> tuple[str, str]:
    """A cell of the table, and why it is empty, if it is."""
    config = ExperimentConfig(
        model=f"folder:{kind}", trained=trained, train_examples=40, test_examples=20, clients=4, clients_per_round=4,
        max_tokens=32, seed=0,
    )  # fmt: skip
    try:
        prepared = setup.prepare(config, models_folder=folder, keep=False)
    except LabError as error:
        return "refused", str(error)
    return f"{prepared.facts['trainable_parameters']:,} / {changing(prepared):,}", ""


def table(kinds: list[str]) -> str:
    """In Markdown: a row an architecture, then the sentences of those that are refused."""
    rows = [f"| architecture | {' | '.join(f'`{trained}`' for trained in TRAINED)} |", "|---|" + "---|" * len(TRAINED)]
    why: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            tiny_models.save(kind, Path(name) / kind)
            cells = [cell(kind, trained, Path(name)) for trained in TRAINED]
            rows.append(f"| {kind} | {' | '.join(text for text, _ in cells)} |")
            for trained, (_, sentence) in zip(TRAINED, cells, strict=True):
                if sentence:
                    why.setdefault(f"{kind}: {sentence}", []).append(f"`{trained}`")
    reasons = [f"- {', '.join(trained)} of {sentence}" for sentence, trained in why.items()]
    return "\n".join([*rows, "", "Refused, and what is said:", "", *reasons])


def main() -> None:
    """Prints the table, or writes it into the documentation."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true", help="put the table into docs/models.md")
    arguments.add_argument("kinds", nargs="*", help="only these architectures")
    words = arguments.parse_args()
    torch.set_num_threads(1)
    text = table(words.kinds or sorted(tiny_models.SETTINGS | tiny_models.OTHERS | tiny_models.MORE))
    if not words.write:
        return print(text)
    before, rest = DOCS.read_text(encoding="utf-8").split(BEGIN)
    DOCS.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
