"""Where a run computes: on the first CUDA GPU if PyTorch sees one, else on the CPU; FDA_OPT_LAB_DEVICE says otherwise.

Everything random is drawn on the CPU, and tokens stay in main memory: rows, initial weights and the simulated network
are the same on any device. Clients' weights, gradients, optimisers and frozen states live on the device.
"""

import os

import psutil
import torch
from torch import Tensor

from fda_core.support.errors import ConfigError

SETTING = "FDA_OPT_LAB_DEVICE"
CPU, CUDA = "cpu", "cuda"


def chosen() -> str:
    """`cpu` or `cuda`. Raises `ConfigError` for another name, and for a GPU that PyTorch does not see."""
    here = CUDA if torch.cuda.is_available() else CPU
    asked = os.environ.get(SETTING) or here
    if asked not in (CPU, CUDA):
        raise ConfigError("models.device_unknown", name=SETTING, text=asked)
    if asked == CUDA and here != CUDA:
        raise ConfigError("models.no_gpu", name=SETTING)
    return asked


def free_bytes(device: str) -> int:
    """What a run may still take: main memory, or the GPU's with what PyTorch keeps for itself there."""
    if device == CPU:
        return psutil.virtual_memory().available
    return torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()


def facts(device: str) -> dict[str, str]:
    """For a run's record."""
    return {"device": device} | ({} if device == CPU else {"device_name": torch.cuda.get_device_name()})


def send(tensor: Tensor, device: str | torch.device) -> Tensor:
    """A tensor of main memory on the device, without waiting for what the device is still busy with."""
    return tensor.to(device, non_blocking=True)


def finish() -> None:
    """Waits for the GPU, which works through its orders after they are given; nothing where none has been used."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
