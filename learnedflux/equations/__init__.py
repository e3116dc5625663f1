"""Conservation laws, each written once for every dimension and backend."""

from learnedflux.equations.advection import Advection
from learnedflux.equations.base import Equation
from learnedflux.equations.burgers import Burgers
from learnedflux.equations.euler import Euler

__all__ = ["Advection", "Burgers", "Equation", "Euler"]
