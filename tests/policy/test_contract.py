"""The policy file contract: what is accepted, and how a breach is named."""

import json

import numpy as np
import pytest

import learnedflux as lf
from learnedflux.policy import CONTRACT_KEY, REQUIRED
from learnedflux.reconstruction.steered import SETTINGS

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


def write(path, metadata=METADATA, *, weights=(0, 0, 1, 0, 0, 0), field=False, speeds=0, **names):
    """A linear policy: value = stencil @ weights, plus field or speeds where it has those."""
    kind = names.get("kind", TensorProto.DOUBLE)
    stencil, value = names.get("input", "stencil"), names.get("output", "value")
    inputs = [helper.make_tensor_value_info(stencil, kind, ["face", len(weights)])]
    nodes = [helper.make_node("MatMul", [stencil, "w"], ["sum" if field else value])]
    if field:
        inputs.append(helper.make_tensor_value_info("field", kind, ["face"]))
        nodes.append(helper.make_node("Add", ["sum", "field"], [value]))
    if speeds:
        # Weighted by the difference of the two cells' own speeds, and by a difference of cells:
        # consistent, and another number wherever speeds are told wrongly.
        inputs.append(helper.make_tensor_value_info("speeds", kind, ["face", speeds]))
        nodes[0] = helper.make_node("MatMul", [stencil, "w"], ["own"])
        nodes.append(helper.make_node("MatMul", [stencil, "step"], ["rise"]))
        nodes.append(helper.make_node("MatMul", ["speeds", "mix"], ["share"]))
        nodes.append(helper.make_node("Mul", ["rise", "share"], ["more"]))
        nodes.append(helper.make_node("Add", ["own", "more"], [value]))
    w = helper.make_tensor("w", kind, [len(weights)], [float(x) for x in weights])
    outputs = [helper.make_tensor_value_info(value, kind, ["face"])]
    given = [w]
    if speeds:
        step = [0.0, 0.0, -0.1, 0.1, 0.0, 0.0]
        mix = [0.5, 0.3, 0.1, -0.2, 0.15, 0.05][:speeds]
        given.append(helper.make_tensor("step", kind, [len(step)], step))
        given.append(helper.make_tensor("mix", kind, [len(mix)], mix))
    graph = helper.make_graph(nodes, "policy", inputs, outputs, given)
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


def test_policy_of_split_fluxes_runs_on_those_and_on_nothing_else(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    path = write(tmp_path / "split.onnx", METADATA | {"variables": "split"})
    problem = lf.problems.smooth_sine(cells=24)
    ours = lf.solve(problem, lf.Scheme("godunov", variables="split"), backend="torch")
    theirs = lf.solve(problem, path, backend="torch")
    np.testing.assert_allclose(theirs.u, ours.u, rtol=0, atol=1e-13)
    assert theirs.attrs["variables"] == "split"
    told = r"'upwind' was trained to reconstruct split fluxes, and variables='primitive' recons"
    with pytest.raises(lf.PolicyError, match=told):
        lf.solve(problem, lf.Scheme(path, variables="primitive"))
    with pytest.raises(lf.PolicyError, match="variables is 'splt'; this library knows"):
        lf.Policy(write(tmp_path / "bad.onnx", METADATA | {"variables": "splt"}))


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


@pytest.mark.parametrize("make", [lf.problems.composite_wave, lf.problems.sod])
def test_both_backends_narrow_bounds_for_large_steps(make):
    problem = make(cells=60)
    problem = problem.replace(t_end=0.2)
    numba, torch = (lf.solve(problem, "learned", cfl=0.8, backend=b) for b in ("numba", "torch"))
    name = next(iter(numba.data_vars))
    np.testing.assert_allclose(torch[name], numba[name], rtol=1e-10, atol=1e-10)
    semi = lf.Semidiscretization(problem, "learned", cfl=0.8)
    wide = lf.Semidiscretization(problem, "learned")
    for given, steepness in ((semi, 0.8), (wide, 4.0)):
        settings = given.scheme.reconstruction.network.settings
        assert settings[SETTINGS.index("loose")] == pytest.approx(steepness)


def test_bounds_are_narrowed_without_the_file(tmp_path):
    shipped = lf.Scheme("learned").bind(lf.Advection()).reconstruction
    path = tmp_path / "policy.onnx"
    path.write_bytes(shipped.path.read_bytes())
    policy = lf.Policy(path)
    path.unlink()
    narrowed = policy.for_steps(0.7)
    expected = dict(zip(SETTINGS, policy.network.settings, strict=True)) | {"loose": 1.0}
    assert narrowed.network.settings == tuple(expected.values())
    assert narrowed.digest == policy.digest
    assert policy.for_steps(0.4) is policy


def test_field_tells_linear_from_nonlinear(tmp_path):
    policy = lf.Policy(write(tmp_path / "field.onnx", field=True))
    stencils = np.zeros((2, 3, 1, 5, 6))
    left, right = policy.sweep(stencils, lf.Euler().linear_fields(1))
    np.testing.assert_array_equal(left[:, 0, 0], [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(right, left)
    np.testing.assert_array_equal(policy(np.zeros((2, 6))), 0.0)


def test_speeds_must_be_told(tmp_path):
    policy = lf.Policy(write(tmp_path / "speeds.onnx", speeds=6))
    assert policy.uses_speeds
    stencil = np.arange(12.0).reshape(2, 6)
    speeds = np.zeros((2, 6))
    speeds[1, 0] = 1.0
    np.testing.assert_allclose(policy(stencil, speeds=speeds), [2.0, 8.05])
    with pytest.raises(lf.PolicyError, match=r"needs speeds of shape \(2, 6\); got None"):
        policy(stencil)
    with pytest.raises(lf.PolicyError, match=r"'speeds' has shape \['face', 4\]"):
        lf.Policy(write(tmp_path / "four.onnx", speeds=4))


def test_policies_that_look_at_speeds_act_on_characteristic_fields(tmp_path):
    policy = lf.Policy(write(tmp_path / "speeds.onnx", speeds=6))
    with pytest.raises(lf.InputError, match="acts on characteristic variables"):
        lf.solve(lf.problems.sod(cells=20), lf.Scheme(policy, variables="primitive"))
    with pytest.raises(lf.InputError, match="of an unknown family; it needs backend='torch'"):
        lf.solve(lf.problems.sod(cells=20), policy, backend="numba")


def test_onnx_runtime_is_told_speeds_and_mirror_images_stay_exact(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed")
    policy = lf.Policy(write(tmp_path / "speeds.onnx", speeds=6))
    rng = np.random.default_rng(3)
    rho, u, p = 1 + rng.random(8), rng.normal(size=8), 1 + rng.random(8)
    w = {
        "density": np.concatenate((rho, rho[::-1])),
        "velocity_x": np.concatenate((u, -u[::-1])),
        "pressure": np.concatenate((p, p[::-1])),
    }
    problem = lf.Problem(lf.Euler(), lf.Grid(x=(-1, 1, 16)), w, "periodic", t_end=0.05)
    last = lf.solve(problem, policy, backend="torch").isel(time=-1)
    np.testing.assert_array_equal(last.density.values, last.density.values[::-1])
    np.testing.assert_array_equal(last.momentum_x.values, -last.momentum_x.values[::-1])
    blind = lf.solve(problem, lf.Policy(write(tmp_path / "blind.onnx")), backend="torch")
    assert float(abs(last.density - blind.density.isel(time=-1)).max()) > 1e-4


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


def without_a_setting(metadata):
    del metadata["config"]["short"]


def with_another_setting(metadata):
    metadata["config"]["short"] += 0.01


def with_other_weights(metadata):
    metadata["weights"][-1]["bias"][0] += 1e-3


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (without_a_setting, r"make no network \(KeyError\('short'\)\). If another version of"),
        (with_another_setting, "are not those of its graph. If another version of learnedflux"),
        (with_other_weights, "are not those of its graph. If another version of learnedflux wrote"),
    ],
)
def test_a_network_that_is_not_that_of_the_graph_is_refused(tmp_path, spoil, text):
    model = onnx.load(lf.Scheme("learned").bind(lf.Advection()).reconstruction.path)
    metadata = json.loads({p.key: p.value for p in model.metadata_props}[CONTRACT_KEY])
    spoil(metadata)
    helper.set_model_props(model, {CONTRACT_KEY: json.dumps(metadata)})
    path = tmp_path / "spoilt.onnx"
    onnx.save(model, path)
    with pytest.raises(lf.PolicyError, match=text):
        lf.Policy(path)


def test_wrong_stencil_array_is_named(tmp_path):
    policy = lf.Policy(write(tmp_path / "p.onnx"))
    with pytest.raises(lf.PolicyError, match=r"takes an array \(face, 6\); got \(3, 5\)"):
        policy(np.zeros((3, 5)))
