"""What schemes do on the way: actions at faces, errors and variations over time, their figures."""

import importlib.util

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.cli import main

pytest.importorskip("torch", reason="actions need the extra 'train'")


def actions(problem, scheme, **settings):
    ds = lf.solve(problem, "weno5-z", times=4, backend="torch")
    return lf.evaluation.actions(ds, problem, scheme, **settings)


@pytest.fixture(scope="module")
def sod():
    return lf.problems.sod(cells=50)


def finite(array):
    values = array.values.ravel()
    assert np.isfinite(values).sum() > 20
    return values[np.isfinite(values)]


def test_actions_say_where_between_two_cells_a_face_value_lies(sod):
    assert set(finite(actions(sod, "godunov").action)) == {0.0}
    central = lf.reconstruction.Reconstruction("central", lambda b, c, d: 0.5 * (c + d), 3, 2)
    np.testing.assert_allclose(finite(actions(sod, central).action), 0.5, atol=1e-9)
    limited = finite(actions(sod, "muscl").action)
    assert -1e-12 <= limited.min() < 0.1
    assert 0.6 < limited.max() <= 1 + 1e-12


def test_actions_of_any_policy_file(sod, policy_file):
    assert set(finite(actions(sod, policy_file()).action)) == {0.0}  # it gives the upwind cell
    learned = actions(sod, "learned")
    assert abs(finite(learned.action - learned.beside)).max() > 0.1


def test_weno_beside_itself_does_the_same(sod):
    for kind in ("characteristic", "split"):
        scheme = lf.Scheme("weno5-js", variables=kind)
        found = actions(sod, scheme)
        assert found.action.equals(found.beside)
        assert found.attrs["variables_acted_on"] == kind
    assert list(found.field.values) == ["density", "momentum_x", "energy"]


def test_mirrored_states_have_mirrored_actions():
    def profile(sign):
        return lf.Problem(
            lf.Burgers(),
            lf.Grid(x=(-1, 1, 40)),
            lambda x: sign * np.exp(-9 * (sign * x - 0.2) ** 2),
            "periodic",
            t_end=0.2,
        )

    here, there = (actions(profile(sign), "mp5").action for sign in (1, -1))
    seen = there.values[:, ::-1, :, ::-1]
    np.testing.assert_array_equal(here.values[0], seen[0])
    np.testing.assert_allclose(here.values, seen, rtol=1e-9, atol=1e-9)


def test_course_is_error_and_variation_over_time():
    problem = lf.problems.rarefaction(cells=40)
    ds = lf.solve(problem, "weno5-z", times=5, backend="torch")
    found = lf.evaluation.course(ds, problem.exact)
    np.testing.assert_allclose(found.error, lf.metrics.error(ds, problem.exact).u, rtol=1e-12)
    np.testing.assert_allclose(found.true_variation, 1.0)
    assert (found.variation > 0.99).all()
    fine = lf.solve(problem.with_cells(160), "weno5-z", times=5, backend="torch")
    np.testing.assert_allclose(lf.evaluation.course(ds, fine).true_variation, 1.0, atol=1e-4)
    assert "error" not in lf.evaluation.course(ds)


def test_actions_need_the_problem_that_was_solved(sod):
    ds = lf.solve(sod, "weno5-z", backend="torch")
    with pytest.raises(lf.InputError, match="give the problem that was solved"):
        lf.evaluation.actions(ds, lf.problems.sod(cells=40), "weno5-z")
    with pytest.raises(lf.InputError, match="of a result in one dimension"):
        lf.evaluation.actions(ds, lf.problems.get("riemann_2d_3")(cells=8), "weno5-z")


# --- figures --------------------------------------------------------------------------------------


@pytest.fixture
def drawing(monkeypatch):
    pytest.importorskip("matplotlib", reason="needs the extra 'plot'")
    monkeypatch.setattr("learnedflux.evaluation.figures.TIMES", 3)


def test_the_command_writes_figures(tmp_path, capsys, drawing):
    folder = tmp_path / "figures"
    words = "evaluate --schemes godunov,muscl --problems sod --cells 20 --repeats 1 --actions"
    assert main([*words.split(), str(folder)]) == 0
    assert capsys.readouterr().out.endswith(f"wrote 5 figures to {folder}\n")
    drawn = ("actions", "course", "evolution", "scatter", "state")
    assert sorted(p.name for p in folder.iterdir()) == [f"sod_{what}.png" for what in drawn]
    assert all(p.stat().st_size > 5000 for p in folder.iterdir())


@pytest.mark.slow
def test_schemes_that_act_on_other_things_are_drawn_apart(tmp_path, drawing):
    schemes = {"states": "weno5-z", "fluxes": lf.Scheme("weno5-z", variables="split")}
    paths = lf.evaluation.write_actions(
        schemes, ["sod"], tmp_path, cells=40, cfl=0.2, backend="torch"
    )
    names = {path.stem for path in paths}
    assert {"sod_actions_characteristic", "sod_actions_split"} <= names
    assert len(paths) == 7


def test_figures_show_what_they_say(sod, drawing):
    found = {name: actions(sod, name) for name in ("godunov", "weno5-z")}
    figure = lf.plot.actions(found)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == [
        f"field {k}, from the {side}" for k in (1, 2, 3) for side in ("left", "right")
    ]
    drawn = figure.axes[0].get_lines()[1].get_ydata()
    first = found["godunov"].action.isel(time=-1, side=0, field=0)
    np.testing.assert_array_equal(drawn, first)
    scatter = lf.plot.action_scatter(found)
    counts = scatter.axes[1].collections[0].get_array()
    pairs = np.isfinite(found["weno5-z"].action) & np.isfinite(found["weno5-z"].beside)
    assert np.nansum(np.ma.filled(counts, np.nan)) == int(pairs.sum())
    other = actions(sod, lf.Scheme("weno5-z", variables="split"))
    with pytest.raises(lf.InputError, match="draw them apart"):
        lf.plot.actions({**found, "other": other})
    with pytest.raises(lf.InputError, match="nothing to draw"):
        lf.plot.action_scatter({})


def test_a_scheme_that_fails_is_left_out(tmp_path, drawing, monkeypatch, caplog):
    from learnedflux.evaluation import figures

    solve = figures.solve

    def failing(problem, scheme, **settings):
        if scheme.name == "godunov":
            raise lf.UnstableError("it broke", time=0.1, step=3)
        return solve(problem, scheme, **settings)

    monkeypatch.setattr(figures, "solve", failing)
    paths = lf.evaluation.write_actions(
        ["godunov", "weno5"], ["sod"], tmp_path, cells=20, backend="torch"
    )
    assert len(paths) == 5
    assert "godunov fails on sod and is left out: it broke" in caplog.text


def test_figures_are_refused_before_anything_runs(tmp_path, capsys, drawing, monkeypatch):
    assert main(["evaluate", "--suite", "euler-2d", "--actions", str(tmp_path)]) == 2
    assert "actions are drawn in one dimension, and 'riemann_2d_3' has 2" in capsys.readouterr().err
    found = importlib.util.find_spec
    for package, extra in (("torch", "train"), ("matplotlib", "plot")):
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name, gone=package: None if name == gone else found(name),
        )
        assert main(["evaluate", "--problems", "sod", "--actions", str(tmp_path)]) == 2
        assert f"python -m pip install 'learnedflux[{extra}]'" in capsys.readouterr().err
