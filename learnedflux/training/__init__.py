"""Training of policies by backpropagation through time and space; needs torch."""

from learnedflux.training.load import load_run
from learnedflux.training.nets import BoundedPolicy, SteeredPolicy
from learnedflux.training.recipe import Recipe
from learnedflux.training.rollout import Environment, rollout
from learnedflux.training.trainer import Run, train

__all__ = [
    "BoundedPolicy",
    "Environment",
    "Recipe",
    "Run",
    "SteeredPolicy",
    "load_run",
    "rollout",
    "train",
]
