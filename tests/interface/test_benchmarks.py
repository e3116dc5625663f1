"""The benchmark of policies: each section prints its tables and judges what it should."""

import importlib
import sys

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.exact.euler import star_region

pytestmark = pytest.mark.slow  # compiles kernels of three schemes, some in two dimensions


@pytest.fixture(scope="module")
def policies(root):
    """The modules of ``benchmarks.policies`` by name."""
    sys.path.insert(0, str(root))
    try:
        yield lambda name: importlib.import_module(f"benchmarks.policies.{name}")
    finally:
        sys.path.remove(str(root))


@pytest.fixture
def exam(policies, tmp_path):
    """Examine MUSCL as if it were a policy, beside what it must be measured against, in haste."""
    return policies("exam").Exam(
        policies={"mine": lf.Scheme("muscl")},
        baselines={name: lf.Scheme(name) for name in ("teno5", "mp5")},
        cells=(20,),
        quick=True,
        reference_cells=40,
        cache=tmp_path,
        plot=tmp_path / "waves.png",
    )


def judged(exam, words):
    return {v.what: v for v in exam.verdicts if words in v.what}


def test_named_problems_on_their_own_grids_are_judged(policies, exam, capsys):
    named = policies("named")
    named.section(exam)
    assert not exam.verdicts  # on other grids nothing is asked
    text = capsys.readouterr().out
    assert "| titarev_toro, 100 |" in text
    assert text.count("geometric mean") == 1
    assert "not in the means" in text


def test_published_errors_stand_beside_ours(policies, exam, capsys):
    policies("named").published(exam)
    assert "| 3.81e-03 |" in capsys.readouterr().out
    assert not judged(exam, "sod")["sod, error at CFL 0.8"].kept  # MUSCL's is above it


def test_smooth_profiles_tell_order_two_from_five(policies, exam):
    policies("smooth").section(exam)
    order = judged(exam, "lowest order")["sine_advection, lowest order"]
    assert 1.5 < order.found < 2.5
    assert not order.kept


def test_waves_do_not_grow_with_muscl_and_are_drawn(policies, exam, capsys, monkeypatch):
    waves = policies("waves")
    monkeypatch.setattr(waves, "FEW_PERIODS", 1.0)
    monkeypatch.setattr(waves, "SMALL", (0.1,))
    waves.section(exam)
    assert all(v.kept for v in judged(exam, "growth").values())
    assert len(judged(exam, "growth")) == 6
    assert (exam.cache / "waves-scalar.png").stat().st_size > 10_000
    assert "gas faster than sound" in capsys.readouterr().out


def test_long_runs_find_that_muscl_has_no_new_extrema_but_ripples(policies, exam, monkeypatch):
    long = policies("long")
    monkeypatch.setattr(long, "QUICK_T_END", 2.0)
    long.section(exam)
    assert judged(exam, "extrema")["long run, scalar, new extrema"].kept
    assert judged(exam, "ripple")["ripple on small sines, gas"].found > 1e-3


def test_fine_runs_in_two_dimensions_are_kept(policies, exam):
    two = policies("two")
    two.section(exam)
    assert judged(exam, "teno5")["riemann_2d_3, density error over teno5's"].found > 1
    (kept,) = exam.cache.glob("riemann_2d_3*.nc")
    before = kept.stat().st_mtime_ns
    again = two.reference("riemann_2d_3", exam.reference_cells, exam.cache)
    assert again.density.shape == (1, 40, 40)
    assert kept.stat().st_mtime_ns == before


def test_structure_holds_for_muscl(policies, exam):
    policies("structure").section(exam)
    assert len(exam.verdicts) == 4
    assert all(v.kept for v in exam.verdicts)


def test_cost_is_told_per_step_and_at_equal_time(policies, exam, capsys):
    policies("cost").section(exam)
    text = capsys.readouterr().out
    assert "| sod, 200 |" in text
    assert text.count("geometric mean") == 2


def test_further_problems_are_told_over_the_better_of_two(policies, exam, capsys):
    textbook = policies("textbook")
    textbook.section(exam)
    rows = dict(
        line.strip("| ").split(" | ")
        for line in capsys.readouterr().out.splitlines()
        if line.count("|") == 3 and not line.startswith("|-")
    )
    problem = next(p for p in textbook._tubes() if p.name == "two weaker fans")
    muscl, *others = (
        float(lf.metrics.error(lf.solve(problem, s), problem.exact).density[-1])
        for s in ("muscl", "teno5", "mp5")
    )
    assert float(rows["two weaker fans, 100"]) == pytest.approx(muscl / min(others), rel=1e-2)
    assert 1.0 < float(rows["geometric mean"]) < float(rows["largest"]) < 5.0
    assert len(rows) == 1 + 18 + 2


def test_quadrants_are_joined_by_single_waves(policies):
    textbook = policies("textbook")
    for name, (states, _) in textbook.QUADRANTS.items():
        problem = textbook._configuration(name)
        corners = [
            problem.initial(x, y) for x, y in ((0.9, 0.9), (0.1, 0.9), (0.1, 0.1), (0.9, 0.1))
        ]
        assert [tuple(map(float, corner.values())) for corner in corners] == list(states)
        one, two, three, four = states
        for low, high, normal in ((two, one, 1), (three, four, 1), (three, two, 2), (four, one, 2)):
            left, right = ((q[0], q[normal], q[3]) for q in (low, high))
            star = star_region(left, right, 1.4)
            middle = np.array([star.velocity, star.pressure])
            assert min(np.abs(middle - side[1:]).max() for side in (left, right)) < 2e-3
            sides = zip((star.density_left, star.density_right), (left, right), strict=True)
            if abs(left[2] - right[2]) > 0.1:  # a shock or a fan, and no contact beside it
                assert abs(star.density_left - star.density_right) < 2e-3
            else:
                assert all(abs(density - side[0]) < 2e-3 for density, side in sides)


def test_command_prints_what_was_asked_and_found(policies, capsys, monkeypatch):
    command = "policies --policy universal --schemes teno5,mp5 --section smooth --quick"
    monkeypatch.setattr(sys, "argv", command.split())
    policies("__main__").main()
    text = capsys.readouterr().out
    (digest,) = (row["digest"] for row in lf.policies() if row["policy"] == "universal")
    assert digest in text
    assert "| sine_advection, lowest order | universal |" in text


def test_exams_need_teno5_and_mp5_and_names_that_differ(policies):
    exam = policies("exam")
    with pytest.raises(lf.InputError, match="teno5 and mp5"):
        exam.Exam({"mine": "muscl"}, {"mp5": "mp5"})
    both = {"teno5": "teno5", "mp5": "mp5"}
    with pytest.raises(lf.InputError, match="name other policies"):
        exam.Exam({"mp5": "mp5"}, both)
    with pytest.raises(lf.InputError, match=r"no policy named 'eulr'. Did you mean 'euler'"):
        exam.scheme_of("eulr")
