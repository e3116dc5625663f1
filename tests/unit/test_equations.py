"""Equations: numbers by hand, parameters, and how a user's own are taken in."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import brentq

import learnedflux as lf
from learnedflux.ops import absolute, dot, sqrt

# --- Euler ----------------------------------------------------------------------------------------


def test_euler_by_hand():
    gas = lf.Euler(gamma=1.5)
    # density 2, velocity 3, pressure 1: energy 1 / 0.5 + 2 * 9 / 2.
    q = (2.0, 6.0, 11.0)
    assert gas.to_conserved((2.0, 3.0, 1.0)) == q
    assert gas.to_primitive(q) == (2.0, 3.0, 1.0)
    assert gas.flux(q, 0) == (6.0, 19.0, 36.0)
    assert gas.sound_speed(q) == pytest.approx(np.sqrt(0.75))
    assert gas.max_speed(q, 0) == pytest.approx(3.0 + np.sqrt(0.75))
    assert gas.mirror(q, 0) == (2.0, -6.0, 11.0)


def test_euler_in_three_dimensions_by_hand():
    gas = lf.Euler(gamma=1.5)
    q = gas.to_conserved((2.0, 1.0, -2.0, 3.0, 1.0))
    assert q == (2.0, 2.0, -4.0, 6.0, 2.0 + 14.0)
    assert gas.flux(q, 1) == (-4.0, -4.0, 8.0 + 1.0, -12.0, -2.0 * 17.0)
    assert gas.max_speed(q, 2) == pytest.approx(3.0 + np.sqrt(0.75))
    assert gas.mirror(q, 2) == (2.0, 2.0, -4.0, -6.0, 16.0)


@pytest.mark.parametrize(
    ("q", "fine"),
    [
        ((1.0, 0.0, 1.0), True),
        ((0.0, 0.0, 1.0), False),
        ((-1.0, 0.0, 1.0), False),
        ((1.0, 0.0, 0.0), False),
        ((1.0, 2.0, 1.9), False),  # less energy than the motion alone has
        ((np.nan, 0.0, 1.0), False),
        ((1.0, np.nan, 1.0), False),
        ((1.0, 0.0, np.nan), False),
    ],
)
def test_admissible_states(q, fine):
    with np.errstate(all="ignore"):
        assert bool(lf.Euler().admissible(tuple(map(np.float64, q)))) is fine


def test_names():
    assert lf.Euler().conserved_names(2) == ("density", "momentum_x", "momentum_y", "energy")
    assert lf.Euler().primitive_names(1) == ("density", "velocity_x", "pressure")
    assert lf.Burgers().conserved_names(1) == lf.Burgers().primitive_names(1) == ("u",)
    assert lf.Euler().linear_fields(2) == (False, True, True, False)
    assert lf.Advection().linear_fields(1) == (True,)
    assert lf.Burgers().linear_fields(1) == (False,)
    assert lf.Euler().name == "Euler"


@pytest.mark.parametrize("gamma", [1.0, 0.5, -1.4, np.nan])
def test_gamma_is_above_one(gamma):
    with pytest.raises(lf.InputError, match="gamma must be above 1"):
        lf.Euler(gamma=gamma)


# --- advection and Burgers ------------------------------------------------------------------------


def test_advection():
    wind = lf.Advection(velocity=(2.0, -3.0))
    assert wind.flux((5.0,), 1) == (-15.0,)
    assert wind.max_speed((5.0,), 1) == 3.0
    assert lf.Advection(velocity=2).velocity == (2.0,)
    assert lf.Advection(velocity=[1, 2]).velocity == (1.0, 2.0)
    for wrong in ((), (1.0,) * 4):
        with pytest.raises(lf.InputError, match="one to three numbers"):
            lf.Advection(velocity=wrong)
    with pytest.raises(lf.InputError, match="velocity of 2 numbers"):
        wind.require_dimension(1)
    wind.require_dimension(2)


def test_burgers():
    law = lf.Burgers()
    assert law.flux((-3.0,), 0) == (4.5,)
    assert law.max_speed((-3.0,), 0) == 3.0
    assert law.wave_speeds((2.0,), (-1.0,), 0) == (-1.0, 2.0)
    assert law.mirror((3.0,), 0) == (-3.0,)


# --- what an equation is --------------------------------------------------------------------------


def test_equations_are_frozen_values():
    assert lf.Euler() == lf.Euler(gamma=1.4)
    assert lf.Euler() != lf.Euler(gamma=1.3)
    assert hash(lf.Euler()) == hash(lf.Euler())
    assert repr(lf.Euler(gamma=1.2)) == "Euler(gamma=1.2)"
    assert lf.Euler().parameters() == {"gamma": 1.4}
    gas = lf.Euler()
    with pytest.raises(dataclasses.FrozenInstanceError):
        gas.gamma = 2.0


def test_compiled_parameters_carry_the_values():
    assert lf.Euler(gamma=1.2).compiled().gamma == 1.2
    assert lf.Advection(velocity=(1.0, 2.0)).compiled().velocity == (1.0, 2.0)


def test_what_is_not_defined_is_told_of():
    class Empty(lf.Equation):
        variables = ("u",)

    for method in ("flux", "max_speed"):
        with pytest.raises(NotImplementedError, match=f"Empty must define {method}"):
            getattr(Empty(), method)((1.0,), 0)

    class Nameless(lf.Equation):
        pass

    with pytest.raises(lf.InputError, match="names no variables"):
        Nameless().require_dimension(1)


def test_methods_of_one_name_take_equally_many_arguments():
    with pytest.raises(lf.InputError, match="'pressure' takes 2 argument"):

        class Other(lf.Equation):
            variables = ("u",)

            def pressure(self, q, axis):
                return q[0]


def test_parameters_need_their_type():
    with pytest.raises(lf.InputError, match=r"write speed: float = 2\.0"):

        class Forgotten(lf.Equation):
            speed = 2.0
            variables = ("u",)


def test_provides_tells_own_methods_from_defaults():
    assert lf.Euler().provides("to_characteristic")
    assert lf.Euler().provides("star_flux")
    assert not lf.Burgers().provides("to_characteristic")
    assert not lf.Burgers().provides("nonsense")
    assert lf.Burgers().provides("critical_points")


# --- equations of one's own -----------------------------------------------------------------------


class ShallowWater(lf.Equation):
    """A system with a vector, a parameter and helper methods, and nothing optional."""

    gravity: float = 9.81
    primitive = ("height", "velocity")
    variables = ("height", "discharge")

    def to_primitive(self, q):
        return (q[0], q[1] / q[0])

    def to_conserved(self, w):
        return (w[0], w[0] * w[1])

    def celerity(self, q):
        return sqrt(self.gravity * q[0])

    def flux(self, q, axis):
        return (q[1], q[1] * q[1] / q[0] + 0.5 * self.gravity * q[0] * q[0])

    def max_speed(self, q, axis):
        return absolute(q[1] / q[0]) + self.celerity(q)

    def mirror(self, q, axis):
        return (q[0], -q[1])

    def positive(self, q):
        return (q[0],)


def dam(cells=100, **changes):
    problem = lf.Problem(
        ShallowWater(gravity=1.0),
        lf.Grid(x=(-1.0, 1.0, cells)),
        lambda x: {"height": np.where(x < 0, 1.0, 0.25), "velocity": 0.0},
        t_end=0.5,
    )
    return problem.replace(**changes) if changes else problem


@pytest.mark.slow
@pytest.mark.parametrize("variables", ["conserved", "primitive"])
def test_a_system_with_the_least_there_is_solves_a_dam_break(variables):
    ds = lf.solve(dam(), lf.Scheme("mp5", variables=variables)).isel(time=-1)

    def through_fan(h):  # Stoker's solution with g = 1
        return 2.0 * (1.0 - np.sqrt(h))

    def through_shock(h):
        return (h - 0.25) * np.sqrt((h + 0.25) / (2.0 * h * 0.25))

    middle = brentq(lambda h: through_fan(h) - through_shock(h), 0.3, 0.9)
    velocity = through_fan(middle)
    plateau = ds.sel(x=slice(0.0, 0.25))
    np.testing.assert_allclose(plateau.height, middle, rtol=1e-2)
    np.testing.assert_allclose(plateau.velocity, velocity, rtol=1.5e-2)
    speed = middle * velocity / (middle - 0.25)
    right = ds.sel(x=slice(0.2, 0.9))
    at = float(right.x[int(np.argmin(np.diff(right.height)))])
    assert at == pytest.approx(speed * 0.5, abs=0.03)


def test_a_system_without_a_characteristic_projection_says_so():
    with pytest.raises(lf.InputError, match="ShallowWater is a system without to_characteristic"):
        lf.solve(dam(), "mp5")


@pytest.mark.slow
def test_parameters_reach_the_kernels():
    slow = lf.solve(dam(), lf.Scheme("muscl", variables="conserved"))
    problem = dam(equation=ShallowWater(gravity=4.0), t_end=0.25)
    fast = lf.solve(problem, lf.Scheme("muscl", variables="conserved"))
    # Four times the gravity is twice the speed.
    np.testing.assert_allclose(fast.height[-1], slow.height[-1], rtol=1e-12)
    np.testing.assert_allclose(fast.velocity[-1], 2.0 * slow.velocity[-1], atol=1e-12)


class Mixture(lf.Equation):
    """Advection of five tracers at a speed made of all of them: long tuples in compiled code."""

    variables = ("a", "b", "c", "d", "e")

    def flux(self, q, axis):
        return (0.1 * dot(q, q), q[0], q[1], q[2], q[3])

    def max_speed(self, q, axis):
        return 2.0 + 0.2 * absolute(dot(q, q))


@pytest.mark.slow
def test_long_systems_are_computed_alike_by_every_backend():
    pytest.importorskip("torch", reason="needs the extra 'train'")
    grid = lf.Grid(x=(0.0, 1.0, 20))

    def initial(x):
        return {name: np.sin(6 * x + k) for k, name in enumerate("abcde")}

    problem = lf.Problem(Mixture(), grid, initial, "periodic", t_end=0.1)
    scheme = lf.Scheme("muscl", variables="conserved")
    one, other = (lf.solve(problem, scheme, backend=b) for b in ("numba", "torch"))
    for name in "abcde":
        np.testing.assert_allclose(other[name], one[name], atol=1e-13)


class Positive(lf.Equation):
    """A positive quantity that only moves where there is any."""

    variables = ("u",)

    def flux(self, q, axis):
        return (0.5 * q[0] * q[0],)

    def max_speed(self, q, axis):
        return absolute(q[0])

    def positive(self, q):
        return (1.0 + q[0],)


@pytest.mark.slow
def test_the_limiter_is_no_trouble_where_nothing_moves():
    """Speed zero everywhere: no state may come out as 0 / 0."""
    problem = lf.Problem(Positive(), lf.Grid(x=(0, 1, 10)), lambda x: 0.0 * x, t_end=1.0)
    for backend in ("numba", "torch"):
        if backend == "torch":
            pytest.importorskip("torch", reason="needs the extra 'train'")
        semi = lf.Semidiscretization(problem, "muscl", backend=backend)
        assert semi.backend.limiting
        assert float(abs(semi(0.0, semi.initial())).max()) == 0.0
