"""Three ways to use a scheme without ``lf.solve``, in a program that has its own loop."""

import numpy as np
from scipy.integrate import solve_ivp

import learnedflux as lf

# Burgers' equation on a periodic domain, until shortly before the wave breaks at t = 0.1.
problem = lf.problems.smooth_sine(cells=100).replace(t_end=0.08)
semi = lf.Semidiscretization(problem, scheme="learned")

# 1. Your loop, our right-hand side and integrator: look at, log or change the state as you like.
q, t, energy = semi.initial(), 0.0, []
while t < problem.t_end:
    dt = min(float(semi.stable_dt(q, cfl=0.4)), problem.t_end - t)
    q = lf.integrators.ssprk3(semi, t, q, dt)
    t += dt
    energy.append(float(np.mean(q[0] ** 2)))
print(f"{len(energy)} steps, mean square from {energy[0]:.3e} to {energy[-1]:.3e}")

# 2. Any integrator of SciPy, which chooses the steps itself.
solution = solve_ivp(semi.rhs_flat, (0.0, problem.t_end), semi.initial().ravel(), rtol=1e-6)
print(f"solve_ivp differs by {np.abs(solution.y[:, -1] - q.ravel()).max():.1e}")

# 3. Your whole solver, our face values: give cells with your ghost cells, take the two states of
#    each face, and use your own flux.
u, dx, ghost = semi.initial()[0], problem.grid.spacing[0], 3


def rate(t, u):
    padded = np.concatenate((u[-ghost:], u, u[:ghost]))
    ql, qr = lf.reconstruct(padded[None], "learned", equation=problem.equation)
    ul, ur = ql[0], qr[0]
    speed = np.maximum(np.abs(ul), np.abs(ur))
    flux = 0.25 * (ul**2 + ur**2) - 0.5 * speed * (ur - ul)
    return (flux[:-1] - flux[1:]) / dx


steps = 50
for _ in range(steps):
    u = lf.integrators.ssprk3(rate, 0.0, u, problem.t_end / steps)
print(f"own solver differs by {np.abs(u - q[0]).max():.1e}")

result = lf.solve(problem, scheme="learned")
ours = result.copy(data={"u": np.stack([result.u.values[0], u])}).assign_attrs(scheme="own solver")
lf.plot.line(ours, exact=problem.exact).savefig("own_loop.png")
