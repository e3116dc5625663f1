"""Pictures of results; needs matplotlib.

Each function returns a matplotlib Figure and never shows it: save it with ``figure.savefig(path)``,
or call ``matplotlib.pyplot.show()`` yourself. In one dimension there are :func:`line`,
:func:`compare` and :func:`space_time`; in two and three :func:`field` and :func:`compare_fields`.
Evaluations are drawn by :func:`errors` and :func:`amplification`, what schemes do on their way by
:func:`evolution`, :func:`course`, :func:`actions` and :func:`action_scatter`, what agents choose by
:func:`weights`.
"""

from learnedflux.plot.decisions import action_scatter, actions, course, evolution
from learnedflux.plot.evaluations import amplification, errors
from learnedflux.plot.fields import compare_fields, field
from learnedflux.plot.lines import compare, line, snapshot, space_time
from learnedflux.plot.style import COLOURS, MARKERS, png, require_format, rgb, save
from learnedflux.plot.weights import weights

__all__ = [
    "COLOURS",
    "MARKERS",
    "action_scatter",
    "actions",
    "amplification",
    "compare",
    "compare_fields",
    "course",
    "errors",
    "evolution",
    "field",
    "line",
    "png",
    "require_format",
    "rgb",
    "save",
    "snapshot",
    "space_time",
    "weights",
]
