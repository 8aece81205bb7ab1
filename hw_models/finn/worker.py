"""Runs inside FINN's environment, which has neither bitfront nor its packages.

    python worker.py check
    python worker.py build REQUEST.json
    python worker.py execute REQUEST.json
    python worker.py trace REQUEST.json
    python worker.py finish REQUEST.json

A request is a JSON object; paths in it are relative to its folder, the working folder. Steps are
announced as lines ``step NUMBER OF NAME``; before the traceback of an error comes ``node NAME`` if
one was at work. The result is a JSON file, written at the end.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import Any

STEPS = (
    "step_tidy_up",
    "step_convert_to_hw",
    "step_minimize_bit_width_initial",
    "prefer_rtl",
    "step_create_dataflow_partition",
    "step_specialize_layers",
    "fold",
    "step_apply_folding_config",
    "step_minimize_bit_width",
    "keep_weights_narrow",
    "step_generate_estimate_reports",
    "step_hw_codegen",
)
"""FINN's own, without those that turn QONNX's quantizers into thresholds: ours are exact.

Those whose names do not start with ``step_`` are below.
"""

FINISHING_STEPS = (
    "step_hw_ipgen",
    "step_set_fifo_depths",
    "step_create_stitched_ip",
    "step_synthesize_bitfile",
    "step_make_driver",
    "step_deployment_package",
)
"""FINN's own from generated code on; they run Vivado and Vitis HLS."""


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("check", *COMMANDS))
    parser.add_argument("request", nargs="?", default="")
    arguments = parser.parse_args()
    _start_finn()
    if arguments.command == "check":
        return 0
    request = json.loads(Path(arguments.request).read_text(encoding="utf-8"))
    try:
        result = COMMANDS[arguments.command](request)
    except Exception as error:
        name = _node_at_work(error)
        if name:
            print(f"node {name}", flush=True)  # noqa: T201 - read by the parent
        raise
    path = Path(request["result"])
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(result, indent=1), encoding="utf-8")
    draft.replace(path)
    return 0


def _node_at_work(error: BaseException) -> str:
    """Return the name of the node that the innermost of FINN's functions worked on, or nothing."""
    name = ""
    trace = error.__traceback__
    while trace is not None:
        for variable in trace.tb_frame.f_locals.values():
            if hasattr(variable, "op_type") and hasattr(variable, "name"):
                name = variable.name
        trace = trace.tb_next
    return name


def _start_finn() -> None:
    """Import FINN's builder where there is no Vivado.

    Its simulator interface asks for Vivado as soon as a name is taken from it; empty classes take
    their place, and nothing that is used here needs them.
    """
    warnings.simplefilter("ignore")  # FINN's own, about layouts it infers
    import finn.util.settings

    finn.util.settings.initialize_dummy_settings()
    import finn.xsi

    for name in finn.xsi._LAZY_NAMES:
        setattr(finn.xsi, name, type(name, (), {}))
    import finn.builder.build_dataflow_steps


def _build(request: dict[str, Any]) -> dict[str, Any]:
    """Turn a graph into folded hardware layers with their RTL and estimates."""
    from finn.builder import build_dataflow_steps
    from finn.builder.build_dataflow_config import DataflowBuildConfig, DataflowOutputType
    from qonnx.core.modelwrapper import ModelWrapper

    folding = {"folding_config_file": request["folding"]} if request["folding"] else {}
    config = DataflowBuildConfig(
        **_common_settings(request),
        generate_outputs=[DataflowOutputType.ESTIMATE_REPORTS],
        **folding,
    )
    reports = Path(request["output"]) / "report"
    reports.mkdir(parents=True, exist_ok=True)
    model = ModelWrapper(request["graph"])
    for number, name in enumerate(STEPS, start=1):
        _announce(number, len(STEPS), name)
        if name == "fold":
            model = _fold(model, request["ii_cycles"], relaxes=not folding)
        elif name in _OWN_STEPS:
            _OWN_STEPS[name](model)
        else:
            model = getattr(build_dataflow_steps, name)(model, config)
        model.save(str(Path(request["output"]) / f"{name}.onnx"))
    cycles = json.loads((reports / "estimate_layer_cycles.json").read_text())
    resources = json.loads((reports / "estimate_layer_resources.json").read_text())
    performance = json.loads((reports / "estimate_network_performance.json").read_text())
    import finn

    return {
        "layers": [_layer(node, cycles, resources) for node in model.graph.node],
        "performance": performance,
        "library": str(Path(finn.__path__[0]) / "finn-rtllib"),
    }


def _common_settings(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "output_dir": request["output"],
        "synth_clk_period_ns": request["clock_ns"],
        "board": request["board"],
        "standalone_thresholds": True,  # thresholds inside a matrix unit have no RTL
    }


def _announce(number: int, of: int, name: str) -> None:
    print(f"step {number} {of} {name}", flush=True)  # noqa: T201 - read by the parent


def _fold(model: Any, ii_cycles: int, *, relaxes: bool) -> Any:  # noqa: ANN401 - of FINN's types
    """Fold every layer for `ii_cycles` cycles per frame by FINN's own rule.

    Args:
        model: Hardware layers.
        ii_cycles: Target.
        relaxes: Fold again for what the slowest layer reaches if one misses the target. Wrong
            where matrix units get our folding afterwards.
    """
    from finn.transformation.fpgadataflow.set_folding import SetFolding
    from qonnx.transformation.general import GiveUniqueNodeNames

    folding = SetFolding(ii_cycles, two_pass_relaxation=relaxes)
    return model.transform(folding).transform(GiveUniqueNodeNames())


def _prefer_rtl(model: Any) -> None:  # noqa: ANN401 - of FINN's types
    """Ask for RTL matrix units, which FINN takes for 4 bits and more only unless it is asked."""
    from qonnx.custom_op.registry import getCustomOp

    _keep_weights_narrow(model)
    for node in model.get_nodes_by_op_type("MVAU"):
        getCustomOp(node).set_nodeattr("preferred_impl_style", "rtl")


def _keep_weights_narrow(model: Any) -> None:  # noqa: ANN401 - of FINN's types
    """Give weights the smallest type whose narrow range they fit.

    FINN's minimization takes the smallest type of all. Where -2^n is a weight and 2^n is none that
    is not narrow, and DSP48E1 has no RTL for it.
    """
    import numpy as np
    from qonnx.core.datatype import DataType
    from qonnx.custom_op.registry import getCustomOp

    for node in model.graph.node:
        if node.op_type in ("MVAU", "MVAU_rtl", "MVAU_hls"):
            largest = int(np.abs(model.get_initializer(node.input[1])).max())
            narrow = f"INT{max(2, largest.bit_length() + 1)}"
            getCustomOp(node).set_nodeattr("weightDataType", narrow)
            model.set_tensor_datatype(node.input[1], DataType[narrow])


_OWN_STEPS = {"prefer_rtl": _prefer_rtl, "keep_weights_narrow": _keep_weights_narrow}


def _layer(node: Any, cycles: dict[str, int], resources: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return what is known of a hardware layer."""
    from qonnx.custom_op.registry import getCustomOp

    instance = getCustomOp(node)
    known = instance.get_nodeattr_types()

    def attribute(name: str, default: Any) -> Any:  # noqa: ANN401 - of many types
        return instance.get_nodeattr(name) if name in known else default

    return {
        "name": node.name,
        "kind": node.op_type,
        "pe": attribute("PE", 1),
        "simd": attribute("SIMD", 1),
        "cycles": cycles[node.name],
        "resources": resources[node.name],
        "code": attribute("code_gen_dir_ipgen", ""),
        "input_bits": instance.get_instream_width(),
        "output_bits": instance.get_outstream_width(),
        "input_beats": _beats(instance.get_folded_input_shape()),
        "output_beats": _beats(instance.get_folded_output_shape()),
        "early_beats": _early_beats(instance) if node.op_type == "FMPadding_rtl" else 0,
        "weight_bits": instance.get_instream_width(1) if node.op_type == "MVAU_rtl" else 0,
    }


def _early_beats(padding: Any) -> int:  # noqa: ANN401 - of FINN's types
    """Return the beats that a padding layer gives before it takes the first of a frame."""
    _, width = padding.get_nodeattr("ImgDim")
    top, left, _, right = padding.get_nodeattr("Padding")
    per_pixel = padding.get_nodeattr("NumChannels") // padding.get_nodeattr("SIMD")
    return int((top * (left + width + right) + left) * per_pixel)


def _beats(folded_shape: tuple[int, ...]) -> int:
    """Return the beats of a frame: all axes but the last, which travels side by side."""
    beats = 1
    for size in folded_shape[:-1]:
        beats *= int(size)
    return beats


def _execute(request: dict[str, Any]) -> dict[str, Any]:
    """Run images through the hardware layers' own models and save what they give."""
    import numpy as np
    from finn.core.onnx_exec import execute_onnx
    from qonnx.core.modelwrapper import ModelWrapper

    model = ModelWrapper(request["graph"])
    source, target = model.graph.input[0].name, model.graph.output[0].name
    shape = model.get_tensor_shape(source)
    codes = np.load(request["codes"], allow_pickle=False)
    outputs = [
        execute_onnx(model, {source: image.reshape(shape).astype(np.float32)})[target].ravel()
        for image in codes
    ]
    np.save(request["outputs"], np.array(outputs))
    return {"images": len(outputs)}


def _trace(request: dict[str, Any]) -> dict[str, Any]:
    """Save the beats that each hardware layer takes and gives for some images.

    Values come from the layers' own models before folding, in the order their streams have after
    it: arrays ``<layer>.in`` and ``<layer>.out`` of shape `(images · beats, elements)`.
    """
    import numpy as np
    from finn.core.onnx_exec import execute_onnx
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.custom_op.registry import getCustomOp

    plain, folded = ModelWrapper(request["graph"]), ModelWrapper(request["folded_graph"])
    source = plain.graph.input[0].name
    shape = plain.get_tensor_shape(source)
    beats: dict[str, list[Any]] = {}
    for image in np.load(request["codes"], allow_pickle=False):
        codes = {source: image.reshape(shape).astype(np.float32)}
        tensors = execute_onnx(plain, codes, return_full_exec_context=True)
        for before, after in zip(plain.graph.node, folded.graph.node, strict=True):
            layer = getCustomOp(after)
            taken = tensors[before.input[0]].reshape(-1, layer.get_folded_input_shape()[-1])
            given = _in_stream_order(tensors[before.output[0]], layer)
            for end, values in (("in", taken), ("out", given)):
                beats.setdefault(f"{after.name}.{end}", []).append(values.astype(np.int64))
    arrays: dict[str, Any] = {name: np.concatenate(parts) for name, parts in beats.items()}
    np.savez(request["beats"], **arrays)
    return {"layers": len(folded.graph.node)}


def _in_stream_order(values: Any, layer: Any) -> Any:  # noqa: ANN401 - of FINN's types
    """Return a layer's output as beats; depthwise windows give channels before taps."""
    elements = layer.get_folded_output_shape()[-1]
    if "depthwise" in layer.get_nodeattr_types() and layer.get_nodeattr("depthwise"):
        channels = layer.get_nodeattr("IFMChannels")
        taps = values.reshape(-1, values.shape[-1] // channels, channels // elements, elements)
        values = taps.transpose(0, 2, 1, 3)
    return values.reshape(-1, elements)


def _finish(request: dict[str, Any]) -> dict[str, Any]:
    """Go on from generated code to a bitstream and its driver; runs Vivado and Vitis HLS.

    FIFOs stay as shallow as FINN makes them: it sizes them by simulations that need a library built
    against Vivado. A chain of layers works all the same, if need be slower than estimated.
    """
    from finn.builder import build_dataflow_steps
    from finn.builder.build_dataflow_config import (
        AutoFIFOSizingMethod,
        DataflowBuildConfig,
        DataflowOutputType,
        ShellFlowType,
    )
    from qonnx.core.modelwrapper import ModelWrapper

    config = DataflowBuildConfig(
        **_common_settings(request),
        shell_flow_type=ShellFlowType.VIVADO_ZYNQ,
        auto_fifo_strategy=AutoFIFOSizingMethod.FORCE_MINIMAL_FIFOS,
        generate_outputs=[
            DataflowOutputType.STITCHED_IP,
            DataflowOutputType.BITFILE,
            DataflowOutputType.PYNQ_DRIVER,
            DataflowOutputType.DEPLOYMENT_PACKAGE,
        ],
    )
    model = ModelWrapper(request["graph"])
    for number, name in enumerate(FINISHING_STEPS, start=1):
        _announce(number, len(FINISHING_STEPS), name)
        model = getattr(build_dataflow_steps, name)(model, config)
        model.save(str(Path(request["output"]) / f"{name}.onnx"))
    return {"package": str(Path(request["output"]) / "deploy")}


COMMANDS = {"build": _build, "execute": _execute, "trace": _trace, "finish": _finish}


if __name__ == "__main__":
    sys.exit(main())
