"""Pictures: what is drawn, and where nothing can be."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import learnedflux as lf
from learnedflux.plot import COLOURS, MARKERS

SCHEMES = ("godunov", "muscl", "mp5")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def problem():
    return lf.problems.sod(cells=40)


@pytest.fixture(scope="module")
def results(problem):
    return {name: lf.solve(problem, name, times=3) for name in SCHEMES}


def curves(axis):
    """What is drawn, by its label."""
    return {line.get_label(): line.get_data() for line in axis.get_lines()}


def test_line_draws_the_final_cell_averages(results):
    ds = results["mp5"]
    figure = lf.plot.line(ds)
    (axis,) = figure.axes
    x, y = curves(axis)["mp5"]
    np.testing.assert_array_equal(x, ds.x)
    np.testing.assert_array_equal(y, ds.density[-1])
    assert axis.get_lines()[0].get_marker() in MARKERS
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("x", "mass density")


def test_line_draws_the_exact_solution_as_a_black_line(results, problem):
    (axis,) = lf.plot.line(results["mp5"], exact=problem.exact).axes
    (line,) = [line for line in axis.get_lines() if line.get_label() == "exact"]
    assert to_rgb(line.get_color()) == (0.0, 0.0, 0.0)
    x, y = line.get_data()
    np.testing.assert_array_equal(y, problem.exact(x, t=problem.t_end)["density"])


def test_line_has_a_panel_per_variable(results, problem):
    axes = lf.plot.line(results["mp5"], ["energy", "pressure"], problem).axes
    assert [axis.get_ylabel() for axis in axes] == ["total energy per volume", "pressure"]
    x, y = curves(axes[0])["exact"]
    w = problem.exact(x, t=problem.t_end)
    energy = w["pressure"] / 0.4 + 0.5 * w["density"] * w["velocity_x"] ** 2
    np.testing.assert_allclose(y, energy, rtol=1e-14)


def test_line_draws_the_time_asked_for(results):
    ds = results["mp5"]
    figure = lf.plot.line(ds, "pressure", time=0.1)
    np.testing.assert_array_equal(curves(figure.axes[0])["mp5"][1], ds.pressure[1])
    assert "t = 0.1" in figure.legends[0].get_title().get_text()


def test_units_are_shown_where_there_are_any(results):
    ds = results["mp5"].copy()
    ds["density"] = ds.density.assign_attrs(units="kg m-3")
    assert lf.plot.line(ds).axes[0].get_ylabel() == "mass density [kg m-3]"


def test_compare_draws_solutions_and_pointwise_errors(results, problem):
    figure = lf.plot.compare(results, exact=problem.exact, zoom=False)
    solution, error = figure.axes
    assert list(curves(solution)) == ["exact", *SCHEMES]
    assert error.get_yscale() == "log"
    exact = problem.exact.cell_averages(problem.grid, problem.t_end)["density"]
    for name, ds in results.items():
        np.testing.assert_array_equal(curves(error)[name][1], abs(ds.density[-1] - exact))


def test_compare_tells_results_apart(results):
    lines = lf.plot.compare(results, zoom=False).axes[0].get_lines()
    assert len({line.get_color() for line in lines}) == len(SCHEMES)
    assert len({line.get_marker() for line in lines}) == len(SCHEMES)


def test_many_results_differ_in_colour_or_marker(results):
    many = {f"run {i}": results["mp5"] for i in range(len(COLOURS) + 3)}
    lines = lf.plot.compare(many, zoom=False).axes[0].get_lines()
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == len(many)


def test_compare_zooms_where_errors_are_largest(problem):
    # Sod's contact and shock, at 0.685 and 0.850, are where schemes differ; not the rarefaction.
    results = {name: lf.solve(problem, name) for name in ("muscl", "mp5")}
    figure = lf.plot.compare(results, exact=problem.exact)
    lower, upper = figure.axes[1].get_xlim()
    assert upper - lower == pytest.approx(0.2)
    assert lower > 0.5
    assert lower < 0.85 < upper


def test_compare_zooms_where_it_is_told(results, problem):
    figure = lf.plot.compare(results, "pressure", problem.exact, zoom=(0.3, 0.4))
    assert figure.axes[1].get_xlim() == (0.3, 0.4)
    inside = [y[(x >= 0.3) & (x <= 0.4)] for x, y in curves(figure.axes[1]).values()]
    lowest, highest = figure.axes[1].get_ylim()
    assert lowest < min(map(np.min, inside))
    assert highest > max(map(np.max, inside))
    assert highest - lowest < 1.2 * np.ptp(np.concatenate(inside))


def test_compare_takes_a_finer_result_for_the_truth(results, problem):
    fine = lf.solve(problem.with_cells(120), "mp5")
    solution, error = lf.plot.compare({"mp5": results["mp5"]}, exact=fine, zoom=False).axes
    np.testing.assert_array_equal(curves(solution)["mp5, 120 cells"][1], fine.density[-1])
    means = fine.density[-1].values.reshape(40, 3).mean(axis=1)
    expected = abs(results["mp5"].density[-1] - means)
    np.testing.assert_allclose(curves(error)["mp5"][1], expected, rtol=1e-12, atol=1e-15)


def test_compare_takes_results_on_different_grids(results, problem):
    both = {"40": results["mp5"], "20": lf.solve(problem.with_cells(20), "mp5")}
    figure = lf.plot.compare(both, exact=problem.exact)
    assert len(curves(figure.axes[2])["20"][0]) == 20


def test_legend_covers_no_data(results, problem):
    figure = lf.plot.compare(results, exact=problem.exact)
    figure.canvas.draw()
    legend = figure.legends[0].get_window_extent()
    assert all(not legend.overlaps(axis.get_window_extent()) for axis in figure.axes)


def test_space_time_covers_grid_and_times(problem):
    ds = lf.solve(problem, "mp5", times=5)
    figure = lf.plot.space_time(ds, "pressure")
    axis, colours = figure.axes
    assert axis.get_xlim() == (0.0, 1.0)
    assert axis.get_ylim() == (0.0, 0.2)
    mesh = axis.collections[0]
    np.testing.assert_array_equal(np.ravel(mesh.get_array()), ds.pressure.values.ravel())
    assert colours.get_ylabel() == "pressure"


def test_figures_are_written_whole_and_closed(results, tmp_path):
    for suffix, start in (("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")):
        path = tmp_path / f"figure.{suffix}"
        lf.plot.save(lf.plot.line(results["mp5"]), path)
        assert path.read_bytes().startswith(start)
    assert plt.get_fignums() == []


def test_nothing_is_shown(results, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("show was called"))
    lf.plot.line(results["mp5"])


# --- two and three dimensions ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def plane():
    problem = lf.problems.burgers_sine_2d(cells=(16, 12))
    return problem, {name: lf.solve(problem, name, times=3) for name in ("godunov", "weno5")}


@pytest.fixture(scope="module")
def space():
    """Something like a result in three dimensions, without a run."""
    problem = lf.problems.density_wave_3d(cells=(6, 8, 10))
    rng = np.random.default_rng(0)
    semi = lf.Semidiscretization(problem, "weno5")
    q = problem.initial_state() * rng.uniform(0.9, 1.1, (6, 8, 10))
    from learnedflux.dataset import Statistics, to_dataset

    settings = {"cfl": 0.4, "integrator": "ssprk3"}
    return to_dataset(semi, [(0.0, problem.initial_state()), (0.5, q)], settings, Statistics())


def test_field_draws_every_cell_where_it_is(plane):
    _, results = plane
    ds = results["weno5"]
    axis, colours = lf.plot.field(ds).axes
    (image,) = axis.get_images()
    np.testing.assert_array_equal(image.get_array(), ds.u[-1])  # (y, x), y upward
    assert image.origin == "lower"
    assert image.get_extent() == [0.0, 4.0, 0.0, 4.0]
    assert axis.get_aspect() == 1.0
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("x", "y")
    assert colours.get_ylabel() == "conserved scalar"
    assert "16 x 12 cells, t = 0.5" in axis.figure.get_suptitle()


def test_field_takes_time_limits_and_contours(plane):
    ds = plane[1]["weno5"]
    axis = lf.plot.field(ds, "u", time=0.25, limits=(0.0, 1.0), contours=5).axes[0]
    (image,) = axis.get_images()
    np.testing.assert_array_equal(image.get_array(), ds.u[1])
    assert image.get_clim() == (0.0, 1.0)
    (lines,) = axis.collections
    assert len(lines.levels) == 5
    chosen = lf.plot.field(ds, contours=[0.2, 0.4]).axes[0].collections[0]
    np.testing.assert_array_equal(chosen.levels, [0.2, 0.4])


def test_field_of_both_signs_is_white_at_zero(plane):
    ds = plane[1]["weno5"].copy()
    ds["u"] = ds.u - 0.5
    image = lf.plot.field(ds).axes[0].get_images()[0]
    low, high = image.get_clim()
    assert low == -high
    assert image.get_cmap().name == "RdBu_r"


def test_schlieren_are_dark_where_the_gradient_is_largest(plane):
    ds = plane[1]["weno5"]
    figure = lf.plot.field(ds, schlieren=True)
    (axis,) = figure.axes  # numbers of no meaning: no colour bar
    dark = np.asarray(axis.get_images()[0].get_array())
    u = ds.u[-1].values
    slope = np.hypot(*np.gradient(u, 4 / 12, 4 / 16))
    assert dark.max() <= 1.0
    assert dark.argmin() == slope.argmax()
    assert dark.min() == pytest.approx(np.exp(-15.0))


def test_field_cuts_space_through_the_middle(space):
    figure = lf.plot.field(space)
    *panels, _ = figure.axes
    assert [axis.get_title()[0] for axis in panels] == ["z", "y", "x"]
    rho = space.density[-1].values  # (z, y, x)
    for axis, cut in zip(panels, (rho[5], rho[:, 4], rho[:, :, 3]), strict=True):
        np.testing.assert_array_equal(axis.get_images()[0].get_array(), cut)
    assert panels[1].get_ylabel() == "z"
    *one, _ = lf.plot.field(space, planes={"x": 0.0}).axes
    np.testing.assert_array_equal(one[0].get_images()[0].get_array(), rho[:, :, 0])
    assert len(lf.plot.field(space, "pressure", schlieren=True).axes) == 3


def test_compare_fields_shares_colours_and_shows_errors(plane):
    problem, results = plane
    figure = lf.plot.compare_fields(results, exact=problem.exact)
    one, two, error_one, error_two, _, error_bar = figure.axes
    limits = [axis.get_images()[0].get_clim() for axis in (one, two)]
    assert limits[0] == limits[1]
    assert [one.get_title(), two.get_title()] == ["godunov", "weno5"]
    exact = problem.exact.cell_averages(problem.grid, 0.5)["u"].T
    for axis, ds in ((error_one, results["godunov"]), (error_two, results["weno5"])):
        error = np.asarray(axis.get_images()[0].get_array())
        np.testing.assert_allclose(error, abs(ds.u[-1].values - exact))
    assert error_bar.get_ylabel() == "error of cell average"


def test_compare_fields_takes_a_finer_result_for_the_truth(plane):
    problem, results = plane
    fine = lf.solve(problem.with_cells(32), "godunov", times=[problem.t_end])
    axis = lf.plot.compare_fields({"one": results["godunov"]}, exact=fine).axes[1]
    means = fine.u[-1].values.reshape(12, 2, 16, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(
        np.asarray(axis.get_images()[0].get_array()),
        abs(results["godunov"].u[-1].values - means),
        atol=1e-15,
    )


@pytest.mark.parametrize(
    ("draw", "text"),
    [
        (lambda ds: lf.plot.field(ds, "v"), "no variable of this result named 'v'"),
        (lambda ds: lf.plot.field(ds, time=0.1), "no state at t = 0.1; its times are 0, 0.25, 0.5"),
        (lambda ds: lf.plot.field(ds, planes={"z": 0.0}), "planes are for .* three dimensions"),
        (lambda ds: lf.plot.field(3.0), "expected a result of lf.solve; got float"),
        (
            lambda ds: lf.plot.line(ds),
            "in one dimension; for two and three there are lf.plot.field",
        ),
        (lambda ds: lf.plot.compare_fields({}), "at least one result"),
    ],
)
def test_what_cannot_be_drawn_in_the_plane_is_told(plane, draw, text):
    with pytest.raises(lf.InputError, match=text):
        draw(plane[1]["weno5"])


def test_planes_must_cut_the_box(space):
    with pytest.raises(lf.InputError, match=r"the plane x = 3 is outside \[0, 2\]"):
        lf.plot.field(space, planes={"x": 3.0})
    with pytest.raises(lf.UnknownNameError, match="no axis of this grid named 'w'"):
        lf.plot.field(space, planes={"w": 3.0})


# --- what cannot be drawn -------------------------------------------------------------------------


def test_unknown_variable_is_named_with_a_suggestion(results):
    with pytest.raises(lf.UnknownNameError, match=r"'presure'\. Did you mean 'pressure'\?"):
        lf.plot.line(results["mp5"], "presure")
    with pytest.raises(lf.UnknownNameError, match=r"Did you mean 'pressure'\?"):
        lf.plot.compare(results, "presure")
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("draw", "text"),
    [
        (lambda ds: lf.plot.line(ds, time=0.15), "no state at t = 0.15; its times are 0, 0.1, 0.2"),
        (lambda ds: lf.plot.line(3.0), "expected a result of lf.solve; got float"),
        (lambda ds: lf.plot.line(ds, exact=3.0), "problem.exact or a reference Dataset; got float"),
        (lambda ds: lf.plot.line(ds, exact=lf.problems.blast()), "'blast' has no exact solution"),
        (lambda ds: lf.plot.line(ds.expand_dims("y")), "in one dimension; .* lf.plot.field"),
        (lambda ds: lf.plot.field(ds), "has one dimension; draw it by lf.plot.line"),
        (lambda ds: lf.plot.compare({}), "at least one result"),
        (lambda ds: lf.plot.compare({"a": ds}, zoom=(1.0, 0.5)), "zoom must be .* rising"),
        (
            lambda ds: lf.plot.compare({"a": ds}, exact=ds.isel(x=slice(30))),
            "reference has 30 cells, the result 40; .* finer by a whole factor",
        ),
        (lambda ds: lf.plot.space_time(ds.isel(time=[0, -1])), "3 output times, the result has 2"),
        (lambda ds: lf.plot.save(None, "figure.doc"), "'figure.doc'; give a suffix among .*png"),
    ],
)
def test_what_cannot_be_drawn_is_told(results, draw, text):
    with pytest.raises(lf.InputError, match=text):
        draw(results["mp5"])


def test_weights_have_a_panel_per_substencil_and_side():
    faces, linear = np.linspace(0.0, 1.0, 9), np.ones((2, 1, 9)) * np.array([[0.1], [0.6], [0.3]])
    chosen = {"agent": linear[::-1], "WENO5": linear}
    figure = lf.plot.weights(faces, chosen, (faces, faces), "a state")
    assert len(figure.axes) == 2 * (3 + 1)
    drawn = [line.get_ydata()[0] for line in figure.axes[4].get_lines()]
    assert drawn == [0.6, 0.6]
    assert [t.get_text() for t in figure.axes[2].get_legend().get_texts()] == ["agent", "WENO5"]
