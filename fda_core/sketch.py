"""AMS sketch of a long vector: `depth` rows of `width` sums, linear in the vector, whose norms estimate its norm.

Alon, Matias & Szegedy 1996, in the bucketed form used by FDA (arXiv 2405.20988, section 3.2). The vector is cut into
blocks of `width`. Within a block every coordinate has its own bucket; each block shifts the buckets cyclically by a
random amount, so that two coordinates of different blocks meet with probability 1/width, as with independent
buckets. Signs are random bits, kept packed: 1 bit per weight and row instead of 12 bytes.
"""

import numpy as np
import torch
from torch import Tensor

from fda_core.streams import stream

BLOCKS_AT_ONCE = 256


class Sketch:
    """The same linear map for everyone who builds it with the same numbers.

    size: d, the length of the vectors; depth and width: 3 × 500 as in the reference code.
    """

    def __init__(self, size: int, seed: int, depth: int = 3, width: int = 500):
        self.size, self.depth, self.width = size, depth, width
        self.blocks = -(-size // width)
        rng = stream(seed, "sketch")
        self.shifts = torch.from_numpy(rng.integers(width, size=(depth, self.blocks)))
        packed = -(-self.blocks * width // 8)
        self.signs = rng.integers(256, size=(depth, packed), dtype=np.uint8)
        # Bucket c collects position (c - s) of the blocks shifted by s.
        self.unshift = (torch.arange(width) - torch.arange(width)[:, None]) % width

    @property
    def epsilon(self) -> float:
        """The relative error the estimate is divided by: 1/√width (reference code, `fda_opt.py`)."""
        return self.width**-0.5

    def __call__(self, vector: Tensor) -> Tensor:
        """[d] float32 -> [depth, width]. Linear: the mean of sketches is the sketch of the mean."""
        padded = torch.zeros(self.blocks * self.width)
        padded[: self.size] = vector
        blocks = padded.view(self.blocks, self.width)
        return torch.stack([self._row(blocks, row) for row in range(self.depth)])

    def _row(self, blocks: Tensor, row: int) -> Tensor:
        by_shift = torch.zeros(self.width, self.width)
        for start in range(0, self.blocks, BLOCKS_AT_ONCE):
            part = blocks[start : start + BLOCKS_AT_ONCE]
            by_shift.index_add_(0, self.shifts[row, start : start + len(part)], part * self._signs(row, start, part))
        return by_shift.gather(1, self.unshift).sum(0)

    def _signs(self, row: int, start: int, part: Tensor) -> Tensor:
        """±1 for a run of blocks; a run begins on a whole byte because BLOCKS_AT_ONCE · width is a multiple of 8."""
        first = start * self.width
        packed = self.signs[row, first // 8 : -(-(first + part.numel()) // 8)]
        bits = torch.from_numpy(np.unpackbits(packed, count=part.numel())).view(part.shape)
        return bits.float().mul_(2).sub_(1)


def norm_squared(sketched: Tensor) -> float:
    """M₂: the median over the rows of the rows' squared norms, an estimate of ‖vector‖²."""
    return sketched.double().square().sum(1).median().item()
