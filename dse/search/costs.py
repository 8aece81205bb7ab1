"""Costs of a study's points from the analytical model."""

from collections.abc import Iterable, Iterator, Sequence

from dse.formats import parse_format
from dse.point import CostContext, DesignPoint, Scheme, sha256_of
from dse.search.store import CostRow
from hw_models.cost import COST_VERSION, coefficients_digest, estimate
from hw_models.graph import Accelerator


def cost_context(template: Accelerator, device: str) -> CostContext:
    """Return what costs of networks shaped like `template` depend on.

    The shapes are digested with int8 everywhere, whatever formats `template` happens to have.
    """
    int8 = [parse_format("int8")] * len(template.mvaus)
    return CostContext(
        shapes=sha256_of(template.with_formats(int8, int8).to_json()),
        coefficients=coefficients_digest(device),
        version=COST_VERSION,
    )


def with_scheme(template: Accelerator, scheme: Scheme) -> Accelerator:
    """Return the accelerator shaped like `template` in the formats of `scheme`."""
    return template.with_formats(
        [layer.weight for layer in scheme.layers], [layer.act for layer in scheme.layers]
    )


def cost_rows(
    template: Accelerator, points: Sequence[DesignPoint], cost_keys: Iterable[str]
) -> Iterator[CostRow]:
    """Yield the cost of each point.

    Raises:
        FormatError: Hardware does not cover a format.
        UnmodelledError: The cost model has no rule for something.
    """
    for point, cost_key in zip(points, cost_keys, strict=True):
        report = estimate(
            with_scheme(template, point.scheme), point.foldings, point.device, point.dsp
        )
        yield CostRow(
            cost_key=cost_key,
            lut=report.resources.lut,
            ff=report.resources.ff,
            dsp=report.resources.dsp,
            bram18=report.resources.bram18,
            weight_kib=report.weight_kib,
            lut_per_mac=report.lut_per_mac,
            ii_cycles=report.ii_cycles,
            cost_source=report.source.value,
        )
