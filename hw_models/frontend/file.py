"""Files in ONNX's format, read with distrust: whole, of bounded size, and alone with their folder.

A file may name other files that hold its tensors. They are read only where they lie within the
folder of the model, symbolic links followed.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import onnx

from dse.errors import DataError
from hw_models.frontend.names import shown

MAX_FILE_BYTES = 1 << 30
"""Far above any network that fits an FPGA; ONNX itself ends at twice as much."""


def load(path: Path) -> onnx.ModelProto:
    """Return the model in the file at `path`, external tensors included.

    Raises:
        DataError: The file cannot be read, is too large, is no ONNX model, or points to data that
            is missing, damaged or outside its folder.
    """
    try:
        if not path.is_file():
            raise DataError(f"there is no file {path}")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DataError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # protobuf's DecodeError, of whichever implementation runs
        raise DataError(f"{path} is no ONNX file, or a part of one is missing") from error
    if not model.graph.node or not model.graph.output:
        raise DataError(f"{path} is no ONNX file: it holds no network")
    if not all(isinstance(name, str) for name in _names(model)):
        raise DataError(f"{path} is no ONNX file: it holds names that are no text")
    budget = MAX_FILE_BYTES
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            _load_external(tensor, path.parent, budget)
            budget -= len(tensor.raw_data)
    return model


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Yield the tensors of a graph; those of subgraphs are never used."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                yield attribute.t


def _names(model: onnx.ModelProto) -> Iterator[object]:
    """Yield every name that is looked at; protobuf gives bytes where one is not UTF-8."""
    graph = model.graph
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (attribute.name for attribute in node.attribute)
    for tensor in _tensors(graph):
        yield tensor.name
        yield from (text for entry in tensor.external_data for text in (entry.key, entry.value))
    yield from (item.name for item in (*graph.input, *graph.output))
    yield from (item.domain for item in model.opset_import)
    yield from (text for entry in model.metadata_props for text in (entry.key, entry.value))
    for annotation in graph.quantization_annotation:
        yield annotation.tensor_name
        for entry in annotation.quant_parameter_tensor_names:
            yield from (entry.key, entry.value)


def _load_external(tensor: onnx.TensorProto, folder: Path, budget: int) -> None:
    """Put the bytes of an external tensor into `tensor`.

    Raises:
        DataError: They are outside `folder`, missing, or more than `budget`.
    """
    entries = {entry.key: entry.value for entry in tensor.external_data}
    what = f"the data of tensor '{shown(tensor.name)}'"
    file = _inside(folder, entries.get("location", ""), what)
    try:
        offset = int(entries.get("offset", 0))
        length = int(entries.get("length", -1))
        if offset < 0 or length < -1:
            raise ValueError
    except ValueError as error:
        raise DataError(f"{what}: its offset or length is no number of bytes") from error
    try:
        with file.open("rb") as source:
            available = file.stat().st_size - offset
            wanted = available if length == -1 else length
            if not 0 <= wanted <= min(available, budget):
                raise DataError(f"{what}: {file.name} holds {max(available, 0)} of {wanted} bytes")
            source.seek(offset)
            tensor.raw_data = source.read(wanted)
    except OSError as error:
        raise DataError(f"{what}: cannot read {file.name}: {error.strerror or error}") from error
    tensor.ClearField("external_data")
    tensor.data_location = onnx.TensorProto.DEFAULT


def _inside(folder: Path, location: str, what: str) -> Path:
    """Return the regular file that `location` names within `folder`.

    Raises:
        DataError: It is absolute, leads out of the folder, or is no regular file.
    """
    posix = PurePosixPath(location.replace("\\", "/"))
    is_drive = len(location) > 1 and location[1] == ":"
    try:
        root = folder.resolve()
        file = (root / location).resolve()
        outside = posix.is_absolute() or is_drive or ".." in posix.parts
        if outside or not file.is_relative_to(root):
            raise DataError(
                f"{what}: '{shown(location)}' leads out of the model's folder; put the file beside "
                "the model"
            )
        if not file.is_file():
            raise DataError(f"{what}: there is no file '{shown(location)}' in the model's folder")
    except (OSError, ValueError, RuntimeError) as error:  # a null byte, a loop of links
        raise DataError(f"{what}: '{shown(location)}' is no usable file name") from error
    return file
