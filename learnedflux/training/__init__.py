"""Training of policies by backpropagation through time and space; needs torch."""

from learnedflux.training.comparison import compare
from learnedflux.training.distributions import (
    Batch,
    Size,
    default_mix,
    distribution,
    distributions,
    fine_grid,
)
from learnedflux.training.gas import gas_riemann, gas_states
from learnedflux.training.losses import Outcome, loss, losses
from learnedflux.training.nets import BoundedPolicy, SteeredPolicy, families, family
from learnedflux.training.parallel import first_rank
from learnedflux.training.recipe import Recipe
from learnedflux.training.rollout import Environment, rollout
from learnedflux.training.run import Run, load_run
from learnedflux.training.scalar import profiles, riemann_problems, waves
from learnedflux.training.seeds import Runs, train_seeds
from learnedflux.training.states import interacting_states
from learnedflux.training.trainer import train
from learnedflux.training.water import water_riemann
from learnedflux.training.weights import WeightsPolicy

__all__ = [
    "Batch",
    "BoundedPolicy",
    "Environment",
    "Outcome",
    "Recipe",
    "Run",
    "Runs",
    "Size",
    "SteeredPolicy",
    "WeightsPolicy",
    "compare",
    "default_mix",
    "distribution",
    "distributions",
    "families",
    "family",
    "fine_grid",
    "first_rank",
    "gas_riemann",
    "gas_states",
    "interacting_states",
    "load_run",
    "loss",
    "losses",
    "profiles",
    "riemann_problems",
    "rollout",
    "train",
    "train_seeds",
    "water_riemann",
    "waves",
]
