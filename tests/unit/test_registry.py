"""Registries: names, aliases, suggestions; and the tables that list them."""

import pytest

import learnedflux as lf
from learnedflux.registry import Registry
from learnedflux.table import Table


@pytest.fixture
def shapes():
    registry = Registry("shape")
    registry.add("square", 4, aliases=("box", "quad"))
    registry.add("triangle", 3)
    return registry


def test_is_a_mapping_in_order_of_entry(shapes):
    assert list(shapes) == ["square", "triangle"]
    assert len(shapes) == 2
    assert dict(shapes.items()) == {"square": 4, "triangle": 3}
    assert shapes["square"] == shapes["box"] == shapes["quad"] == 4


def test_aliases_are_found_but_not_listed(shapes):
    assert "box" in shapes
    assert "box" not in list(shapes)
    assert shapes.aliases("square") == ("box", "quad")
    assert shapes.aliases("triangle") == ()
    assert shapes.canonical("quad") == "square"
    assert shapes.canonical("triangle") == "triangle"


def test_unknown_name_is_an_input_error_with_a_suggestion(shapes):
    with pytest.raises(lf.UnknownNameError) as caught:
        shapes["sqare"]
    assert str(caught.value) == (
        "no shape named 'sqare'. Did you mean 'square'? Available: box, quad, square, triangle."
    )
    assert isinstance(caught.value, ValueError)
    assert "circle" not in shapes


def test_names_are_taken_once(shapes):
    for name, aliases in (("square", ()), ("box", ()), ("new", ("triangle",)), ("new", ("quad",))):
        with pytest.raises(lf.InputError, match="already registered"):
            shapes.add(name, 5, aliases)
    assert "new" not in shapes
    assert shapes["square"] == 4


def test_remove_forgets_aliases_too(shapes):
    shapes.remove("box")
    assert list(shapes) == ["triangle"]
    for name in ("square", "box", "quad"):
        assert name not in shapes
    shapes.add("box", 6)
    assert shapes["box"] == 6
    with pytest.raises(lf.UnknownNameError):
        shapes.remove("square")


def test_register_hands_the_function_back(shapes):
    @shapes.register("line", lambda function: function(), aliases=("edge",))
    def line():
        return 2

    assert line() == 2
    assert shapes["edge"] == 2


# --- the registries there are ---------------------------------------------------------------------


def test_what_the_library_has():
    assert {
        "constant", "muscl", "muscl-minmod", "muscl-mc", "muscl-superbee",
        "weno3-z", "weno5-js", "weno5-z", "weno7-z", "teno5", "mp5",
    } <= set(lf.reconstruction.reconstructions)  # fmt: skip
    solvers = {"godunov", "rusanov", "hll", "hllc", "roe"}
    assert solvers <= set(lf.riemann.riemann_solvers)
    assert {"euler", "ssprk2", "ssprk3", "ssprk104", "rk4"} <= set(lf.integrators.integrators)
    assert {"periodic", "outflow", "wall"} <= set(lf.boundaries.boundaries)
    chosen = {"characteristic", "characteristic-conserved", "primitive", "conserved"}
    assert chosen <= set(lf.reconstruction.variables)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("weno5", "weno5-z"),
        ("godunov", "constant"),
        ("weno3", "weno3-z"),
        ("muscl-van-leer", "muscl"),
    ],
)
def test_aliases_of_schemes(alias, name):
    assert lf.reconstruction.reconstructions.canonical(alias) == name
    assert lf.Scheme(alias).bind(lf.Burgers()).reconstruction.name == name


def test_every_piece_says_what_it_is_and_where_from():
    for piece in lf.reconstruction.reconstructions.values():
        assert piece.judgement
        assert piece.reference
        assert piece.cells % 2 == 1
        assert piece.radius == (piece.cells + 1) // 2
    for solver in lf.riemann.riemann_solvers.values():
        assert solver.judgement
        assert solver.reference


def test_a_user_s_scheme_works_by_name():
    @lf.reconstruction.register("test-fromm", cells=3, order=2, aliases=("test-f",))
    def fromm(b, c, d):
        return c + 0.25 * (d - b)

    try:
        assert fromm(0.0, 1.0, 2.0) == 1.5
        assert "test-fromm" in lf.schemes().column("scheme")
        problem = lf.problems.sine_advection(cells=20)
        one, other = (lf.solve(problem, name).u[-1].values for name in ("test-fromm", "test-f"))
        assert (one == other).all()
        assert not (one == lf.solve(problem, "muscl").u[-1].values).all()
    finally:
        lf.reconstruction.reconstructions.remove("test-fromm")


def test_a_user_s_riemann_solver_works_by_name():
    @lf.riemann.register("test-upwind", needs=("critical_points",))
    def upwind(eq, ql, qr, axis):
        return eq.flux(ql, axis)

    try:
        problem = lf.problems.sine_advection(cells=20)
        ours = lf.solve(problem, lf.Scheme("muscl", riemann="test-upwind")).u[-1].values
        assert (ours == lf.solve(problem, "muscl").u[-1].values).all()
        with pytest.raises(lf.InputError, match=r"needs critical_points .* Usable for it: .*hllc"):
            lf.Scheme("muscl", riemann="test-upwind").bind(lf.Euler())
    finally:
        lf.riemann.riemann_solvers.remove("test-upwind")


def test_default_riemann_solvers():
    class Plain(lf.Equation):
        variables = ("u",)

        def flux(self, q, axis):
            return (q[0],)

        def max_speed(self, q, axis):
            return 1.0 + 0.0 * q[0]

    assert lf.riemann.default_riemann(lf.Euler()) == "hllc"
    assert lf.riemann.default_riemann(lf.Burgers()) == "godunov"
    assert lf.riemann.default_riemann(Plain()) in ("hll", "rusanov")


# --- tables ---------------------------------------------------------------------------------------


def test_table_prints_aligned_and_iterates():
    table = Table([{"name": "a", "value": 0.5}, {"name": "longer", "value": None}])
    assert repr(table) == "name    value\na       0.5\nlonger"
    assert [row["name"] for row in table] == ["a", "longer"]
    assert table.column("value") == [0.5, None]
    assert len(table) == 2
    assert table[0] == {"name": "a", "value": 0.5}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1234.5678, "1.23e+03"), (0.012345, "0.0123"), (4.98e-5, "4.98e-05"),
     (7, "7"), (-0.5, "-0.5"), ("x", "x"), (None, "")],
)  # fmt: skip
def test_table_shows_numbers_shortly(value, text):
    assert repr(Table([{"v": value}])) == f"v\n{text}"


def test_empty_table():
    assert repr(Table([])) == "(empty table)"


def test_rows_are_copies():
    row = {"a": 1}
    table = Table([row])
    row["a"] = 2
    assert table[0]["a"] == 1


def test_table_of_schemes():
    table = lf.schemes()
    names = table.column("scheme")
    assert names[-1] == "learned"
    assert len(set(names)) == len(names)
    rows = {row["scheme"]: row for row in table}
    assert rows["weno5-z"]["also"] == "weno5"
    assert rows["mp5"]["order"] == 5
    assert rows["constant"]["stencil"] == 1
