"""The clients' drifts of one round as points in a plane, for drawing."""

import torch
from torch import Tensor


class DriftProjection:
    """Axis 1 along the first epoch's mean drift, axis 2 where that epoch's drifts disagree most."""

    def __init__(self) -> None:
        self.points: list[Tensor] = []
        self.axes: Tensor | None = None

    def add(self, drifts: Tensor) -> None:
        """drifts [K, d]"""
        if self.axes is None:
            self.axes = self._axes(drifts)
        self.points.append(drifts @ self.axes.T)

    def paths(self) -> list[list[list[float | None]]]:
        """[K][epochs][2], rounded to six digits."""
        table = torch.stack(self.points, 1).tolist()
        return [[[float(f"{x:.6g}") for x in point] for point in path] for path in table]

    @staticmethod
    def _axes(drifts: Tensor) -> Tensor:
        mean = drifts.mean(0)
        first = mean / mean.norm().clamp_min(1e-30)
        rest = drifts - mean
        rest = rest - (rest @ first)[:, None] * first
        # The main direction of K vectors, found among their K² inner products instead of in d dimensions.
        # On the CPU wherever the drifts are: an eigenvector's sign is the library's choice.
        gram = torch.nan_to_num(rest @ rest.T).cpu()
        second = torch.linalg.eigh(gram).eigenvectors[:, -1].to(rest.device) @ rest
        return torch.stack([first, second / second.norm().clamp_min(1e-30)])
