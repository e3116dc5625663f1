"""The card of a policy: where it comes from and how it compares, as measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from learnedflux.evaluation import evaluate, markdown_row
from learnedflux.files import replace_file
from learnedflux.policy import Policy
from learnedflux.table import Table
from learnedflux.training.plane import KIND

__all__ = ["measure", "write_card"]

CELLS = 200
BASELINES = ("weno5-z", "teno5", "mp5")
# Named benchmarks with exact solutions; never trained on and never used to choose a policy.
PROBLEMS = {
    "Advection": ("composite_wave",),
    "BuckleyLeverett": ("buckley_leverett",),
    "Burgers": ("shock_formation", "sawtooth"),
    "Euler": (
        "sod",
        "lax",
        "sod2",
        "sonic_rarefaction",
        "slow_shock",
        "einfeldt_123",
        "leblanc",
        "toro3",
        "toro5",
    ),
    "ShallowWater": ("dam_break_stoker", "dam_break_ritter"),
    "LighthillWhithamRichards": ("red_light", "green_light"),
}


def measure(policy: Policy) -> Table:
    """Return mean L1 errors of the first variable at 200 cells, for classical schemes and policy.

    A run that fails counts as None.
    """
    names = [n for equation in policy.equations for n in PROBLEMS.get(equation, ())]
    if not names:
        return Table([])
    schemes = {**{name: name for name in BASELINES}, policy.name: policy}
    ds = evaluate(schemes, names, cells=CELLS, repeats=1, progress=False)
    rows: list[dict[str, Any]] = []
    for name in names:
        errors = ds.error.sel(problem=name, cells=CELLS)
        found = {str(s): float(errors.sel(scheme=s)) for s in ds.scheme.values}
        rows.append({"problem": name, **{s: None if np.isnan(e) else e for s, e in found.items()}})
    return Table(rows)


def _markdown(table: Table) -> list[str]:
    """Return a table of errors as lines of Markdown, the lowest of each row bold."""
    first, *labels = table[0]
    lines = [f"| {first} | " + " | ".join(labels) + " |", "|---" * (len(labels) + 1) + "|"]
    for row in table:
        errors = [np.nan if row[label] is None else row[label] for label in labels]
        lines.append(markdown_row(row[first], errors, digits=3))
    return lines


def write_card(
    policy: Policy,
    table: Table,
    path: str | Path,
    drawn: Table | None = None,
    scores: Mapping[int, float] | None = None,
) -> None:
    """Write the card of ``policy``.

    Parameters
    ----------
    policy : Policy
        Loaded from its file.
    table : Table
        Errors on named problems, of :func:`measure`; may be empty.
    path : str or Path
        File to write.
    drawn : Table, optional
        Errors on drawn problems, of :func:`~learnedflux.training.compare`.
    scores : mapping, optional
        Best validation of each seed that was trained.
    """
    m = policy.metadata
    lines = [
        f"# Policy `{policy.name}`, version {policy.version}",
        "",
        f"- family `{m['family']}` ({m.get('config')}), {policy.stencil} cells, "
        f"order {policy.order:g}",
        f"- trained on {', '.join(policy.equations)} at CFL {m['cfl'][0]:g} to {m['cfl'][1]:g}",
        f"- recipe `{m['recipe']}` (digest {m['recipe_digest']}), seeds {m['seeds']}",
        f"- licence {m['licence']}; made with learnedflux {m['library']}; "
        f"file digest `{policy.digest}`",
    ]
    if scores:
        listed = ", ".join(f"seed {seed}: {score:.3f}" for seed, score in scores.items())
        lines += [f"- best validation (error over the best baseline's): {listed}"]
    if m.get("trained_with"):
        other = ", ".join(f"{key} {value:g}" for key, value in m["trained_with"].items())
        lines += [f"- trained and validated with {other}, deployed with what stands above"]
    if m.get("start"):
        lines += [f"- training began with the weights of {m['start']}"]
    if policy.variables != "characteristic":
        lines += [
            f"- trained on and for variables `{policy.variables}`, values at cell centres; it",
            "  repeats an experiment and was trained on named problems: what it does on others is",
            "  told in docs/generalisation.md",
        ]
    if len(table):
        lines += [
            "",
            f"Mean L1 error of the first variable, {CELLS} cells, SSPRK3, CFL 0.4, characteristic",
            "variables, against exact cell averages, at the end times of `lf.problems`. None of",
            "these problems was trained on. The lowest of each row is bold; `fails` marks a run",
            "that ended unphysical.",
            "",
            *_markdown(table),
        ]
    if drawn is not None and len(drawn):
        plane = any(row["problems"].endswith(f" {KIND}") for row in drawn)
        lines += [
            "",
            "Problems drawn as for training, none of them trained on or used to choose the policy:",
            "geometric mean, over 24 of each kind, of the first variable's mean error by its range",
            f"after 100 steps{', in the plane 50' if plane else ''}.",
            "",
            *_markdown(drawn),
        ]
    with replace_file(path) as file:
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
