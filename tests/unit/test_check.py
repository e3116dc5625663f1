"""``check_equation`` passes what is right and finds what is wrong."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.ops import absolute, sqrt


@pytest.mark.parametrize(
    ("equation", "dimension"),
    [
        (lf.Advection(velocity=-0.3), 1),
        (lf.Advection(velocity=(1.0, -2.0)), 2),
        (lf.Burgers(), 1),
        (lf.Burgers(), 2),
        (lf.Euler(), 1),
        (lf.Euler(gamma=5 / 3), 1),
        pytest.param(lf.Euler(), 2, marks=pytest.mark.slow),
        pytest.param(lf.Euler(), 3, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_library_s_own_pass(equation, dimension):
    report = lf.check_equation(equation, dimension=dimension)
    assert report.ok, repr(report)
    assert all(check.passed is not False for check in report)
    assert len(report) >= 6 * dimension
    axes = {check.name[-2] for check in report if check.name.endswith(")")}
    assert axes == (set("xyz"[:dimension]) if dimension > 1 else set())


class Traffic(lf.Equation):
    """Lighthill, Whitham and Richards: right in every respect."""

    fastest: float = 1.0
    variables = ("u",)

    def flux(self, q, axis):
        return (self.fastest * q[0] * (1.0 - q[0]),)

    def max_speed(self, q, axis):
        return absolute(self.fastest * (1.0 - 2.0 * q[0]))

    def critical_points(self, axis):
        return (0.5,)


def test_a_law_of_one_s_own_passes():
    report = lf.check_equation(Traffic(fastest=2.0))
    assert report.ok, repr(report)
    names = {check.name for check in report}
    assert {"flux", "critical points are complete", "numba equals python"} <= names
    assert "godunov is consistent" in names
    assert not any("hllc" in name for name in names)


def failing(equation, **options):
    report = lf.check_equation(equation, **options)
    assert not report.ok
    assert "FAILED" in repr(report)
    return {check.name for check in report if check.passed is False}


def wrong(**methods):
    return type("Wrong", (Traffic,), {"__annotations__": {}, "__module__": __name__, **methods})()


def test_a_speed_that_is_too_low():
    found = failing(wrong(max_speed=lambda self, q, axis: 0.5 * absolute(1.0 - 2.0 * q[0])))
    assert "max_speed bounds the eigenvalues" in found


def test_wave_speeds_that_leave_waves_out():
    def wave_speeds(self, ql, qr, axis):
        return 1.0 - ql[0], 1.0 - qr[0]

    assert "wave_speeds bracket the eigenvalues" in failing(wrong(wave_speeds=wave_speeds))


def test_critical_points_left_out():
    found = failing(wrong(critical_points=lambda self, axis: (0.0,)))
    assert found == {"critical points are complete"}
    assert "critical points are complete" in failing(wrong(critical_points=lambda self, axis: ()))


def test_a_flux_that_is_said_to_be_convex_and_is_not():
    def flux(self, q, axis):
        return (q[0] * q[0] * q[0] - q[0],)

    def critical_points(self, axis):
        return (-(3.0**-0.5), 3.0**-0.5)

    def max_speed(self, q, axis):
        return absolute(3.0 * q[0] * q[0] - 1.0)

    methods = {"flux": flux, "critical_points": critical_points, "max_speed": max_speed}
    assert "flux is convex or concave" in failing(wrong(**methods, convex=True))


def test_a_round_trip_that_does_not_come_back():
    found = failing(wrong(to_primitive=lambda self, q: (1.001 * q[0],)))
    assert "primitive round trip" in found


def test_a_flux_that_is_no_tuple():
    found = failing(wrong(flux=lambda self, q, axis: q[0] * (1.0 - q[0])))
    assert "flux" in found


def test_a_method_that_raises_is_a_finding_not_a_crash():
    def flux(self, q, axis):
        return (q[7],)

    report = lf.check_equation(wrong(flux=flux))
    assert not report.ok
    assert any("IndexError" in check.detail for check in report)


def test_a_branch_on_data_is_found():
    def flux(self, q, axis):
        return (q[0] if q[0] > 0.5 else 0.0 * q[0],)

    assert not lf.check_equation(wrong(flux=flux)).ok


def test_gradients_that_are_not_finite():
    pytest.importorskip("torch", reason="needs the extra 'train'")

    def max_speed(self, q, axis):
        gap = q[0] - q[0]
        return absolute(1.0 - 2.0 * q[0]) + sqrt(gap)

    found = failing(wrong(max_speed=max_speed, critical_points=None))
    assert any("finite gradients" in name for name in found)


class Turned(lf.Euler):
    """Eigenvectors in the wrong order."""

    def eigenvalues(self, frame, axis):
        u = frame[4]
        return (u + frame[0], u, u - frame[0])


class Bent(lf.Euler):
    """A projection that does not come back."""

    def from_characteristic(self, frame, a, axis):
        return (a[0] + a[1] + a[2], a[2] - a[0], a[0] + a[2])


@pytest.mark.parametrize("equation", [Turned(), Bent()], ids=["order", "inverse"])
def test_a_wrong_characteristic_projection(equation):
    assert "characteristic projection" in failing(equation)


# --- arguments and report -------------------------------------------------------------------------


def test_states_may_be_given():
    w = np.array([[1.0, 2.0], [0.5, -3.0], [1.0, 0.1]])
    assert lf.check_equation(lf.Euler(), states=w).ok


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"states": np.ones((2, 5))}, r"shape \(3, sample\): density, velocity_x, pressure"),
        ({"states": np.ones(3)}, r"shape \(3, sample\)"),
        ({"states": [[1.0], [0.0], [-1.0]]}, "not all admissible for Euler"),
    ],
)
def test_states_that_make_no_sense(options, text):
    with pytest.raises(lf.InputError, match=text):
        lf.check_equation(lf.Euler(), **options)


def test_needs_an_equation():
    with pytest.raises(lf.InputError, match="must be an Equation; got 'Euler'"):
        lf.check_equation("Euler")
    with pytest.raises(lf.InputError, match="velocity of 1 numbers"):
        lf.check_equation(lf.Advection(velocity=1.0), dimension=2)


def test_the_report_reads_as_a_list():
    report = lf.check_equation(lf.Burgers())
    lines = repr(report).splitlines()
    assert len(lines) == len(report)
    assert all(line.startswith(("ok ", "skipped")) for line in lines)


def test_a_seed_repeats_the_report():
    one, other = (lf.check_equation(lf.Burgers(), seed=3) for _ in range(2))
    assert one == other
