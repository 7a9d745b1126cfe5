"""FDA-OPT for Flower: one changed line at the server, one at the client, in Flower's own messages."""

from fda_flower.grid import FdaGrid
from fda_flower.mod import fda_mod
from fda_flower.record import LabRecord
from fda_flower.settings import Fda
from fda_flower.strategies import FdaAdagrad, FdaAdam, FdaAdamW, FdaAvg, FdaAvgM, FdaMixin, FdaYogi

__all__ = [
    "Fda", "FdaAdagrad", "FdaAdam", "FdaAdamW", "FdaAvg", "FdaAvgM", "FdaGrid", "FdaMixin", "FdaYogi", "LabRecord",
    "fda_mod",
]  # fmt: skip
