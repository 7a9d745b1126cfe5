"""FDA on the tiny app, written out plainly: what the messages have to come to."""

import math

import numpy as np

from fda_core.algorithm.sketch import Sketch, norm_squared
from tests.flower.tiny_app import CLASSES, EXAMPLES, FEATURES, trained


def vector(w: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.concatenate([w.ravel(), b.ravel()])


def play(clients: int, rounds: int, most: int, weighted: bool = True, lr: float = 0.2, seed: int = 0):
    """FDA-OPT with averaging: (epochs, estimates, Var, Θ) of each round and the last model."""
    w, b = np.zeros((FEATURES, CLASSES), np.float32), np.zeros(CLASSES, np.float32)
    shares = np.array([EXAMPLES + 8 * k for k in range(clients)] if weighted else [1] * clients, float)
    shares /= shares.sum()
    sketch = Sketch(w.size + b.size, seed)
    theta, history = -math.inf, []
    for _ in range(rounds):
        models, estimates, epochs = [(w, b)] * clients, [], 0
        while True:
            epochs += 1
            models = [trained(*model, k, lr)[:2] for k, model in enumerate(models)]
            drifts = [vector(*model) - vector(w, b) for model in models]
            spread = sum(s * float((u.astype(float) ** 2).sum()) for s, u in zip(shares, drifts, strict=True))
            mean = sum(s * sketch(u).astype(float) for s, u in zip(shares, drifts, strict=True))
            estimates.append(spread - norm_squared(mean) / (1 + 500**-0.5))
            if theta == -math.inf or estimates[-1] > theta or epochs == most:
                break
        moved = sum(s * u.astype(float) for s, u in zip(shares, drifts, strict=True))
        variance = spread - float((moved**2).sum())
        theta = most / 2 / epochs * variance
        w = (w + moved[: w.size].reshape(w.shape)).astype(np.float32)
        b = (b + moved[w.size :]).astype(np.float32)
        history.append((epochs, estimates, variance, theta))
    return history, (w, b)
