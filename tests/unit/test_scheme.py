"""Schemes: what is left open is chosen by the equation, and all parts must fit it."""

import pytest

import learnedflux as lf
from learnedflux.reconstruction import reconstructions
from learnedflux.reconstruction.steered import SETTINGS


def test_defaults_are_chosen_by_the_equation():
    gas = lf.Scheme("mp5").bind(lf.Euler())
    assert (gas.riemann, gas.variables, gas.positivity) == ("hllc", "characteristic", True)
    law = lf.Scheme("mp5").bind(lf.Burgers())
    assert (law.riemann, law.positivity) == ("godunov", False)
    assert law.reconstruction is reconstructions["mp5"]


def test_parts_given_are_kept():
    scheme = lf.Scheme("muscl", riemann="roe", variables="primitive", positivity=False)
    bound = scheme.bind(lf.Euler())
    assert (bound.name, bound.riemann, bound.variables) == ("muscl", "roe", "primitive")
    assert not bound.positivity


def test_anything_that_means_a_scheme():
    scheme = lf.Scheme("teno5", riemann="hll")
    assert lf.Scheme.of(scheme) is scheme
    assert lf.Scheme.of("teno5") == lf.Scheme("teno5")
    rule = reconstructions["teno5"]
    assert lf.Scheme.of(rule).bind(lf.Euler()).reconstruction is rule
    shipped = lf.policies()[0]["path"]
    for given in (lf.Policy(shipped), shipped):
        bound = lf.Scheme.of(given).bind(lf.Euler())
        assert isinstance(bound.reconstruction, lf.Policy)
        assert bound.radius == 3


def test_learned_is_the_policy_for_the_equation():
    bound = lf.Scheme("learned").bind(lf.Burgers())
    assert bound.name == "learned"
    assert isinstance(bound.reconstruction, lf.Policy)


def test_large_steps_narrow_the_bounds_of_what_is_carried_along():
    def loose(equation, cfl, dimension=1, scheme="learned"):
        bound = lf.Scheme(scheme).bind(equation).for_steps(cfl, equation, dimension)
        return bound.reconstruction.network.settings[SETTINGS.index("loose")]

    for equation in (lf.Advection(), lf.Euler()):
        steepness = [loose(equation, cfl) for cfl in (0.1, 0.4, 0.5, 0.7, 0.75, 0.8, 1.0)]
        assert steepness == pytest.approx([4.0, 4.0, 1.0, 1.0, 0.9, 0.8, 2 / 3])
    assert loose(lf.Burgers(), 0.8) == 4.0
    assert loose(lf.ShallowWater(), 0.8, dimension=2) == pytest.approx(0.8)  # it carries shear
    assert loose(lf.Advection(), 0.1) == 4.0, "the policy itself is as it was"
    bound = lf.Scheme("weno5").bind(lf.Advection())
    assert bound.for_steps(0.8, lf.Advection(), 1) is bound


def test_replace_exchanges_parts():
    scheme = lf.Scheme("mp5", riemann="hll")
    other = scheme.replace(variables="conserved")
    assert (other.riemann, other.variables) == ("hll", "conserved")
    assert scheme.variables == "characteristic"


@pytest.mark.parametrize("name", list(reconstructions))
def test_the_stencil_decides_the_number_of_ghost_cells(name):
    radius = {1: 1, 3: 2, 5: 3, 7: 4}[reconstructions[name].cells]
    assert lf.Scheme(name).bind(lf.Euler()).radius == radius


def test_linear_fields_are_known_in_characteristic_variables_only():
    gas = lf.Euler()
    assert lf.Scheme("mp5").bind(gas).linear_fields(gas, 1) == (False, True, False)
    primitive = lf.Scheme("mp5", variables="primitive").bind(gas)
    assert primitive.linear_fields(gas, 1) == (False, False, False)
    wind = lf.Advection()
    assert lf.Scheme("mp5").bind(wind).linear_fields(wind, 1) == (True,)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"reconstruction": "weno6"}, r"no scheme named 'weno6'\. Did you mean 'weno"),
        ({"reconstruction": 5}, "got int"),
        ({"riemann": "hlcc"}, r"no Riemann solver named 'hlcc'\. Did you mean 'hllc'"),
        ({"variables": "conservative"}, r"no set of .* named 'conservative'"),
        ({"positivity": "yes"}, "positivity must be True or False"),
        ({"reconstruction": "nowhere.onnx"}, "no policy file 'nowhere.onnx'"),
    ],
    ids=str,
)
def test_parts_that_make_no_sense(given, text):
    with pytest.raises(lf.InputError, match=text):
        lf.Scheme(**given)


def test_parts_that_do_not_fit():
    with pytest.raises(lf.InputError, match=r"'godunov' needs critical_points .* Euler"):
        lf.Scheme("mp5", riemann="godunov").bind(lf.Euler())
    with pytest.raises(lf.InputError, match=r"'hllc' needs .* Burgers does not define"):
        lf.Scheme("mp5", riemann="hllc").bind(lf.Burgers())
