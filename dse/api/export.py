"""A quantized network as a QONNX file: a point of a study, or formats of the user's choice."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dse.api.network import study_evaluator
from dse.errors import DataError
from dse.files import require_writable_folder
from dse.point import Quantization, find_by_prefix
from hw_models.build.fold import write_foldings
from hw_models.folding import Folding
from hw_models.frontend.names import Names

if TYPE_CHECKING:
    from dse.progress import Progress
    from dse.quant.evaluator import Evaluator
    from dse.quant.pipeline import QuantizedNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be exported.

    Attributes:
        network: Name of the network.
        data: Name of the data set.
        evaluator: Holds the trained network, calibrated.
        quantization: Number formats, post-training recipe and training.
        point: Digest in a study; ``""`` without one.
        trained: File with the weights of a trained point; else `None`.
        foldings: Of a point, the folding of every layer; else none.
    """

    network: str
    data: str
    evaluator: "Evaluator"
    quantization: Quantization
    point: str
    trained: Path | None = None
    foldings: tuple[Folding, ...] = ()

    def write(self, out: Path) -> dict[str, str]:
        """Write the file, and a point's foldings beside it; return what it says about itself.

        Raises:
            DataError: The file cannot be written.
        """
        from dse.quant.export import Provenance, export_qonnx, write_qonnx

        model = export_qonnx(self._quantized(), self.evaluator.image_shape)
        provenance = Provenance(
            network=self.network,
            data=self.data,
            data_fingerprint=self.evaluator.context.data,
            point=self.point,
            scheme=self.quantization.scheme,
            recipe=self.quantization.recipe_name,
            input_format=self.evaluator.input_format,
            input_scale=self.evaluator.input_scale,
        )
        write_qonnx(model, out, provenance)
        if not self.foldings:
            return provenance.facts()
        foldings = out.with_suffix(".foldings.json")
        names = Names()  # as `build` will call the layers of the file
        layers = [names.take(layer.layer) for layer in self.quantization.scheme.layers]
        write_foldings(foldings, layers, self.foldings)
        return {**provenance.facts(), "foldings": str(foldings)}

    def _quantized(self) -> "QuantizedNetwork":
        if self.trained is None:
            return self.evaluator.quantized(self.quantization)
        return self.evaluator.trained(self.quantization, self.trained)


def point_of(study: Path, prefix: str, checkpoint: Path | None, progress: "Progress") -> Chosen:
    """Make the network behind a point of a study again.

    Args:
        study: Folder of the study.
        prefix: 8 or more characters of the point's digest.
        checkpoint: File with the weights, if the study had one.
        progress: Told of training and calibration.

    Raises:
        UserError: There is no such study or point, or its weights or data are not to be had.
    """
    from dse.search.evaluate import checkpoint_path
    from dse.search.store import Store

    with Store.open_readonly(study) as store:
        header = store.header
        digest = find_by_prefix(prefix, store.evaluations()["digest"])
        point = store.point(digest)
    settings, wanted = header.settings, point.quantization
    evaluator = study_evaluator(study, header, checkpoint, progress)
    key = point.accuracy_key(header.accuracy)
    return Chosen(
        network=settings.model,
        data=settings.data,
        evaluator=evaluator,
        quantization=wanted,
        point=digest,
        trained=checkpoint_path(study, key) if wanted.training else None,
        foldings=point.foldings,
    )


def require_writable(out: Path) -> None:
    """Check, before the work, that a file can be written.

    Raises:
        DataError: `out` is a folder, or its folder cannot be written to.
    """
    if out.is_dir():
        raise DataError(f"--out {out} is a folder; name a file in it, such as {out / 'model.onnx'}")
    require_writable_folder(out.parent)
