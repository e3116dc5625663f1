"""Every example and every block of Python in the documentation runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Examples with kernels of their own to compile (two dimensions, an own equation, a new policy), and
# a training with all that belongs to it.
LONG = ("double_mach_reflection", "heavy_over_light", "own_equation", "retrain", "train_export_use")
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python_of(page: str) -> str:
    """Return the Python blocks of a page as one script, each line where it stands in the page.

    Later blocks may build on earlier ones, as a reader's session would.
    """
    lines = [""] * (page.count("\n") + 1)
    for match in FENCE.finditer(page):
        first = page.count("\n", 0, match.start(1))
        for i, line in enumerate(match.group(1).splitlines()):
            lines[first + i] = line
    return "\n".join(lines)


def needs_torch(script: str) -> bool:
    return re.search(r"\btorch\b|learnedflux(\.| import )training", script) is not None


def test_blocks_keep_their_line_numbers():
    page = "text\n```python\na = 1\n\nb = 2\n```\n```bash\nls\n```\n```python\nc = a + b\n```\n"
    lines = python_of(page).splitlines()
    assert [lines[i] for i in (2, 4, 10)] == ["a = 1", "b = 2", "c = a + b"]
    assert sum(map(bool, lines)) == 3


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(path, id=path.stem, marks=pytest.mark.slow if path.stem in LONG else ())
        for path in EXAMPLES
    ],
)
def test_example_runs(example, python):
    if needs_torch(example.read_text(encoding="utf-8")):
        pytest.importorskip("torch", reason="needs the extra 'train'")
    python(example)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_short_and_says_what_it_is(example):
    text = example.read_text(encoding="utf-8")
    assert text.startswith('"""'), "start with a docstring: what the example shows"
    assert text.count("\n") < 60


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_python_of_page_runs(page, python, tmp_path):
    script = python_of(page.read_text(encoding="utf-8"))
    if not script.strip():
        pytest.skip("no Python on this page")
    if needs_torch(script):
        pytest.importorskip("torch", reason="needs the extra 'train'")
    path = tmp_path / f"{page.stem}.md.py"
    path.write_text(script, encoding="utf-8")
    python(path)
