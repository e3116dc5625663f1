"""Pictures of results; needs matplotlib.

Each function returns a matplotlib Figure and never shows it: save it with ``figure.savefig(path)``,
or call ``matplotlib.pyplot.show()`` yourself. In one dimension there are :func:`line`,
:func:`compare` and :func:`space_time`; in two and three :func:`field` and :func:`compare_fields`.
Evaluations are drawn by :func:`errors` and :func:`amplification`, what agents choose by
:func:`weights`.
"""

from learnedflux.plot.evaluations import amplification, errors
from learnedflux.plot.fields import compare_fields, field
from learnedflux.plot.lines import compare, line, space_time
from learnedflux.plot.style import COLOURS, MARKERS, png, require_format, save
from learnedflux.plot.weights import weights

__all__ = [
    "COLOURS",
    "MARKERS",
    "amplification",
    "compare",
    "compare_fields",
    "errors",
    "field",
    "line",
    "png",
    "require_format",
    "save",
    "space_time",
    "weights",
]
