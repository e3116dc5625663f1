"""Each loss is zero where there is nothing to punish, and more where there is."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: nothing can be trained")

import learnedflux as lf  # noqa: E402
from learnedflux import training  # noqa: E402
from learnedflux.training.losses import CAP, LINEAR  # noqa: E402

CELLS = 32
X = torch.arange(CELLS, dtype=torch.float64) / CELLS
STEP = torch.where((X > 0.25) & (X < 0.75), 1.0, 0.0).double()
WAVE = torch.sin(2 * torch.pi * X)


def outcome(end, target, start=None, baseline=None, linear=None, equation=None):
    rows = [s.reshape(1, 1, CELLS) for s in (target if start is None else start, end, target)]
    others = {"mp5": rows[2] + 0.1 if baseline is None else baseline.reshape(1, 1, CELLS)}
    others[LINEAR] = rows[2] if linear is None else linear.reshape(1, 1, CELLS)
    return training.Outcome(equation or lf.Burgers(), *rows, others, ("mp5",))


def value(name, *states, **options):
    (found,) = training.losses[name].function(outcome(*states, **options))
    return float(found)


NOISE = 0.05 * (-1.0) ** torch.arange(CELLS)


def test_ratios_compare_with_the_best_baseline():
    half = value("ratio", STEP + 0.05, STEP, baseline=STEP + 0.1)
    assert half == pytest.approx(0.5, rel=2e-3)
    assert value("log_ratio", STEP + 0.05, STEP, baseline=STEP + 0.1) == pytest.approx(
        -0.693, abs=2e-3
    )
    assert value("ratio", STEP + 9.0, STEP) == CAP
    rows = [STEP.reshape(1, 1, CELLS)] * 3
    two = {"mp5": rows[0] + 0.1, "teno5": rows[0] + 0.2, "lost": rows[0] * torch.nan}
    found = training.Outcome(lf.Burgers(), *rows, two, ("teno5", "lost", "mp5"))
    assert float(found.baseline) == pytest.approx(0.1)


def test_the_hinge_sees_one_bad_window():
    bad = STEP.clone()
    bad[4:8] += 0.3
    assert float(value("ratio", bad, STEP)) < 1.0  # better on the whole
    assert value("hinge", bad, STEP) > 0.01
    assert value("hinge", STEP + 0.09, STEP) == 0.0


def test_variation_and_growth_allow_what_the_start_or_the_truth_have():
    for name in ("variation", "growth"):
        assert value(name, STEP, STEP) == 0.0
        assert value(name, 0.5 * STEP, STEP) == 0.0
        assert value(name, 1.1 * STEP, STEP) == pytest.approx(
            0.2 if name == "variation" else 0.1, rel=1e-3
        )
        assert value(name, 1.1 * STEP, STEP, start=1.2 * STEP) == 0.0
        assert value(name, 1.1 * STEP, 1.2 * STEP, start=STEP) == 0.0


def test_noise_is_seen_where_the_truth_is_flat():
    assert value("flat", STEP, STEP) == 0.0
    assert value("flat", STEP + NOISE, STEP) > 0.05
    assert value("flat", WAVE + NOISE, WAVE) < 0.2 * value("flat", STEP + NOISE, STEP)


def test_the_anchor_holds_rows_of_small_amplitude_only():
    small, large = 1.0 + 0.01 * WAVE, 1.0 + 0.5 * WAVE
    assert value("anchor", small, small) == 0.0
    assert value("anchor", small, small, linear=0.5 * (small + 1.0)) > 0.1
    assert value("anchor", large, large, linear=0.5 * (large + 1.0)) == 0.0


@pytest.mark.parametrize("name", training.losses)
@pytest.mark.parametrize("target", [STEP, WAVE, 0.0 * STEP, 1.0 + 0.0 * STEP])
def test_gradients_are_finite(name, target):
    """Also at constant states, and where policy and truth agree."""
    for away in (0.0 * NOISE, NOISE):
        end = (target + away).requires_grad_()
        found = training.losses[name].function(outcome(end, target)).sum()
        (gradient,) = torch.autograd.grad(found, end, allow_unused=True)
        assert gradient is None or torch.isfinite(gradient).all()


def test_a_static_field_does_not_count():
    q = torch.ones((3, 1, CELLS), dtype=torch.float64)
    found = training.Outcome(lf.ShallowWater(), q, q, q, {"mp5": q}, ("mp5",))
    assert len(found.errors) == 2


def test_a_loss_of_ones_own():
    @training.loss("mean")
    def mean(outcome):
        return outcome.end[0].mean(dim=-1)

    try:
        assert value("mean", STEP, STEP) == float(STEP.mean())
        assert training.Recipe(losses={"mean": 2.0}).losses == {"mean": 2.0}
    finally:
        training.losses.remove("mean")
