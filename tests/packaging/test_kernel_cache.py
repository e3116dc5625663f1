"""Compiled kernels are kept on disk, and found again by the next process."""

SOLVE = """
import learnedflux as lf
lf.solve(lf.problems.sod(cells=50), scheme="godunov")
"""


def test_second_process_compiles_nothing(python, tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNEDFLUX_CACHE", str(tmp_path / "kernels"))
    first = python("-c", SOLVE)
    compiled = sorted((tmp_path / "kernels").rglob("*.nbc"))
    assert compiled, "no compiled kernel was kept"
    assert "compiling" in first.stderr, "the first compilation was not announced"

    # A kernel that is not recognised is compiled again and stored beside the old one.
    second = python("-c", SOLVE)
    assert sorted((tmp_path / "kernels").rglob("*.nbc")) == compiled
    assert "compiling" not in second.stderr
