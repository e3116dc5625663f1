"""Training through the compiled rollout: what goes ahead, and what waves are measured by."""

import shutil

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

import torch
from torch.nn.utils import parameters_to_vector

import learnedflux as lf
from learnedflux.training import Recipe
from learnedflux.training.compiled_task import CompiledTask, Problems, deviation, ripple
from learnedflux.training.distributions import Size

needs_compiler = pytest.mark.skipif(
    shutil.which("c++") is None, reason="no C++ compiler for compiled rollouts"
)


def recipe(**more):
    settings = {"family": "steered6", "equations": ["Advection"], "cells": 32, "rows": 4}
    return Recipe.of(None, **settings, distributions={"Advection": {"profiles": 2}}, **more)


@needs_compiler
def test_going_ahead_changes_what_gradients_see_and_not_where_it_ends():
    chosen = recipe()
    policy, equation = chosen.new_policy(), lf.Advection()
    task = CompiledTask(chosen, equation, policy)
    weights = parameters_to_vector(policy.parameters()).detach().numpy()
    problems = Problems(chosen, equation, 0, chosen.seed)
    batch = problems.draw([1], problems.mix, Size(0, 32, 8, (0.2, 0.4)))
    whole, late = (task.step(batch, weights, ahead) for ahead in (0, batch.steps - 2))
    torch.testing.assert_close(whole.ratio, late.ratio, rtol=0, atol=0)
    assert np.abs(late.gradient).max() > 0.0
    assert np.abs(whole.gradient - late.gradient).max() > 1e-3 * np.abs(whole.gradient).max()


def test_ripples_are_what_is_left_without_mean_and_longest_wave():
    x = 2 * np.pi * torch.arange(64, dtype=torch.float64) / 64
    wave = 0.3 * torch.sin(7 * x + 0.4)
    ground = 2.0 + 5.0 * torch.sin(x + 1.0)
    torch.testing.assert_close(ripple(ground + wave), ripple(wave))
    assert float(ripple(ground)) < 1e-12
    # Twice the wave is twice the ripple; the plain norm hardly notices.
    assert float(ripple(ground + 2 * wave) / ripple(ground + wave)) == pytest.approx(2.0)
    assert float(deviation(ground + 2 * wave) / deviation(ground + wave)) < 1.01


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"ahead": 0.5}, "ahead must be 0, or 1 and above; got 0.5"),
        ({"ahead": -1.0}, "ahead must be 0, or 1 and above"),
        ({"ahead": 2.0, "rollout": "torch"}, "ahead is for the compiled rollout; got 2.0"),
    ],
)
def test_wrong_ways_to_go_ahead_are_named(settings, text):
    with pytest.raises(lf.errors.InputError, match=text):
        recipe(**settings)
