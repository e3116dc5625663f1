"""Docstrings of public things speak of the parameters there really are.

Ruff checks their form. It imports nothing, so it cannot see whether documented parameters exist.
"""

import importlib
import inspect
import pkgutil

import pytest

import learnedflux

validate = pytest.importorskip("numpydoc.validate", reason="numpydoc is not installed").validate

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(learnedflux.__path__, "learnedflux.")
    if not module.name.endswith("__main__")
)


def public_names(module_name: str) -> list[str]:
    """Import paths of the functions and classes a module defines and exports."""
    module = importlib.import_module(module_name)
    return [
        f"{module_name}.{name}"
        for name in getattr(module, "__all__", ())
        if getattr(getattr(module, name), "__module__", None) == module_name
        and (inspect.isfunction(getattr(module, name)) or inspect.isclass(getattr(module, name)))
    ]


@pytest.mark.parametrize("module_name", MODULES)
def test_documented_parameters_exist(module_name):
    if module_name.startswith("learnedflux.training") or module_name.endswith("torch_array"):
        pytest.importorskip("torch", reason="needs the extra 'train'")
    wrong = []
    for name in public_names(module_name):
        report = validate(name)
        # Either no parameter is documented, or all of them.
        codes = (
            {"PR01", "PR02"} if "\n    Parameters\n" in (report["docstring"] or "") else {"PR02"}
        )
        wrong += [f"{name}: {text}" for code, text in report["errors"] if code in codes]
    assert wrong == []


def test_a_wrong_docstring_is_found():
    """The check above would be worth nothing if numpydoc stopped reporting."""
    codes = [code for code, _ in validate(f"{__name__}.misleading")["errors"]]
    assert {"PR01", "PR02"} <= set(codes)


def misleading(a):
    """Do nothing.

    Parameters
    ----------
    b : int
        Not a parameter.
    """
