"""What an exported file holds: quantizers with the grids of our formats, under layers' names."""

import brevitas.nn as qnn
import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from torch import fx, nn

from dse.errors import DataError, UnsupportedLayerError
from dse.formats import Format, default_sweep, parse_format, parse_sweep
from dse.point import LayerScheme, Scheme
from dse.quant.export import Provenance, export_qonnx, write_qonnx
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.quantizers import activation_quantizer, weight_quantizer
from dse.quant.trace import trace
from hw_models.frontend import read_model

FORMATS = [
    *default_sweep(),
    *parse_sweep("uint3,uint8,int4n,int2,ue4m4,ue2m1,ue3m0,e1m2,e4m3b5,e2m3b-4"),
    *parse_sweep("e4m3fn,e5m2ieee,e4m3fnuz,e5m2fnuz"),
]
SCALE = float(np.float32(0.0371))  # not a power of two
INPUT = parse_format("uint5")
SHAPE = (1, 8, 8)


def probes(number_format: Format) -> np.ndarray:
    """Every value of the format, every tie between two, their float32 neighbours, and beyond."""
    codes = number_format.code_values()
    values = np.unique(codes[np.isfinite(codes)])
    exact = np.concatenate([values, (values[1:] + values[:-1]) / 2, 2.0 * values, [1e9, -1e9]])
    x = (exact * SCALE).astype(np.float32)
    return np.concatenate([x, np.nextafter(x, np.float32(np.inf)), np.nextafter(x, -x)])


def one_layer(number_format: Format, values: np.ndarray) -> QuantizedNetwork:
    """Return a network that quantizes its input and a layer's weights, both in one format."""
    scale = torch.tensor([[SCALE]])
    layer = qnn.QuantLinear(
        len(values), 1, bias=False, weight_quant=weight_quantizer(number_format, scale)
    )
    layer.load_state_dict({"weight": torch.from_numpy(values)[None]}, strict=False)
    quantizer = qnn.QuantIdentity(act_quant=activation_quantizer(number_format, SCALE))
    graph = fx.Graph()
    quantized = graph.call_module("x_quant", (graph.placeholder("x"),))
    graph.output(graph.call_module("layer", (quantized,)))
    module = fx.GraphModule({"x_quant": quantizer, "layer": layer}, graph)
    wanted = LayerScheme(layer="layer", weight=number_format, act=number_format)
    return QuantizedNetwork(
        module=module.eval(), formats={"x_quant": number_format}, scheme=Scheme(layers=(wanted,))
    )


def constants(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}


def nodes(model: onnx.ModelProto) -> dict[str, onnx.NodeProto]:
    return {node.name: node for node in model.graph.node}


def exported(calibrated: CalibratedNetwork, weights: str, acts: str) -> onnx.ModelProto:
    scheme = Scheme.uniform(
        calibrated.network.layer_names, parse_format(weights), parse_format(acts), INPUT
    )
    return export_qonnx(prepare(calibrated, scheme), SHAPE)


@pytest.fixture(scope="module")
def model(calibrated) -> onnx.ModelProto:
    return exported(calibrated, "e2m1", "int4")


@pytest.fixture
def provenance(calibrated) -> Provenance:
    return Provenance(
        network="net",
        data="digits",
        data_fingerprint="f" * 64,
        point="",
        scheme=Scheme.uniform(
            calibrated.network.layer_names, parse_format("e2m1"), parse_format("int4"), INPUT
        ),
        recipe="none",
        input_format=INPUT,
        input_scale=1 / 255,
    )


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda f: f.name)
def test_brevitas_the_exported_nodes_and_our_format_are_one_grid(number_format):
    x = probes(number_format)
    network = one_layer(number_format, x)
    model = ModelWrapper(export_qonnx(network, x.shape))
    tensors = execute_onnx(model, {"input": x[None]}, return_full_exec_context=True)
    expected = number_format.quantize(x / np.float32(SCALE)) * np.float32(SCALE)
    of_brevitas = {
        "x_quant": network.module.x_quant(torch.from_numpy(x)),
        "layer.weight_quant": network.module.layer.quant_weight().value[0],
    }
    for name, values in of_brevitas.items():
        of_qonnx = tensors[f"{name}.out"][0]
        np.testing.assert_array_equal(of_qonnx, expected)
        np.testing.assert_array_equal(values.detach().numpy(), expected)
        assert of_qonnx.max() == np.float32(number_format.max) * np.float32(SCALE)


@pytest.mark.parametrize(
    ("name", "largest"), [("e4m3", 480), ("e5m2", 114688), ("e4m3fn", 448), ("e5m2ieee", 57344)]
)
def test_the_largest_value_is_a_constant_of_the_node(name, largest):
    model = export_qonnx(one_layer(parse_format(name), np.ones(3, np.float32)), (3,))
    assert constants(model)["x_quant.max_value"] == largest
    assert constants(model)["layer.weight_quant.max_value"] == largest


@pytest.mark.parametrize(("weights", "kind"), [("e2m1", "FloatQuant"), ("int4", "Quant")])
def test_weights_stay_floats_behind_their_quantizer(calibrated, network, weights, kind):
    model = exported(calibrated, weights, "int8")
    for layer in calibrated.network.layer_names:
        quantizer = nodes(model)[f"{layer}.weight_quant"]
        assert (quantizer.op_type, quantizer.domain) == (kind, "qonnx.custom_op.general")
        assert list(quantizer.input[:2]) == [f"{layer}.weight", f"{layer}.weight_quant.scale"]
        assert nodes(model)[layer].input[1] == quantizer.output[0]
        merged = calibrated.network.module.get_submodule(layer).weight.detach().numpy()
        np.testing.assert_array_equal(constants(model)[f"{layer}.weight"], merged)


def test_the_input_is_quantized_first(model):
    first = model.graph.node[0]
    readers = [node.name for node in model.graph.node if "input" in node.input]
    assert (first.name, first.op_type, readers) == ("input_1_quant", "Quant", ["input_1_quant"])
    assert constants(model)["input_1_quant.scale"] == 1 / 16
    assert constants(model)["input_1_quant.bit_width"] == 5
    assert {
        item.name: item.i for item in first.attribute if item.type == onnx.AttributeProto.INT
    } == {
        "signed": 0,
        "narrow": 0,
    }


def test_nodes_are_called_as_their_layers(model):
    names = [name for name in nodes(model) if "_quant" not in name]
    assert names == [
        *("conv1", "relu1", "pool1", "conv2", "relu2", "conv3", "pool3", "flatten"),
        *("fc1", "relu4", "fc2"),
    ]
    assert nodes(model)["relu2"].output[0] == "relu2.out"
    assert [tensor.name for tensor in model.graph.input] == ["input"]
    assert [tensor.name for tensor in model.graph.output] == ["output"]


def test_every_quantizer_has_constants_of_its_own(model):
    read = [name for node in model.graph.node for name in node.input if name in constants(model)]
    assert len(set(read)) == len(read) == len(constants(model))


def test_every_tensor_has_a_shape(model):
    wrapped = ModelWrapper(model)
    assert wrapped.check_all_tensor_shapes_specified()
    assert wrapped.get_tensor_shape("conv2.out") == [1, 8, 4, 4]
    assert wrapped.get_tensor_shape("output") == [1, 10]


class Nested(nn.Module):
    """A residual network with modules in modules, functions, and a name that is no identifier."""

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)
            self.bn = nn.BatchNorm2d(4)

        def forward(self, x):
            return nn.functional.relu(self.bn(self.conv(x)) + x)

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.clip = nn.ReLU6()
        self.blocks = nn.Sequential(self.Block(), self.Block())
        self.head = nn.Linear(4 * 64, 3)

    def forward(self, x):
        return self.head(self.blocks(self.clip(self.stem(x))).flatten(1))


@pytest.fixture(scope="module")
def nested(images) -> CalibratedNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return CalibratedNetwork.from_images(trace(Nested()), [images], 1 / 16)


def test_modules_in_modules_have_their_full_names(nested):
    model = exported(nested, "int4", "int4")
    assert [name for name in nodes(model) if "_quant" not in name] == [
        *("stem", "clip", "blocks.0.conv", "add", "relu"),
        *("blocks.1.conv", "add_1", "relu_1", "flatten", "head"),
    ]
    assert {"blocks.0.conv.weight", "blocks.1.conv.weight"} < constants(model).keys()


def test_an_unsigned_minifloat_is_a_signed_one_behind_a_relu(nested):
    model = exported(nested, "e2m1", "ue3m2")
    for name, relu in {"clip_quant": "clip_quant.relu", "relu_quant": "relu"}.items():
        quantizer = nodes(model)[name]
        (producer,) = (node for node in model.graph.node if node.output[0] == quantizer.input[0])
        assert (quantizer.op_type, producer.op_type) == ("FloatQuant", "Relu")
        assert producer.name == relu  # the network's own where there is one
        assert constants(model)[f"{name}.exponent_bits"] == 3
        assert constants(model)[f"{name}.mantissa_bits"] == 2


def test_exporting_twice_gives_the_same_bytes_and_leaves_the_network_alone(calibrated, images):
    scheme = Scheme.uniform(
        calibrated.network.layer_names, parse_format("e3m2"), parse_format("ue2m2"), INPUT
    )
    network = prepare(calibrated, scheme)
    before = network.module(images)
    first, second = (export_qonnx(network, SHAPE).SerializeToString() for _ in range(2))
    assert first == second
    assert torch.equal(network.module(images), before)
    assert network.module.get_submodule("conv1").weight.min() < 0


def test_the_file_tells_where_it_comes_from(model, provenance, tmp_path):
    write_qonnx(model, tmp_path / "new" / "model.onnx", provenance)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model.onnx"]
    read = onnx.load(tmp_path / "new" / "model.onnx")
    told = {item.key: item.value for item in read.metadata_props}
    assert told == {f"bitfront.{name}": value for name, value in provenance.facts().items()}
    assert Scheme.from_json(told["bitfront.scheme"]) == provenance.scheme
    assert float(told["bitfront.input_scale"]) == 1 / 255
    assert (told["bitfront.weight_format"], told["bitfront.act_format"]) == ("e2m1", "int4")
    assert told["bitfront.input_layout"] == "NCHW"
    assert not model.metadata_props
    assert read.graph == model.graph


def test_a_file_that_cannot_be_written_is_an_error_of_ours(model, provenance, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot write"):
        write_qonnx(model, tmp_path / "file" / "model.onnx", provenance)


def test_operators_and_their_versions_are_those_qonnx_expects(model):
    assert {item.domain: item.version for item in model.opset_import} == {
        "": 11,
        "qonnx.custom_op.general": 2,
    }
    assert {node.domain for node in model.graph.node} == {"", "qonnx.custom_op.general"}
    onnx.checker.check_model(model, full_check=True)


def test_what_onnx_cannot_express_is_named(images):
    class Bessel(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 8)

        def forward(self, x):
            return torch.special.i1(self.layer(x))

    calibrated = CalibratedNetwork.from_images(trace(Bessel()), [images], 1 / 16)
    with pytest.raises(UnsupportedLayerError, match=r"cannot be written as ONNX: .*special_i1"):
        exported(calibrated, "int4", "int4")


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda f: f.name)
def test_formats_are_found_again_in_the_file(number_format, tmp_path):
    x = probes(number_format)
    network = one_layer(number_format.narrow(), x)
    onnx.save(export_qonnx(network, x.shape), tmp_path / "model.onnx")
    model = read_model(tmp_path / "model.onnx")
    (layer,) = model.accelerator.mvaus
    np.testing.assert_array_equal(layer.act.grid(), number_format.narrow().grid())
    (codes,) = model.weights.values()
    values = layer.weight.decode(codes).astype(np.float32) * np.float32(SCALE)
    np.testing.assert_array_equal(values, network.module.layer.quant_weight().value.detach())
    if number_format.name not in ("e4m3fnuz", "e5m2fnuz"):  # finite formats of another bias
        assert layer.act == number_format.narrow()
