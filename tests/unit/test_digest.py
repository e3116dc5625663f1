"""A kernel on disk is found again by what it was compiled from, and by nothing less."""

import sys
import textwrap
import types

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.backends.digest import digest

LAW = """
import math
import numpy as np
import learnedflux as lf
from learnedflux.ops import absolute, pointwise

SPEED = 2.0

@pointwise
def helper(u{default}):
    return {helper}

class Law(lf.Equation):
    {parameters}
    variables = ("u",)

    def flux(self, q, axis):
        return ({flux},)

    def max_speed(self, q, axis):
        return absolute({speed})

{more}
"""
PLAIN = {
    "helper": "u * u",
    "parameters": "a: float = 1.0\n    b: float = 2.0",
    "flux": "SPEED * q[0] + helper(q[0])",
    "default": "",
    "speed": "SPEED + 2.0 * q[0]",
    "more": "",
}


def law(name="somewhere", **changes):
    """The class ``Law`` as a module of a user would define it, with some text changed."""
    module = sys.modules[name] = types.ModuleType(name)
    exec(textwrap.dedent(LAW).format(**(PLAIN | changes)), vars(module))
    return module.Law


def test_equal_text_gives_an_equal_digest():
    assert digest((law(),)) == digest((law(),)) is not None


def test_digests_are_short_names():
    found = digest((law(), 3, None, "x", 0.5))
    assert len(found) == 20
    assert found.isalnum()


@pytest.mark.parametrize(
    "changes",
    [
        {"flux": "SPEED * q[0] - helper(q[0])"},
        {"flux": "SPEED * q[0] + 1.5 * helper(q[0])"},
        {"speed": "SPEED + 2.0 * q[0] + 1.0"},
        {"helper": "u * u * u"},
        {"more": "SPEED = 3.0"},
        {"more": "helper = pointwise(lambda u: 0.5 * u)"},
        {"default": ", extra=1.0"},
        {"parameters": "a: float = 1.0"},
        {"parameters": "b: float = 2.0\n    a: float = 1.0"},
        {"flux": "(lambda u: SPEED * u)(q[0])", "more": "SPEED = 5.0"},
    ],
    ids=str,
)
def test_what_enters_the_machine_code_changes_the_digest(changes):
    before = dict(changes)
    if "flux" in changes and "more" in changes:  # compare with the same flux and the old constant
        before.pop("more")
        assert digest((law(**before),)) != digest((law(**changes),))
    assert digest((law(**changes),)) != digest((law(),))


def test_the_order_of_parameters_counts():
    """Compiled code knows a parameter by its place."""
    one = law(parameters="a: float = 1.0\n    b: float = 2.0", flux="self.a * q[0]")
    other = law(parameters="b: float = 2.0\n    a: float = 1.0", flux="self.a * q[0]")
    assert digest((one,)) != digest((other,))


def test_values_of_parameters_do_not_count():
    """They are arguments of a kernel, not part of it."""
    other = law(parameters="a: float = 7.0\n    b: float = -2.0")
    assert digest((law(),)) == digest((other,))


def test_methods_of_a_base_count():
    one, other = (
        type("Child", (law(flux=flux),), {"__annotations__": {}, "__module__": "somewhere"})
        for flux in ("q[0]", "2.0 * q[0]")
    )
    assert digest((one,)) != digest((other,))


@pytest.mark.parametrize(
    "value", ["np.ones(3)", "[1.0, 2.0]", "{'a': 1.0}", "object()", "textbook"], ids=str
)
def test_what_cannot_be_told_from_its_text_is_not_kept(value):
    more = f"textbook = type(lf)('textbook')\nSPEED = {value}"
    assert digest((law(more=more),)) is None


def test_constants_in_tuples_and_from_numpy_and_math_are_known():
    first = law(flux="SPEED[1] * q[0] * math.pi * np.pi", more="SPEED = (1.0, 2.0)")
    other = law(flux="SPEED[1] * q[0] * math.pi * np.pi", more="SPEED = (1.0, 3.0)")
    assert digest((first,)) is not None
    assert digest((first,)) != digest((other,))
    assert digest((((1, 2), 3),)) != digest(((1, (2, 3)),))
    assert digest((1.0,)) != digest((1,))


def test_closures_count_by_what_they_hold():
    def scaled(factor):
        def function(b, c, d):
            return factor * c

        return function

    assert digest((scaled(1.0),)) == digest((scaled(1.0),))
    assert digest((scaled(1.0),)) != digest((scaled(2.0),))
    assert digest((scaled(np.ones(2)),)) is None


def test_functions_that_call_each_other_come_to_an_end():
    scope = {"__name__": __name__}
    exec("def f(x): return g(x)\ndef g(x): return f(x) if x else 1.0", scope)
    assert digest((scope["f"],)) is not None


def test_functions_of_no_module_are_not_kept():
    """Numba would write their kernels to disk, and fail to read them again."""
    found = law("nowhere")
    assert digest((found,)) is not None
    del sys.modules["nowhere"]
    assert digest((found,)) is None


def test_the_library_s_own_pieces_count_by_name():
    pieces = [lf.Euler, lf.Burgers, lf.riemann.hllc, lf.riemann.roe, lf.reconstruction.mp5]
    found = {digest((piece,)) for piece in pieces}
    assert len(found) == len(pieces)
    assert None not in found


# --- in use ---------------------------------------------------------------------------------------


def solution(equation, scheme="constant"):
    problem = lf.Problem(
        equation, lf.Grid(x=(0.0, 1.0, 20)), lambda x: np.sin(7 * x), "periodic", t_end=0.02
    )
    return lf.solve(problem, scheme).u[-1].values


@pytest.mark.slow
def test_a_law_written_anew_under_its_old_name_is_computed_anew():
    """As in a notebook, when a cell is changed and run again."""
    first = solution(law(helper="0.0 * u")())
    second = solution(law(helper="u * u")())
    again = solution(law(helper="0.0 * u")())
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)


@pytest.mark.slow
def test_two_classes_of_one_text_work_side_by_side():
    """As in a notebook, when a cell is run again unchanged and old objects are still about."""
    old, new = law()(), law()()
    np.testing.assert_array_equal(solution(new), solution(old))
    np.testing.assert_array_equal(solution(old, "muscl"), solution(new, "muscl"))


@pytest.mark.slow
def test_a_kernel_with_unknown_values_works_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNEDFLUX_CACHE", str(tmp_path))
    from_array = solution(
        law(flux="SPEED[0] * q[0]", speed="SPEED[0] + 0.0 * q[0]", more="SPEED = np.array([2.0])")()
    )
    assert not list(tmp_path.rglob("*"))
    from_number = solution(law(flux="SPEED * q[0]", speed="SPEED + 0.0 * q[0]")())
    np.testing.assert_array_equal(from_array, from_number)
