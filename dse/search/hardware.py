"""The accelerator behind a study's point, for what is said of it layer by layer."""

from dse.errors import DesignError
from dse.point import DesignPoint
from dse.search.header import Header
from dse.search.source import NetworkAccuracy
from hw_models.graph import Accelerator


def point_accelerator(header: Header, point: DesignPoint) -> Accelerator:
    """Return the network of a study with the formats of one of its points; nothing is trained.

    Args:
        header: Of the study.
        point: Of the study.

    Raises:
        UserError: The network or its data are not to be had any more.
        DesignError: A part of the network is a host's.
    """
    settings = header.settings
    source = NetworkAccuracy(
        model=settings.model,
        checkpoint=None,
        data=settings.data,
        fingerprint=header.accuracy.data,
        streams=False,
        calibration=settings.calibration,
        seed=settings.seed,
        host=settings.host,
    )
    template = source.template()
    if not isinstance(template, Accelerator):
        raise DesignError(
            f"a host computes a part of {settings.model}, so there is no accelerator of all of it"
        )
    layers = point.scheme.layers
    return template.with_formats(
        [layer.weight for layer in layers], [layer.act for layer in layers]
    )
