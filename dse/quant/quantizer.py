"""Applies recipes: from a calibrated float network to the quantized network of a point."""

from dataclasses import dataclass, field

import numpy as np

from dse.point import Quantization
from dse.quant.layers import read_layer
from dse.quant.pipeline import CalibratedNetwork, QuantizedNetwork, prepare
from dse.quant.ptq import METHODS, FloatMethod, QuantizedMethod, check_recipe


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantizer:
    """Makes quantized networks of one float network.

    Attributes:
        calibrated: The float network.
        seed: Seed of everything random in methods.
    """

    calibrated: CalibratedNetwork
    seed: int
    _rewritten: dict[tuple[str, ...], CalibratedNetwork] = field(default_factory=dict)

    def quantized(self, wanted: Quantization) -> QuantizedNetwork:
        """Return the network of a scheme after the methods of its recipe.

        Raises:
            UserError: The recipe makes no sense, the scheme does not fit the network, or Brevitas
                cannot express a format.
        """
        check_recipe(wanted.recipe)
        methods = {name: METHODS[name] for name in wanted.recipe.methods}
        floats = tuple(name for name, item in methods.items() if isinstance(item, FloatMethod))
        calibrated = self._after(floats)
        network = prepare(calibrated, wanted.scheme)
        for method in methods.values():
            if isinstance(method, QuantizedMethod):
                network = method.apply(network, calibrated, self.seed)
        return network

    def changed_weights_pct(self, network: QuantizedNetwork) -> float:
        """Return the share of weights whose code is not what the recipe ``none`` gives [%]."""
        plain = prepare(self.calibrated, network.scheme)
        changed = total = 0
        for wanted in network.scheme.layers:
            codes, before = (
                read_layer(each.module.get_submodule(wanted.layer), wanted.weight.narrow()).codes()
                for each in (network, plain)
            )
            changed += int(np.count_nonzero(codes != before))
            total += codes.size
        return 100.0 * changed / total

    def _after(self, names: tuple[str, ...]) -> CalibratedNetwork:
        """Return the float network after methods that rewrite it, made once for all schemes."""
        if not names:
            return self.calibrated
        if names not in self._rewritten:
            method = METHODS[names[-1]]
            assert isinstance(method, FloatMethod)
            self._rewritten[names] = method.apply(self._after(names[:-1]))
        return self._rewritten[names]
