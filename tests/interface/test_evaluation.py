"""The user's view of evaluations: error texts, failures that are told and not raised, reports."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import learnedflux as lf
from learnedflux import evaluation
from learnedflux.errors import InadmissibleStateError

pytest.importorskip("matplotlib", reason="needs the extra 'plot'")


@pytest.fixture(scope="module")
def measured():
    return evaluation.run(["godunov", "muscl"], ["sod", "tophat"], cells=(20, 40, 80), repeats=1)


@pytest.fixture
def fragile(monkeypatch):
    """Let one scheme fail on every problem, as a run would."""
    from learnedflux.evaluation import measure

    solve = measure.solve

    def failing(problem, scheme, **settings):
        if scheme.name == "muscl":
            ds = solve(problem, scheme, **settings)
            raise InadmissibleStateError(
                "pressure <low> & falling", time=0.05, step=7, cell=(3,), state={}, result=ds
            )
        return solve(problem, scheme, **settings)

    monkeypatch.setattr(measure, "solve", failing)


# --- what is wrong is said before anything is computed --------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((["godunov"], "euler1d"), r"no suite named 'euler1d'\. Did you mean 'euler-1d'"),
        ((["godunov"], "sod"), r"'sod' is a problem, not a suite; pass a list of problems"),
        ((["godunov"], ["sodd"]), r"no problem named 'sodd'\. Did you mean 'sod'"),
        ((["godunov"], [3]), "a suite holds names of problems, Problems or Cases; got int"),
        ((["godunov"], []), "suite 'custom' is empty"),
        ((["godunov"], ["sod", "sod"]), "two problems .* are called 'sod'.*label="),
        ((["godunov"], 7), "suite must be a name .* or a list of problems"),
        ((["weno-5"], ["sod"]), "no scheme named 'weno-5'"),
        (("godunov", ["sod"]), r"schemes must be a list, \['weno5', 'learned'\] say"),
        (([], ["sod"]), "schemes is empty"),
        (([lf.Scheme("mp5"), lf.Scheme("mp5", "hll")], ["sod"]), "two schemes are called 'mp5'"),
    ],
)
def test_wrong_questions(arguments, text):
    with pytest.raises(lf.InputError, match=text):
        lf.evaluate(*arguments)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"cells": 50, "refine": (1, 2)}, "give cells or refine, not both"),
        ({"cells": 0}, "at least one cell"),
        ({"cells": "many"}, "cells must be a whole number or a list; got 'many'"),
        ({"refine": 2}, "refine must be a list of numbers"),
        ({"repeats": 0}, "repeats must be a whole number above 0"),
        ({"cfl": -1.0}, "cfl must be a finite number above 0"),
        ({"integrator": "rk5"}, "no integrator named 'rk5'"),
    ],
)
def test_wrong_settings(settings, text):
    with pytest.raises(lf.InputError, match=text):
        lf.evaluate(["godunov"], ["sod"], **settings)


def test_schemes_must_fit_every_problem_of_a_suite():
    """HLLC is not for scalar laws: said at once, not after the first problem."""
    with pytest.raises(lf.InputError, match="hllc"):
        lf.evaluate([lf.Scheme("muscl", riemann="hllc")], ["sod", "tophat"], repeats=1)


def test_no_exact_solution_means_a_fine_run():
    ds = lf.evaluate(["godunov"], ["shu_osher"], cells=20, finer=4, repeats=1)
    assert ds.reference.item() == "weno5-z, 80 cells"
    assert np.isfinite(ds.error.item())


# --- failures -------------------------------------------------------------------------------------


def test_a_scheme_that_fails_is_reported_and_not_raised(fragile):
    ds = lf.evaluate(["godunov", "muscl"], ["sod"], cells=20, repeats=1)
    lost, kept = ds.sel(scheme="muscl"), ds.sel(scheme="godunov")
    assert lost.failed.item()
    assert not kept.failed.item()
    assert np.isnan(lost.error.item())
    assert np.isfinite(kept.error.item())
    assert lost.message.item() == "pressure <low> & falling"
    assert (lost.steps.item(), lost.time_reached.item()) == (7, 0.05)
    assert evaluation.ratios(ds, "godunov").failed.values.tolist() == [0, 1]


def test_a_real_failure_is_reported():
    ds = lf.evaluate(["godunov"], ["sod"], cells=20, repeats=1, max_steps=3)
    assert ds.failed.item()
    assert "3 steps (max_steps) were not enough" in ds.message.item()


# --- reports --------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Tags that are open at the end, and everything a browser would fetch."""

    VOID = ("meta", "img", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.fetched, self.pictures, self.text = [], [], 0, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        for key, value in attrs:
            if key in ("src", "href") and not value.startswith(("data:", "#")):
                self.fetched.append(value)
            self.pictures += key == "src"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_report_is_one_page_that_needs_nothing(measured, tmp_path):
    waves = evaluation.amplification(["muscl"], [4, 8], cfl=0.4, periods=1, amplitude=0.1)
    path = tmp_path / "deep" / "report.html"
    evaluation.write_report(measured, path, baseline="godunov", waves=waves)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert page.fetched == []
    assert "<script" not in text
    assert "url(" not in text
    assert page.pictures == 1 + 2 * 2  # waves; of each problem the solutions and the errors
    for words in ("Flux schemes on 2 problems", "Summary", "No wave grew", "error at equal time"):
        assert words in page.text
    assert (
        f"{measured.dataset.error.sel(scheme='muscl', problem='sod', cells=40).item():.2e}" in text
    )
    assert str(tmp_path) not in text


def test_reports_mark_the_lowest_and_the_losses(measured):
    page = evaluation.report.page(measured, "muscl")
    error = measured.dataset.error.sel(problem="sod", cells=40)
    best, worse = (error.sel(scheme=name).item() for name in ("muscl", "godunov"))
    assert f"<b>{best:.2e}</b>" in page
    lost = re.search(rf"<td class='lost'>{worse:.2e}<small>▲ ×(\S+)", page)
    assert float(lost.group(1)) == pytest.approx(worse / best, abs=0.006)
    assert "Where they lose to muscl" in page
    assert re.search(r"<li><b>godunov</b>: sod ×", page)


def test_reports_tell_failures_and_escape_what_they_say(fragile):
    found = evaluation.run(["godunov", "muscl"], ["sod"], cells=20, repeats=1)
    page = evaluation.report.page(found)
    assert "<td class='failed' title='pressure &lt;low&gt; &amp; falling'>fails</td>" in page
    assert "<li>muscl, sod, 20 cells: pressure &lt;low&gt; &amp; falling</li>" in page
    assert Page(page).open == []


def test_a_report_where_nothing_is_compared():
    case = evaluation.Case("sod", compared=False)
    page = evaluation.report.page(evaluation.run(["godunov"], [case], cells=20, repeats=1))
    assert "No errors were measured" in page
    assert "No run failed" in page
    assert "fails" not in page


def test_two_dimensions_are_drawn():
    found = evaluation.run(["godunov"], ["riemann_2d_3"], cells=16, finer=2, repeats=1)
    page = evaluation.report.page(found)
    assert Page(page).pictures == 1
    assert "weno5-z, 32 x 32 cells" in page


def test_a_report_is_written_whole_or_not_at_all(measured, tmp_path, monkeypatch):
    from learnedflux.evaluation import report

    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(report, "page", lambda *given: "half of it \ud800")  # no such letter
    with pytest.raises(UnicodeEncodeError):
        evaluation.write_report(measured, path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_pictures_of_evaluations(measured):
    with pytest.raises(lf.UnknownNameError, match="no problem in this evaluation named 'lax'"):
        lf.plot.errors(measured.dataset, "lax")
    waves = evaluation.amplification(["muscl"], [4, 8], cfl=0.4, periods=1, amplitude=0.1)
    with pytest.raises(lf.UnknownNameError, match="no equation in this result named 'Euler'"):
        lf.plot.amplification(waves, "Euler")
    without = measured.dataset.assign(error=np.nan * measured.dataset.error)
    with pytest.raises(lf.InputError, match="no errors of 'sod' were measured"):
        lf.plot.errors(without, "sod")
