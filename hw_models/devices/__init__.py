"""FPGA families: one file is one family."""

from dse.registry import Registry
from hw_models.devices.base import Family

DEVICES: Registry[Family] = Registry("hw_models.devices", "FAMILY", Family, "device")
