"""The policy file contract: what is accepted, and how a breach is named."""

import json

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.policy import CONTRACT_KEY, REQUIRED

onnx = pytest.importorskip("onnx", reason="onnx is not installed: policies cannot be built")
from onnx import TensorProto, helper  # noqa: E402

METADATA = {
    "contract": 1,
    "name": "upwind",
    "version": "1",
    "family": "test",
    "stencil": 6,
    "order": 1,
    "equations": ["Advection"],
    "cfl": [0.1, 0.8],
    "recipe": "none",
    "recipe_digest": "0" * 16,
    "seeds": [0],
    "errors": {},
    "licence": "Apache-2.0",
    "library": "0.1.0",
}


def write(path, metadata=METADATA, *, weights=(0, 0, 1, 0, 0, 0), field=False, **names):
    """A linear policy: value = stencil @ weights, plus field where it has one."""
    kind = names.get("kind", TensorProto.DOUBLE)
    stencil, value = names.get("input", "stencil"), names.get("output", "value")
    inputs = [helper.make_tensor_value_info(stencil, kind, ["face", len(weights)])]
    nodes = [helper.make_node("MatMul", [stencil, "w"], ["sum" if field else value])]
    if field:
        inputs.append(helper.make_tensor_value_info("field", kind, ["face"]))
        nodes.append(helper.make_node("Add", ["sum", "field"], [value]))
    w = helper.make_tensor("w", kind, [len(weights)], [float(x) for x in weights])
    outputs = [helper.make_tensor_value_info(value, kind, ["face"])]
    graph = helper.make_graph(nodes, "policy", inputs, outputs, [w])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if metadata is not None:
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        helper.set_model_props(model, {CONTRACT_KEY: text})
    path.write_bytes(model.SerializeToString())
    return path


def test_foreign_network_runs_in_the_solver(tmp_path):
    path = write(tmp_path / "upwind.onnx")
    problem = lf.problems.sine_advection(cells=40)
    ours = lf.solve(problem, "godunov")
    theirs = lf.solve(problem, str(path))
    np.testing.assert_allclose(theirs.u, ours.u, rtol=0, atol=1e-14)
    assert theirs.attrs["scheme"] == "upwind"


def test_path_policy_and_scheme_mean_the_same(tmp_path):
    path = write(tmp_path / "upwind.onnx")
    problem = lf.problems.sine_advection(cells=20)
    given = (path, str(path), lf.Policy(path), lf.Scheme(path), lf.Scheme(lf.Policy(path)))
    results = [lf.solve(problem, scheme).u.values for scheme in given]
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


def test_torch_backend_gives_what_numba_gives(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    problem = lf.problems.sod(cells=40)
    a = lf.solve(problem, "learned", backend="numba")
    b = lf.solve(problem, "learned", backend="torch")
    np.testing.assert_allclose(b.density, a.density, rtol=1e-12)


def test_field_tells_linear_from_nonlinear(tmp_path):
    policy = lf.Policy(write(tmp_path / "field.onnx", field=True))
    stencils = np.zeros((2, 3, 1, 5, 6))
    left, right = policy.sweep(stencils, lf.Euler().linear_fields(1))
    np.testing.assert_array_equal(left[:, 0, 0], [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(right, left)
    np.testing.assert_array_equal(policy(np.zeros((2, 6))), 0.0)


@pytest.mark.parametrize("key", sorted(REQUIRED))
def test_missing_metadata_are_named(tmp_path, key):
    metadata = {k: v for k, v in METADATA.items() if k != key}
    with pytest.raises(lf.PolicyError, match=f"metadata entry '{key}' is missing"):
        lf.Policy(write(tmp_path / "p.onnx", metadata))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"contract": 2}, "follows version 2, this library reads 1"),
        ({"stencil": 5}, "stencil is 5 cells; it must be even, 2 to 32"),
        ({"stencil": 4}, r"must be \(face, 4\)"),
        ({"order": "high"}, "metadata entry 'order' is 'high'"),
        ({"cfl": [0.4]}, "must be .lowest, highest."),
    ],
)
def test_wrong_metadata_are_named(tmp_path, change, text):
    with pytest.raises(lf.PolicyError, match=text):
        lf.Policy(write(tmp_path / "p.onnx", METADATA | change))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"metadata": None}, "has no 'learnedflux' metadata"),
        ({"metadata": "{"}, "metadata are not JSON"),
        ({"metadata": "[]"}, "not a JSON object"),
        ({"input": "cells"}, "no input 'stencil'"),
        ({"output": "flux"}, "no output 'value'"),
        ({"kind": TensorProto.FLOAT}, r"tensor\(float\), not tensor\(double\)"),
        ({"weights": (0, 0, 0.9, 0, 0, 0)}, "not consistent"),
        ({"weights": (0, 0, 1, 0)}, r"must be \(face, 6\)"),
    ],
)
def test_breaches_are_named(tmp_path, arguments, text):
    metadata = arguments.pop("metadata", METADATA)
    with pytest.raises(lf.PolicyError, match=text):
        lf.Policy(write(tmp_path / "p.onnx", metadata, **arguments))


def test_wrong_stencil_array_is_named(tmp_path):
    policy = lf.Policy(write(tmp_path / "p.onnx"))
    with pytest.raises(lf.PolicyError, match=r"takes an array \(face, 6\); got \(3, 5\)"):
        policy(np.zeros((3, 5)))
