"""Training of policies that see wave speeds: on gas, through the compiled rollout.

As :mod:`~learnedflux.training.trainer`, with what that could not afford: many kinds of problems,
each row compared with the best of three classical schemes on the logarithm of the error, gradients
clipped row by row, and waves that may not grow.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from learnedflux.backends import NumbaBackend
from learnedflux.boundaries import boundaries
from learnedflux.equations import Euler
from learnedflux.grid import Grid
from learnedflux.integrators import ssprk3
from learnedflux.scheme import Scheme
from learnedflux.training.adjoint import CompiledRollout
from learnedflux.training.hard_gas import GasBatch, draw, shock_pool
from learnedflux.training.nets import SteeredPolicy
from learnedflux.training.recipe import Recipe
from learnedflux.training.state import TrainingState

__all__ = ["GasTraining"]

CLASSICAL = ("teno5", "mp5", "muscl")
SHARES = (0.6, 0.2, 0.2)  # of density, velocity and pressure in the loss
HINGE = 1.5  # how much more an error counts that is larger than the best classical scheme's
FLOOR = 1e-4  # of a variable's range: errors below it count as none
LOST = 1.6  # logarithm of the error ratio of a row that ended unphysical
BEYOND = 15.0  # what an overshoot beyond the exact range counts, as a share of that range
ALLOWED = 0.002  # overshoots below are common to all schemes
CLIP = 2.0  # largest gradient of a row, in medians of the last iterations
MEMORY = 50  # iterations of which the median is taken
BETAS = (0.9, 0.99)
STEADY = 0.6  # share of the training after which the rollout has its full length
VALIDATION_SEED = 1_000_003
VALIDATION_CFL = (0.3, 0.45)
VALIDATION = ((1, 120), (2, 200))  # cells, in those of the training, and steps
POOL_SHARE = 3  # times fewer fine-grid trajectories than for training
WORSE = 0.3  # what the share of problems lost counts in the score
GROWS = 0.5  # what that of waves that grow counts


class GasTraining:
    """Problems, rollout and loss of one recipe.

    Parameters
    ----------
    recipe : Recipe
        Of the family ``steered6``.
    policy : SteeredPolicy
        What is trained.
    """

    def __init__(self, recipe: Recipe, policy: SteeredPolicy) -> None:
        self.recipe, rules = recipe, policy.rules
        widths = (rules.inputs, *policy.config["hidden"], rules.answers)
        settings = tuple(policy.config[key] for key in rules.settings)
        self.rollout = CompiledRollout(Euler(), rules, settings, widths)
        self.pool = shock_pool(recipe.seed, recipe.pool, recipe.cells)
        fewer = -(-recipe.pool // POOL_SHARE)
        self.apart = shock_pool(VALIDATION_SEED + recipe.seed, fewer, recipe.cells)
        self.backends: dict[tuple[str, int], NumbaBackend] = {}
        self.kept: list[tuple[GasBatch, Tensor]] = []

    # --- one gradient step -----------------------------------------------------------------------

    def iterate(self, state: TrainingState, iteration: int) -> dict[str, float]:
        """Take one gradient step; return what to log."""
        recipe = self.recipe
        progress = iteration / recipe.iterations
        rate = recipe.rate * min((iteration + 1) / min(20, recipe.iterations), 1.0)
        rate *= 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * progress))
        longer = min(progress / STEADY, 1.0) ** 1.5
        steps = round(recipe.steps[0] + longer * (recipe.steps[-1] - recipe.steps[0]))
        rng = np.random.default_rng([recipe.seed, iteration])
        batch = draw(rng, recipe.kinds, recipe.cells, steps, recipe.cfl, self.pool)
        best = self._classical(batch).amin(dim=0)
        weights = parameters_to_vector(state.policy.parameters()).detach().numpy()
        end, lost = self.rollout(batch.initial, batch.dt, steps, weights, keep=True)
        q = torch.tensor(end, requires_grad=True)
        loss, ratio = self._loss(q, batch, best)
        kept = torch.as_tensor(~lost)
        (back,) = torch.autograd.grad(loss[kept].sum(), q)
        rows = self.rollout.gradient(back.numpy())
        norms = np.linalg.norm(rows, axis=1)
        sound = np.isfinite(norms) & ~lost
        norm = float(np.median(norms[sound])) if sound.any() else 0.0
        before = [row["gradient_norm"] for row in state.rows[-MEMORY:]]
        clip = CLIP * float(np.median([*before, norm]))
        share = np.minimum(1.0, clip / np.maximum(norms[sound], 1e-30))[:, None]
        gradient = torch.as_tensor((rows[sound] * share).sum(axis=0) / len(rows))
        for group in state.optimizer.param_groups:
            group["lr"], group["betas"], group["eps"] = rate, BETAS, 1e-10
        start = 0
        for parameter in state.policy.parameters():
            part = gradient[start : start + parameter.numel()]
            parameter.grad = part.reshape(parameter.shape).clone()
            start += parameter.numel()
        state.optimizer.step()
        state.average()
        return {
            "loss": float(ratio.detach()[:, kept].mean().exp()),
            "gradient_norm": norm,
            "rate": rate,
            "steps": float(steps),
            "lost": float(lost.sum()),
        }

    def _loss(self, q: Tensor, batch: GasBatch, best: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of each row, and logarithms of error ratios (problem, row)."""
        ratio = torch.log((self._errors(q, batch) + FLOOR) / (best + FLOOR))
        problem = (torch.tensor(SHARES, dtype=q.dtype)[:, None, None] * ratio).sum(dim=0)
        worse = torch.relu(problem) + torch.relu(ratio[0])
        loss = (problem + HINGE * worse).mean(dim=0)
        beyond = self._beyond(q, batch).clamp(max=0.5)
        loss = loss + BEYOND * torch.relu(beyond - ALLOWED).sum(dim=0)
        rho, start = q[0], torch.as_tensor(batch.initial)[0]
        grown = torch.relu(_norm(rho) / (_norm(start) + 1e-12) - 1.0)
        rougher = torch.relu(_variation(rho) / (_variation(start) + 1e-12) - 1.0)
        profile, wave = (torch.as_tensor(batch.kinds == kind) for kind in ("profiles", "waves"))
        none = torch.zeros_like(grown)
        loss = loss + torch.where(profile, 20.0 * grown + 2.0 * rougher, none)
        return loss + torch.where(wave, 2.0 * torch.log1p(300.0 * grown), none), problem

    def _errors(self, q: Tensor, batch: GasBatch) -> Tensor:
        """Mean absolute errors (variable, problem, row) in primitive variables, by their range."""
        w, exact, span = _primitive(q, batch)
        error, first = (w - exact).abs() / span[..., None], torch.as_tensor(batch.first)
        parts = [(error * m).sum(dim=-1) / m.sum(dim=-1).clamp(min=1) for m in (first, 1 - first)]
        return torch.stack(parts, dim=1)

    def _beyond(self, q: Tensor, batch: GasBatch) -> Tensor:
        """By how much density and pressure leave the range of the exact solution, by that range."""
        w, exact, span = _primitive(q, batch)
        above = torch.relu(w.amax(dim=-1) - exact.amax(dim=-1))
        below = torch.relu(exact.amin(dim=-1) - w.amin(dim=-1))
        return ((above + below) / span)[[0, 2]]

    def _classical(self, batch: GasBatch) -> Tensor:
        """Errors of the classical schemes (scheme, variable, problem, row)."""
        found, cells = [], batch.initial.shape[-1]
        for name in CLASSICAL:
            if (name, cells) not in self.backends:
                sides = ((boundaries["periodic"], boundaries["periodic"]),)
                scheme = Scheme(name, positivity=False).bind(Euler())
                grid = Grid(x=(0.0, float(cells), cells))
                self.backends[name, cells] = NumbaBackend(Euler(), grid, scheme, sides)
            backend, q = self.backends[name, cells], batch.initial
            for _ in range(batch.steps):
                q = ssprk3(backend.rhs, 0.0, q, batch.dt)
            errors = self._errors(torch.as_tensor(q), batch)
            found.append(torch.nan_to_num(errors, nan=1.0, posinf=1.0))
        return torch.stack(found)

    # --- validation ------------------------------------------------------------------------------

    def validate(self, policy: SteeredPolicy) -> dict[str, float]:
        """Return error ratios of longer and finer runs, by kind, and a score over all.

        ``validation`` is the geometric mean of the density's error over the best classical
        scheme's, each kind alike; ``score`` also counts what is lost and waves that grow.
        """
        if not self.kept:
            self.kept = [self._apart(*where) for where in VALIDATION]
        weights = parameters_to_vector(policy.parameters()).detach().numpy()
        logs: dict[str, list[float]] = {}
        grown: list[bool] = []
        for batch, best in self.kept:
            end, lost = self.rollout(batch.initial, batch.dt, batch.steps, weights)
            ratio = torch.log(
                (self._errors(torch.as_tensor(end), batch)[0] + FLOOR) / (best + FLOOR)
            )
            ratio[:, torch.as_tensor(lost)] = LOST
            for kind in dict.fromkeys(batch.kinds.tolist()):
                logs.setdefault(kind, []).extend(ratio[:, batch.kinds == kind].ravel().tolist())
            wave = batch.kinds == "waves"
            ends = [_norm(torch.as_tensor(q[0, wave])) for q in (end, batch.initial)]
            grown += (ends[0] > ends[1] * (1.0 + 1e-7)).tolist()
        worse = np.mean([np.mean(np.array(x) > math.log(1.05)) for x in logs.values()])
        mean = float(np.mean([np.mean(x) for x in logs.values()]))
        score = math.exp(mean + WORSE * worse + GROWS * float(np.mean(grown)))
        kinds = {f"error_{kind}": math.exp(float(np.mean(x))) for kind, x in logs.items()}
        return {"validation": math.exp(mean), "score": score, **kinds}

    def _apart(self, refined: int, steps: int) -> tuple[GasBatch, Tensor]:
        """Return problems that are never trained on, and the best classical errors of density."""
        rng = np.random.default_rng([VALIDATION_SEED, refined])
        mix = {kind: 16 for kind in self.recipe.kinds if kind != "pool" or refined == 1}
        cells = refined * self.recipe.cells
        batch = draw(rng, mix, cells, steps, VALIDATION_CFL, self.apart)
        return batch, self._classical(batch)[:, 0].amin(dim=0)


def _primitive(q: Tensor, batch: GasBatch) -> tuple[Tensor, Tensor, Tensor]:
    """Return the state and the exact one in primitive variables, and the range of the latter."""
    eq, target = Euler(), torch.as_tensor(batch.target)
    w, exact = (torch.stack(tuple(eq.to_primitive(tuple(x)))) for x in (q, target))
    span = exact.amax(dim=-1) - exact.amin(dim=-1)
    return w, exact, torch.maximum(span, 0.02 * exact.abs().amax(dim=-1)) + 1e-12


def _norm(u: Tensor) -> Tensor:
    return (u - u.mean(dim=-1, keepdim=True)).square().sum(dim=-1).sqrt()


def _variation(u: Tensor) -> Tensor:
    return (u - u.roll(1, -1)).abs().sum(dim=-1)
