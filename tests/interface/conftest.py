"""Fixtures of the tests of the user's view."""

import json

import pytest

from learnedflux.policy import CONTRACT_KEY

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
    "errors": {"sod": 0.01},
    "licence": "Apache-2.0",
    "library": "0.1.0",
}


@pytest.fixture
def policy_file(tmp_path):
    """Write a policy that gives the upwind cell (Godunov's scheme); metadata may be changed."""
    pytest.importorskip("onnx", reason="onnx is not installed: policies cannot be built")
    from onnx import TensorProto, helper

    def write(file="upwind.onnx", **changes):
        double = TensorProto.DOUBLE
        inputs = [helper.make_tensor_value_info("stencil", double, ["face", 6])]
        outputs = [helper.make_tensor_value_info("value", double, ["face"])]
        nodes = [helper.make_node("MatMul", ["stencil", "w"], ["value"])]
        w = helper.make_tensor("w", double, [6], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
        graph = helper.make_graph(nodes, "policy", inputs, outputs, [w])
        opset = [helper.make_opsetid("", 18)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=10)
        metadata = {k: v for k, v in {**METADATA, **changes}.items() if v is not None}
        helper.set_model_props(model, {CONTRACT_KEY: json.dumps(metadata)})
        path = tmp_path / file
        path.write_bytes(model.SerializeToString())
        return path

    return write
