"""Every random number comes from a stream named by what it is for, never from a generator carried along.

Two lanes that ask for the same stream get the same numbers, which is what pairs them; and a checkpoint needs no
generator state.
"""

import threading
from zlib import crc32

import numpy as np

# torch has one generator for the whole process: whoever seeds it, or draws from it, keeps other threads out meanwhile.
torch_generator = threading.RLock()


def stream(seed: int, name: str, round: int = 0, client: int = 0) -> np.random.Generator:
    """The random generator of one purpose (`partition`, `sampling`, `batches`, `init`, `sketch`, `network`)."""
    return np.random.default_rng([seed, crc32(name.encode()), round, client])


def integer(seed: int, name: str) -> int:
    """A 63-bit seed for a library that keeps generators of its own."""
    return int(stream(seed, name).integers(2**63))
