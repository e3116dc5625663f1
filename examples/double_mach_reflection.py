"""A shock hits a wall at an angle: a boundary in parts, and one that follows the moving shock."""

import math

import learnedflux as lf
from learnedflux.ops import where  # for NumPy arrays, and for the torch backend's tensors

BEHIND = {
    "density": 8.0,
    "velocity_x": 8.25 * math.cos(math.pi / 6),
    "velocity_y": -8.25 * math.sin(math.pi / 6),
    "pressure": 116.5,
}
AHEAD = {"density": 1.4, "velocity_x": 0.0, "velocity_y": 0.0, "pressure": 1.0}


def shock(x, y, t):
    """Exact state beside the reflection: a Mach 10 shock at 60 degrees to the wall."""
    hit = x < 1 / 6 + (y + 20.0 * t) / math.sqrt(3.0)
    return {name: where(hit, BEHIND[name], AHEAD[name]) for name in AHEAD}


def before_wall(x, y, t):
    return x < 1 / 6


stream = lf.boundaries.inflow(**BEHIND)
problem = lf.Problem(
    equation=lf.Euler(gamma=1.4),
    grid=lf.Grid(x=(0.0, 4.0, 120), y=(0.0, 1.0, 30)),
    initial=lambda x, y: shock(x, y, 0.0),
    boundary={
        "x": (stream, "outflow"),
        "y": (
            lf.boundaries.piecewise(before_wall, stream, "wall"),
            lf.boundaries.prescribed(shock),
        ),
    },
    t_end=0.2,
    name="double Mach reflection",
)
print(problem)

result = lf.solve(problem, scheme="weno5")
lf.plot.field(result, "density", contours=30).savefig("double_mach.png")
lf.plot.field(result, "density", schlieren=True).savefig("double_mach_schlieren.png")

front = result.x[(result.density[-1, 0] > 2.0)][-1]
print(f"the stem at the wall has come to x = {float(front):.2f}")
