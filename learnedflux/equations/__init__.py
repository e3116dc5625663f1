"""Conservation laws, each written once for every dimension and backend."""

from learnedflux.equations.acoustics import Acoustics
from learnedflux.equations.advection import Advection
from learnedflux.equations.base import Equation
from learnedflux.equations.buckley_leverett import BuckleyLeverett
from learnedflux.equations.burgers import Burgers
from learnedflux.equations.euler import Euler
from learnedflux.equations.shallow_water import ShallowWater
from learnedflux.equations.traffic import LighthillWhithamRichards

__all__ = [
    "Acoustics",
    "Advection",
    "BuckleyLeverett",
    "Burgers",
    "Equation",
    "Euler",
    "LighthillWhithamRichards",
    "ShallowWater",
]
