"""How good schemes are: suites of problems, errors, costs and failures, and reports on them.

``evaluate`` runs a suite; ``ratios`` and ``equal_time`` compare its schemes; ``amplification``
measures whether waves grow; ``write_report`` makes a page of it all. ``actions`` and ``course``
look at a run on its way, ``write_actions`` draws that. ``register_suite`` adds a suite of one's
own.
"""

from learnedflux.evaluation import named  # noqa: F401  (registers the suites)
from learnedflux.evaluation.compare import (
    equal_time,
    geometric_mean,
    markdown_row,
    on_own_grids,
    ratios,
)
from learnedflux.evaluation.decisions import actions, course
from learnedflux.evaluation.figures import require_actions, write_actions
from learnedflux.evaluation.machine import processor
from learnedflux.evaluation.report import write_report
from learnedflux.evaluation.runs import Evaluation, evaluate, run
from learnedflux.evaluation.suites import Case, Suite, register_suite, suites, table
from learnedflux.evaluation.truth import REFERENCE, REFINEMENT, Truth
from learnedflux.evaluation.waves import WAVELENGTHS, amplification

__all__ = [
    "REFERENCE",
    "REFINEMENT",
    "WAVELENGTHS",
    "Case",
    "Evaluation",
    "Suite",
    "Truth",
    "actions",
    "amplification",
    "course",
    "equal_time",
    "evaluate",
    "geometric_mean",
    "markdown_row",
    "on_own_grids",
    "processor",
    "ratios",
    "register_suite",
    "require_actions",
    "run",
    "suites",
    "table",
    "write_actions",
    "write_report",
]
