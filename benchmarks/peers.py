"""Other people's solvers on the same problem: 2D Euler, periodic, double precision.

Each adapter takes conserved cell averages (density, momentum, energy; x, y), the widths of a cell
and gamma, sets the other code up as its documentation says for compressible flow, and returns a
function that takes one time step. None of them is needed by anything but ``--peers``.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["PEERS", "missing"]

Step = Callable[[], Any]


def _pyclaw(solver: Any, q: np.ndarray, spacing: tuple[float, ...], gamma: float) -> Step:
    from clawpack import pyclaw, riemann

    solver.all_bcs = pyclaw.BC.periodic
    x, y = (
        pyclaw.Dimension(0.0, n * h, n, name=name)
        for n, h, name in zip(q.shape[1:], spacing, "xy", strict=True)
    )
    domain = pyclaw.Domain([x, y])
    state = pyclaw.State(domain, riemann.euler_4wave_2D_constants.num_eqn)
    state.problem_data["gamma"] = gamma
    state.problem_data["gamma1"] = gamma - 1.0
    state.q[...] = q
    solution = pyclaw.Solution(state, domain)
    solver.setup(solution)
    return lambda: solver.evolve_to_time(solution)


def pyclaw_sharpclaw(q: np.ndarray, spacing: tuple[float, ...], gamma: float) -> Step:
    """PyClaw's method of lines: WENO5 (component-wise), Roe waves, SSPRK3."""
    from clawpack import pyclaw, riemann

    solver = pyclaw.SharpClawSolver2D(riemann.euler_4wave_2D)
    solver.time_integrator, solver.weno_order = "SSP33", 5
    solver.cfl_desired, solver.cfl_max = 0.4, 0.8
    return _pyclaw(solver, q, spacing, gamma)


def pyclaw_classic(q: np.ndarray, spacing: tuple[float, ...], gamma: float) -> Step:
    """PyClaw's second-order wave propagation, split by dimension, MC limiter; one stage."""
    from clawpack import pyclaw, riemann

    solver = pyclaw.ClawSolver2D(riemann.euler_4wave_2D)
    solver.dimensional_split = True
    solver.limiters = pyclaw.limiters.tvd.MC
    solver.cfl_desired, solver.cfl_max = 0.4, 0.8
    return _pyclaw(solver, q, spacing, gamma)


def pyro_compressible(q: np.ndarray, spacing: tuple[float, ...], gamma: float) -> Step:
    """Pyro's unsplit second-order predictor-corrector (CTU), HLLC; one stage."""
    from pyro import Pyro

    def fill(data: Any, parameters: Any) -> None:
        names = ("density", "x-momentum", "y-momentum", "energy")
        for name, values in zip(names, q, strict=True):
            data.get_var(name).v()[...] = values

    (_, nx, ny), (dx, dy) = q.shape, spacing
    sides = ("xlboundary", "xrboundary", "ylboundary", "yrboundary")
    run = Pyro("compressible")
    run.add_problem("given", fill)
    settings = {
        "driver.max_steps": 10**9,
        "driver.tmax": 1e9,
        "driver.cfl": 0.4,
        "driver.init_tstep_factor": 1.0,
        "eos.gamma": gamma,
        "mesh.nx": nx,
        "mesh.ny": ny,
        "mesh.xmax": nx * dx,
        "mesh.ymax": ny * dy,
        "io.dt_out": 1e9,
        "io.n_out": 10**9,
        **{f"mesh.{side}": "periodic" for side in sides},
    }
    with _elsewhere():  # it writes its parameters to a file
        run.initialize_problem("given", inputs_dict=settings)
    return run.single_step


def jaxfluids(q: np.ndarray, spacing: tuple[float, ...], gamma: float) -> Step:
    """JAX-Fluids on the CPU: characteristic WENO5-Z, HLLC with Einfeldt's speeds, SSPRK3."""
    from jaxfluids import InitializationManager, InputManager, SimulationManager

    rho, mx, my, energy = q
    u, v = mx / rho, my / rho
    p = (gamma - 1.0) * (energy - 0.5 * (mx * u + my * v))
    sizes = (*zip("xyz", (*q.shape[1:], 1), (*spacing, 1.0), strict=True),)
    sides = dict.fromkeys(("east", "west", "north", "south"), "PERIODIC")
    sides |= {"top": "INACTIVE", "bottom": "INACTIVE"}
    case = {
        "general": {"case_name": "given", "end_time": 1e9, "save_path": ".", "save_dt": 1e9},
        "domain": {x: {"cells": n, "range": [0.0, n * h]} for x, n, h in sizes},
        "boundary_conditions": {side: {"type": kind} for side, kind in sides.items()},
        # Overridden by the arrays given below, but asked for.
        "initial_condition": {"rho": 1.0, "u": 0.0, "v": 0.0, "w": 0.0, "p": 1.0},
        "material_properties": {
            "equation_of_state": {
                "model": "IdealGas",
                "specific_heat_ratio": gamma,
                "specific_gas_constant": 1.0,
            }
        },
        "nondimensionalization_parameters": {
            f"{x}_reference": 1.0 for x in ("density", "length", "velocity", "temperature")
        },
        "output": {"primitives": ["density"]},
    }
    numerics = {
        "conservatives": {
            "halo_cells": 4,
            "time_integration": {"integrator": "RK3", "CFL": 0.4},
            "convective_fluxes": {
                "convective_solver": "GODUNOV",
                "riemann_solver": "HLLC",
                "signal_speed": "EINFELDT",
                "reconstruction_stencil": "WENO5-Z",
                "reconstruction_variable": "CHAR-PRIMITIVE",
            },
        },
        "active_physics": {
            "is_convective_flux": True,
            "is_viscous_flux": False,
            "is_heat_flux": False,
            "is_volume_force": False,
        },
        "precision": {"is_double_precision_compute": True, "is_double_precision_output": True},
    }
    given = InputManager(case, numerics)
    manager = SimulationManager(given)
    primitive = np.stack((rho, u, v, p))[..., None]
    now = InitializationManager(given).initialization(user_prime_init=primitive)
    from jaxfluids.data_types.ml_buffers import CallablesSetup, ParametersSetup

    def step() -> None:
        nonlocal now
        control = manager.compute_control_flow_params(
            now.time_control_variables, now.step_information
        )
        now, _ = manager.do_integration_step(now, control, ParametersSetup(), CallablesSetup())
        manager.synchronize_and_clock(now.simulation_buffers.material_fields.primitives)

    return step


PEERS: dict[str, tuple[str, Callable[..., Step]]] = {
    "PyClaw SharpClaw WENO5 SSP33": ("clawpack", pyclaw_sharpclaw),
    "PyClaw Classic": ("clawpack", pyclaw_classic),
    "JAX-Fluids characteristic WENO5-Z": ("jaxfluids", jaxfluids),
    "pyro compressible": ("pyro", pyro_compressible),
}
"""Adapters by name, with the package each needs."""


def missing(name: str) -> str | None:
    """Why a peer cannot be run here, or None."""
    package, _ = PEERS[name]
    return None if importlib.util.find_spec(package) else f"{package} is not installed"


@contextlib.contextmanager
def _elsewhere() -> Any:
    """Run in a temporary folder, without a word."""
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)
