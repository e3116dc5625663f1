"""Everything that is asked of a policy, measured beside classical schemes.

    python -m benchmarks.policies                                    # what is shipped, all sections
    python -m benchmarks.policies --policy new.onnx --section named waves --quick
    python -m benchmarks.policies --policy euler --section named --cells 400
    python -m benchmarks.policies --section two --reference-cells 1600 --cache build/references

Prints Markdown tables; README.md in this folder's parent says what the sections are.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import learnedflux as lf
from benchmarks.policies import cost, long, named, smooth, structure, textbook, two, waves
from benchmarks.policies.exam import BASELINES, Exam, scheme_of
from learnedflux.evaluation.machine import machine

SECTIONS: dict[str, Callable[[Exam], None]] = {
    "named": named.section,
    "published": named.published,
    "smooth": smooth.section,
    "waves": waves.section,
    "long": long.section,
    "textbook": textbook.section,
    "plane": textbook.plane,
    "two": two.section,
    "structure": structure.section,
    "cost": cost.section,
}
CELLS, CFL = 200, 0.4  # what is asked for; further tables only where named, or in a full run


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.policies", description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add(
        "--policy",
        action="append",
        metavar="FILE.onnx|NAME",
        default=[],
        help="may be given several times; default: learned, the policy shipped for each equation",
    )
    add(
        "--section",
        nargs="+",
        choices=SECTIONS,
        default=list(SECTIONS),
        metavar="NAME",
        help=f"of {', '.join(SECTIONS)}; default: all",
    )
    add("--schemes", default=",".join(BASELINES), help="baselines, teno5 and mp5 among them")
    add(
        "--cells",
        type=int,
        nargs="+",
        default=[CELLS],
        help="named, two: grids instead of 200, on which all others scale",
    )
    add("--cfl", type=float, nargs="+", default=[CFL], help="named: CFL numbers instead of 0.4")
    add("--quick", action="store_true", help="less of everything, for a look during training")
    add("--reference-cells", type=int, default=800, help="two: along each side of the fine runs")
    add("--reference-device", default="cpu", help="two: where these are made: cpu or cuda")
    add("--cache", type=Path, default=Path("build/references"), help="two: where they are kept")
    add("--plot", type=Path, metavar="FILE", help="waves: picture of the amplification curves")
    given = parser.parse_args()  # fmt: skip

    policies = {Path(name).stem: scheme_of(name) for name in given.policy or ["learned"]}
    exam = Exam(
        policies=policies,
        baselines={name: lf.Scheme(name) for name in given.schemes.split(",")},
        cells=given.cells,
        cfl=given.cfl,
        quick=given.quick,
        reference_cells=given.reference_cells,
        reference_device=given.reference_device,
        cache=given.cache,
        plot=given.plot,
    )
    print("; ".join(f"{key} {text}" for key, text in machine().items()))
    for name, scheme in exam.policies.items():
        rule = scheme.reconstruction
        print(f"\n{name}: {rule.digest if isinstance(rule, lf.Policy) else 'shipped policies'}")
    for name in given.section:
        print(f"\n## {name}", flush=True)
        began = time.perf_counter()
        SECTIONS[name](exam)
        print(f"\n({name}: {time.perf_counter() - began:.0f} s)", flush=True)
    exam.summary()


if __name__ == "__main__":
    main()
