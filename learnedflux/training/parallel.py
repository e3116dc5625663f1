"""Ranks: one training run on several processes, each with its share of every batch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["Ranks", "first_rank", "ranks_on"]


@dataclass(frozen=True)
class Ranks:
    """Processes that train together, and which of them is this one.

    Parameters
    ----------
    rank, size : int
        Number of this process, and how many there are.
    device : str
        Where this one computes.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def first(self) -> bool:
        """Whether this process writes files and shows the progress bar."""
        return self.rank == 0

    def mean(self, values: Sequence[Tensor]) -> list[Tensor]:
        """Return the mean over all ranks of each tensor, the same on each."""
        if self.size == 1:
            return list(values)
        flat = torch.cat([value.detach().double().ravel() for value in values])
        dist.all_reduce(flat)
        parts = torch.split(flat / self.size, [value.numel() for value in values])
        return [
            part.reshape(value.shape).to(value.dtype)
            for part, value in zip(parts, values, strict=True)
        ]


def first_rank() -> bool:
    """Whether this process is the only one, or the first, of those that ``torchrun`` started."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def ranks_on(device: str) -> Iterator[Ranks]:
    """Join the processes that ``torchrun`` started, if it did: gloo on the CPU, nccl on GPUs."""
    started = dist.is_available() and dist.is_initialized()
    size = dist.get_world_size() if started else int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Ranks(device=device)
        return
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    if not started:
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield Ranks(dist.get_rank(), size, device)
    finally:
        if not started:
            dist.destroy_process_group()
