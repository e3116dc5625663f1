"""The card of a policy: where it comes from and how it compares, as measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from learnedflux.files import replace_file
from learnedflux.metrics import error
from learnedflux.policy import Policy
from learnedflux.problems import get
from learnedflux.solver import solve
from learnedflux.table import Table

__all__ = ["measure", "write_card"]

CELLS = 200
BASELINES = ("weno5-z", "teno5", "mp5")
# Named benchmarks with exact solutions; never trained on and never used to choose a policy.
PROBLEMS = {
    "Advection": ("composite_wave",),
    "Burgers": ("shock_formation", "sawtooth"),
    "Euler": ("sod", "lax", "sod2", "sonic_rarefaction", "slow_shock", "toro3", "toro5"),
}


def measure(policy: Policy) -> Table:
    """Return mean L1 errors of the first variable at 200 cells, for classical schemes and policy.

    A run that fails counts as None.
    """
    from learnedflux.errors import LearnedFluxError

    rows: list[dict[str, Any]] = []
    for equation in policy.equations:
        for name in PROBLEMS.get(equation, ()):
            problem = get(name)(cells=CELLS)
            row: dict[str, Any] = {"problem": name}
            for scheme in (*BASELINES, policy):
                label = scheme if isinstance(scheme, str) else scheme.name
                try:
                    found = error(solve(problem, scheme, progress=False), problem.exact)
                    row[label] = float(found[next(iter(found.data_vars))][-1])
                except LearnedFluxError:
                    row[label] = None
            rows.append(row)
    return Table(rows)


def write_card(policy: Policy, table: Table, path: str | Path) -> None:
    """Write the card of ``policy`` with the errors of :func:`measure`."""
    m = policy.metadata
    labels = [*BASELINES, policy.name]
    lines = [
        f"# Policy `{policy.name}`, version {policy.version}",
        "",
        f"- family `{m['family']}` ({m.get('config')}), {policy.stencil} cells, "
        f"order {policy.order:g}",
        f"- trained on {', '.join(policy.equations)} at CFL {m['cfl'][0]:g} to {m['cfl'][1]:g}",
        f"- recipe `{m['recipe']}` (digest {m['recipe_digest']}), seeds {m['seeds']}",
        f"- licence {m['licence']}; made with learnedflux {m['library']}; "
        f"file digest `{policy.digest}`",
        "",
        f"Mean L1 error of the first variable, {CELLS} cells, SSPRK3, CFL 0.4, characteristic",
        "variables, against exact cell averages. None of these problems was trained on or used to",
        "choose the policy. The lowest of each row is bold; `fails` marks a run that ended",
        "unphysical.",
        "",
        "| problem | " + " | ".join(labels) + " |",
        "|---" * (len(labels) + 1) + "|",
    ]
    for row in table:
        numbers = [row[label] for label in labels]
        best = min(n for n in numbers if n is not None)
        cells = ["fails" if n is None else f"{n:.3e}" for n in numbers]
        shown = [f"**{c}**" if n == best else c for n, c in zip(numbers, cells, strict=True)]
        lines.append(f"| {row['problem']} | " + " | ".join(shown) + " |")
    with replace_file(path) as file:
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
