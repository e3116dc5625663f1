"""What every rule for face values must satisfy, on random, smooth and difficult stencils."""

import numpy as np
import pytest

import learnedflux as lf
from learnedflux import limiters
from learnedflux.reconstruction import reconstructions, weno7
from learnedflux.reconstruction.mp import ALPHA, mp_bounds
from learnedflux.reconstruction.stencil import differences, linear5, smoothness, substencils
from learnedflux.reconstruction.weno import weno5_z_factors
from learnedflux.shipped import default_policy

CLASSICAL = list(reconstructions)
ALL = [*CLASSICAL, "learned"]
FIFTH = [name for name, found in reconstructions.items() if found.order == 5]
TVD = [name for name in CLASSICAL if name == "constant" or name.startswith("muscl")]
MONOTONE = [*TVD, "mp5", "learned"]  # no new extrema in monotone data
LINEAR = np.array([0.1, 0.6, 0.3])  # weights of the sub-stencils in smooth flow
LIMITERS = [limiters.minmod, limiters.van_leer, limiters.mc, limiters.superbee]


def face_values(name, stencils):
    """Left-biased values between the fourth and the fifth of eight cells, shape (sample, 8)."""
    if name == "learned":
        policy = default_policy(lf.Advection())
        waves = np.ones((len(stencils), 6))  # all of them run to the right, as fast as can be
        return policy(stencils[:, 4 - policy.radius : 4 + policy.radius], speeds=waves)
    rule = reconstructions[name]
    first = 3 - rule.cells // 2
    return rule.function(*np.ascontiguousarray(stencils.T[first : first + rule.cells]))


def noise(seed=0, size=2000):
    return np.random.default_rng(seed).normal(size=(size, 8))


def monotone(seed=0, size=2000):
    """Rising cells with steps of very different sizes, some of them none."""
    rng = np.random.default_rng(seed)
    steps = np.abs(rng.normal(size=(size, 8))) ** 5 * (rng.random((size, 8)) < 0.8)
    return np.cumsum(steps, axis=1) + rng.normal(size=(size, 1))


def jumps():
    """One jump at each place of the stencil, up and down, away from zero."""
    rows = [np.where(np.arange(8) < at, a, b) for at in range(1, 8) for a, b in ((1, 2), (5, -3))]
    return np.array(rows, dtype=float)


KINDS = {"noise": noise(), "monotone": monotone(), "jumps": jumps()}


def five(stencils):
    """The five cells around the upwind one."""
    return stencils.T[1:6]


def sine_averages(h, faces=0.3):
    """Averages of sin over eight cells of width h, and the values on the faces in the middle."""
    faces = np.atleast_1d(faces)
    edges = faces[:, None] + h * np.arange(-4, 5)
    return -np.diff(np.cos(edges), axis=1) / h, np.sin(faces)


# --- symmetry -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSICAL)
def test_both_faces_of_a_cell_are_the_rule_and_its_mirror_image_to_the_last_bit(name):
    rule = reconstructions[name]
    for data in KINDS.values():
        cells = data.T[: rule.cells]
        expected = rule.function(*cells), rule.function(*cells[::-1])
        np.testing.assert_array_equal(rule.pair(*cells), expected)


def test_a_rule_without_a_function_for_both_faces_is_called_twice():
    rule = lf.reconstruction.Reconstruction("backward", lambda b, c, d: c + 0.5 * (c - b), 3, 1)
    assert rule.pair(1.0, 2.0, 5.0) == (2.5, 0.5)


# --- consistency ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("level", [0.0, 1.0, -3.7, 1e-12, 1e12, 1 / 3])
def test_constant_data_give_the_constant_to_the_last_bit(name, level):
    assert face_values(name, np.full((3, 8), level)).tolist() == [level] * 3


@pytest.mark.parametrize("name", [n for n in ALL if n != "constant"])
def test_straight_lines_are_exact(name):
    cells = np.arange(8.0)
    stencils = np.stack([2.0 + 0.3 * cells, 1.0 - 7.0 * cells, 1e-3 * cells])
    expected = [2.0 + 0.3 * 3.5, 1.0 - 7.0 * 3.5, 3.5e-3]
    np.testing.assert_allclose(face_values(name, stencils), expected, rtol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ALL)
def test_adding_a_constant_adds_it(name, kind):
    data = KINDS[kind]
    values = face_values(name, data)
    # 2^20 swallows the last 20 bits of the data; what remains must be treated alike.
    rounded = (data + 2.0**20) - 2.0**20
    gap = face_values(name, rounded + 2.0**20) - 2.0**20 - face_values(name, rounded)
    assert np.abs(gap).max() <= 1e-8 * max(1.0, np.abs(values).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ALL)
def test_changing_the_sign_changes_the_sign_to_the_last_bit(name, kind):
    data = KINDS[kind]
    np.testing.assert_array_equal(face_values(name, -data), -face_values(name, data))


@pytest.mark.parametrize("power", [-30, -10, 10, 30])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [n for n in ALL if n != "weno5-js"])
def test_scaling_scales(name, kind, power):
    factor, data = 2.0**power, KINDS[kind]
    gap = np.abs(face_values(name, factor * data) / factor - face_values(name, data)).max()
    assert gap <= 1e-12 * np.abs(data).max()


def test_weno5_js_has_a_scale_of_its_own():
    """Its epsilon, 1e-6, makes it linear on data that differ by far less than 1e-3."""
    data = 1e-6 * noise()
    a, b, c, d, e = five(data)
    linear = c + linear5(*differences(a, b, c, d, e))
    np.testing.assert_allclose(face_values("weno5-js", data), linear, rtol=0, atol=1e-9)
    assert np.abs(face_values("weno5-z", data) - linear).max() > 1e-7


@pytest.mark.parametrize("name", ALL)
def test_values_stay_near_their_neighbours(name):
    """No rule may leave the range of its cells by more than they span, whatever the data."""
    for data in (noise(1), 1e8 * noise(2), 1e-8 * noise(3), monotone(4), jumps()):
        values = face_values(name, data)
        low, high = data.min(axis=1), data.max(axis=1)
        assert np.isfinite(values).all()
        assert ((values >= low - (high - low)) & (values <= high + (high - low))).all()


# --- accuracy of one face -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_face_values_converge_with_the_formal_order(name):
    """Against point values on the face, from exact cell averages, away from extrema."""
    errors = []
    for h in (0.05, 0.025):
        cells, exact = sine_averages(h, np.linspace(0.3, 1.2, 50))
        errors.append(np.abs(face_values(name, cells) - exact).mean())
    found = np.log2(errors[0] / errors[1])
    if name == "learned":  # fitted to sine waves, on which it converges faster
        assert found > 5.5
    else:
        assert found == pytest.approx(reconstructions[name].order, abs=0.2)


@pytest.mark.parametrize("name", ALL)
def test_accuracy_at_smooth_extrema(name):
    errors = []
    for h in (0.1, 0.05):
        cells, exact = sine_averages(h, 0.5 * np.pi + h * np.linspace(-2, 2, 41))
        errors.append(np.abs(face_values(name, cells) - exact).mean())
    slope = np.log2(errors[0] / errors[1])
    least = {"mp5": 4.8, "teno5": 4.8, "weno5-z": 4.0, "weno5-js": 2.8, "learned": 4.5}
    assert slope > least.get(name, 1.8)


def test_the_linear_fifth_order_rule_is_exact_for_quartics():
    for degree in range(6):
        edges = np.arange(-2.0, 4.0) - 0.0
        averages = np.diff(edges ** (degree + 1)) / (degree + 1)
        value = averages[2] + linear5(*differences(*averages))
        # The upwind cell is [0, 1], its right face x = 1.
        assert (abs(value - 1.0) < 1e-13) == (degree < 5)


def test_each_substencil_is_exact_for_parabolas():
    edges = np.arange(-2.0, 4.0)
    for degree in range(3):
        averages = np.diff(edges ** (degree + 1)) / (degree + 1)
        values = averages[2] + np.array(substencils(*differences(*averages)))
        np.testing.assert_allclose(values, 1.0, rtol=1e-13)


def test_substencils_combine_to_the_linear_rule():
    d = np.array(differences(*noise(5).T[:5]))
    combined = LINEAR @ np.array(substencils(*d))
    np.testing.assert_allclose(combined, linear5(*d), rtol=1e-12, atol=1e-14)


def test_smoothness_is_the_integral_of_squared_derivatives():
    """Jiang and Shu's definition, for the parabola through the averages of each sub-stencil."""
    a, b, c, d, e = noise(6, 50).T[:5]
    beta = smoothness(*differences(a, b, c, d, e))
    for k, cells in enumerate(((a, b, c), (b, c, d), (c, d, e))):
        left = k - 2.5 + np.arange(3)
        # Moments of (1, x, x^2) over the three cells; the upwind cell is [-1/2, 1/2].
        right = left + 1.0
        moments = np.stack([(right**m - left**m) / m for m in (1, 2, 3)], axis=1)
        _, first, second = np.linalg.solve(moments, np.array(cells))
        exact = first**2 + 4.0 * second**2 / 12.0 + 4.0 * second**2
        np.testing.assert_allclose(beta[k], exact, rtol=1e-11)


def test_seventh_order_parts_are_those_of_cubics():
    """Face values, and smoothness by Jiang and Shu's definition, of each sub-stencil of four."""
    cells = noise(6, 50).T[:7]
    steps = tuple(np.diff(cells, axis=0))
    beta, values = weno7._smoothness(steps), weno7._increments(steps)
    for k in range(4):
        left = k - 3.5 + np.arange(4)
        moments = np.stack([((left + 1.0) ** m - left**m) / m for m in (1, 2, 3, 4)], axis=1)
        a = np.linalg.solve(moments, cells[k : k + 4])
        np.testing.assert_allclose(
            cells[3] + values[k], sum(a[m] * 0.5**m for m in range(4)), rtol=0, atol=1e-12
        )
        derivatives = [np.polynomial.Polynomial(column).deriv for column in a.T]
        exact = [
            sum((square := d(m) ** 2).integ()(0.5) - square.integ()(-0.5) for m in (1, 2, 3))
            for d in derivatives
        ]
        np.testing.assert_allclose(beta[k], exact, rtol=1e-10)


# --- weights --------------------------------------------------------------------------------------


def test_weno_weights_are_convex_and_optimal_where_smooth():
    for data in KINDS.values():
        factors = np.array(weno5_z_factors(smoothness(*differences(*data.T[:5]))))
        alpha = LINEAR[:, None] * factors
        weights = alpha / alpha.sum(axis=0)
        assert (weights >= 0).all()
        np.testing.assert_allclose(weights.sum(axis=0), 1.0, rtol=1e-14)
    gaps = []
    for h in (0.1, 0.05):
        cells = five(sine_averages(h)[0])[:, 0]
        alpha = LINEAR * np.array(weno5_z_factors(smoothness(*differences(*cells))))
        gaps.append(np.abs(alpha / alpha.sum() - LINEAR).max())
    assert np.log2(gaps[0] / gaps[1]) > 3.8  # (tau / beta)^2 is O(h^6); at least h^3 is needed


@pytest.mark.parametrize("name", ["weno3-z", "weno5-js", "weno5-z", "teno5"])
def test_weno_values_are_convex_combinations_of_substencils(name):
    for data in KINDS.values():
        a, b, c, d, e = five(data)
        parts = [c + 0.5 * (c - b), c + 0.5 * (d - c)]
        if name != "weno3-z":
            parts = [c + v for v in substencils(*differences(a, b, c, d, e))]
        values, slack = face_values(name, data), 1e-14 * np.abs(data).max()
        assert (values >= np.min(parts, axis=0) - slack).all()
        assert (values <= np.max(parts, axis=0) + slack).all()


@pytest.mark.parametrize("name", FIFTH)
@pytest.mark.parametrize("at", [2, 3, 4, 5])
def test_a_jump_is_not_looked_across(name, at):
    """Away from a jump, values come from the side of it on which the upwind cell lies."""
    cells = np.where(np.arange(8) < at, 1.0, 2.0)[None]
    assert abs(face_values(name, cells)[0] - cells[0, 3]) < 1e-4


@pytest.mark.parametrize("name", ["weno5-js", "weno5-z", "teno5"])
@pytest.mark.parametrize("at", [2, 3, 5])
def test_a_slope_continues_up_to_a_jump(name, at):
    """Where one sub-stencil at least lies on the smooth side, the line on it is found."""
    rising = 0.5 * np.arange(8)
    row = (
        np.where(np.arange(8) < at, 90.0, rising)
        if at < 4
        else np.where(np.arange(8) < at, rising, 90.0)
    )
    assert abs(face_values(name, row[None])[0] - 0.5 * 3.5) < 1e-3


def test_teno_leaves_out_what_crosses_a_jump_and_is_linear_otherwise():
    # Jump between the last two cells: only the third sub-stencil crosses it.
    cells = np.array([[-0.1, 0.0, 0.1, 0.19, 0.26, 9.0, 9.0, 9.0]])
    a, b, c, d, e = five(cells)
    v0, v1, _ = substencils(*differences(a, b, c, d, e))
    np.testing.assert_allclose(
        face_values("teno5", cells), c + (0.1 * v0 + 0.6 * v1) / 0.7, rtol=1e-14
    )
    smooth, _ = sine_averages(0.1)
    a, b, c, d, e = five(smooth)
    linear = c + linear5(*differences(a, b, c, d, e))
    np.testing.assert_allclose(face_values("teno5", smooth), linear, rtol=1e-15)


# --- bounds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MONOTONE)
def test_monotone_data_stay_within_their_two_neighbours(name):
    for sign in (1.0, -1.0):
        data = sign * monotone(7, 5000)
        low, high = np.sort(data[:, 3:5], axis=1).T
        slack = 4e-16 * np.abs(data).max(axis=1)
        values = face_values(name, data)
        assert (values >= low - slack).all()
        assert (values <= high + slack).all()


@pytest.mark.parametrize("name", ["mp5", "learned"])
def test_values_keep_the_bounds_of_suresh_and_huynh(name):
    for data in (*KINDS.values(), noise(8, 5000), monotone(9, 5000)):
        a, b, c, d, e = five(data)
        lower, upper = mp_bounds(*differences(a, b, c, d, e), ALPHA)
        slack = 1e-14 * np.abs(data).max(axis=1)
        values = face_values(name, data)
        assert (values >= c + lower - slack).all()
        assert (values <= c + upper + slack).all()


def test_mp_bounds_hold_the_upwind_cell_and_are_ordered():
    lower, upper = mp_bounds(*differences(*noise(10, 5000).T[:5]), ALPHA)
    assert (lower <= 0.0).all()
    assert (upper >= 0.0).all()


def test_mp5_is_linear_wherever_data_are_smooth():
    for shift in np.linspace(0.0, 2.0 * np.pi, 200):
        cells, _ = sine_averages(0.1, shift)
        a, b, c, d, e = five(cells)
        linear = c + linear5(*differences(a, b, c, d, e))
        np.testing.assert_allclose(face_values("mp5", cells), linear, rtol=0, atol=1e-15)


# --- limiters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("limiter", LIMITERS, ids=lambda f: f.__name__)
def test_limited_slopes_lie_in_sweby_s_region(limiter):
    a, b = noise(11).T[:2]
    slope = limiter(a, b)
    opposite = a * b <= 0
    np.testing.assert_array_equal(slope[opposite], 0.0)
    a, b, slope = np.abs(a[~opposite]), np.abs(b[~opposite]), np.abs(slope[~opposite])
    low, high = np.minimum(a, b), np.maximum(a, b)
    slack = 1 + 1e-14
    assert (slope <= 2 * low * slack).all()
    assert (slope <= high * slack).all()
    assert (slope * slack >= low).all()


@pytest.mark.parametrize("limiter", LIMITERS, ids=lambda f: f.__name__)
def test_limiters_are_symmetric_odd_and_homogeneous(limiter):
    a, b = noise(12).T[:2]
    np.testing.assert_array_equal(limiter(a, b), limiter(b, a))
    np.testing.assert_array_equal(limiter(-a, -b), -limiter(a, b))
    np.testing.assert_array_equal(limiter(8.0 * a, 8.0 * b), 8.0 * limiter(a, b))


@pytest.mark.parametrize(
    ("limiter", "expected"),
    [
        (limiters.minmod, [1.0, 1.0, 1.0, 0.0]),
        (limiters.van_leer, [1.0, 1.5, 1.6, 0.0]),
        (limiters.mc, [1.0, 2.0, 2.0, 0.0]),
        (limiters.superbee, [1.0, 2.0, 2.0, 0.0]),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_limiters_by_hand(limiter, expected):
    pairs = [(1.0, 1.0), (1.0, 3.0), (4.0, 1.0), (1.0, -1.0)]
    assert [limiter(a, b) for a, b in pairs] == expected
    # Superbee and MC differ between ratios 1/3 and 1.
    assert limiters.superbee(1.0, 1.5) == 1.5
    assert limiters.mc(1.0, 1.5) == 1.25


@pytest.mark.parametrize(
    ("four", "expected"),
    [((1, 2, 3, 4), 1), ((-1, -2, -3, -4), -1), ((1, 2, -3, 4), 0), ((0, 1, 1, 1), 0)],
)
def test_minmod_of_four(four, expected):
    assert limiters.minmod4(*map(float, four)) == expected


# --- both sides of a face -------------------------------------------------------------------------


@pytest.mark.compiles
@pytest.mark.parametrize("name", ALL)
def test_right_states_are_left_states_of_the_mirrored_row(name):
    row = np.concatenate([noise(13, 5).ravel(), monotone(14, 3).ravel(), jumps().ravel()])[None]
    left, right = lf.reconstruct(row, name, equation=lf.Advection(velocity=1.0))
    mirrored_left, mirrored_right = lf.reconstruct(
        row[:, ::-1], name, equation=lf.Advection(velocity=-1.0)
    )
    np.testing.assert_array_equal(right, mirrored_left[:, ::-1])
    np.testing.assert_array_equal(left, mirrored_right[:, ::-1])


@pytest.mark.compiles
@pytest.mark.parametrize("name", ALL)
def test_both_states_belong_to_their_face(name):
    """A stencil shifted by one cell would be wrong by a whole h."""
    order = 5 if name == "learned" else reconstructions[name].order
    h = 0.02
    edges = h * np.arange(101)
    row = (-np.diff(np.cos(edges)) / h)[None]
    for states in lf.reconstruct(row, name, equation=lf.Advection()):
        lost = (len(edges) - states.shape[1]) // 2
        exact = np.sin(edges[lost : len(edges) - lost])
        error = np.abs(states[0] - exact).max()
        assert error < {1: h, 2: h**2, 3: h**2, 5: h**3, 7: h**3}[order]
