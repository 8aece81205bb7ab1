"""Kernels, strides, dilations and pads of convolutions and pools."""

from dataclasses import dataclass

from hw_models.frontend.network import OnnxNode

MAX_PADS = 1 << 12
"""Rows or columns that a node may add on one side."""

_MAX_SIZE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window that moves over an image, as the specs of `hw_models.nodes` describe it."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pads: tuple[int, int, int, int]
    dilation: tuple[int, int]

    @property
    def taps(self) -> int:
        """Pixels per window."""
        return self.kernel[0] * self.kernel[1]

    @property
    def is_pixel(self) -> bool:
        """Whether each window is one pixel and each pixel one window."""
        return self.taps == 1 and self.stride == (1, 1) and not any(self.pads)

    def out_size(self, height: int, width: int) -> tuple[int, int]:
        """Return rows and columns of windows; below 1 where none fits."""
        return (
            self._steps(0, height + self.pads[0] + self.pads[2]),
            self._steps(1, width + self.pads[1] + self.pads[3]),
        )

    def _steps(self, axis: int, size: int) -> int:
        reach = (self.kernel[axis] - 1) * self.dilation[axis] + 1
        return (size - reach) // self.stride[axis] + 1


def window_of(
    node: OnnxNode,
    size: tuple[int, int],
    spatial_axes: int,
    border: tuple[int, int, int, int] = (0, 0, 0, 0),
    kernel: tuple[int, ...] | None = None,
) -> Window:
    """Return a node's window.

    Args:
        node: A convolution or pool.
        size: Height and width of the image.
        spatial_axes: 2, or 1 for a sequence, which is an image of one row.
        border: Pads that the image has already: top, left, bottom, right.
        kernel: Kernel of a convolution's weights; pools say it in an attribute.

    Raises:
        DataError: Attributes are missing, contradict each other or leave no window.
    """
    said = node.integers("kernel_shape")
    kernel = kernel if kernel is not None else said
    if kernel is None or (said is not None and said != kernel):
        raise node.damaged(f"kernel_shape {said} does not fit weights of kernel {kernel}")
    kernel_2d = _pair(node, "kernel_shape", kernel, spatial_axes)
    stride = _pair(node, "strides", node.integers("strides"), spatial_axes)
    dilation = _pair(node, "dilations", node.integers("dilations"), spatial_axes)
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel_2d, dilation, strict=True))
    bordered = (size[0] + border[0] + border[2], size[1] + border[1] + border[3])
    pads = _pads(node, bordered, spatial_axes, reach, stride)
    if node.integer("ceil_mode", 0):
        pads = _rounded_up(pads, bordered, reach, stride)
    top, left, bottom, right = (own + given for own, given in zip(pads, border, strict=True))
    window = Window(
        kernel=kernel_2d, stride=stride, pads=(top, left, bottom, right), dilation=dilation
    )
    if min(window.out_size(*size)) < 1:
        raise node.damaged(
            f"a {kernel_2d[0]}x{kernel_2d[1]} window does not fit a {size[0]}x{size[1]} image"
        )
    return window


def _pair(
    node: OnnxNode, name: str, values: tuple[int, ...] | None, spatial_axes: int
) -> tuple[int, int]:
    if values is None:
        return (1, 1)
    if len(values) != spatial_axes or min(values) < 1 or max(values) > _MAX_SIZE:
        raise node.damaged(f"{name} {values[:4]} are not {spatial_axes} positive numbers")
    return (values[0], values[1]) if spatial_axes == 2 else (1, values[0])


def _pads(
    node: OnnxNode,
    size: tuple[int, int],
    spatial_axes: int,
    reach: tuple[int, ...],
    stride: tuple[int, int],
) -> tuple[int, int, int, int]:
    """Return pads at top, left, bottom, right."""
    mode = node.text("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        totals = [
            max((-(-length // step) - 1) * step + span - length, 0)
            for length, step, span in zip(size, stride, reach, strict=True)
        ]
        small, large = [total // 2 for total in totals], [total - total // 2 for total in totals]
        begin, end = (small, large) if mode == "SAME_UPPER" else (large, small)
        return (begin[0], begin[1], end[0], end[1])
    if mode == "VALID":
        return (0, 0, 0, 0)
    if mode != "NOTSET":
        raise node.damaged(f"auto_pad '{mode[:20]}' is unknown")
    pads = node.integers("pads") or (0,) * (2 * spatial_axes)
    if len(pads) != 2 * spatial_axes or max(pads) > MAX_PADS:
        raise node.damaged(f"pads {pads[:8]} are not {2 * spatial_axes} numbers of pixels")
    if min(pads) < 0:
        raise node.unsupported(f"has negative pads {pads}; crop the image before the network")
    return (pads[0], pads[1], pads[2], pads[3]) if spatial_axes == 2 else (0, pads[0], 0, pads[1])


def _rounded_up(
    pads: tuple[int, int, int, int],
    size: tuple[int, int],
    reach: tuple[int, ...],
    stride: tuple[int, int],
) -> tuple[int, int, int, int]:
    """Add the pads at the end that ``ceil_mode`` implies; no window lies in them alone."""
    ends = []
    for axis in (0, 1):
        begin, end = pads[axis], pads[axis + 2]
        over = (size[axis] + begin + end - reach[axis]) % stride[axis]
        extra = stride[axis] - over if over else 0
        start = size[axis] + begin + end + extra - reach[axis]  # of the last window
        ends.append(end + extra if start < size[axis] + begin else end)
    return (pads[0], pads[1], ends[0], ends[1])
