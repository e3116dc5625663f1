"""Solve with every kind of scheme, learned included, where there is no torch."""

import importlib.util
import tempfile
from pathlib import Path

import h5py
import numpy as np

import learnedflux as lf

for package in ("torch", "matplotlib", "mpi4py"):
    if importlib.util.find_spec(package) is not None:
        raise SystemExit(f"{package} is installed here: this check would show nothing")

# Mean L1 error of the density on 200 cells: what the schemes reach, with a margin.
limits = {
    "godunov": 1.40e-2,
    "muscl": 3.15e-3,
    "weno5": 2.30e-3,
    "teno5": 2.05e-3,
    "mp5": 1.55e-3,
    "learned": 1.60e-3,
}
sod = lf.problems.sod(cells=200)
exact = sod.exact.cell_averages(sod.grid, t=sod.t_end)["density"]
for scheme, limit in limits.items():
    result = lf.solve(sod, scheme=scheme)
    density = result["density"].isel(time=-1).to_numpy()
    error = float(np.mean(np.abs(density - exact)))
    print(f"sod, {scheme}: {error:.2e} (at most {limit:.2e})")
    if not error <= limit:
        raise SystemExit(f"{scheme} does not solve Sod's problem as it should")

path = Path(tempfile.mkdtemp()) / "sod.nc"
result.to_netcdf(path, engine="h5netcdf")
with h5py.File(path) as file:
    np.testing.assert_array_equal(file["density"][-1], density)

for equation in (lf.Advection(), lf.Burgers()):
    wave = lf.Problem(
        equation=equation,
        grid=lf.Grid(x=(0.0, 1.0, 64)),
        initial=lambda x: 1.0 + 0.5 * np.sin(2.0 * np.pi * x),
        boundary="periodic",
        t_end=0.1,
    )
    result = lf.solve(wave, scheme="learned")
    name = equation.conserved_names(1)[0]
    drift = abs(float((result[name].isel(time=-1) - result[name].isel(time=0)).mean()))
    print(f"{equation.name}, learned: change of the mean {drift:.1e}")
    if not drift < 1e-13:
        raise SystemExit(f"the learned scheme is not conservative for {equation.name}")
print("torch is absent, and not missed")
