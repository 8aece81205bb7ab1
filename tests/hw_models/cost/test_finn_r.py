import pytest

from hw_models.cost.finn_r import finn_r_lut
from hw_models.folding import Folding


@pytest.mark.parametrize(("uses_dsp", "lut"), [(False, 317), (True, 313)])
def test_finns_own_oracle(make_mvau, uses_dsp, lut):
    """MW = MH = 4, PE = SIMD = 1, INT2: what FINN's tests say of its resource estimate."""
    mvau = make_mvau("int2", "int2", mw=4, mh=4)
    assert finn_r_lut(mvau, Folding(pe=1, simd=1), uses_dsp=uses_dsp) == lut


def test_finn_sees_widths_only(make_mvau):
    folding = Folding(pe=4, simd=8)
    luts = {finn_r_lut(make_mvau(name, name), folding, uses_dsp=False) for name in ("int8", "e4m3")}
    assert len(luts) == 1
