"""Files that are damaged or mean harm: one clear line each, of a `UserError`, and nothing else."""

import random

import numpy as np
import onnx
import pytest
from graphs import Graph
from onnx import TensorProto, numpy_helper

from dse.errors import UnsupportedLayerError, UserError
from hw_models.frontend import file, read_model


def network(folder):
    graph = Graph((1, 2, 6, 6))
    x = graph.quant("x", "int4", 0.5)
    x = graph.node("Conv", x, graph.weights((4, 2, 3, 3), "e2m1"), np.arange(4.0), pads=[1] * 4)
    x = graph.node("BatchNormalization", x, *(np.ones(4),) * 4)
    x = graph.quant(graph.node("Relu", x), "e2m1", 0.3)
    y = graph.node("Conv", x, graph.weights((4, 1, 3, 3), "int4"), group=4, pads=[1] * 4)
    x = graph.node("Add", x, graph.quant(y, "e2m1", 0.3))
    x = graph.node("MaxPool", graph.quant(x, "e2m1", 0.6), kernel_shape=[2, 2], strides=[2, 2])
    x = graph.node("GlobalAveragePool", x)
    x = graph.node("Flatten", graph.quant(x, "int5", 0.1))
    x = graph.node("Gemm", x, graph.weights((3, 4), "int4"), np.ones(3), transB=1)
    return graph.write(folder, graph.node("Softmax", x, axis=1))


def refusal(path):
    with pytest.raises(UserError) as caught:
        read_model(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_file(tmp_path):
    assert "there is no file" in refusal(tmp_path / "model.onnx")
    assert "there is no file" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"PK\x03\x04", b"graph {}\n" * 20])
def test_no_onnx(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert "is no ONNX file" in refusal(path)


def test_truncated_anywhere(tmp_path):
    path = network(tmp_path)
    content = path.read_bytes()
    for length in range(0, len(content) - 1, 97):
        path.write_bytes(content[:length])
        refusal(path)


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    path = network(tmp_path)
    monkeypatch.setattr(file, "MAX_FILE_BYTES", 100)
    assert "is larger than" in refusal(path)


@pytest.mark.parametrize("seed", range(8))
def test_changed_bytes_give_a_model_or_one_clear_line(tmp_path, seed):
    path = network(tmp_path)
    content = path.read_bytes()
    rng = random.Random(seed)
    results = set()
    for _ in range(60):
        changed = bytearray(content)
        for _ in range(rng.choice([1, 1, 2, 5])):
            place = rng.randrange(len(changed))
            if rng.random() < 0.7:
                changed[place] = rng.randrange(256)
            else:
                del changed[place : place + rng.randrange(1, 4)]
        path.write_bytes(changed)
        try:
            read_model(path)
            results.add("model")
        except UserError as error:
            results.add("several lines" if "\n" in str(error) else "refused")
    assert results == {"model", "refused"}


class TestExternalData:
    @staticmethod
    def file_with(folder, location, *, offset="0", length=None):
        """A network whose first weights are external, and the bytes they should have."""
        model = onnx.load(network(folder))
        tensor = next(item for item in model.graph.initializer if len(item.dims) == 4)
        content = tensor.raw_data
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        entries = {"location": location, "offset": offset}
        entries |= {} if length is None else {"length": length}
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=value)
        path = folder / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path, content

    @pytest.mark.parametrize("location", ["weights.bin", "data/weights.bin", "./weights.bin"])
    def test_within_the_folder_is_read(self, tmp_path, location):
        plain = read_model(network(tmp_path))
        path, content = self.file_with(tmp_path, location, offset="4", length="288")
        (tmp_path / "data").mkdir()
        (tmp_path / location).write_bytes(b"\x01\x02\x03\x04" + content)
        for name, weights in read_model(path).weights.items():
            np.testing.assert_array_equal(weights, plain.weights[name])

    @pytest.mark.parametrize(
        "location", ["/etc/hostname", "../secret", "data/../../secret", "C:\\secret", "..\\secret"]
    )
    def test_outside_the_folder_is_refused(self, tmp_path, location):
        folder = tmp_path / "model"
        folder.mkdir()
        (tmp_path / "secret").write_bytes(b"0" * 1000)
        path, _ = self.file_with(folder, location)
        assert "leads out of the model's folder" in refusal(path)

    def test_behind_a_link_out_of_the_folder_is_refused(self, tmp_path):
        folder = tmp_path / "model"
        folder.mkdir()
        (tmp_path / "secret").write_bytes(b"0" * 1000)
        (folder / "weights.bin").symlink_to(tmp_path / "secret")
        path, _ = self.file_with(folder, "weights.bin")
        assert "leads out of the model's folder" in refusal(path)

    @pytest.mark.parametrize(
        ("location", "offset", "length"),
        [
            ("missing.bin", "0", None),
            ("", "0", None),
            (".", "0", None),
            ("a\0b", "0", None),
            ("weights.bin", "-1", None),
            ("weights.bin", "0", "-5"),
            ("weights.bin", "0", "1e3"),
            ("weights.bin", "0", "99999999999"),
            ("weights.bin", "5000", None),
            ("weights.bin", "0", "280"),
        ],
    )
    def test_that_is_missing_or_short_is_refused(self, tmp_path, location, offset, length):
        path, content = self.file_with(tmp_path, location, offset=offset, length=length)
        (tmp_path / "weights.bin").write_bytes(content)
        refusal(path)


def changed(path, change):
    model = onnx.load(path)
    change(model.graph)
    path.write_bytes(model.SerializeToString())
    return refusal(path)


def node_of(graph, op):
    return next(node for node in graph.node if node.op_type == op)


def test_what_does_not_fit_names_the_node(tmp_path):
    def cut_channels(graph):
        weights = next(item for item in graph.initializer if item.dims == [4, 2, 3, 3])
        array = numpy_helper.to_array(weights)[:, :1]
        weights.CopyFrom(numpy_helper.from_array(array.copy(), weights.name))

    message = changed(network(tmp_path), cut_channels)
    assert message.startswith("model.onnx: node 'conv2' (Conv): weights of shape (4, 1, 3, 3)")


def test_data_that_does_not_fit_its_shape(tmp_path):
    def lengthen(graph):
        graph.initializer[-1].dims[0] = 1000

    assert "its data does not fit its shape" in changed(network(tmp_path), lengthen)


def test_tensors_larger_than_memory(tmp_path):
    def enlarge(graph):
        graph.initializer[-1].dims[:] = [1 << 40, 1 << 40]

    assert "too large" in changed(network(tmp_path), enlarge)


def test_constants_larger_than_memory(tmp_path):
    graph = Graph((1, 6))
    huge = graph.node("ConstantOfShape", np.array([1 << 20, 1 << 20]))
    out = graph.node("Add", graph.quant("x", "int4"), huge)
    assert "makes a constant of" in refusal(graph.write(tmp_path, out))


def test_images_larger_than_memory(tmp_path):
    graph = Graph((1, 1, 100, 100))
    x = graph.quant("x", "int4")
    out = graph.node("Conv", x, graph.weights((1, 1, 1, 1), "int4"), pads=[4000] * 4)
    assert "is larger than" in refusal(graph.write(tmp_path, out))


def test_inputs_larger_than_memory(tmp_path):
    graph = Graph((1, 1 << 20, 1 << 20, 3))
    assert "elements are more than" in refusal(graph.write(tmp_path, graph.quant("x", "int4")))


@pytest.mark.parametrize(
    ("shape", "why"),
    [((2, 6), "batch size 2"), ((1, "h", 6), "open size"), ((1,), "1 axes"), ((1,) * 5, "5 axes")],
)
def test_inputs_of_other_shapes(tmp_path, shape, why):
    graph = Graph(shape, batch=shape[0])
    assert why in refusal(graph.write(tmp_path, graph.quant("x", "int4")))


def test_nodes_out_of_order(tmp_path):
    def swap(graph):
        nodes = list(graph.node)[::-1]
        del graph.node[:]
        graph.node.extend(nodes)

    assert "which nothing before it makes" in changed(network(tmp_path), swap)


def test_a_tensor_made_twice(tmp_path):
    def repeat(graph):
        node_of(graph, "Relu").output[0] = node_of(graph, "Conv").output[0]

    assert "exists already" in changed(network(tmp_path), repeat)


def test_names_of_nodes_stay_on_one_line(tmp_path):
    def rename(graph):
        node_of(graph, "Conv").name = "a\nb\x1b[31m" + "c" * 500
        node_of(graph, "Conv").op_type = "Con\nv"

    message = changed(network(tmp_path), rename)
    assert "node 'a?b?[31mccc" in message
    assert len(message) < 700


def test_names_that_are_no_text(tmp_path):
    path = network(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"relu", b"\xff\xfe\xfd\xfc"))
    assert "names that are no text" in refusal(path)


@pytest.mark.parametrize("op", ["Gelu", "Concat", "LSTM", "ConvTranspose", "Softplus", "If"])
def test_operators_without_hardware_are_named(tmp_path, op):
    graph = Graph((1, 6))
    x = graph.node(op, graph.quant("x", "int4"), name="the one")
    path = graph.write(tmp_path, graph.node(op, x, name="another"))
    with pytest.raises(
        UnsupportedLayerError, match=rf"model.onnx: node 'the one' \({op}\): has no"
    ):
        read_model(path)


def test_several_inputs_and_outputs(tmp_path):
    graph = Graph((1, 6))
    x = graph.node("MatMul", graph.quant("x", "int4"), graph.weights((6, 2), "int4", axis=1))
    y = graph.node("Relu", x)
    assert "outputs" in refusal(graph.write(tmp_path, x, y))
    model = graph.model(graph.node("Add", y, "z"))
    second = model.graph.input.add()
    second.CopyFrom(model.graph.input[0])
    second.name = "z"
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    assert "must have one input; this file has 'x', 'z'" in refusal(path)


@pytest.mark.parametrize("values", [np.array(["a", "b"]), np.ones(2, np.complex64)])
def test_constants_that_are_no_real_numbers(tmp_path, values):
    graph = Graph((1, 2))
    path = graph.write(tmp_path, graph.node("Add", graph.quant("x", "int4"), values))
    assert "not real ones" in refusal(path)
