"""What a long rollout keeps in memory for the way back."""

import weakref

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

import learnedflux as lf  # noqa: E402
from learnedflux import training  # noqa: E402

CELLS, ROWS = 32, 1


class Live(TorchDispatchMode):
    """Counts the bytes of all tensors alive, and their peak."""

    def __init__(self):
        super().__init__()
        self.sizes = weakref.WeakKeyDictionary()
        self.now = self.peak = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                if storage not in self.sizes:
                    size = self.sizes[storage] = storage.nbytes()
                    self.now += size
                    weakref.finalize(storage, self._free, size)
                    self.peak = max(self.peak, self.now)
        return result

    def _free(self, size):
        self.now -= size


def peak(steps, segment):
    policy = training.BoundedPolicy(hidden=(4,))
    environment = training.Environment(lf.Burgers(), policy.reconstruction(), CELLS)
    q = torch.linspace(0.1, 1.0, CELLS, dtype=torch.float64).reshape(1, ROWS, CELLS)
    dt = torch.full((ROWS, 1), 0.05, dtype=torch.float64)
    with Live() as live:
        end = training.rollout(environment.guarded_rhs, q, dt, steps, segment=segment, limit=30.0)
        end.square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in policy.parameters())
    return live.peak


@pytest.mark.slow
def test_memory_of_512_steps_is_that_of_a_segment_and_a_state_for_each():
    state = ROWS * CELLS * 8
    one = peak(1, 0)  # a step with all that its stages keep
    assert peak(512, 1) < 2 * one + 512 * 2 * state


def test_memory_grows_with_the_segment_and_not_with_the_steps():
    one = peak(1, 0)
    assert peak(16, 0) > 12 * one  # what segments are good for
    assert peak(16, 1) < 2 * one
    assert peak(16, 4) < 6 * one
