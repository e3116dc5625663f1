"""``learnedflux evaluate | train | export``: what they print, write and return."""

import contextlib
import importlib.util
import io
import sys

import pytest
import xarray as xr

import learnedflux as lf
from learnedflux.cli import main

TINY = """
name = "tiny"
equations = ["Advection"]
baselines = ["mp5"]
iterations = 2
rows = 1
cells = 32
steps = [1, 2]
validate_every = 1
"""
QUICK = "--schemes godunov,muscl --problems sod,tophat --repeats 1"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def typed(capsys):
    """Type a command, in parts or at once; return its exit code, output and error output."""

    def type_in(*parts):
        capsys.readouterr()
        code = main([word for part in parts for word in str(part).split()])
        out, err = capsys.readouterr()
        return code, out, err

    return type_in


# --- evaluate -------------------------------------------------------------------------------------


def test_evaluate_prints_errors_and_ratios(typed):
    code, out, err = typed("evaluate", QUICK, "--cells 20,40")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0].split() == ["problem", "cells", "godunov", "muscl"]
    assert [line.split()[:2] for line in lines[1:5]] == [
        ["sod", "20"], ["sod", "40"], ["tophat", "20"], ["tophat", "40"]
    ]  # fmt: skip
    ds = lf.evaluate(["godunov", "muscl"], ["sod", "tophat"], cells=(20, 40), repeats=1)
    error = ds.error.sel(scheme="muscl", problem="sod", cells=40).item()
    assert lines[2].split()[3] == f"{error:.3e}"
    mean = lf.evaluation.ratios(ds, "godunov").geometric_mean.sel(scheme="muscl").item()
    assert lines[-1].split()[:2] == ["muscl", f"{mean:.3f}"]


def test_evaluate_writes_numbers_and_a_report(typed, tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    command = "evaluate --schemes godunov,muscl --problems tophat --repeats 1"
    code, out, err = typed(command, "--refine 0.1,0.2 --output a/x.nc --html a/x.html")
    assert code == 0, err
    assert out.endswith("wrote a/x.nc\nwrote a/x.html\n")
    with xr.open_dataset(tmp_path / "a/x.nc", engine="h5netcdf") as ds:
        assert ds.cells.values.tolist() == [20, 40]
    assert (tmp_path / "a/x.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["x.html", "x.nc"]


def test_evaluate_reports_failures_and_goes_on(typed, monkeypatch):
    from learnedflux.evaluation import measure

    solve = measure.solve

    def failing(problem, scheme, **settings):
        ds = solve(problem, scheme, **settings)
        if scheme.name == "muscl" and problem.name == "sod":
            raise lf.UnstableError("it broke", time=0.1, step=3, result=ds)
        return ds

    monkeypatch.setattr(measure, "solve", failing)
    code, out, err = typed("evaluate", QUICK, "--cells 20")
    assert code == 0, err
    assert out.splitlines()[1].split()[-1] == "fails"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("--suite euler1d", "no suite named 'euler1d'. Did you mean 'euler-1d'?"),
        ("--suite sod", "'sod' is a problem, not a suite"),
        ("--suite smooth --problems sod", "give --suite or --problems, not both"),
        ("--problems sod --schemes weno-5", "no scheme named 'weno-5'"),
        ("--problems sod --cells a,b", "--cells must be numbers with commas between; got 'a,b'"),
        ("--problems sod --schemes muscl --baseline mp5", "no scheme in this evaluation named"),
    ],
)
def test_evaluate_says_what_is_wrong(typed, words, text):
    code, out, err = typed("evaluate", words)
    assert (code, out) == (2, "")
    assert text in err


def test_a_report_needs_matplotlib(typed, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else found(name)
    )
    code, out, err = typed("evaluate --problems sod --html x.html")
    assert (code, out) == (2, "")
    assert "python -m pip install 'learnedflux[plot]'" in err


# --- train and export -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["train recipe.toml", "export runs/x -o x.onnx"])
def test_training_needs_its_extra(typed, monkeypatch, command):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torch" else found(name)
    )
    monkeypatch.setitem(sys.modules, "torch", None)
    code, out, err = typed(command)
    assert (code, out) == (2, "")
    assert f"'learnedflux {command.split()[0]}' needs torch" in err
    assert "python -m pip install 'learnedflux[train]'" in err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder of a run trained by the command, the recipe beside it, and what was printed."""
    pytest.importorskip("torch", reason="needs the extra 'train'")
    folder = tmp_path_factory.mktemp("trained")
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    command = ["train", str(folder / "tiny.toml"), "--folder", str(folder / "run")]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main([*command, "--set", "seed=3", "--set", "policy.hidden=[4]"]) == 0
    return folder, out.getvalue()


def test_train_says_what_came_out(trained):
    folder, out = trained
    assert "Run 'tiny'" in out
    assert "iterations: 2" in out
    assert out.endswith(f"export it: learnedflux export {folder / 'run'} -o tiny.onnx\n")


def test_a_run_is_found_again_as_it_was(trained):
    import torch

    from learnedflux import training

    folder, _ = trained
    run = training.load_run(folder / "run")
    assert (run.recipe.seed, run.recipe.policy, run.recipe.name) == (3, {"hidden": [4]}, "tiny")
    best = torch.load(folder / "run" / "last.pt", weights_only=True)["best"]
    for key, value in run.policy.state_dict().items():
        assert torch.equal(value, best[key].double())
    with xr.open_dataset(folder / "run" / "history.nc", engine="h5netcdf") as kept:
        xr.testing.assert_equal(run.history, kept.load())


def test_export_writes_the_policy_of_a_run(trained, typed, tmp_path):
    folder, _ = trained
    code, out, err = typed("export", folder / "run", "-o out/tiny.onnx --no-card")
    assert code == 0, err
    assert out.startswith("Policy 'tiny'")
    assert out.endswith("wrote out/tiny.onnx\n")
    policy = lf.Policy(tmp_path / "out/tiny.onnx")
    assert policy.metadata["seeds"] == [3]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["tiny.onnx"]


def test_training_goes_on(trained, typed):
    folder, _ = trained
    again = (
        "train",
        folder / "tiny.toml",
        "--folder",
        folder / "run",
        "--resume --set policy.hidden=[4]",
    )
    code, out, err = typed(*again, "--set seed=3")
    assert code == 0, err
    assert "iterations: 2" in out
    code, out, err = typed(*again, "--set seed=4")
    assert code == 2
    assert "belongs to another recipe" in err


def test_an_interrupted_training_says_how_to_go_on(typed, monkeypatch):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    from learnedflux import training

    def interrupted(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", interrupted)
    code, out, err = typed("train")
    assert (code, out) == (130, "")
    assert "the same command with --resume goes on" in err


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("train none.toml", "cannot read recipe 'none.toml'"),
        ("train --set rows", "--set takes KEY=VALUE, rows=8 say; got 'rows'"),
        ("train --set row=3", "no recipe setting named 'row'. Did you mean 'rows'"),
        ("train --resume --folder none", "nothing to resume"),
        ("export none -o x.onnx", "'none' holds no training run"),
    ],
)
def test_train_and_export_say_what_is_wrong(typed, command, text):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    code, out, err = typed(command)
    assert (code, out) == (2, "")
    assert text in err
