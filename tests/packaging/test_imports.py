"""What an import may bring along, and which part may import which."""

import importlib.metadata
import tomllib

import pytest

# Packages that must not be needed, or cost time, before they are used.
HEAVY = ("torch", "gymnasium", "matplotlib", "mpi4py", "onnx", "onnxscript", "tensorboard")


@pytest.mark.parametrize("module", ["learnedflux", "learnedflux.cli"])
def test_import_brings_no_heavy_package(python, module):
    code = f"import sys, {module}; print(*(name for name in {HEAVY} if name in sys.modules))"
    loaded = python("-c", code).stdout.split()
    assert loaded == [], f"import {module} imports {loaded}"


def test_import_needs_no_heavy_package(python):
    """Even where they are not installed: a name set to None in sys.modules cannot be imported."""
    code = f"import sys; sys.modules.update(dict.fromkeys({HEAVY})); import learnedflux"
    assert python("-c", code).stderr == ""


def test_imports_run_one_way(python, root):
    pytest.importorskip("importlinter", reason="import-linter is not installed")
    code = "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(no_cache=True))"
    output = python("-c", code, cwd=root).stdout
    assert "0 broken" in output


def test_version_is_the_same_everywhere(root):
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    version = pyproject["project"]["version"]
    assert f"\nversion: {version}\n" in (root / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## [{version}]" in (root / "CHANGELOG.md").read_text(encoding="utf-8")
    try:
        installed = importlib.metadata.version("learnedflux")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("learnedflux is not installed, only on the path")
    assert installed == version
