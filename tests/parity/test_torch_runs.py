"""Whole runs on tensors: every equation in two and three dimensions, single precision, compiled.

The loop on the device is in ``test_bursts.py``.
"""

import functools

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.backends.torch_policy import OnDevice
from learnedflux.reconstruction import reconstructions

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

EQUATIONS = sorted(
    name
    for name in lf.__all__
    if isinstance(found := getattr(lf, name), type)
    and issubclass(found, lf.Equation)
    and found is not lf.Equation
)
POSITIVE = ("density", "pressure", "depth", "saturation")
STEPS = 50
TOLERANCE = 1e-12
SOONER = ("Euler",)  # kernels to compare with take Numba half a minute each
EACH = [
    pytest.param(name, compile, id=f"{name}-{'compiled' if compile else 'eager'}", marks=marks)
    for name in EQUATIONS
    for compile in ((False, True) if name in SOONER else (False,))
    for marks in [() if name in SOONER and not compile else pytest.mark.slow]
]
AXES = "xyz"


@pytest.fixture(autouse=True)
def one_thread():
    """Small tensors on many threads only wait for each other where the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def equation(name, dimension):
    found = getattr(lf, name)
    return found(velocity=(0.7, -0.4, 0.3)[:dimension]) if name == "Advection" else found()


def waves(name, *x):
    """Primitive variables between 0.2 and 0.8: waves along every axis, and a jump."""

    def variable(k):
        phase = [np.sin(2 * np.pi * (a + 0.13 * k + 0.2 * i)) for i, a in enumerate(x)]
        return 0.5 + 0.1 * np.prod(phase, axis=0) + np.where(x[0] + x[-1] > 1.1, 0.15, -0.1)

    names = equation(name, len(x)).primitive_names(len(x))
    flat = {n: variable(k) for k, n in enumerate(names)}
    # Transverse and normal velocities of both signs; a low bottom.
    return {
        n: v if any(word in n for word in POSITIVE) or len(names) == 1 else 0.4 * (v - 0.5)
        for n, v in flat.items()
    }


def problem(name, *cells, boundary="outflow", **changes):
    grid = lf.Grid(**{a: (0.0, 1.0, n) for a, n in zip(AXES, cells, strict=False)})
    initial = functools.partial(waves, name)
    return lf.Problem(equation(name, len(cells)), grid, initial, boundary, t_end=1.0, **changes)


def fifty(posed, scheme="weno5-z", cfl=0.3):
    """The problem shortened to fifty steps, and their size."""
    semi = lf.Semidiscretization(posed, scheme, backend="torch")
    dt = float(semi.stable_dt(semi.initial(), cfl))
    return posed.replace(t_end=STEPS * dt), dt


def assert_same(a, b, tolerance):
    for variable in a.data_vars:
        size = float(abs(a[variable]).max())
        gap = float(abs(a[variable] - b[variable]).max())
        assert np.isfinite(size)
        assert gap <= tolerance * size, f"{variable} differs by {gap:.1e} of {size:.1e}"


@pytest.mark.parametrize(("name", "compile"), EACH)
def test_fifty_steps_in_two_dimensions(name, compile):
    posed, dt = fifty(problem(name, 20, 18, boundary={"x": "outflow", "y": "periodic"}))
    numba = lf.solve(posed, dt=dt)
    tensor = lf.solve(posed, dt=dt, backend="torch", compile=compile)
    assert numba.attrs["steps"] == tensor.attrs["steps"] == STEPS
    assert_same(numba, tensor, TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["teno5", "muscl", "learned"])
@pytest.mark.parametrize("name", SOONER)
def test_fifty_steps_of_every_kind_of_scheme(name, scheme):
    posed, dt = fifty(problem(name, 16, 14), scheme)
    assert_same(
        lf.solve(posed, scheme, dt=dt),
        lf.solve(posed, scheme, dt=dt, backend="torch"),
        TOLERANCE,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", EQUATIONS)
def test_fifty_steps_in_three_dimensions(name):
    posed, dt = fifty(problem(name, 10, 8, 9))
    assert_same(lf.solve(posed, dt=dt), lf.solve(posed, dt=dt, backend="torch"), TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "name", "shape"),
    [("muscl", "Burgers", (16, 14)), ("learned", "Burgers", (16, 14))],
)
def test_compiled_schemes(scheme, name, shape):
    check_compiled(scheme, name, shape)


def check_compiled(scheme, name, shape):
    posed, dt = fifty(problem(name, *shape), scheme)
    plain = lf.solve(posed, scheme, dt=dt, backend="torch", compile=False)
    assert_same(plain, lf.solve(posed, scheme, dt=dt, backend="torch", compile=True), TOLERANCE)


# --- compiling ------------------------------------------------------------------------------------


@pytest.fixture
def traced(monkeypatch):
    """Compilation without its slow half: torch traces, guards and runs what it has traced."""
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))


@pytest.mark.slow
def test_a_compiled_policy_of_a_system(traced):
    check_compiled("learned", "Euler", (24,))  # in full it compiles for two minutes


@pytest.mark.parametrize("lower", [1.0, lambda t: 1.0 + t], ids=["fixed", "in-time"])
def test_traced_functions_give_the_same(traced, caplog, lower):
    """What torch traces has the boundaries in it, or, where they depend on time, has not."""
    grid = lf.Grid(x=(0.0, 1.0, 14))
    sides = {"x": (lf.boundaries.inflow(u=lower), "outflow")}
    posed = lf.Problem(lf.Burgers(), grid, lambda x: 1.0 + (x > 0.4), sides, t_end=0.1)
    plain = lf.solve(posed, "muscl", backend="torch", times=3)
    with caplog.at_level("WARNING", logger="learnedflux"):
        compiled = lf.solve(posed, "muscl", backend="torch", times=3, compile=True)
    assert_same(plain, compiled, 1e-14)
    assert plain.attrs["steps"] == compiled.attrs["steps"]
    assert sum("compiling Burgers by muscl in 1D" in r.message for r in caplog.records) == 1


@pytest.mark.slow
def test_a_second_problem_of_a_kind_is_not_compiled_again(traced):
    from torch._dynamo.utils import counters

    def graphs(cells):
        posed = lf.problems.sine_advection(cells=cells, t_end=0.2)
        lf.solve(posed, "constant", backend="torch", compile=True)
        return counters["stats"]["unique_graphs"]

    first = graphs(12)
    assert graphs(12) == first
    another = graphs(14)  # for cells of any number
    assert graphs(17) == another


def test_failing_compilers_are_named_or_done_without(monkeypatch, caplog):
    def broken(graph, inputs):
        raise RuntimeError("no compiler here")

    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=broken))
    posed = lf.problems.sine_advection(cells=13, t_end=0.2)
    with pytest.raises(lf.InputError, match=r"torch.compile fails here.*compile=False"):
        lf.solve(posed, "constant", backend="torch", compile=True)
    semi = lf.Semidiscretization(posed, "constant", backend="torch")
    expected = semi(0.0, semi.initial())
    semi.backend.compiled.active = True  # as by default on a GPU
    torch.testing.assert_close(semi(0.0, semi.initial()), expected)
    assert "running without" in caplog.text
    assert not semi.backend.compiled.active


def test_compile_is_for_torch():
    posed = lf.problems.sod(cells=20)
    with pytest.raises(lf.InputError, match="compile is for backend='torch'"):
        lf.solve(posed, compile=True)
    with pytest.raises(lf.InputError, match="compile must be True, False or None; got 'yes'"):
        lf.solve(posed, backend="torch", compile="yes")


# --- single precision -----------------------------------------------------------------------------


def blast(x, y):
    inside = (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.04
    return {
        "density": 1.0,
        "velocity_x": 0.0,
        "velocity_y": 0.0,
        "pressure": np.where(inside, 10.0, 0.1),
    }


@pytest.mark.parametrize("scheme", ["muscl", "weno5-z", "mp5", "learned"])
def test_blast_in_single_precision(scheme):
    grid = lf.Grid(x=(0.0, 1.0, 24), y=(0.0, 1.0, 24))
    posed = lf.Problem(lf.Euler(), grid, blast, "wall", t_end=0.08)
    single = lf.solve(posed, scheme, backend="torch", dtype="float32", dt=4e-3)
    double = lf.solve(posed, scheme, backend="torch", dt=4e-3)
    assert single.attrs["steps_rejected"] == double.attrs["steps_rejected"]
    for variable in double.data_vars:
        size = float(abs(double[variable]).max())
        gap = float(abs(single[variable] - double[variable]).max())
        # The learned scheme's sensor has a switch, which round-off may throw.
        allowed = 5e-3 if scheme == "learned" else 1e-4
        assert gap < allowed * size, f"{variable}: {gap / size:.1e}"


@pytest.mark.parametrize("scheme", [*reconstructions, "learned"])
def test_flat_data_where_the_smallest_numbers_are_flushed(scheme):
    """Kernels for a GPU take numbers below the normal range of float32 for zero."""
    case = problem("Euler", 12, 10)
    backend = lf.Semidiscretization(case, scheme, backend="torch", dtype="float32").backend
    uses_speeds = backend.scheme.uses_speeds
    cells = 2 * backend.scheme.radius - (0 if uses_speeds else 1)
    speeds = [tuple(torch.zeros(6, 4))] if uses_speeds else []
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush denormal numbers")
    try:
        for value in (0.0, 1.0, -3e6):
            flat = torch.full((cells, 4), value)
            torch.testing.assert_close(backend.rule(*flat, *speeds), flat[0], rtol=0, atol=0)
    finally:
        torch.set_flush_denormal(False)


# --- policies -------------------------------------------------------------------------------------


def test_policy_on_the_device_is_the_policy_of_the_file():
    semi = lf.Semidiscretization(problem("Euler", 14, 12), "learned", backend="torch")
    backend, q = semi.backend, semi.initial()
    assert backend.onnx is None
    direct = semi(0.0, q)
    backend.rule = None
    backend.onnx = OnDevice(semi.scheme.reconstruction, torch, backend.device)
    torch.testing.assert_close(semi(0.0, q), direct, rtol=1e-12, atol=1e-12)


def test_policies_are_differentiable_on_tensors():
    semi = lf.Semidiscretization(lf.problems.sod(cells=20), "learned", backend="torch")
    q = semi.initial().requires_grad_()
    (semi(0.0, q) ** 2).sum().backward()
    assert torch.isfinite(q.grad).all()
    assert q.grad.abs().max() > 0


# --- a GPU ----------------------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.parametrize("scheme", ["weno5-z", "muscl", "learned"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_blast_on_a_gpu(scheme, dtype):
    grid = lf.Grid(x=(0.0, 1.0, 48), y=(0.0, 1.0, 40))
    posed = lf.Problem(lf.Euler(), grid, blast, "outflow", t_end=0.08)
    device = lf.solve(posed, scheme, device="cuda", dtype=dtype, dt=2e-3)
    host = lf.solve(posed, scheme, dt=2e-3)
    assert_same(host, device, 1e-10 if dtype == "float64" else 1e-3)


@pytest.mark.gpu
@pytest.mark.parametrize("shape", [(20, 18), (10, 8, 9)], ids=["2d", "3d"])
@pytest.mark.parametrize("name", EQUATIONS)
def test_fifty_steps_on_a_gpu(name, shape):
    posed, dt = fifty(problem(name, *shape))
    host = lf.solve(posed, dt=dt)
    device = lf.solve(posed, dt=dt, device="cuda")
    assert host.attrs["steps"] == device.attrs["steps"] == STEPS
    assert_same(host, device, 1e-10)


@pytest.mark.gpu
@pytest.mark.parametrize("scheme", ["godunov", "muscl", "teno5", "mp5", "learned"])
def test_near_vacuum_on_a_gpu(scheme):
    """Steps that fail end a burst; the limiter takes over, as on the CPU."""
    posed = lf.problems.leblanc(cells=100)
    host, device = lf.solve(posed, scheme), lf.solve(posed, scheme, device="cuda")
    assert host.attrs["steps"] == device.attrs["steps"]
    assert_same(host, device, 1e-8)


@pytest.mark.gpu
def test_training_on_a_gpu():
    """Three steps of training there give the weights that they give on the CPU."""
    settings = {
        "equations": ["Advection", "Burgers"],
        "baselines": ["mp5"],
        "iterations": 3,
        "rows": 3,
        "cells": 32,
        "steps": [2, 4],
        "validate_every": 2,
        "progress": False,
    }
    from learnedflux import training

    host, device = (training.train(**settings, device=where) for where in ("cpu", "cuda"))
    for key, value in host.policy.state_dict().items():
        found = device.policy.state_dict()[key].cpu()
        torch.testing.assert_close(found, value, rtol=0, atol=1e-8)
