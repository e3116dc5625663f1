"""The command line: what it prints, writes and returns."""

import os
import re
import sys

import pytest
import xarray as xr

import learnedflux as lf
from learnedflux.cli import main

TUBE = """
name = "tube"
t_end = 0.05
boundary = "outflow"

[equation]
name = "Euler"
gamma = 1.4

[grid]
x = [0.0, 1.0, 40]

[[initial]]
density = 1.0
velocity_x = 0.0
pressure = 1.0

[[initial]]
x = [0.5, 1.0]
density = 0.125
velocity_x = 0.0
pressure = 0.1

[run]
scheme = "muscl"
cfl = 0.3
times = 3
"""


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


@pytest.fixture
def good(typed):
    """Type a command that must succeed, and return its output."""

    def type_in(*words):
        code, out, err = typed(*words)
        assert code == 0, err
        return out

    return type_in


@pytest.fixture
def case(tmp_path):
    """Write a case file, the tube above by default."""

    def write(text=TUBE):
        path = tmp_path / "case.toml"
        path.write_text(text)
        return path

    return write


def read(path):
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        return opened.load()


# --- run ------------------------------------------------------------------------------------------


def test_run_solves_and_reports(good):
    out = good("run", "sod", "--scheme", "mp5", "--cells", 40)
    assert out.startswith("sod: Euler(gamma=1.4), 40 cells to t = 0.2\n")
    assert "mp5, hllc, characteristic variables; ssprk3, cfl 0.4; numba" in out
    problem = lf.problems.sod(cells=40)
    error = float(lf.metrics.error(lf.solve(problem, "mp5"), problem.exact).density[-1])
    assert re.search(rf"^density +{error:.2e} ", out, re.M)


def test_run_writes_what_solve_gives(good, tmp_path):
    out = good("run", "sod", "--scheme", "mp5", "--cells", 40, "--output", "deep/sod.nc")
    assert out.endswith("wrote deep/sod.nc\n")
    xr.testing.assert_equal(read("deep/sod.nc"), lf.solve(lf.problems.sod(cells=40), "mp5"))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["sod.nc"]


def test_run_passes_every_option_on(good):
    options = "--cells 40 --t-end 0.1 --times 0,0.05,0.1 --cfl 0.3 --integrator ssprk2"
    options += " --riemann rusanov --variables primitive --no-positivity --output shock.nc"
    good("run shock --scheme godunov", options)
    ds = read("shock.nc")
    assert ds.time.values.tolist() == [0.0, 0.05, 0.1]
    expected = {
        "cfl": 0.3,
        "integrator": "ssprk2",
        "riemann": "rusanov",
        "variables": "primitive",
        "positivity": 0,
        "scheme": "godunov",
    }
    assert {key: ds.attrs[key] for key in expected} == expected


def test_run_takes_a_number_of_times_and_a_fixed_step(good):
    good("run", "sod", "--cells", 20, "--times", 5, "--dt", 0.002, "--output", "sod.nc")
    ds = read("sod.nc")
    assert ds.sizes["time"] == 5
    assert ds.attrs["steps"] == 100


def test_run_on_so_many_threads(good, typed):
    assert "; numba\n" in good("run", "sod", "--cells", 20, "--threads", 1)
    code, _, err = typed("run", "sod", "--cells", 20, "--threads", 0)
    assert code == 2
    assert "threads must be" in err


def test_run_on_torch(good):
    pytest.importorskip("torch", reason="needs the extra 'train'")
    assert "; torch\n" in good("run", "sod", "--cells", 20, "--backend", "torch")


def test_run_draws(good, tmp_path):
    out = good("run", "sod", "--scheme", "mp5", "--cells", 40, "--plot", "sod.png")
    assert out.endswith("wrote sod.png\n")
    assert (tmp_path / "sod.png").read_bytes().startswith(b"\x89PNG")


def test_run_reports_ranges_where_no_exact_solution_is_known(good):
    out = good("run", "blast", "--scheme", "muscl", "--cells", 40, "--t-end", 0.01)
    assert re.search(r"^variable +lowest +highest$", out, re.M)


def test_run_may_be_taken_up_again(good, typed):
    options = "--cells 40 --times 3 --cfl 0.3 --scheme muscl"
    good(f"run sod {options} --checkpoint c.h5 --every 10 --output whole.nc")
    out = good("run sod --cells 40 --resume c.h5 --output again.nc")
    assert "muscl, hllc" in out
    whole, again = (xr.load_dataset(f, engine="h5netcdf") for f in ("whole.nc", "again.nc"))
    xr.testing.assert_identical(whole.drop_attrs(), again.drop_attrs())
    assert again.attrs["steps"] == whole.attrs["steps"]
    for words, told in (
        ("run sod --cells 40 --resume c.h5 --cfl 0.2 --times 4", "leave out --times, --cfl"),
        ("run sod --cells 40 --resume d.h5", "there is no checkpoint"),
        ("run sod --cells 41 --resume c.h5", "grid was"),
        ("run sod --every 10", "--every is for --checkpoint"),
        ("run sod --checkpoint e.h5 --output e.h5", "give two files"),
        ("run sod --cells 40 --resume c.h5 --output c.h5", "give two files"),
        ("run sod --checkpoint c.h5", "c.h5 is there already"),
    ):
        code, _, err = typed(words)
        assert code == 2
        assert told in err


def test_run_with_a_policy_file(good, policy_file):
    out = good("run", "sine_advection", "--scheme", policy_file(), "--cells", 40)
    assert "\nupwind, godunov, " in out


# --- case files -----------------------------------------------------------------------------------


def test_case_file_makes_the_problem_it_says(good, case):
    case(TUBE + 'output = "tube.nc"\nplot = "tube.svg"\n')
    out = good("run", "case.toml")
    assert out.startswith("tube: Euler(gamma=1.4), 40 cells to t = 0.05\n")
    assert "wrote tube.nc\nwrote tube.svg\n" in out
    problem = lf.problems.sod(cells=40).replace(t_end=0.05)
    by_hand = lf.solve(problem, "muscl", cfl=0.3, times=3)
    xr.testing.assert_allclose(read("tube.nc"), by_hand, rtol=1e-13)


def test_options_win_over_the_case_file(good, case):
    out = good("run", case(), "--scheme", "mp5", "--cells", 20, "--cfl", 0.2, "--t-end", 0.02)
    assert out.startswith("tube: Euler(gamma=1.4), 20 cells to t = 0.02\nmp5, ")
    assert "cfl 0.2" in out


def test_case_file_may_start_from_a_named_problem(good, case):
    text = '[problem]\nname = "composite_wave"\ncells = 40\nt_end = 0.5\n[run]\nscheme = "muscl"\n'
    out = good("run", case(text))
    assert out.startswith("composite_wave: Advection(velocity=(1.0,)), 40 cells to t = 0.5\n")
    assert "L1 error" in out


def test_case_file_may_change_a_named_problem(good, case):
    text = 'problem = "sod"\nboundary = "wall"\n[grid]\nx = [0.0, 1.0, 20]\n'
    out = good("run", case(text), "--output", "sod.nc")
    assert "lowest" in out  # another boundary: the exact solution no longer holds
    assert '["wall", "wall"]' in read("sod.nc").attrs["boundary"]


def test_case_file_with_an_inflow(good, case):
    inflow = "{inflow = {density = 1.0, velocity_x = 0.5, pressure = 1.0}}"
    text = TUBE.replace('boundary = "outflow"', "").replace(
        "[run]", f'[boundary]\nx = [{inflow}, "outflow"]\n[run]'
    )
    good("run", case(text), "--output", "tube.nc")
    # The gas that flows in is faster than the gas at rest.
    assert read("tube.nc").velocity_x[-1, 0] > 0.1


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("cfl = 0.3", "clf = 0.3", "no key of [run] named 'clf'. Did you mean 'cfl'?"),
        ("cfl = 0.3", 'cfl = "big"', "'cfl' of [run] cannot be 'big'"),
        ("cfl = 0.3", "cfl = true", "'cfl' of [run] cannot be True"),
        ("[grid]", "[gird]", "no key named 'gird'. Did you mean 'grid'?"),
        ("x = [0.0, 1.0, 40]", "x = [0.0, 1.0]", "not three numbers"),
        ("x = [0.0, 1.0, 40]", "w = [0.0, 1.0, 40]", "no axis named 'w'"),
        ('"Euler"', '"Eler"', "no equation named 'Eler'. Did you mean 'Euler'?"),
        ("gamma = 1.4", "gama = 1.4", "no parameter of Euler named 'gama'. Did you mean 'gamma'?"),
        ("gamma = 1.4", 'gamma = "1 + 0.4"', "'gamma' of Euler must be a number; got '1 + 0.4'"),
        ("gamma = 1.4", "gamma = 0.4", "gamma must be above 1; got 0.4"),
        ("density = 0.125", 'density = "0.1 * x"', "'density' of [[initial]] 2 must be a number"),
        ("density = 0.125", "density = -1.0", "'density' is -1 at x ="),
        ("density = 0.125", "", "[[initial]] 2 gives velocity_x, pressure, the first region"),
        ("x = [0.5, 1.0]", "x = [1.0, 0.5]", "'x' of [[initial]] 2 must be [from, to], rising"),
        ("x = [0.5, 1.0]", "y = [0.5, 1.0]", "no axis of this grid named 'y'"),
        ("[[initial]]\ndens", "[[initial]]\nx = [0.0, 0.4]\ndens", "region covers x = 0.4"),
        ('"outflow"', '"outlow"', "no boundary named 'outlow'. Did you mean 'outflow'?"),
        ("t_end = 0.05", "", "'t_end' is missing"),
        ("t_end = 0.05", "t_end = -1", "t_end must be finite and above 0"),
        ('name = "tube"', "name = 3", "'name' must be text; got 3"),
        ("[equation]", "equation = 3\n[run.x]", "'equation' must be a table, [equation]; got 3"),
        ("[run]", "[run", "is not TOML"),
    ],
)
def test_mistakes_in_a_case_file_are_named(typed, case, old, new, text):
    assert TUBE.count(old) == 1
    code, out, err = typed("run", case(TUBE.replace(old, new)))
    assert (code, out) == (2, "")
    assert re.match(r"learnedflux: error: case '.*case\.toml'", err)
    assert text in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('problem = "sodd"', "Did you mean 'sod'?"),
        ('[problem]\nname = "sod"\ncels = 3', "Did you mean 'cells'?"),
        ('[problem]\nname = "sod"\ncells = "many"', "'cells' of [problem] must be a number"),
        ("[problem]\ncells = 3", "needs the name of a problem"),
        ('problem = "sod"\ninitial = 3', "must be a list of regions"),
        ('problem = "sod"\n[boundary]\nx = {inflow = 3}', "inflow must be a table of numbers"),
    ],
)
def test_mistakes_about_a_named_problem_are_named(typed, case, text, message):
    code, _, err = typed("run", case(text))
    assert code == 2
    assert message in err


def test_case_file_that_is_not_there(typed):
    code, _, err = typed("run", "nowhere.toml")
    assert code == 2
    assert "cannot read case 'nowhere.toml'" in err


# --- two and three dimensions ---------------------------------------------------------------------

PLANE = """
t_end = 0.05
[equation]
name = "Burgers"
[grid]
x = [0.0, 1.0, 16]
y = [0.0, 0.5, 8]
[[initial]]
u = 0.0
[[initial]]
x = [0.25, 0.5]
y = [0.0, 0.25]
u = 1.0
[boundary]
x = ["outflow", "outflow"]
y = [{piecewise = {x = [0.0, 0.5], inside = {inflow = {u = 0.5}}, outside = "wall"}}, "outflow"]
[run]
scheme = "weno5"
output = "plane.nc"
"""


def test_run_in_two_dimensions(good):
    options = "--cells 24x12 --until 0.1 --scheme weno5 --output a.nc --plot a.png --contours 9"
    out = good("run", "burgers_sine_2d", options)
    assert out.startswith("burgers_sine_2d: Burgers(), 24 x 12 cells to t = 0.1\n")
    assert re.search(r"^variable +L1 error +L2 error +Linf error$", out, re.M)
    ds = read("a.nc")
    assert ds.u.dims == ("time", "y", "x")
    assert ds.sizes["x"] == 24
    printed = float(re.search(r"^u +(\S+)", out, re.M)[1])
    problem = lf.problems.burgers_sine_2d(cells=(24, 12)).replace(t_end=0.1)
    assert printed == pytest.approx(float(lf.metrics.error(ds, problem).u[-1]), rel=1e-2)
    assert os.path.getsize("a.png") > 10_000


def test_cells_along_x_set_the_others(good):
    out = good("run", "burgers_sine_2d", "--cells 12 --t-end 0.01 --scheme weno5")
    assert "12 x 12 cells" in out
    good(
        "run", "burgers_sine_2d", "--cells 12 --t-end 0.01 --scheme weno5 --plot a.png --schlieren"
    )


def test_case_file_in_two_dimensions_with_a_side_in_parts(good, case):
    out = good("run", case(PLANE))
    assert out.startswith("case: Burgers(), 16 x 8 cells to t = 0.05\n")
    ds = read("plane.nc")
    assert "piecewise(x in [0.0, 0.5], inflow(u=0.5), wall)" in ds.attrs["boundary"]
    u = ds.u[-1].values
    assert u[0, 0] > 0.05  # what flows in
    assert abs(u[0, 12]) < 1e-12  # the wall
    assert ds.u[0].values[0, 4] == 1.0


def test_case_file_may_give_cells_per_axis(good, case):
    text = '[problem]\nname = "burgers_sine_2d"\ncells = [12, 16]\n[run]\nscheme = "weno5"\n'
    assert "12 x 16 cells to t = 0.01" in good("run", case("t_end = 0.01\n" + text))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("x = [0.0, 0.5], inside", "x = [0.5], inside", "'x' of piecewise must be [from, to]"),
        ("x = [0.0, 0.5], inside", "w = [0.0, 0.5], inside", "no axis named 'w'"),
        ("x = [0.0, 0.5], inside", "z = [0.0, 0.5], inside", "no axis of this grid named 'z'"),
        ('outside = "wall"', 'outsid = "wall"', "piecewise needs limits, 'inside' and 'outside'"),
        ('outside = "wall"', 'outside = "periodic"', "cannot be periodic in part"),
        ('outside = "wall"', 'outside = "wal"', "Did you mean 'wall'?"),
    ],
)
def test_mistakes_about_a_side_in_parts_are_named(typed, case, old, new, text):
    assert PLANE.count(old) == 1
    code, _, err = typed("run", case(PLANE.replace(old, new)))
    assert code == 2
    assert text in err


def test_compare_in_two_dimensions(good):
    options = "--schemes godunov,weno5 --cells 16x12 --t-end 0.2 --repeats 1"
    out = good("compare", "burgers_sine_2d", options)
    assert "order from 8, 16 cells" in out
    assert list(rows(out)) == ["godunov", "weno5"]
    assert out.endswith("wrote burgers_sine_2d.png\n")


def test_compare_in_two_dimensions_with_a_finer_run(good, case):
    out = good("compare", case(PLANE), "--schemes weno5,godunov --repeats 1 --no-figure")
    assert "error of u against weno5-z on 64 x 32 cells (no exact solution is known)" in out


# --- compare --------------------------------------------------------------------------------------


def rows(out):
    """The table's rows by scheme, without its heading."""
    table = out.partition("\n\n")[2].partition("\n\n")[0].strip().splitlines()
    return {line.split()[0]: line.split()[1:] for line in table[1:]}


def test_compare_prints_one_aligned_table(good, tmp_path):
    out = good("compare", "lax", "--schemes", "godunov,weno5,mp5", "--cells", 40)
    assert "L1 error of density against cell averages of the exact solution\n" in out
    assert "order from 20, 40 cells" in out
    heading = out.splitlines()[4]
    assert re.match(r"scheme +L1 error +/ weno5 +order +steps +seconds$", heading)
    table = rows(out)
    assert list(table) == ["godunov", "weno5", "mp5"]
    problem = lf.problems.lax(cells=40)
    errors = {}
    for name, (error, ratio, _, steps, seconds) in table.items():
        ds = lf.solve(problem, name)
        errors[name] = float(lf.metrics.error(ds, problem.exact).density[-1])
        assert float(error) == pytest.approx(errors[name], rel=1e-3)
        assert int(steps) == ds.attrs["steps"]
        assert 0 < float(seconds) < 10
        assert float(ratio) == pytest.approx(float(error) / float(table["weno5"][0]), abs=2e-3)
    assert out.endswith("wrote lax.png\n")
    assert (tmp_path / "lax.png").stat().st_size > 10_000


def test_compare_measures_the_order(good):
    options = "--order-cells 20,40,80 --dt 1e-3 --t-end 0.1 --repeats 1 --no-figure"
    out = good("compare", "sine_advection", "--schemes", "muscl,weno5", "--cells", 40, options)
    assert "order from 20, 40, 80 cells; seconds of stepping, fastest of 1 runs" in out
    assert float(rows(out)["weno5"][2]) == pytest.approx(5.0, abs=0.3)
    assert not os.listdir()


def test_compare_says_what_stands_in_for_an_exact_solution(good):
    options = "--cells 20 --t-end 0.005 --schemes muscl,godunov --variable pressure"
    out = good("compare", "blast", options, "--output", "figures/blast.pdf")
    assert "error of pressure against weno5-z on 160 cells (no exact solution is known)" in out
    assert "/ muscl" in out  # without weno5, ratios are to the first
    assert os.listdir("figures") == ["blast.pdf"]


def test_compare_takes_case_files_and_policies(good, case, policy_file):
    path = policy_file()
    out = good("compare", case(), "--schemes", f"godunov,{path}", "--no-figure", "--repeats", 1)
    table = rows(out)
    assert table[str(path)][0] == table["godunov"][0]


def test_compare_goes_on_where_a_scheme_fails(typed):
    options = "--integrator euler --cfl 3 --no-positivity --no-figure --cells 100"
    code, out, err = typed("compare", "double_rarefaction", "--schemes", "mp5,godunov", options)
    assert code == 1
    table = rows(out)
    assert table["mp5"][0] == "failed"
    assert float(table["godunov"][0]) > 0
    assert err.count("learnedflux: error: ") == 1
    assert "(scheme 'mp5')" in err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("--schemes weno5,wno5", "no scheme named 'wno5'. Did you mean 'weno5'?"),
        ("--variable presure", "no variable named 'presure'. Did you mean 'pressure'?"),
        ("--order-cells 40", "at least two different grids"),
        ("--order-cells a,b", "must be whole numbers; got 'a,b'"),
        ("--repeats 0", "--repeats must be at least 1; got 0"),
        ("--output figure.xyz", "cannot write a figure to 'figure.xyz'; give a suffix among"),
    ],
)
def test_compare_checks_before_it_computes(typed, options, text):
    code, out, err = typed("compare", "sod", "--schemes", "weno5,mp5", options)
    assert (code, out) == (2, "")
    assert text in err


# --- listings and info ----------------------------------------------------------------------------


def test_problems_are_listed_and_described(good):
    out = good("problems")
    assert [line.split()[0] for line in out.splitlines()[1:]] == lf.problems.names()
    assert "Expected behaviour" in good("problems", "sod")
    assert "Problem 'einfeldt_123'" in good("problems", "123")


def test_schemes_are_listed_and_described(good):
    out = good("schemes")
    for name in (*lf.schemes().column("scheme"), *lf.riemann.riemann_solvers):
        assert re.search(rf"^{name} ", out, re.M)
    assert re.search("^reference +Jiang and Shu", good("schemes", "weno5-js"), re.M)
    assert re.search("^scheme +weno5-z$", good("schemes", "weno5"), re.M)


def test_policies_are_listed(good):
    out = good("policies")
    assert all(name in out for name in lf.policies().column("policy"))


def test_info_describes_the_installation(good):
    out = good("info")
    for word in ("learnedflux", "python", "numba", "torch", "backends", "kernel cache", "policies"):
        assert re.search(f"^{word} ", out, re.M)


def test_info_describes_a_policy(good, policy_file):
    assert good("info", policy_file()).startswith("Policy 'upwind' version 1")


def test_info_describes_a_result(good):
    good("run", "sod", "--scheme", "mp5", "--cells", 20, "--output", "sod.nc")
    out = good("info", "sod.nc")
    assert re.search("^title +sod by mp5$", out, re.M)
    assert re.search("^equation_parameters +gamma 1.4$", out, re.M)
    assert re.search("^times +2, from 0 to 0.2$", out, re.M)
    assert re.search(r"^density +mass density +1 +0\.125", out, re.M)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("no.nc", None, "no file 'no.nc'"),
        ("text.nc", b"text", "'text.nc' is not a NetCDF"),
        ("no.onnx", None, "no policy file 'no.onnx'"),
        ("text.onnx", b"text", "'text.onnx' is not a readable ONNX model"),
    ],
)
def test_info_about_nothing(typed, name, content, text, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, _, err = typed("info", name)
    assert code == 2
    assert text in err


def test_info_about_somebody_elses_file(typed, tmp_path):
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    code, _, err = typed("info", "other.nc")
    assert code == 2
    assert "not a result of lf.solve" in err


# --- errors and exit codes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("run sodd", "no problem named 'sodd'. Did you mean 'sod'?"),
        ("run sod --scheme weno-5", "no scheme named 'weno-5'. Did you mean 'weno5'?"),
        ("run sod --riemann hlcc", "no Riemann solver named 'hlcc'. Did you mean 'hllc'?"),
        ("run sod --integrator sprk3", "no integrator named 'sprk3'. Did you mean 'ssprk3'?"),
        ("run sod --variables primitiv", "Did you mean 'primitive'?"),
        ("run sod --backend nmba", "no backend named 'nmba'. Did you mean 'numba'?"),
        ("run sod --cells -3", "axis 'x' has -3 cells; that must be positive"),
        ("run sod --cells 30x20", "2 numbers of cells (30, 20) for a grid of 1 dimension"),
        ("run sod --schlieren", "--schlieren and --contours are for figures in two and three"),
        ("run sod --variable presure", "no variable named 'presure'. Did you mean 'pressure'?"),
        ("run sod --cfl 0", "cfl must be a finite number above 0; got 0.0"),
        ("run sod --t-end -1", "t_end must be finite and above 0; got -1.0"),
        ("run sod --times 0.1,9", "times must rise strictly within"),
        ("run sod --plot sod.xyz", "cannot write a figure to 'sod.xyz'"),
        ("run sod --scheme none.onnx", "no policy file 'none.onnx'"),
        ("problems sodd", "Did you mean 'sod'?"),
        ("schemes wno5", "Did you mean 'weno5'?"),
        ("policies universl", "no policy named 'universl'"),
    ],
)
def test_wrong_input_ends_with_2_and_one_line(typed, words, text):
    code, _, err = typed(*words.split())
    assert code == 2
    assert err.startswith("learnedflux: error: ")
    assert err.count("\n") == 1
    assert text in err


@pytest.mark.parametrize(
    "words",
    [
        "",
        "rnu sod",
        "run",
        "run sod --cells many",
        "run sod --cells 3x",
        "run sod --times a,b",
        "run sod --nope",
    ],
)
def test_wrong_words_end_with_2_and_the_usage(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words.split())
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: learnedflux")


def test_failed_run_ends_with_1_and_keeps_what_it_has(typed):
    options = "--integrator euler --cfl 3 --no-positivity --cells 100 --output part.nc"
    code, _, err = typed("run", "double_rarefaction", "--scheme", "mp5", options)
    assert code == 1
    assert "part.nc holds the run until it failed" in err
    assert re.search(r"^learnedflux: error: \w+ -\S+(, \w+ -\S+)* in cell", err, re.M)
    assert 0 < read("part.nc").time[-1] < 0.15


def test_file_that_cannot_be_written_ends_with_1(typed, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = typed("run", "sod", "--cells", 20, "--output", "file/sod.nc")
    assert code == 1
    assert err.startswith("learnedflux: error: ")


def test_missing_matplotlib_is_told_before_the_run(typed, monkeypatch):
    found = "learnedflux.cli.common.importlib.util.find_spec"
    monkeypatch.setattr(found, lambda name: None)
    code, out, err = typed("run", "sod", "--plot", "sod.png")
    assert (code, out) == (2, "")
    assert "pip install 'learnedflux[plot]'" in err


def test_reader_may_leave_early(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(["schemes"]) == 1


def test_version_and_help(capsys):
    for words in (["--version"], ["--help"], ["run", "--help"], ["compare", "--help"]):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == 0
        assert "learnedflux" in capsys.readouterr().out


def test_it_is_a_command(python):
    process = python("-m", "learnedflux", "schemes")
    assert process.stdout.startswith("scheme ")
    assert process.stderr == ""
