"""``learnedflux info``: the installation, a policy file or a result."""

from __future__ import annotations

import argparse
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numba
import xarray as xr

from learnedflux.backends import BACKENDS
from learnedflux.backends.compiled import cache_folder
from learnedflux.cli.common import write, write_pairs
from learnedflux.dataset import library_version
from learnedflux.errors import InputError
from learnedflux.policy import Policy
from learnedflux.shipped import policies
from learnedflux.table import Table

__all__ = ["add_to"]

PACKAGES = (
    "numpy",
    "numba",
    "xarray",
    "h5netcdf",
    "h5py",
    "onnxruntime",
    "scipy",
    "torch",
    "matplotlib",
)


def add_to(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "info",
        help="describe the installation, a policy or a result",
        description="Describe this installation; or a policy (.onnx) or a result (.nc, .h5).",
    )
    parser.add_argument("file", nargs="?", type=Path, help="a policy or a result")
    parser.set_defaults(function=_info)


def _info(given: argparse.Namespace) -> None:
    if given.file is None:
        _installation()
    elif given.file.suffix == ".onnx":
        write(Policy(given.file))
    else:
        _result(given.file)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _cores() -> int:
    """Cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def _installation() -> None:
    versions = {package: _version(package) for package in PACKAGES}
    backends = [b for b in BACKENDS if b != "torch" or versions["torch"] != "not installed"]
    shipped = [f"{p['policy']} {p['version']} ({p['equations']})" for p in policies()]
    write_pairs(
        {
            "learnedflux": library_version(),
            "python": f"{platform.python_version()} on {platform.platform()}",
            **versions,
            "backends": ", ".join(backends),
            "threads": f"{numba.config.NUMBA_NUM_THREADS} by default, {_cores()} cores usable",
            "kernel cache": cache_folder(),
            "policies": "\n".join(shipped) or "none",
        }
    )


def _result(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"no file {str(path)!r}; give a policy (.onnx) or a result (.nc, .h5).")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            ds = opened.load()
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{str(path)!r} is not a NetCDF (HDF5) file: {error}.") from error
    if "scheme" not in ds.attrs:
        raise InputError(f"{str(path)!r} is a NetCDF file, but not a result of lf.solve.")
    pairs = {key: _readable(value) for key, value in ds.attrs.items() if key != "Conventions"}
    pairs["times"] = f"{ds.sizes['time']}, from {float(ds.time[0]):g} to {float(ds.time[-1]):g}"
    write_pairs(pairs)
    write()
    last = ds.isel(time=-1)
    write(
        Table(
            {
                "variable": str(name),
                "long name": v.attrs.get("long_name", ""),
                "units": v.attrs.get("units", ""),
                "lowest at the end": float(v.min()),
                "highest": float(v.max()),
            }
            for name, v in last.data_vars.items()
        )
    )


def _readable(value: Any) -> str:
    """Return an attribute in plain words; JSON objects as ``key value`` pairs."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return ", ".join(f"{k} {v}" for k, v in json.loads(value).items())
        except ValueError:
            return value
    return f"{value:.6g}" if isinstance(value, float) else str(value)
