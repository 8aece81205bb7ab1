"""Frozen inference: a calibrated Brevitas network without Brevitas' cost at run time.

Weights are quantized once. An activation function that clamps, and its quantizer, become one pass
of `kernels.fake_quantize` with a narrower range; a quantizer moves behind a max pooling that
follows it. Both are exact since quantization is monotone. Layers stay torch's own float32
functions on the same operands, so outputs equal those of the Brevitas network for the same batch,
memory layout and number of threads.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import brevitas.nn as qnn
import torch
from torch import fx, nn
from torch.nn import functional as F

from dse.errors import UnsupportedLayerError
from dse.quant.kernels import Rounding, fake_quantize, max_pool_2x2, rounding_of
from dse.quant.operations import Operation, operation_of
from dse.quant.pipeline import QuantizedNetwork

Environment = dict[str, torch.Tensor]
Operands = list[torch.Tensor]
Computation = Callable[[Operands, bool], torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One operation of a frozen network.

    Attributes:
        output: Name of the tensor it makes.
        inputs: Names of the tensors it reads.
        key: What it computes, including its constants: steps with equal keys and equal inputs
            have equal outputs, so networks can share them.
        run: The operation on its inputs; told whether it may write into the first.
        in_place: Its first input has memory of its own and is read by no other step.
    """

    output: str
    inputs: tuple[str, ...]
    key: str
    run: Computation
    in_place: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrozenNetwork:
    """Steps in order of execution, from the image batch to the logits.

    Attributes:
        steps: Operations; the first ones are often shared with other networks.
        input: Name of the batch.
        output: Name of the logits.
    """

    steps: tuple[Step, ...]
    input: str
    output: str

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        """Return the logits `(n, classes)` of a batch of real-valued images `(n, c, h, w)`."""
        return _run(self.steps, {self.input: batch}, self.output)


def logits_of(networks: Sequence[FrozenNetwork], batch: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield each network's logits of a batch, computing the steps they all begin with once."""
    first = networks[0]
    shared = 0
    for steps in zip(*(network.steps for network in networks), strict=False):
        if len({step.key for step in steps}) > 1:
            break
        shared += 1
    environment = {first.input: batch}
    for step in first.steps[:shared]:
        environment[step.output] = step.run(_operands(step, environment), False)
    for network in networks:
        yield _run(network.steps[shared:], environment, network.output)


def _operands(step: Step, environment: Environment) -> list[torch.Tensor]:
    return [environment[name] for name in step.inputs]


def _run(steps: Sequence[Step], given: Environment, output: str) -> torch.Tensor:
    """Run steps; tensors in `given` are left as they are."""
    environment = dict(given)
    for step in steps:
        may_overwrite = step.in_place and step.inputs[0] not in given
        environment[step.output] = step.run(_operands(step, environment), may_overwrite)
        if may_overwrite:
            del environment[step.inputs[0]]
    return environment[output]


@torch.no_grad()
def freeze(network: QuantizedNetwork) -> FrozenNetwork:
    """Turn a calibrated Brevitas network into its frozen form.

    Raises:
        UnsupportedLayerError: The network returns anything but one tensor.
    """
    freezer = _Freezer(network)
    for node in network.module.graph.nodes:
        freezer.visit(node)
    return freezer.frozen()


class _Freezer:
    """Visits the nodes of a graph in order and emits the steps of its frozen form."""

    def __init__(self, network: QuantizedNetwork) -> None:
        self._module = network.module
        self._formats = network.formats
        self._steps: list[Step] = []
        self._tensors: dict[fx.Node, str] = {}  # which tensor holds a node's value
        self._keys: dict[str, str] = {}  # how that tensor was computed
        self._owned: set[str] = set()  # tensors that share their memory with no other
        self._input = self._output = ""

    def frozen(self) -> FrozenNetwork:
        return FrozenNetwork(steps=tuple(self._steps), input=self._input, output=self._output)

    def visit(self, node: fx.Node) -> None:
        if node in self._tensors:
            return  # became part of an earlier step
        module = self._called(node)
        match module:
            case qnn.QuantConv2d() | qnn.QuantLinear():
                self._layer(node, module)
            case nn.MaxPool2d():
                self._tensors[node] = self._max_pool(node.name, node.all_input_nodes[0], module)
            case qnn.QuantIdentity():
                self._quantizer(node, module, node.all_input_nodes[0], highest=None)
            case nn.ReLU() | nn.ReLU6() if (quantizer := self._only_reader(node)) is not None:
                # the clamp becomes the quantizer's range
                highest = 6.0 if isinstance(module, nn.ReLU6) else float("inf")
                called = self._called(quantizer)
                assert isinstance(called, qnn.QuantIdentity)
                self._quantizer(quantizer, called, node.all_input_nodes[0], highest=highest)
                self._tensors[node] = self._tensors[quantizer]
            case _:
                self._other(node)

    def _called(self, node: fx.Node) -> nn.Module | None:
        return self._module.get_submodule(str(node.target)) if node.op == "call_module" else None

    def _only_reader(self, node: fx.Node) -> fx.Node | None:
        """Return the quantizer that alone reads a node, if that is so."""
        readers = list(node.users)
        if len(readers) == 1 and isinstance(self._called(readers[0]), qnn.QuantIdentity):
            return readers[0]
        return None

    def _emit(
        self,
        output: str,
        inputs: Sequence[str],
        constants: str,
        run: Computation,
        *,
        in_place: bool = False,
    ) -> str:
        key = f"{constants}({','.join(self._keys[name] for name in inputs)})"
        self._keys[output] = hashlib.sha256(key.encode()).hexdigest()
        self._steps.append(
            Step(
                output=output,
                inputs=tuple(inputs),
                key=self._keys[output],
                run=run,
                in_place=in_place,
            )
        )
        return output

    def _layer(self, node: fx.Node, layer: qnn.QuantConv2d | qnn.QuantLinear) -> None:
        weight = layer.quant_weight().value.detach()
        bias = None if layer.bias is None else layer.bias.detach()
        source = self._tensors[node.all_input_nodes[0]]
        constants = _digest(weight) + (_digest(bias) if bias is not None else "")
        if isinstance(layer, qnn.QuantConv2d):
            geometry = (layer.stride, layer.padding, layer.dilation, layer.groups)

            def run(operands: Operands, _: bool) -> torch.Tensor:
                return F.conv2d(operands[0], weight, bias, *geometry)

            constants = f"conv{geometry}{constants}"
        else:

            def run(operands: Operands, _: bool) -> torch.Tensor:
                return F.linear(operands[0], weight, bias)

            constants = f"linear{constants}"
        self._tensors[node] = self._emit(node.name, [source], constants, run)
        self._owned.add(node.name)

    def _max_pool(self, output: str, source: fx.Node, pool: nn.MaxPool2d) -> str:
        halving = (
            pool.kernel_size in (2, (2, 2))
            and pool.stride in (2, (2, 2))
            and pool.padding in (0, (0, 0))
            and pool.dilation in (1, (1, 1))
            and not pool.ceil_mode
        )

        def run(operands: Operands, _: bool) -> torch.Tensor:
            x = operands[0].contiguous()
            if not halving:
                return pool(x)  # type: ignore[no-any-return]
            n, c, h, w = x.shape
            out = x.new_empty(n, c, h // 2, w // 2)
            max_pool_2x2(x.numpy(), out.numpy())
            return out

        self._emit(output, [self._tensors[source]], repr(pool), run)
        self._owned.add(output)
        return output

    def _quantizer(
        self, node: fx.Node, module: qnn.QuantIdentity, source: fx.Node, highest: float | None
    ) -> None:
        """Emit the quantizer `node` of `source`.

        Args:
            node: Node of the quantizer.
            module: What it calls.
            source: What it quantizes, seen through a clamping activation.
            highest: The activation clamps to ``[0, highest]``; None for no activation.
        """
        scale = float(module.act_quant.scale())
        rounding = rounding_of(self._formats[str(node.target)])
        if highest is not None:
            # quantize(min(x, h)) = min(quantize(x), quantize(h)), since quantization is monotone
            rounding = rounding.clamped(0.0, _on_grid(highest, scale, rounding))
        tensor = self._tensors[source]
        last_read = len(source.users) == 1
        readers = list(node.users)
        pool = self._called(readers[0]) if len(readers) == 1 else None
        if isinstance(pool, nn.MaxPool2d):
            tensor = self._max_pool(f"{readers[0].name}_pooled", source, pool)
            last_read = True

        def run(operands: Operands, may_overwrite: bool) -> torch.Tensor:
            # as it lies in memory: what follows may sum in another order where it lies otherwise
            order = _outermost_first(operands[0])
            x = operands[0].permute(order).contiguous()
            out = x if may_overwrite else torch.empty_like(x)
            fake_quantize(x.numpy(), scale, rounding, out.numpy())
            return out.permute(_inverse(order))

        self._tensors[node] = self._emit(
            node.name,
            [tensor],
            f"quantize {scale.hex()} {rounding}",
            run,
            in_place=last_read and tensor in self._owned,
        )
        self._owned.add(node.name)
        if isinstance(pool, nn.MaxPool2d):
            self._tensors[readers[0]] = self._tensors[node]

    def _other(self, node: fx.Node) -> None:
        if node.op == "placeholder":
            self._input = self._tensors[node] = self._keys.setdefault(node.name, node.name)
            return
        if node.op == "output":
            if not isinstance(node.args[0], fx.Node):
                raise UnsupportedLayerError(
                    "the network returns several tensors; return the logits alone"
                )
            self._output = self._tensors[node.args[0]]
            return
        sources = node.all_input_nodes
        target = self._called(node) or node.target

        def run(operands: Operands, _: bool) -> torch.Tensor:
            values = dict(zip(sources, operands, strict=True))
            args = fx.map_arg(node.args, values.__getitem__)
            kwargs = fx.map_arg(node.kwargs, values.__getitem__)
            if node.op == "call_method":
                return getattr(args[0], str(target))(*args[1:], **kwargs)  # type: ignore[no-any-return]
            return target(*args, **kwargs)  # type: ignore[operator, no-any-return]

        state = target.state_dict() if isinstance(target, nn.Module) else {}
        held = "".join(_digest(tensor) for tensor in state.values())
        constants = f"{node.op} {target} {held} {node.args} {node.kwargs}"
        inputs = [self._tensors[source] for source in sources]
        self._tensors[node] = self._emit(node.name, inputs, constants, run)
        if operation_of(node, self._module) in (Operation.ADD, Operation.AVERAGE):
            self._owned.add(node.name)
        else:  # it may be a view of an input, so none of them may be overwritten from here on
            self._owned.difference_update(inputs)


def _on_grid(value: float, scale: float, rounding: Rounding) -> float:
    """Return `value` quantized, in units of the scale."""
    if value == float("inf"):
        return rounding.high
    x = torch.tensor([value]) / torch.tensor(scale)
    fake_quantize(x.numpy(), 1.0, rounding, x.numpy())
    return float(x)


def _outermost_first(x: torch.Tensor) -> list[int]:
    """Return the axes of `x` in the order of their strides, as elementwise operations lay them."""
    return sorted(range(x.ndim), key=x.stride, reverse=True)


def _inverse(order: list[int]) -> list[int]:
    return sorted(range(len(order)), key=order.__getitem__)


def _digest(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()
