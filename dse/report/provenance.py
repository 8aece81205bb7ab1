"""What a study was told to do and where its numbers come from, as Markdown."""

from dse.point import HostMath
from dse.report.findings import Findings
from dse.report.markdown import escape, table
from dse.report.tables import count
from dse.search.header import Header
from dse.search.settings import StudySettings

_DIGITS_OF_A_DIGEST = 12
_HOST_READS: dict[HostMath, str] = {
    "float": "float32; what layers and products read is quantized",
    "quantized": "quantized tensors",
}


def settings_table(header: Header) -> str:
    """Return everything the user chose and what followed from it."""
    settings, images = header.settings, header.float_accuracy
    formats = {
        "weight formats": ", ".join(item.name for item in settings.weights),
        "activation formats": "each weight format with itself"
        if settings.same_acts
        else ", ".join(item.name for item in settings.acts),
    }
    foldings = ", ".join(f"({pe}, {simd})" for pe, simd in header.foldings)
    if settings.folding == "cheapest":
        foldings = f"each point's with the fewest LUTs; of int8: {foldings}"
    if settings.folding == "fastest":
        foldings = f"each point's fastest that keeps the constraints; of int8: {foldings}"
    constraints = ", ".join(constraint.to_plain() for constraint in settings.constraints)
    values = {
        "network": escape(settings.model),
        "weights before quantization": _weights(settings),
        "data set": escape(settings.data),
        "images": f"{count(settings.calibration)} for calibration, {count(images.n_val)} for "
        f"validation, {count(images.n_test)} for test",
        **{name: escape(names) for name, names in formats.items()},
        "chosen": escape("; ".join(decision.to_plain() for decision in settings.decisions))
        or "the same in every layer",
        "first and last layer's weights": escape(settings.edge_format.name)
        if settings.edge_format
        else "as in the others",
        "activations": "unsigned formats where never negative; not comparable with signed ones"
        if settings.unsigned_acts
        else "signed formats",
        "softmax, LayerNorm and their like": f"read {_HOST_READS[settings.host]}",
        "scales": f"{_plain(settings.scale)}; weights {_plain(settings.granularity)} by "
        f"{_plain(settings.weight_range)}, activations per tensor by {_plain(settings.act_range)}",
        "recipes": escape(", ".join(recipe.name for recipe in settings.recipes))
        + ("; of each pair of formats the best on validation" if settings.best_of else ""),
        "images each point sees": "all"
        if settings.exact
        else "all, unless it is sure to be dominated",
        "quantization-aware training": f"of {settings.qat} pairs of formats, "
        f"{settings.qat_epochs} epochs, learning rate {settings.qat_lr:g}"
        if settings.qat
        else "none",
        "seed": str(settings.seed),
        "device": f"{escape(settings.device)} at {header.clock_mhz:g} MHz (nominal)",
        "board": escape(settings.board) or "any",
        "constraints": escape(constraints) or "none",
        "frame rate asked for": f"{settings.fps:.15g} images a second" if settings.fps else "none",
        "folding of each layer (PE, SIMD)": foldings,
        "multipliers": "in LUTs" if settings.dsp == "none" else "in LUTs or DSP blocks",
    }
    return table(["setting", "value"], [list(pair) for pair in values.items()], "ll")


def sources(findings: Findings) -> str:
    """Return how each kind of number was found, with versions and digests."""
    header = findings.header
    counts = findings.evaluations["cost_source"].value_counts(sort=False)
    costs = ", ".join(f"{escape(str(name))} ({count(n)} points)" for name, n in counts.items())
    versions = ", ".join(f"{name} {version}" for name, version in header.versions.items())
    return (
        "- Accuracy: measured on every image of the validation and test sets; accuracy version "
        f"{header.accuracy_version}, weights {_short(header.accuracy.weights)}, data "
        f"{_short(header.accuracy.data)}.\n"
        f"- Cost: {costs or 'none yet'}; cost version {header.cost.version}, coefficients "
        f"{_short(header.cost.coefficients)}, layer shapes {_short(header.cost.shapes)}.\n"
        f"- Made with {escape(versions)}.\n"
        "- Intervals: E. B. Wilson, JASA 22 (1927) 209-212, of one accuracy; T. Tango, Statistics "
        "in Medicine 17 (1998) 891-908, of a difference on the same images. p-values: Q. McNemar, "
        "Psychometrika 12 (1947) 153-157, with the binomial distribution itself. Verdicts follow "
        "the interval; the exact p-value is the more cautious of the two on few images.\n"
    )


def _weights(settings: StudySettings) -> str:
    if settings.checkpoint_sha256:
        return f"from a checkpoint, sha256 {_short(settings.checkpoint_sha256)}"
    return "trained by bitfront"


def _plain(word: str) -> str:
    return escape(word.replace("_", " "))


def _short(digest: str) -> str:
    return escape(digest[:_DIGITS_OF_A_DIGEST])
