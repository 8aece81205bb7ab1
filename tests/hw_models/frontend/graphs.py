"""Small QONNX files for the tests, written by hand: nothing of bitfront's own export is in them."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dse.formats import Format, MiniFloat, parse_format

QONNX_DOMAIN = "qonnx.custom_op.general"


class Graph:
    """Collects nodes; every method returns the name of the tensor it makes."""

    def __init__(self, shape=(1, 1, 4, 4), *, seed=0, opset=11, domain=QONNX_DOMAIN, batch=1):
        self.rng = np.random.default_rng(seed)
        self.shape = shape
        self.opset, self.domain, self.batch = opset, domain, batch
        self.nodes, self.constants, self.annotations = [], [], []
        self.elements = TensorProto.FLOAT
        self.outputs = None

    def constant(self, values, name=""):
        name = name or f"c{len(self.constants)}"
        array = np.asarray(values)
        array = array.astype(np.float32) if array.dtype == np.float64 else array
        self.constants.append(numpy_helper.from_array(array.copy(), name))
        return name

    def node(self, op, *inputs, name="", outputs=1, domain="", **attributes):
        name = name or f"{op.lower()}{len(self.nodes)}"
        results = [f"{name}_out{i}" if i else f"{name}_out" for i in range(outputs)]
        operands = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        node = helper.make_node(op, operands, results, name=name, domain=domain, **attributes)
        self.nodes.append(node)
        return results[0] if outputs == 1 else results

    def quant(self, x, fmt, scale=1.0, *, name="", **attributes):
        """Add the quantizer of a format; an unsigned minifloat becomes a FloatQuant."""
        fmt = parse_format(fmt) if isinstance(fmt, str) else fmt
        scale = np.asarray(scale, np.float32)
        if isinstance(fmt, MiniFloat):
            sizes = (fmt.exponent_bits, fmt.mantissa_bits, fmt.bias, fmt.max)
            settings = {"has_inf": 0, "has_nan": 0, "has_subnormal": 1, "saturation": 1}
            settings |= {"rounding_mode": "ROUND"} | attributes
            operands = [scale, *(np.float32(size) for size in sizes)]
            return self.node("FloatQuant", x, *operands, name=name, domain=self.domain, **settings)
        settings = {
            "signed": int(fmt.signed),
            "narrow": int(fmt.is_narrow),
            "rounding_mode": "ROUND",
        }
        operands = [scale, np.float32(0), np.float32(fmt.bits)]
        return self.node(
            "Quant", x, *operands, name=name, domain=self.domain, **(settings | attributes)
        )

    def bipolar(self, x, scale=1.0, *, name=""):
        return self.node("BipolarQuant", x, np.float32(scale), name=name, domain=self.domain)

    def weights(self, shape, fmt, *, per_channel=True, axis=0):
        """Add random weights that use the whole grid, behind their quantizer."""
        fmt = parse_format(fmt) if isinstance(fmt, str) else fmt
        fmt = fmt.narrow()
        real = self.rng.standard_normal(shape).astype(np.float32)
        axes = tuple(i for i in range(len(shape)) if i != axis)
        largest = np.abs(real).max(axis=axes if per_channel else None, keepdims=True)
        scale = (largest / fmt.max * self.rng.uniform(0.7, 1.1, largest.shape)).astype(np.float32)
        return self.quant(real, fmt, scale if per_channel else scale.reshape(()))

    def act_scale(self, fmt, spread):
        fmt = parse_format(fmt) if isinstance(fmt, str) else fmt
        return np.float32(spread / fmt.max * self.rng.uniform(0.8, 1.2))

    def model(self, *outputs, **properties):
        item = helper.make_tensor_value_info
        shape = [self.batch, *self.shape[1:]]
        graph = helper.make_graph(
            self.nodes,
            "graph",
            [item("x", self.elements, shape)],
            [item(name, self._elements_of(name), None) for name in outputs],
            self.constants,
        )
        graph.quantization_annotation.extend(self.annotations)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(self.domain, 1)]
        model = helper.make_model(graph, opset_imports=opsets)
        helper.set_model_props(model, properties)
        return model

    def _elements_of(self, tensor):
        (maker,) = (node for node in self.nodes if tensor in node.output)
        places = maker.op_type == "ArgMax" or tensor in maker.output[1:]
        return TensorProto.INT64 if places else TensorProto.FLOAT

    def write(self, folder: Path, *outputs, **properties) -> Path:
        path = folder / "model.onnx"
        onnx.save(self.model(*outputs, **properties), path)
        return path


def images(model_input, count, seed=0):
    """Codes of random images, `(n, h, w, c)`."""
    rng = np.random.default_rng(seed)
    fmt: Format = model_input.format
    finite = fmt.encode(fmt.grid())
    return rng.choice(finite, (count, *model_input.shape))
