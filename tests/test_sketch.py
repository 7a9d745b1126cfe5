"""The sketch is linear, repeatable, and estimates a norm as well as its width promises."""

import numpy as np
import pytest
import torch

from fda_core.sketch import Sketch, norm_squared

WIDTH, SEEDS = 500, range(200)


def gaussian(size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


def one_coordinate(size: int) -> torch.Tensor:
    vector = torch.zeros(size)
    vector[size // 3] = -2.0
    return vector


VECTORS = {"gaussian": gaussian, "one coordinate": one_coordinate, "constant": torch.ones}


def relative_errors(vector: torch.Tensor) -> np.ndarray:
    """Signed errors of the estimated squared norm, over many maps."""
    true = vector.double().square().sum().item()
    return np.array([norm_squared(Sketch(len(vector), seed)(vector)) / true - 1 for seed in SEEDS])


# Below one block, exactly one, one more than a few, and more blocks than are handled at once.
SIZES = [1, 3, 499, 500, 501, 3_001, 160_898]


@pytest.mark.parametrize("size", SIZES)
def test_the_sketch_is_linear(size):
    sketch, x, y = Sketch(size, seed=1), gaussian(size, 1), gaussian(size, 2)
    together = sketch(0.7 * x - 3 * y)
    apart = 0.7 * sketch(x) - 3 * sketch(y)
    # Sums of size/width float32 terms of order 1; the tolerance allows for their rounding.
    torch.testing.assert_close(together, apart, rtol=1e-5, atol=1e-5 * max(1.0, (size / WIDTH) ** 0.5))


@pytest.mark.parametrize("size", SIZES)
def test_the_sketch_is_three_rows_of_500_numbers_for_every_size(size):
    assert Sketch(size, seed=0)(gaussian(size)).shape == (3, 500)


@pytest.mark.parametrize("place", [0, 499, 500, 127_999, 128_000, 128_001, 160_897])
def test_every_coordinate_falls_with_a_sign_into_one_bucket_a_row(place):
    """Block 256 begins at 128,000: there the second batch of blocks begins."""
    vector = torch.zeros(160_898)
    vector[place] = 1.0
    buckets = Sketch(len(vector), seed=2)(vector)
    assert buckets.abs().sum(1).tolist() == [1, 1, 1]
    assert buckets.count_nonzero(1).tolist() == [1, 1, 1]


@pytest.mark.parametrize("size", SIZES)
def test_the_map_is_the_one_its_random_numbers_describe(size):
    """Written out: coordinate i of block b goes, with its own sign, to bucket i + shift of b, modulo the width."""
    sketch, vector = Sketch(size, seed=3), gaussian(size)
    block, place = np.divmod(np.arange(size), WIDTH)
    for row, buckets in enumerate(sketch(vector).numpy()):
        signs = 2.0 * np.unpackbits(sketch.signs[row])[:size] - 1
        target = (place + sketch.shifts[row].numpy()[block]) % WIDTH
        expected = np.bincount(target, weights=signs * vector.numpy(), minlength=WIDTH)
        np.testing.assert_allclose(buckets, expected, atol=1e-4)


def test_the_coordinates_of_a_block_fall_into_different_buckets():
    buckets = Sketch(WIDTH, seed=0)(torch.ones(WIDTH))
    assert torch.equal(buckets.abs(), torch.ones(3, WIDTH))


def test_coordinates_of_different_blocks_meet_once_in_500_times():
    """As with independent buckets: 1/500 of 1,500 rows are 3; more than 12 come less often than once in 10,000."""
    meetings = 0
    for seed in range(500):
        sketch = Sketch(2 * WIDTH, seed)
        first, second = torch.zeros(2 * WIDTH), torch.zeros(2 * WIDTH)
        first[0] = second[WIDTH + 123] = 1.0
        meetings += int((sketch(first).abs() * sketch(second).abs()).sum())
    assert 0 < meetings <= 12


def test_the_same_seed_gives_the_same_map():
    vector = gaussian(3_000)
    assert torch.equal(Sketch(3_000, seed=4)(vector), Sketch(3_000, seed=4)(vector))


def test_another_seed_gives_another_map():
    vector = gaussian(3_000)
    assert not torch.equal(Sketch(3_000, seed=4)(vector), Sketch(3_000, seed=5)(vector))


def test_the_rows_are_different_maps():
    rows = Sketch(3_000, seed=0)(gaussian(3_000))
    assert not torch.equal(rows[0], rows[1]) and not torch.equal(rows[1], rows[2])


def test_a_vector_is_not_changed():
    vector = gaussian(700)
    before = vector.clone()
    Sketch(700, seed=0)(vector)
    assert torch.equal(vector, before)


@pytest.mark.parametrize("kind", VECTORS)
def test_estimates_are_right_on_average(kind):
    """A row's relative error has a standard deviation of at most √(2/width) = 0.063 (Alon, Matias & Szegedy), the
    median's is smaller: the mean of 200 is off by less than 0.0045, five times which are allowed."""
    assert abs(relative_errors(VECTORS[kind](3_000)).mean()) < 5 * (2 / WIDTH / len(SEEDS)) ** 0.5


@pytest.mark.parametrize("kind", VECTORS)
def test_nine_estimates_of_ten_are_within_the_width_s_bound(kind):
    """One row in ten is off by more than 1.645 √(2/width) = 10.4 %; the median of three then in less than 3 %."""
    assert np.mean(np.abs(relative_errors(VECTORS[kind](3_000))) < 1.645 * (2 / WIDTH) ** 0.5) >= 0.9


def test_each_row_is_unbiased():
    """Rows before the median: 600 of them, so five standard errors are 5 · 0.063/√600."""
    vector = gaussian(3_000)
    rows = torch.cat([Sketch(3_000, seed)(vector).double().square().sum(1) for seed in SEEDS])
    error = rows.mean().item() / vector.double().square().sum().item() - 1
    assert abs(error) < 5 * (2 / WIDTH / len(rows)) ** 0.5


def test_errors_shrink_with_the_width():
    """Four times the width, half the error: between 0.35 and 0.7 of it for 200 maps of a Gaussian vector."""
    vector = gaussian(8_000)
    true = vector.square().sum().item()
    spreads = [
        np.std([norm_squared(Sketch(8_000, seed, width=width)(vector)) / true for seed in SEEDS])
        for width in (128, 512)
    ]
    assert 0.35 < spreads[1] / spreads[0] < 0.7


@pytest.mark.parametrize("size", [1, 3, 499, 500])
def test_a_vector_within_one_block_keeps_its_norm(size):
    vector = gaussian(size)
    assert norm_squared(Sketch(size, seed=0)(vector)) == pytest.approx(vector.double().square().sum().item(), rel=1e-6)


def test_the_estimate_is_the_median_of_the_rows():
    assert norm_squared(torch.tensor([[3.0, 0.0], [1.0, 1.0], [0.0, 2.0]])) == 4.0


def test_epsilon_is_one_over_the_root_of_the_width():
    assert Sketch(10, seed=0).epsilon == pytest.approx(0.0447, abs=1e-4)
