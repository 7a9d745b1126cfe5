"""AMS sketch of a long vector: `depth` rows of `width` sums, linear in the vector, whose norms estimate its norm.

Alon, Matias & Szegedy 1996, in the bucketed form used by FDA (arXiv 2405.20988, section 3.2). A row gives every
coordinate a bucket and a sign, and adds up what falls into each bucket. It is made to be computed with a few passes
over memory and without tables as long as the vector:

- Buckets. The vector is cut into groups of L = blocks · width numbers. Group g is shifted cyclically by a_g, uniform
  in 0..L-1, and added to L sums; one contiguous addition. Only in the end are those cut into blocks of `width`, block k
  is shifted by b_k, uniform in 0..width-1, and the blocks are added. Two coordinates of one group land on different
  sums; those of different groups on the same sum with probability 1/L. On different sums of one block they never
  meet, in different blocks with probability 1/width. Together: 1/width between groups, exactly as with independent
  buckets, and at most 1/width within a group. The variance of a row's squared norm, 2 Σ x_i² x_j² P(i meets j),
  depends on no more than this and the signs.
- Signs. Independent random bits, one per coordinate and row. A word of 32 bits serves the same place in 32
  consecutive groups; shifted left, it has its bit where a float32 has its sign, and an exclusive or applies it.
"""

import numpy as np
from numpy.typing import ArrayLike

from fda_core.support.streams import stream

GROUP = 128  # Blocks at most. The longer a group the fewer numpy calls, but three rows of it have to stay in the cache.
GROUPS = 16  # At least, if there are that many blocks: what a group costs once is small beside what it costs each time.
WORD = 32  # Groups that share the random words.
SIGN = np.uint32(1 << 31)
UNPACK_UP_TO = 500_000  # Numbers whose signs, a word each, still fit into the cache; about a seventh faster at 160,000.


class Sketch:
    """The same linear map for everyone who builds it with the same numbers.

    size: d, the length of the vectors; depth and width: 3 × 500 as in the reference code.
    """

    def __init__(self, size: int, seed: int, depth: int = 3, width: int = 500):
        self.size, self.depth, self.width = size, depth, width
        blocks = -(-size // width)
        self.blocks = min(GROUP, -(-blocks // GROUPS))  # of a group
        self.groups = -(-blocks // self.blocks)
        rng = stream(seed, "sketch")
        length = self.blocks * width
        self.words = rng.integers(1 << 32, size=(-(-self.groups // WORD), depth, length), dtype=np.uint32)
        self.group_shifts = rng.integers(length, size=(self.groups, depth))
        self.block_shifts = rng.integers(width, size=(depth, self.blocks))
        # Bucket c collects place c - b_k of block k: [depth, blocks of a group, width] indices into the sums.
        starts = width * np.arange(depth * self.blocks).reshape(depth, self.blocks, 1)
        self.places = starts + (np.arange(width) - self.block_shifts[..., None]) % width
        # Work space, kept because new memory costs as much as filling it. What a shift moves past the last sum is
        # folded back once, in the end.
        self.sums = np.empty((depth, 2 * length), np.float32)
        self.signed = np.empty((depth, length), np.uint32)
        self.flips = [self._flips(group).copy() for group in range(self.groups)] if size <= UNPACK_UP_TO else None

    @property
    def epsilon(self) -> float:
        """The relative error the estimate is divided by: 1/√width (reference code, `fda_opt.py`)."""
        return self.width**-0.5

    def __call__(self, vector: ArrayLike) -> np.ndarray:
        """[d] -> [depth, width], float32. Linear: the mean of sketches is the sketch of the mean."""
        numbers = np.ascontiguousarray(vector, np.float32)
        if numbers.shape != (self.size,):
            raise ValueError(f"This sketch is of vectors of {self.size} numbers, not of shape {numbers.shape}.")
        self.sums.fill(0)
        with np.errstate(all="ignore"):  # A diverged run's inf - inf shows in the norm.
            for group in range(self.groups):
                self._add(group, numbers)
            length = self.signed.shape[1]
            folded = self.sums[:, :length] + self.sums[:, length:]
            return folded.take(self.places).sum(1)

    def _add(self, group: int, numbers: np.ndarray) -> None:
        length = self.signed.shape[1]
        part = numbers[group * length : (group + 1) * length]
        if len(part) < length:
            part = np.pad(part, (0, length - len(part)))
        flips = self.flips[group] if self.flips else self._flips(group)
        rows = np.bitwise_xor(flips, part.view(np.uint32), out=self.signed).view(np.float32)
        for row, shift in enumerate(self.group_shifts[group].tolist()):
            self.sums[row, shift : shift + length] += rows[row]

    def _flips(self, group: int) -> np.ndarray:
        """The group's random bits, each where a float32 has its sign: [depth, L], in the work space."""
        np.left_shift(self.words[group // WORD], np.uint32(group % WORD), out=self.signed)
        return np.bitwise_and(self.signed, SIGN, out=self.signed)


def norm_squared(sketched: np.ndarray) -> float:
    """M₂: the median over the rows of the rows' squared norms, summed in float64; an estimate of ‖vector‖²."""
    with np.errstate(all="ignore"):
        return float(np.median(np.square(np.asarray(sketched), dtype=np.float64).sum(1)))


def variance_estimate(mean_sq_drift: float, mean_sketch: np.ndarray, epsilon: float) -> float:
    """v̂ = mean‖u_k‖² - M₂(mean sketch)/(1 + ε) (reference code, `fda_opt.py`)."""
    return mean_sq_drift - norm_squared(mean_sketch) / (1 + epsilon)
