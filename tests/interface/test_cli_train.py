"""``learnedflux train --equation``: from a file with an equation to a policy with a card."""

import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")

import learnedflux as lf
from learnedflux.cli import main
from learnedflux.cli.train import _policy_name
from learnedflux.training import comparison

QUICK = ["rows=2", "cells=32", "steps=[4]", "iterations=2", "validate_every=1", "pool=4"]
QUICK += ['baselines=["mp5"]', "refinement=2"]


def test_policies_are_named_after_their_equations():
    assert _policy_name(["laws/cubic_law.py:CubicLaw"]) == "cubic_law"
    assert _policy_name(["Burgers", "package.module:LWR"]) == "burgers_lwr"


@pytest.mark.slow
def test_an_equation_from_a_file_ends_as_a_policy_with_a_card(tmp_path, monkeypatch, capsys, root):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(comparison, "SCHEMES", ("weno5", "mp5"))
    changes = [word for text in QUICK for word in ("--set", text)]
    law = f"{root / 'examples' / 'cubic_law.py'}:CubicLaw"
    assert main(["train", "--equation", law, "--seeds", "0,1", *changes]) == 0
    out = capsys.readouterr().out
    policy = lf.Policy("cubic_law.onnx")
    assert policy.equations == ["CubicLaw"]
    assert policy.metadata["seeds"] == [0, 1]
    assert set(policy.metadata["errors"]) == {"CubicLaw riemann", "CubicLaw states"}
    card = (tmp_path / "cubic_law.md").read_text(encoding="utf-8")
    for text in ("| CubicLaw riemann |", "seed 0: ", "| problems | weno5 | mp5 | cubic_law |"):
        assert text in card
        assert text in out
    assert str(root) not in card
    assert str(root) not in policy.path.read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--equation", "none.py:Law"], "there is no file 'none.py'"),
        (["--equation", "Burger"], "Did you mean 'Burgers'"),
        (["--set", "losses.groth=1"], "no loss named 'groth'. Did you mean 'growth'"),
        (["--set", "a-b=1"], "--set takes KEY=VALUE"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_done(tmp_path, monkeypatch, capsys, words, text):
    monkeypatch.chdir(tmp_path)
    assert main(["train", *words]) == 2
    assert text in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
