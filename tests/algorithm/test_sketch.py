"""The sketch is linear, repeatable, and estimates a norm as well as its width promises."""

import numpy as np
import pytest

from fda_core.algorithm.sketch import Sketch, norm_squared

WIDTH, SEEDS = 500, range(200)


def gaussian(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size, np.float32)


def one_coordinate(size: int) -> np.ndarray:
    vector = np.zeros(size, np.float32)
    vector[size // 3] = -2.0
    return vector


VECTORS = {"gaussian": gaussian, "one coordinate": one_coordinate, "constant": np.ones}


def squared(vector: np.ndarray) -> float:
    return float(np.square(vector, dtype=float).sum())


def relative_errors(vector: np.ndarray) -> np.ndarray:
    """Signed errors of the estimated squared norm, over many maps."""
    true = squared(vector)
    return np.array([norm_squared(Sketch(len(vector), seed)(vector)) / true - 1 for seed in SEEDS])


# Below one block, exactly one, one more, a few, and groups of several blocks, the last one not full.
SIZES = [1, 3, 499, 500, 501, 3_001, 160_898]


@pytest.mark.parametrize("size", SIZES)
def test_the_sketch_is_linear(size):
    sketch, x, y = Sketch(size, seed=1), gaussian(size, 1), gaussian(size, 2)
    together = sketch(0.7 * x - 3 * y)
    apart = 0.7 * sketch(x) - 3 * sketch(y)
    # Sums of size/width float32 terms of order 1; the tolerance allows for their rounding.
    np.testing.assert_allclose(together, apart, rtol=1e-5, atol=1e-5 * max(1.0, (size / WIDTH) ** 0.5))


@pytest.mark.parametrize("size", SIZES)
def test_the_sketch_is_three_rows_of_500_numbers_for_every_size(size):
    assert Sketch(size, seed=0)(gaussian(size)).shape == (3, 500)


@pytest.mark.parametrize("place", [0, 499, 500, 10_499, 10_500, 10_501, 160_897])
def test_every_coordinate_falls_with_a_sign_into_one_bucket_a_row(place):
    """Here a group has 21 blocks: the second group begins at 10,500."""
    vector = np.zeros(160_898)
    vector[place] = 1.0
    buckets = Sketch(len(vector), seed=2)(vector)
    assert np.abs(buckets).sum(1).tolist() == [1, 1, 1]
    assert np.count_nonzero(buckets, 1).tolist() == [1, 1, 1]


# 40,003: 40 groups, more than a random word has bits. 600,001: too many for unpacked signs.
@pytest.mark.parametrize("size, width", [*((size, WIDTH) for size in SIZES), (40_003, 8), (600_001, 8)])
def test_the_map_is_the_one_its_random_numbers_describe(size, width):
    """Written out: place p of group g goes to sum q = p + a_g modulo the sums, which is place c of block k, and from
    there to bucket c + b_k modulo the width; with a minus where its bit is 1."""
    sketch, vector = Sketch(size, seed=3, width=width), gaussian(size)
    length = sketch.words.shape[2]
    group, place = np.divmod(np.arange(size), length)
    for row, buckets in enumerate(sketch(vector)):
        bits = sketch.words[group // 32, row, place] >> (31 - group % 32).astype(np.uint32) & 1
        block, c = np.divmod((place + sketch.group_shifts[group, row]) % length, width)
        target = (c + sketch.block_shifts[row, block]) % width
        expected = np.bincount(target, weights=(1.0 - 2.0 * bits) * vector, minlength=width)
        np.testing.assert_allclose(buckets, expected, atol=1e-6 * size**0.5 + 1e-5)


def test_signs_are_fair_and_independent_of_their_neighbours_and_of_the_other_rows():
    """Places of a group, groups that share a word, and rows: products of two signs have mean 0. Each is a mean of
    40,960 · 3 products at least 0.9 of which are there: a standard deviation of 0.003."""
    sketch = Sketch(40_960, seed=6, width=8)
    words = sketch.words.reshape(-1, 3, sketch.words.shape[2])
    bits = (words[None] >> np.arange(32, dtype=np.uint32)[:, None, None, None]) & 1
    signs = 1.0 - 2.0 * bits  # [bit, word, row, place]
    products = {
        "fair": signs,
        "places": signs[..., 1:] * signs[..., :-1],
        "groups": signs[1:] * signs[:-1],
        "rows": signs[:, :, 1:] * signs[:, :, :-1],
        "four": signs[1:, ..., 1:] * signs[:-1, ..., 1:] * signs[1:, ..., :-1] * signs[:-1, ..., :-1],
    }
    assert {name: abs(product.mean()) < 0.02 for name, product in products.items()} == dict.fromkeys(products, True)


def test_the_coordinates_of_a_vector_of_one_block_fall_into_different_buckets():
    buckets = Sketch(WIDTH, seed=0)(np.ones(WIDTH))
    assert (np.abs(buckets) == 1).all()


def test_coordinates_of_different_blocks_meet_once_in_500_times():
    """As with independent buckets: 1/500 of 1,500 rows are 3; more than 12 come less often than once in 10,000."""
    meetings = 0
    for seed in range(500):
        sketch = Sketch(2 * WIDTH, seed)
        first, second = np.zeros(2 * WIDTH), np.zeros(2 * WIDTH)
        first[0] = second[WIDTH + 123] = 1.0
        meetings += int(np.abs(sketch(first) * sketch(second)).sum())
    assert 0 < meetings <= 12


@pytest.mark.parametrize("second, least", [(45, 90), (100, 90), (20, 90), (25, 0), (1, 0)])
def test_no_two_coordinates_meet_more_often_than_with_independent_buckets(second, least):
    """A group is 2 blocks of 20. 45 and 100 are of other groups than 0 and meet it once in 20 times; so does 20, the
    same place of its group's other block; 25 and 1, of its own group too, less often. Of 3,000 rows 150 are expected,
    with a standard deviation of 12; 5 of them are allowed."""
    meetings = 0
    for seed in range(1_000):
        sketch = Sketch(640, seed, width=20)
        buckets = [np.abs(sketch(np.eye(640)[place])) for place in (0, second)]
        meetings += int((buckets[0] * buckets[1]).sum())
    assert least <= meetings <= 210


def test_the_same_seed_gives_the_same_map():
    vector = gaussian(3_000)
    assert np.array_equal(Sketch(3_000, seed=4)(vector), Sketch(3_000, seed=4)(vector))


def test_another_seed_gives_another_map():
    vector = gaussian(3_000)
    assert not np.array_equal(Sketch(3_000, seed=4)(vector), Sketch(3_000, seed=5)(vector))


def test_the_rows_are_different_maps():
    rows = Sketch(3_000, seed=0)(gaussian(3_000))
    assert not np.array_equal(rows[0], rows[1]) and not np.array_equal(rows[1], rows[2])


def test_a_vector_is_not_changed():
    vector = gaussian(700)
    before = vector.copy()
    Sketch(700, seed=0)(vector)
    assert np.array_equal(vector, before)


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
    rows = np.concatenate([np.square(Sketch(3_000, seed)(vector), dtype=float).sum(1) for seed in SEEDS])
    error = rows.mean() / squared(vector) - 1
    assert abs(error) < 5 * (2 / WIDTH / len(rows)) ** 0.5


def by_table(vector: np.ndarray, seed: int) -> np.ndarray:
    """The same kind of sketch the plain way: a bucket and a sign drawn for every coordinate and row."""
    rng = np.random.default_rng(seed)
    rows = [
        np.bincount(rng.integers(WIDTH, size=len(vector)), rng.choice([-1.0, 1.0], len(vector)) * vector, WIDTH)
        for _ in range(3)
    ]
    return np.stack(rows)


@pytest.mark.parametrize("kind", VECTORS)
def test_errors_are_distributed_as_with_tables(kind):
    """The median of three has a standard deviation of about 0.042, its quantiles from 200 maps of about 0.006 at 5 %
    and 95 % and 0.004 in the middle; twice √2 of that and a half are allowed."""
    vector = VECTORS[kind](20_000)
    true = squared(vector)
    tables = [norm_squared(by_table(vector, seed)) / true - 1 for seed in SEEDS]
    quantiles = [np.quantile(errors, [0.05, 0.5, 0.95]) for errors in (relative_errors(vector), tables)]
    np.testing.assert_allclose(*quantiles, atol=0.025)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("place", [0, 1_700, 2_999])
def test_one_number_that_is_not_finite_shows_in_the_norm(wrong, place):
    vector, sketch = gaussian(3_000), Sketch(3_000, seed=0)
    vector[place] = wrong
    assert not np.isfinite(norm_squared(sketch(vector)))
    assert np.isfinite(norm_squared(sketch(gaussian(3_000)))), "nothing of it may stay behind"


@pytest.mark.filterwarnings("error")
def test_a_vector_of_infinities_shows_in_the_norm_without_warnings():
    assert not np.isfinite(norm_squared(Sketch(3_000, seed=0)(np.full(3_000, np.inf))))


def test_two_sketches_do_not_disturb_each_other():
    vector, first, second = gaussian(3_000), Sketch(3_000, seed=0), Sketch(3_000, seed=1)
    result = first(vector)
    kept = result.copy()
    second(2 * vector)
    first(3 * vector)
    assert np.array_equal(result, kept) and np.array_equal(first(vector), kept)


def test_a_vector_of_another_size_is_refused():
    with pytest.raises(ValueError, match="3000 numbers"):
        Sketch(3_000, seed=0)(np.ones(1))


def test_a_vector_that_is_a_view_is_read_in_its_own_order():
    vector = gaussian(6_000)
    sketch = Sketch(3_000, seed=0)
    assert np.array_equal(sketch(vector[::2]), sketch(vector[::2].copy()))


def test_less_than_half_a_byte_a_number_is_stored():
    """A large model's 66 million numbers; tables of positions and signs would be 36 bytes a number."""
    size = 66_000_000
    stored = sum(value.nbytes for value in vars(Sketch(size, seed=0)).values() if isinstance(value, np.ndarray))
    assert 3 * size / 8 <= stored <= size / 2


def test_errors_shrink_with_the_width():
    """Four times the width, half the error: between 0.35 and 0.7 of it for 200 maps of a Gaussian vector."""
    vector = gaussian(8_000)
    true = squared(vector)
    spreads = [
        np.std([norm_squared(Sketch(8_000, seed, width=width)(vector)) / true for seed in SEEDS])
        for width in (128, 512)
    ]
    assert 0.35 < spreads[1] / spreads[0] < 0.7


@pytest.mark.parametrize("size", [1, 3, 499, 500])
def test_a_vector_within_one_block_keeps_its_norm(size):
    vector = gaussian(size)
    assert norm_squared(Sketch(size, seed=0)(vector)) == pytest.approx(squared(vector), rel=1e-6)


def test_the_estimate_is_the_median_of_the_rows():
    assert norm_squared(np.array([[3.0, 0.0], [1.0, 1.0], [0.0, 2.0]])) == 4.0


def test_epsilon_is_one_over_the_root_of_the_width():
    assert Sketch(10, seed=0).epsilon == pytest.approx(0.0447, abs=1e-4)
