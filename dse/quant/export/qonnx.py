"""Brevitas networks as QONNX graphs whose weights, too, keep their quantizers.

Every quantizer is a `Quant` or `FloatQuant` node: on the network's input, on activations, and on
the float weights, which stay as initializers. (Do not run qonnx's ``cleanup_model`` on the result:
it folds `FloatQuant` weights into plain constants and so loses their format.)

`FloatQuant` has no sign flag: an unsigned minifloat is `FloatQuant` behind a `Relu`, which equals
it since nothing negative arrives.
"""

import copy
import warnings
from pathlib import Path

import brevitas.nn as qnn
import onnx
import torch
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.util.basic import get_preferred_onnx_opset
from torch import fx, nn
from torch.onnx import OnnxExporterError

from dse import __version__
from dse.errors import UnsupportedLayerError
from dse.files import replace_atomically
from dse.formats import Format, MiniFloat
from dse.quant.export.names import INPUT, OUTPUT, name_after_layers
from dse.quant.export.provenance import PREFIX, Provenance
from dse.quant.host import first_on_host
from dse.quant.pipeline import QuantizedNetwork


def export_qonnx(network: QuantizedNetwork, image_shape: tuple[int, ...]) -> onnx.ModelProto:
    """Return a quantized network as a QONNX model for one image at a time.

    Nodes carry the names of the network's layers, see `dse.quant.export.names`. The input,
    ``input``, is a float32 tensor `(1, c, h, w)` of real values and its only reader is its
    quantizer; the output, ``output``, holds the logits. All shapes are given. `network` is left as
    it is.

    Args:
        network: Network of Brevitas modules.
        image_shape: `(c, h, w)`.

    Raises:
        UnsupportedLayerError: A host computes a part of the network, or ONNX has no operator for
            something it does.
    """
    if on_host := first_on_host(network.module):
        raise UnsupportedLayerError(
            f"node {on_host} is in scope 'host': it has no hardware, so the network cannot be "
            "exported for an accelerator; 'bitfront explore' costs what hardware does of it"
        )
    flat, layers = _flat(network)
    model = _traced(flat, image_shape)
    name_after_layers(model.graph, layers)
    model = ModelWrapper(model).transform(InferShapes()).model
    model.graph.name = "network"
    model.producer_name, model.producer_version = "bitfront", __version__
    onnx.checker.check_model(model, full_check=True)
    return model


def _traced(module: fx.GraphModule, image_shape: tuple[int, ...]) -> onnx.ModelProto:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Brevitas tells which optional packages it goes without
        from brevitas.export import export_qonnx as brevitas_export

        try:
            return brevitas_export(
                module,
                args=torch.zeros(1, *image_shape),
                opset_version=get_preferred_onnx_opset(),
                input_names=[INPUT],
                output_names=[OUTPUT],
                keep_initializers_as_inputs=False,
                dynamo=False,
            )
        except OnnxExporterError as error:
            reason = str(error).partition("\n")[0]
            raise UnsupportedLayerError(
                f"the network cannot be written as ONNX: {reason}"
            ) from error


def write_qonnx(model: onnx.ModelProto, path: Path, provenance: Provenance) -> None:
    """Write a model and where it comes from to a file, whole or not at all.

    Raises:
        DataError: The file cannot be written.
    """
    told = copy.deepcopy(model)
    onnx.helper.set_model_props(told, provenance.properties())
    replace_atomically(path, told.SerializeToString(deterministic=True))


def read_facts(path: Path) -> dict[str, str]:
    """Return what a file that `write_qonnx` wrote says about itself, as `Provenance.facts`.

    Files from elsewhere say nothing.
    """
    entries = onnx.load(path, load_external_data=False).metadata_props
    return {
        entry.key.removeprefix(PREFIX): entry.value
        for entry in entries
        if entry.key.startswith(PREFIX)
    }


def _flat(network: QuantizedNetwork) -> tuple[fx.GraphModule, dict[str, str]]:
    """Return a copy of the network without nested modules, and each module's name by its new one.

    The exporter names what a nested module makes after the last part of its name only, and it
    changes modules, which networks share. What `FloatQuant` cannot say is put beside it here.
    """
    graph = fx.Graph()
    modules: dict[str, nn.Module] = {}
    layers: dict[str, str] = {}
    copies: dict[fx.Node, fx.Node] = {}

    def call(scope: str, module: nn.Module, layer: str, operand: fx.Node) -> fx.Node:
        modules[scope], layers[scope] = module, layer
        return graph.call_module(scope, (operand,))

    for node in network.module.graph.nodes:
        if node.op != "call_module":
            copies[node] = graph.node_copy(node, copies.__getitem__)
            continue
        layer = str(node.target)
        source = node.all_input_nodes[0]
        operand = copies[source]
        if _lacks_sign(network.formats.get(layer)) and not _is_relu(network.module, source):
            operand = call(f"{node.name}_relu", nn.ReLU(), f"{layer}.relu", operand)
        module = _copied(network.module.get_submodule(layer))
        copies[node] = call(node.name, module, layer, operand)
    return fx.GraphModule(modules, graph).eval(), layers


def _copied(module: nn.Module) -> nn.Module:
    copied = copy.deepcopy(module)
    match copied:
        case qnn.QuantConv2d() | qnn.QuantLinear() if not copied.weight_quant.is_signed:
            copied.weight.data.clamp_(min=0.0)  # what the quantizer does, and FloatQuant does not
    return copied


def _lacks_sign(number_format: Format | None) -> bool:
    return isinstance(number_format, MiniFloat) and not number_format.signed


def _is_relu(module: fx.GraphModule, node: fx.Node) -> bool:
    called = module.get_submodule(str(node.target)) if node.op == "call_module" else node.target
    return isinstance(called, nn.ReLU) or called in (nn.functional.relu, torch.relu, "relu")
