"""From a QONNX file to RTL that equals it, and to a bitstream.

::

    model = read_model(path)
    report = build(order, model, seeded_images(model.input, 20, seed=0), folder, silent, print)
"""

from hw_models.build.build import BUILD_VERSION, Order, build
from hw_models.build.images import TestImages, given_images, seeded_images
from hw_models.build.report import Report

__all__ = [
    "BUILD_VERSION",
    "Order",
    "Report",
    "TestImages",
    "build",
    "given_images",
    "seeded_images",
]
