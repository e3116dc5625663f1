"""Equations to train on are found by any name a user has for them."""

import re
import sys

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

import learnedflux as lf
from learnedflux import training
from learnedflux.training import laws

LAW = """
import learnedflux as lf

class Square(lf.Equation):
    size: float = 0.5
    variables = ("u",)

    def flux(self, q, axis):
        return (self.size * q[0] * q[0],)

    def max_speed(self, q, axis):
        return abs(2.0 * self.size * q[0])
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "square.py"
    path.write_text(LAW, encoding="utf-8")
    return path


def test_a_file_is_imported_once_and_found_again(file):
    equation = laws.find(f"{file}:Square")
    assert laws.find({"name": f"{file}:Square", "size": 2.0}).size == 2.0
    assert type(laws.find(f"{file}:Square")) is type(equation)
    assert laws.find(laws.describe(equation)) == equation
    assert laws.shape(equation) == "convex"
    np.testing.assert_allclose(laws.slope(equation, np.array([0.3, -2.0])), [0.3, -2.0])


def test_names_classes_and_objects():
    assert laws.find("Euler") == laws.find(lf.Euler) == lf.Euler()
    assert laws.find("learnedflux.equations:Burgers") == lf.Burgers()
    assert laws.describe(lf.Euler(gamma=1.2)) == {"name": "Euler", "gamma": 1.2}


def test_a_recipe_goes_where_the_file_goes(file, tmp_path):
    """Its digest depends on the class and its parameters, not on where the file lies."""
    moved = tmp_path / "elsewhere.py"
    moved.write_text(LAW, encoding="utf-8")
    one, two = (training.Recipe(equations=[f"{path}:Square"]) for path in (file, moved))
    assert one.digest == two.digest
    assert training.Recipe.of(None, **one.settings()).digest == one.digest
    other = training.Recipe(equations=[{"name": f"{file}:Square", "size": 1.0}])
    assert other.digest != one.digest


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("Burger", "no equation to train on named 'Burger'. Did you mean 'Burgers'"),
        ("{file}:Squar", "Did you mean 'Square'"),
        ("{folder}/none.py:Square", "none.py' to take an equation from"),
        ("{folder}/bad.py:Law", "bad.py' cannot be imported (ZeroDivisionError"),
        ("no.such.module:Law", "cannot import 'no.such.module'"),
        ({"size": 1.0}, "an equation to train on needs a name"),
        (dict, "an equation to train on is an Equation"),
    ],
)
def test_what_is_no_equation_is_told(file, given, text):
    file.with_name("bad.py").write_text("1 / 0", encoding="utf-8")
    if isinstance(given, str):
        given = given.format(file=file, folder=file.parent)
    before = set(sys.modules)
    with pytest.raises(lf.InputError, match=re.escape(text)):
        laws.find(given)
    assert not any("bad" in name for name in set(sys.modules) - before)
