"""Ranks share a batch and come to the same policy as one process alone."""

import os
import socket
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

from learnedflux import training  # noqa: E402
from learnedflux.training.parallel import Ranks  # noqa: E402

SETTINGS = {
    "baselines": ["mp5"],
    "name": "tiny",
    "equations": ["Advection", "Burgers"],
    "distributions": {"Burgers": {"riemann": 1}},
    "iterations": 3,
    "cells": 32,
    "steps": [2, 4],
    "validate_every": 2,
    "progress": False,
}
SCRIPT = """
import sys
from learnedflux import training
training.train(**{settings!r}, rows=3, folder=sys.argv[1])
"""


def test_one_rank_is_its_own_mean():
    values = [torch.ones(2, 3), torch.tensor(4.0)]
    for value, mean in zip(values, Ranks().mean(values), strict=True):
        assert torch.equal(value, mean)


@pytest.mark.slow
def test_two_ranks_do_what_one_does_with_twice_the_batch(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, "-c", SCRIPT.format(settings=SETTINGS), str(tmp_path / "two")]
    processes = [
        subprocess.Popen(
            command,
            env={**os.environ, **where, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in processes:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    two = training.load_run(tmp_path / "two")
    one = training.train(**SETTINGS, rows=6, folder=tmp_path / "one")
    for key, value in one.policy.state_dict().items():
        torch.testing.assert_close(two.policy.state_dict()[key], value, rtol=0, atol=1e-10)
    for name in ("loss", "validation", "gradient_norm_Burgers"):
        gap = abs(two.history[name] - one.history[name]).max()
        assert float(gap) < 1e-10, name
    written = sorted(path.name.split(".")[0] for path in (tmp_path / "two").iterdir())
    assert written == ["events", "history", "last"], "the first rank alone writes"
