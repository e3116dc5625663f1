"""Your own problem: a heated spot in a pipe, a piston-like inflow on the left, an open end."""

import numpy as np

import learnedflux as lf


def heated_spot(x):
    """Primitive variables at points; the library averages them over cells."""
    hot = np.exp(-(((x - 0.5) / 0.05) ** 2))
    return {"density": 1.0 / (1.0 + hot), "velocity_x": 0.0, "pressure": 1.0 + 0.5 * hot}


def open_end(equation, cells, axis, side, t):
    """Ghost cells with the interior's density and velocity, at the pressure outside.

    ``cells`` are the conserved variables next to the side, counting inward; ghost cells are
    returned alike, counting outward.
    """
    edge = tuple(q[..., :1] + 0.0 * q for q in cells)
    density, velocity, _ = equation.to_primitive(edge)
    return equation.to_conserved((density, velocity, 1.0 + 0.0 * density))


pulsating = lf.boundaries.inflow(
    density=1.0, velocity_x=lambda t: 0.2 * np.sin(20.0 * t), pressure=1.0
)
problem = lf.Problem(
    equation=lf.Euler(gamma=1.4),
    grid=lf.Grid(x=(0.0, 1.0, 200)),
    initial=heated_spot,
    boundary={"x": (pulsating, open_end)},
    t_end=0.6,
    name="pipe",
)
print(problem)

result = lf.solve(problem, scheme="learned", times=121)
lf.plot.space_time(result, "pressure").savefig("pipe.png")

# Where no exact solution is known, a run on a finer grid can stand in for it.
fine = lf.solve(problem.with_cells(800), scheme="mp5")
lf.plot.compare({"learned": result}, "density", fine).savefig("pipe_end.png")
