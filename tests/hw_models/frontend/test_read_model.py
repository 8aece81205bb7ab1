"""Files that others could have written, against qonnx' execution of them."""

import numpy as np
import pytest
from against_qonnx import agree
from graphs import Graph
from onnx import TensorAnnotation, TensorProto

from dse.errors import UnsupportedLayerError
from dse.formats import default_sweep, parse_format
from hw_models.frontend import read_model
from hw_models.graph import Add, Mvau, Pool, Requantize, SlidingWindow
from hw_models.tail import BatchNorm, Clip

SWEEP = [fmt.name for fmt in default_sweep()]


def batch_norm(graph, x, channels):
    uniform = graph.rng.uniform
    gammas = np.where(np.arange(channels) % 2, -1.0, 1.0) * uniform(0.5, 2, channels)
    return graph.node(
        "BatchNormalization", x, gammas, uniform(-1, 1, channels), uniform(-1, 1, channels),
        uniform(0.5, 2, channels), epsilon=1e-4,
    )  # fmt: skip


def kinds(model):
    return [type(node).__name__ for node in model.accelerator.nodes]


@pytest.mark.parametrize(("weight", "act"), list(zip(SWEEP, SWEEP[::-1], strict=True)))
def test_every_format_of_the_sweep(tmp_path, weight, act):
    graph = Graph((1, 2, 7, 6), seed=len(weight) + 7 * len(act))
    x = graph.quant("x", act, 0.25)
    x = graph.node(
        "Conv", x, graph.weights((4, 2, 3, 2), weight), np.arange(4) / 4,
        pads=[1, 0, 2, 1], strides=[2, 1], dilations=[1, 2],
    )  # fmt: skip
    x = graph.node("Relu", batch_norm(graph, x, 4))
    x = graph.quant(x, act, graph.act_scale(act, 3.0), name="first")
    x = graph.node("Conv", x, graph.weights((4, 1, 3, 3), weight), group=4, pads=[1, 1, 1, 1])
    x = graph.quant(x, act, graph.act_scale(act, 3.0), name="second")
    x = graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = graph.node("Flatten", x)
    weights = graph.weights((5, 4 * 2 * 2), weight)
    out = graph.node("Gemm", x, weights, np.arange(5) / 8, transB=1)
    model = agree(graph.write(tmp_path, out))
    assert kinds(model) == [
        *(["SlidingWindow", "Mvau", "Requantize"] * 2), "Pool", "Mvau",
    ]  # fmt: skip
    assert [mvau.weight.name for mvau in model.accelerator.mvaus] == [weight] * 3
    assert model.accelerator.mvaus[1].groups == 4


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("size", [(5, 6), (8, 7)])
def test_automatic_pads(tmp_path, auto_pad, size):
    graph = Graph((1, 1, *size))
    x = graph.quant("x", "int4", 0.5)
    out = graph.node(
        "Conv", x, graph.weights((2, 1, 4, 3), "int5"), auto_pad=auto_pad, strides=[2, 3]
    )
    agree(graph.write(tmp_path, out))


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 1.0), (0.75, 3.0), (-0.5, 0.0)])
def test_gemm(tmp_path, trans_a, trans_b, alpha, beta):
    graph = Graph((1, 6))
    x = graph.quant("x", "int4", 0.5)
    x = graph.node("Transpose", x, perm=[1, 0]) if trans_a else x
    weights = graph.weights((3, 6) if trans_b else (6, 3), "e2m3", axis=1 - trans_b)
    out = graph.node(
        "Gemm", x, weights, np.array([[1.0, -2.0, 0.5]]),
        transA=trans_a, transB=trans_b, alpha=alpha, beta=beta,
    )  # fmt: skip
    agree(graph.write(tmp_path, out), count=4)


def test_matmul_and_add_with_a_per_tensor_scale(tmp_path):
    graph = Graph((1, 6))
    x = graph.quant("x", "uint8", 1 / 255)
    x = graph.node("MatMul", x, graph.weights((6, 3), "int8", per_channel=False))
    out = graph.node("Add", np.array([1.0, 2.0, 3.0]), x)
    model = agree(graph.write(tmp_path, out))
    assert model.host_nodes == ()


def test_a_matrix_product_of_every_pixel(tmp_path):
    graph = Graph((1, 3, 4, 2))
    x = graph.quant("x", "int4", 0.5)
    x = graph.node("Reshape", x, np.array([1, 3, 8]))
    x = graph.node("Transpose", x, perm=[0, 2, 1])
    x = graph.node("MatMul", x, graph.weights((3, 5), "int4", axis=1))
    out = graph.quant(graph.node("Transpose", x, perm=[0, 2, 1]), "int6", 0.3)
    model = agree(graph.write(tmp_path, out))
    assert model.accelerator.mvaus[0].vectors == 8


@pytest.mark.filterwarnings("ignore:Output shapes disagree")  # qonnx cannot infer the shape
def test_a_flatten_permutes_the_next_weights(tmp_path):
    graph = Graph((1, 3, 2, 2))
    x = graph.quant("x", "int4", 0.5)
    shape = graph.node("Shape", x)  # as PyTorch writes x.view(len(x), -1)
    first = graph.node("Gather", shape, np.array(0), axis=0)
    first = graph.node("Unsqueeze", first, axes=[0])
    target = graph.node("Concat", first, np.array([-1]), axis=0)
    x = graph.node("Reshape", x, target)
    out = graph.node("Gemm", x, graph.weights((4, 12), "int4"), transB=1)
    model = agree(graph.write(tmp_path, out))
    assert kinds(model) == ["Mvau"]


def test_a_transposed_weight_keeps_its_codes(tmp_path):
    graph = Graph((1, 6))
    weights = graph.node("Transpose", graph.weights((3, 6), "e3m2"), perm=[1, 0])
    out = graph.node("MatMul", graph.quant("x", "int4", 0.5), weights)
    model = agree(graph.write(tmp_path, out))
    assert model.accelerator.mvaus[0].weight.name == "e3m2"


def test_channels_last_inputs(tmp_path):
    graph = Graph((1, 4, 5, 3))
    x = graph.node("Transpose", graph.quant("x", "int4", 0.5), perm=[0, 3, 1, 2])
    x = graph.node("Conv", x, graph.weights((2, 3, 3, 3), "int4"))
    x = graph.quant(x, "int4", 0.7)
    x = graph.node("Transpose", x, perm=[0, 2, 3, 1])
    x = graph.node("Reshape", x, np.array([1, -1]))
    out = graph.node("MatMul", x, graph.weights((12, 3), "int4", axis=1))
    model = agree(graph.write(tmp_path, out))
    assert model.input.shape == (4, 5, 3)
    assert kinds(model) == ["SlidingWindow", "Mvau", "Requantize", "Mvau"]


def test_sequences(tmp_path):
    graph = Graph((1, 2, 9))
    x = graph.quant("x", "int4", 0.5)
    weights = graph.weights((3, 2, 3), "int4")
    x = graph.node("Conv", x, weights, np.ones(3), pads=[2, 1], strides=[2])
    x = graph.quant(x, "int4", 0.4, name="hidden")
    x = graph.node("MaxPool", x, kernel_shape=[2])
    out = graph.node("Conv", x, graph.weights((2, 3, 4), "int4"))
    model = agree(graph.write(tmp_path, out))
    assert model.input.shape == (1, 9, 2)


@pytest.mark.parametrize("domain", ["onnx.brevitas", "qonnx.custom_op.general"])
def test_both_domains_of_quantizers(tmp_path, domain):
    graph = Graph((1, 6), domain=domain)
    out = graph.node("MatMul", graph.quant("x", "e2m1", 0.5), graph.weights((6, 3), "int4", axis=1))
    agree(graph.write(tmp_path, out))


class TestResiduals:
    @staticmethod
    def graph(first_scale, second_scale, formats=("int4", "int4")):
        graph = Graph((1, 3, 4, 4))
        x = graph.quant("x", formats[0], first_scale)
        y = graph.node("Conv", x, graph.weights((3, 3, 3, 3), "int4"), pads=[1, 1, 1, 1])
        y = graph.quant(y, formats[1], second_scale, name="branch")
        x = graph.node("Add", x, y, name="sum")
        x = graph.quant(graph.node("Relu", x), "int5", 0.3, name="joined")
        x = graph.node("Flatten", x)
        return graph, graph.node("Gemm", x, graph.weights((2, 48), "int4"), transB=1)

    @pytest.mark.parametrize("formats", [("int4", "int4"), ("int8", "int4"), ("e2m1", "e3m2")])
    @pytest.mark.parametrize(
        ("scales", "ratio"), [((0.3, 0.3), 0), ((0.3, 0.6), -1), ((1.2, 0.3), 2)]
    )
    def test_are_exact_sums(self, tmp_path, formats, scales, ratio):
        scales = np.float32(scales[1]) * np.float32(2.0) ** ratio, np.float32(scales[1])
        graph, out = self.graph(*scales, formats)
        model = agree(graph.write(tmp_path, out))
        add = model.accelerator.node("sum")
        assert isinstance(add, Add)
        units = [
            s * 2.0**-shift * act.lsb
            for s, shift, act in zip(scales, add.shifts, add.acts, strict=True)
        ]
        assert units[0] == units[1]
        assert model.accelerator.sources_of(add) == ("", "branch")

    def test_of_other_scales_are_refused_with_both(self, tmp_path):
        graph, out = self.graph(0.3, 0.4)
        with pytest.raises(UnsupportedLayerError, match=r"'sum' \(Add\).*0\.3000.*0\.4000.*share"):
            read_model(graph.write(tmp_path, out))

    def test_of_real_values_are_refused(self, tmp_path):
        graph = Graph((1, 3))
        x = graph.quant("x", "int4")
        y = graph.node("MatMul", x, graph.weights((3, 3), "int4", axis=1), name="product")
        out = graph.node("Add", x, y, name="sum")
        with pytest.raises(UnsupportedLayerError, match=r"sum.*'product_out'; put a quantizer"):
            read_model(graph.write(tmp_path, out))


class TestPools:
    @pytest.mark.parametrize("opset", [11, 18])
    @pytest.mark.parametrize("keepdims", [0, 1])
    def test_means_over_space(self, tmp_path, opset, keepdims):
        graph = Graph((1, 3, 4, 5), opset=opset)
        x = graph.quant("x", "int6", 0.25)
        if opset >= 18:
            x = graph.node("ReduceMean", x, np.array([-1, 2]), keepdims=keepdims)
        else:
            x = graph.node("ReduceMean", x, axes=[2, 3], keepdims=keepdims)
        x = graph.node("Flatten", graph.quant(x, "int6", 0.125, name="mean"))
        out = graph.node("MatMul", x, graph.weights((3, 2), "int4", axis=1))
        model = agree(graph.write(tmp_path, out), count=4)
        assert kinds(model) == ["Pool", "Requantize", "Mvau"]

    @pytest.mark.parametrize(
        ("op", "attributes"),
        [
            ("GlobalAveragePool", {}),
            ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 1]}),
            ("AveragePool", {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "count_include_pad": 1}),
            ("MaxPool", {"kernel_shape": [3, 3], "pads": [1, 0, 2, 1], "strides": [2, 2]}),
            ("MaxPool", {"kernel_shape": [2, 2], "strides": [3, 2], "ceil_mode": 1}),
            ("GlobalMaxPool", {}),
        ],
    )
    def test_of_codes(self, tmp_path, op, attributes):
        graph = Graph((1, 3, 5, 6))
        x = graph.node(op, graph.quant("x", "e2m1", 0.5), **attributes)
        x = graph.quant(x, "int5", 0.25, name="pooled")
        out = graph.node("Conv", x, graph.weights((2, 3, 1, 1), "int4"))
        agree(graph.write(tmp_path, out), count=4)

    def test_that_average_fewer_pixels_at_the_border_are_refused(self, tmp_path):
        graph = Graph((1, 3, 5, 6))
        x = graph.node("AveragePool", graph.quant("x", "int4"), kernel_shape=[3, 3], pads=[1] * 4)
        with pytest.raises(UnsupportedLayerError, match="count_include_pad=1"):
            read_model(graph.write(tmp_path, x))

    def test_max_pools_move_behind_the_quantizer(self, tmp_path):
        graph = Graph((1, 2, 6, 6))
        x = graph.node("Conv", graph.quant("x", "int4", 0.5), graph.weights((3, 2, 3, 3), "int4"))
        x = graph.node("MaxPool", x, kernel_shape=[2, 2], pads=[0, 1, 1, 0])
        x = graph.node("Relu", graph.node("Add", x, np.full((1, 3, 1, 1), 0.25)))
        x = graph.quant(x, "int4", 0.5)
        out = graph.node("Conv", x, graph.weights((2, 3, 4, 4), "int4"))
        model = agree(graph.write(tmp_path, out), count=4, has_hidden=False)
        assert kinds(model)[1:5] == ["Mvau", "Requantize", "SlidingWindow", "Pool"]

    def test_max_pools_do_not_commute_with_a_negative_factor(self, tmp_path):
        graph = Graph((1, 2, 6, 6))
        x = graph.node("Conv", graph.quant("x", "int4"), graph.weights((3, 2, 3, 3), "int4"))
        x = graph.node("MaxPool", x, kernel_shape=[2, 2], name="pool")
        out = graph.quant(batch_norm(graph, x, 3), "int4")
        with pytest.raises(UnsupportedLayerError, match="negative factor behind max pool 'pool'"):
            read_model(graph.write(tmp_path, out))


class TestQuantizersInARow:
    @staticmethod
    def layer(graph):
        return graph.node(
            "MatMul", graph.quant("x", "int4", 0.5), graph.weights((6, 6), "int4", axis=1)
        )

    def test_the_same_twice_is_one(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.quant(graph.quant(self.layer(graph), "e3m2", 0.3), "e3m2", 0.3)
        out = graph.node("MatMul", x, graph.weights((6, 2), "int4", axis=1))
        assert kinds(agree(graph.write(tmp_path, out))) == ["Mvau", "Requantize", "Mvau"]

    def test_the_same_for_two_readers_is_one(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.node("Relu", self.layer(graph))
        x = graph.node("Add", graph.quant(x, "int4", 0.3), graph.quant(x, "int4", 0.3))
        out = graph.quant(x, "int4", 0.3)
        assert kinds(agree(graph.write(tmp_path, out))) == [
            "Mvau",
            "Requantize",
            "Add",
            "Requantize",
        ]

    def test_different_ones_share_a_tail(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.quant(self.layer(graph), "int6", 0.17)
        x = graph.quant(graph.node("Relu", x), "e2m1", 0.4, name="second")
        out = graph.node("MatMul", x, graph.weights((6, 2), "int4", axis=1))
        model = agree(graph.write(tmp_path, out), count=20)
        assert kinds(model) == ["Mvau", "Requantize", "Mvau"]
        assert model.accelerator.nodes[1].name == "second"

    def test_a_relu_behind_a_quantizer_stands_before_it(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.node("Relu", graph.quant(self.layer(graph), "int5", 0.3, name="hidden"))
        out = graph.node("MatMul", x, graph.weights((6, 2), "int4", axis=1))
        model = agree(graph.write(tmp_path, out), count=20, has_hidden=False)
        assert kinds(model) == ["Mvau", "Requantize", "Mvau"]
        assert model.tails["hidden"].steps == (Clip(low=0.0, high=np.inf),)

    def test_both_can_be_read(self, tmp_path):
        graph = Graph((1, 6))
        wide = graph.quant(self.layer(graph), "int6", 0.125, name="wide")
        narrow = graph.quant(graph.node("Relu", wide), "int4", 0.25, name="narrow")
        x = graph.node("MatMul", narrow, graph.weights((6, 6), "int4", axis=1))
        x = graph.node("Add", graph.quant(x, "int6", 0.125, name="branch"), wide)
        out = graph.quant(x, "int6", 0.25, name="end")
        agree(graph.write(tmp_path, out), count=20)

    def test_the_input_can_be_quantized_anew(self, tmp_path):
        graph = Graph((1, 2, 3, 3))
        x = graph.quant(graph.quant("x", "int8", 0.1), "e2m1", 0.7, name="again")
        out = graph.node("Conv", x, graph.weights((2, 2, 2, 2), "int4"))
        model = agree(graph.write(tmp_path, out), count=20)
        assert model.input.format.name == "int8"

    def test_the_input_in_two_ways_is_refused(self, tmp_path):
        graph = Graph((1, 6))
        out = graph.node("Add", graph.quant("x", "int4", 1.0), graph.quant("x", "int4", 2.0))
        with pytest.raises(UnsupportedLayerError, match="quantize it once"):
            read_model(graph.write(tmp_path, out))


class TestBipolar:
    def test_weights_are_two_bit_codes(self, tmp_path):
        graph = Graph((1, 6))
        weights = graph.bipolar(graph.rng.standard_normal((6, 3)), 0.3)
        out = graph.node("MatMul", graph.quant("x", "int4", 0.5), weights)
        model = agree(graph.write(tmp_path, out), count=4)
        assert model.accelerator.mvaus[0].weight == parse_format("int2")
        assert set(model.weights["matmul2"].ravel()) == {1, 3}

    def test_activations_are_signs(self, tmp_path):
        graph = Graph((1, 6))
        weights = graph.bipolar(graph.rng.standard_normal((6, 5)), 0.5)
        x = graph.node("MatMul", graph.quant("x", "int4", 0.5), weights)  # 0 is met, and is +1
        x = graph.bipolar(x, 0.7, name="sign")
        out = graph.node("MatMul", x, graph.weights((5, 2), "int4", axis=1))
        model = agree(graph.write(tmp_path, out), count=50)
        assert model.accelerator.mvaus[1].act == parse_format("int2n")

    def test_one_bit_signed_integers_are_bipolar(self, tmp_path):
        graph = Graph((1, 6))
        weights = graph.quant(graph.rng.standard_normal((6, 3)), "int1", 0.3)
        out = graph.node("MatMul", graph.quant("x", "int4", 0.5), weights)
        agree(graph.write(tmp_path, out))


class TestUnsignedMinifloats:
    @staticmethod
    def graph():
        graph = Graph((1, 6))
        x = graph.node(
            "MatMul", graph.quant("x", "int4", 0.5), graph.weights((6, 6), "int4", axis=1)
        )
        x = graph.quant(graph.node("Relu", x), "e3m3", 0.2, name="hidden")
        return graph, graph.node("MatMul", x, graph.weights((6, 2), "int4", axis=1))

    def test_are_found_by_range(self, tmp_path):
        graph, out = self.graph()
        assert agree(graph.write(tmp_path, out), 20).accelerator.mvaus[1].act.name == "ue3m3"

    @pytest.mark.parametrize(("declared", "found"), [("e3m3", "e3m3"), ("ue3m3", "ue3m3")])
    def test_are_what_bitfronts_own_files_say(self, tmp_path, declared, found):
        graph, out = self.graph()
        scheme = f'{{"layers": [{{"act": "int4"}}, {{"act": "{declared}"}}]}}'
        model = agree(graph.write(tmp_path, out, **{"bitfront.scheme": scheme}), 4)
        assert model.accelerator.mvaus[1].act.name == found

    @pytest.mark.parametrize("scheme", ["", "[", "{}", '{"layers": 3}', "[" * 100_000])
    def test_a_damaged_scheme_is_no_scheme(self, tmp_path, scheme):
        graph, out = self.graph()
        model = read_model(graph.write(tmp_path, out, **{"bitfront.scheme": scheme}))
        assert model.accelerator.mvaus[1].act.name == "ue3m3"


class TestInputs:
    def test_declared_integers_need_no_quantizer(self, tmp_path):
        graph = Graph((1, 2, 3, 3))
        annotation = TensorAnnotation(tensor_name="x")
        annotation.quant_parameter_tensor_names.add(key="finn_datatype", value="UINT8")
        graph.annotations = [annotation]
        x = graph.node("Div", "x", np.float32(255))
        out = graph.node("Conv", x, graph.weights((2, 2, 2, 2), "int4"))
        model = agree(graph.write(tmp_path, out))
        assert (model.input.format.name, model.input.scale) == ("uint8", 1.0)
        assert kinds(model) == ["SlidingWindow", "Mvau"]

    def test_a_quantizer_that_repeats_the_declared_integers_is_dropped(self, tmp_path):
        graph = Graph((1, 6))
        graph.elements = TensorProto.UINT8
        x = graph.node("Cast", "x", to=TensorProto.FLOAT)
        x = graph.quant(graph.node("Mul", x, np.float32(1 / 255)), "uint8", np.float32(1 / 255))
        out = graph.node("MatMul", x, graph.weights((6, 2), "int4", axis=1))
        model = read_model(graph.write(tmp_path, out))
        assert kinds(model) == ["Mvau"]
        assert model.input.format.name == "uint8"

    @pytest.mark.parametrize("batch", ["n", 1])
    def test_the_batch_may_be_open(self, tmp_path, batch):
        graph = Graph((1, 6), batch=batch)
        out = graph.node("MatMul", graph.quant("x", "int4"), graph.weights((6, 2), "int4", axis=1))
        assert read_model(graph.write(tmp_path, out)).input.shape == (1, 1, 6)

    def test_real_values_without_a_quantizer_are_refused(self, tmp_path):
        graph = Graph((1, 6))
        out = graph.node("MatMul", "x", graph.weights((6, 2), "int4", axis=1))
        with pytest.raises(UnsupportedLayerError, match="real values from 'x'; put a quantizer"):
            read_model(graph.write(tmp_path, out))

    def test_what_changes_the_input_before_its_quantizer_is_refused(self, tmp_path):
        graph = Graph((1, 6))
        out = graph.quant(graph.node("Sub", "x", np.float32(0.5)), "int4", name="late")
        with pytest.raises(UnsupportedLayerError, match=r"'late'.*directly behind the input"):
            read_model(graph.write(tmp_path, out))


class TestTails:
    @pytest.mark.parametrize(
        ("op", "operands", "attributes"),
        [
            ("Clip", (np.float32(0), np.float32(6)), {}),
            ("Clip", (np.float32(-1), np.float32(1)), {}),
            ("LeakyRelu", (), {"alpha": 0.125}),
            ("PRelu", (np.linspace(0, 1, 5).reshape(5, 1, 1),), {}),
            ("Sigmoid", (), {}),
            ("Tanh", (), {}),
            ("HardSigmoid", (), {"alpha": 0.25, "beta": 0.5}),
            ("Max", (np.float32(-0.5),), {}),
            ("Min", (np.float32(0.5),), {}),
            ("Mul", (np.linspace(-2, 2, 5).reshape(1, 5, 1, 1),), {}),
            ("Div", (np.linspace(1, 2, 5).reshape(5, 1, 1),), {}),
            ("Sub", (np.float32(0.3),), {}),
            ("Neg", (), {}),
        ],
    )
    def test_steps(self, tmp_path, op, operands, attributes):
        graph = Graph((1, 2, 4, 4), opset=13)
        x = graph.node("Conv", graph.quant("x", "int4", 0.5), graph.weights((5, 2, 3, 3), "int4"))
        x = graph.node(op, x, *operands, **attributes)
        x = graph.quant(x, "int6", 0.1, name="hidden")
        out = graph.node("Conv", x, graph.weights((2, 5, 2, 2), "int4"))
        agree(graph.write(tmp_path, out), count=4)

    def test_a_constant_minus_a_stream(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.node(
            "MatMul", graph.quant("x", "int4", 0.5), graph.weights((6, 6), "int4", axis=1)
        )
        out = graph.quant(graph.node("Sub", np.float32(1.5), x), "int6", 0.2, name="hidden")
        agree(graph.write(tmp_path, out), count=4)

    def test_batch_norm_keeps_its_parameters(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.node(
            "MatMul", graph.quant("x", "int4", 0.5), graph.weights((6, 4), "int4", axis=1)
        )
        out = graph.quant(batch_norm(graph, x, 4), "int4", 0.5, name="hidden")
        model = agree(graph.write(tmp_path, out), count=20)
        (step,) = model.tails["hidden"].steps
        assert isinstance(step, BatchNorm)
        assert (step.weight < 0).any()

    def test_quantized_biases_of_any_width(self, tmp_path):
        graph = Graph((1, 6))
        bias = graph.node(
            "Quant", np.array([0.1, -3.0, 700.0]), np.float32(0.001), np.float32(0),
            np.float32(32), domain=graph.domain, signed=1, narrow=0, rounding_mode="ROUND",
        )  # fmt: skip
        out = graph.node(
            "Gemm", graph.quant("x", "int4"), graph.weights((6, 3), "int4", axis=1), bias
        )
        agree(graph.write(tmp_path, out))

    def test_a_constant_per_pixel_is_refused(self, tmp_path):
        graph = Graph((1, 2, 4, 4))
        x = graph.node("Conv", graph.quant("x", "int4"), graph.weights((5, 2, 3, 3), "int4"))
        out = graph.quant(graph.node("Add", x, np.arange(4.0).reshape(2, 2), name="shift"), "int4")
        with pytest.raises(UnsupportedLayerError, match=r"'shift'.*differs between pixels"):
            read_model(graph.write(tmp_path, out))


class TestPads:
    def test_belong_to_the_next_window(self, tmp_path):
        graph = Graph((1, 2, 4, 5))
        x = graph.node("Pad", graph.quant("x", "int4", 0.5), np.array([0, 0, 0, 1, 0, 0, 2, 1]))
        weights = graph.weights((3, 2, 3, 3), "int4")
        out = graph.node("Conv", x, weights, pads=[1, 0, 0, 0], strides=[2, 2])
        model = agree(graph.write(tmp_path, out))
        window = model.accelerator.nodes[0]
        assert isinstance(window, SlidingWindow)
        assert window.pads == (1, 1, 2, 1)

    @pytest.mark.parametrize("mode", ["reflect", "edge"])
    def test_of_other_values_are_refused(self, tmp_path, mode):
        graph = Graph((1, 2, 4, 5))
        out = graph.node("Pad", graph.quant("x", "int4"), np.array([0, 0, 1, 1] * 2), mode=mode)
        with pytest.raises(UnsupportedLayerError, match="pads of zeros"):
            read_model(graph.write(tmp_path, out))


class TestEnds:
    @pytest.mark.parametrize("op", ["Softmax", "ArgMax", "LogSoftmax"])
    def test_are_left_to_the_host_by_name(self, tmp_path, op):
        graph = Graph((1, 6), opset=13)
        x = graph.node("MatMul", graph.quant("x", "int4"), graph.weights((6, 4), "int4", axis=1))
        out = graph.node(op, x, name="the.end", axis=1)
        assert agree(graph.write(tmp_path, out)).host_nodes == ("the.end",)

    def test_topk_has_two_outputs(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.node("MatMul", graph.quant("x", "int4"), graph.weights((6, 4), "int4", axis=1))
        outputs = graph.node("TopK", x, np.array([2]), outputs=2, name="top")
        assert read_model(graph.write(tmp_path, *outputs)).host_nodes == ("top",)
        assert read_model(graph.write(tmp_path, outputs[1])).host_nodes == ("top",)

    def test_are_at_the_end(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.node("Softmax", graph.quant("x", "int4"), axis=1, name="middle")
        out = graph.node("MatMul", x, graph.weights((6, 4), "int4", axis=1), name="fc")
        with pytest.raises(UnsupportedLayerError, match=r"'fc'.*follows node 'middle'"):
            read_model(graph.write(tmp_path, out))

    def test_codes_may_leave(self, tmp_path):
        graph = Graph((1, 1, 6, 6))
        x = graph.node("Conv", graph.quant("x", "int4"), graph.weights((2, 1, 3, 3), "int4"))
        out = graph.node("MaxPool", graph.quant(x, "e2m1", 0.5), kernel_shape=[2, 2])
        model = agree(graph.write(tmp_path, out))
        assert isinstance(model.accelerator.nodes[-1], Pool)

    @pytest.mark.parametrize("op", [None, "Softmax"])
    def test_that_rearrange_elements_are_left_to_the_host(self, tmp_path, op):
        graph = Graph((1, 1, 6, 6), opset=13)
        x = graph.node("Conv", graph.quant("x", "int4"), graph.weights((2, 1, 3, 3), "int4"))
        out = graph.node("Flatten", x, name="flat")
        out = graph.node(op, out, axis=1, name="end") if op else out
        assert agree(graph.write(tmp_path, out)).host_nodes == (
            ("flat", "end") if op else ("flat",)
        )

    def test_that_leave_the_order_as_it_is_are_nothing(self, tmp_path):
        graph = Graph((1, 1, 3, 3))
        x = graph.node("Conv", graph.quant("x", "int4"), graph.weights((2, 1, 3, 3), "int4"))
        assert agree(graph.write(tmp_path, graph.node("Flatten", x))).host_nodes == ()

    def test_what_the_output_does_not_need_is_left_out(self, tmp_path):
        graph = Graph((1, 6))
        x = graph.quant("x", "int4")
        graph.node("Erf", x)  # no hardware, but nobody reads it
        out = graph.node("MatMul", x, graph.weights((6, 4), "int4", axis=1))
        assert kinds(read_model(graph.write(tmp_path, out))) == ["Mvau"]


class TestWeights:
    def test_of_the_full_range_take_one_bit_more_where_they_use_it(self, tmp_path):
        for values, name in (([-8.0, 3.0], "int5"), ([-7.0, 7.0], "int4")):
            graph = Graph((1, 2))
            weights = graph.quant(np.array([values]).T, "int4", 1.0)
            out = graph.node("MatMul", graph.quant("x", "int4"), weights)
            assert agree(graph.write(tmp_path, out)).accelerator.mvaus[0].weight.name == name

    @pytest.mark.parametrize("name", ["int3", "int16n", "e4m3fn", "e5m2ieee", "e3m2b5", "e2m1b-2"])
    def test_of_other_formats(self, tmp_path, name):
        graph = Graph((1, 6))
        weights = graph.weights((6, 3), name, axis=1)
        out = graph.node("MatMul", graph.quant("x", "int9", 0.5), weights)
        model = agree(graph.write(tmp_path, out))
        assert model.accelerator.mvaus[0].weight.name == name.removesuffix("n").replace(
            "4m3f", "4m3fn"
        )

    def test_without_a_quantizer_are_refused(self, tmp_path):
        graph = Graph((1, 6))
        out = graph.node("MatMul", graph.quant("x", "int4"), np.ones((6, 2)), name="fc")
        with pytest.raises(UnsupportedLayerError, match=r"'fc'.*no quantizer.*Quant"):
            read_model(graph.write(tmp_path, out))

    def test_of_scales_along_the_wrong_axis_are_refused(self, tmp_path):
        graph = Graph((1, 6))
        out = graph.node("MatMul", graph.quant("x", "int4"), graph.weights((6, 2), "int4", axis=0))
        with pytest.raises(UnsupportedLayerError, match="within an output channel"):
            read_model(graph.write(tmp_path, out))


def test_names_are_those_of_the_files_nodes(tmp_path):
    graph = Graph((1, 1, 4, 4))
    x = graph.quant("x", "int4", name="in.quant")
    x = graph.node("Conv", x, graph.weights((2, 1, 3, 3), "int4"), name="/features/0.conv")
    x = graph.quant(x, "int4", name="module")
    out = graph.node("Conv", x, graph.weights((2, 2, 1, 1), "int4"), name="features_0_conv")
    model = agree(graph.write(tmp_path, out))
    names = [node.name for node in model.accelerator.nodes]
    assert names == ["features_0_conv_window", "features_0_conv", "n_module", "features_0_conv_2"]
    assert isinstance(model.accelerator.nodes[2], Requantize)
    assert isinstance(model.accelerator.nodes[3], Mvau)
