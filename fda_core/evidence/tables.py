"""The tables that come with the app, as files beside this one, so that an installed copy has them, too."""

from pathlib import Path

FOLDER = Path(__file__).parent
PUBLISHED = FOLDER / "published.csv"  # of the runs that the authors published with their code; our analysis
PUBLISHED_SHARES = FOLDER / "published_shares.csv"  # the same runs, to two targets of their tables each
COMPARISONS = FOLDER / "evidence.csv"  # a row a round of our own runs; evidence.json beside it says how they were made
FLOWER = FOLDER / "flower.json"  # the method on Flower against the engine; `flower.py` reads it
SKETCHES = FOLDER / "sketch.csv"  # errors of the sketch, by vector and width
