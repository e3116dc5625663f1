"""Solve Sod's shock tube with the learned scheme, measure the errors, draw and store the result."""

import xarray as xr

import learnedflux as lf

problem = lf.problems.sod(cells=200)
print(problem)

result = lf.solve(problem, scheme="learned", times=101)
errors = lf.metrics.error(result, problem.exact, norm="L1").isel(time=-1)
for name, value in errors.data_vars.items():
    print(f"L1 error of {name}: {float(value):.2e}")
print(f"{result.attrs['steps']} steps in {result.attrs['seconds_stepping']:.2f} s")

figure = lf.plot.line(result, ["density", "velocity_x", "pressure"], problem.exact)
figure.savefig("sod.png")
lf.plot.space_time(result, "density").savefig("sod_space_time.png")

# NetCDF is HDF5: xarray, plain h5py and ParaView read it, and it says how the run can be repeated.
result.to_netcdf("sod.nc", engine="h5netcdf")
with xr.open_dataset("sod.nc", engine="h5netcdf") as stored:
    print(stored.attrs["title"], "with cfl", stored.attrs["cfl"])
