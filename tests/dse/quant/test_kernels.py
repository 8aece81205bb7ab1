import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import FormatError
from dse.formats import default_sweep, parse_format, parse_sweep
from dse.quant.kernels import fake_quantize, max_pool_2x2, rounding_of, scale_errors

FORMATS = [*default_sweep(), *parse_sweep("uint3,uint8,int4n,ue4m4,ue2m1,e4m3fn,e5m2ieee,e4m3fnuz")]


def quantized(x, scale, number_format):
    out = np.empty_like(x)
    fake_quantize(x, scale, rounding_of(number_format), out)
    return out


@pytest.mark.parametrize("number_format", FORMATS, ids=lambda f: f.name)
def test_kernel_equals_the_format_on_its_grid_its_midpoints_and_their_neighbours(number_format):
    grid = number_format.grid().astype(np.float32)
    middle = ((grid[1:].astype(np.float64) + grid[:-1]) / 2).astype(np.float32)
    near = np.concatenate([grid, middle, [3.4e38, -3.4e38, 1e-40, 0.0, -0.0]]).astype(np.float32)
    x = np.concatenate(
        [near, np.nextafter(near, np.float32(9e9)), np.nextafter(near, np.float32(-9e9))]
    )
    for scale in (1.0, 0.25):
        x_scaled = (x * np.float32(scale)).astype(np.float32)
        expected = number_format.quantize(x_scaled / np.float32(scale)) * np.float32(scale)
        np.testing.assert_array_equal(quantized(x_scaled, scale, number_format), expected)


@given(
    name=st.sampled_from([f.name for f in FORMATS]),
    values=st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=40
    ),
    scale=st.floats(2.0**-20, 2.0**20, width=32),
)
def test_kernel_equals_the_format_anywhere(name, values, scale):
    number_format = parse_format(name)
    x = np.array(values, np.float32)
    with np.errstate(over="ignore"):
        expected = number_format.quantize(x / np.float32(scale)) * np.float32(scale)
    np.testing.assert_array_equal(quantized(x, scale, number_format), expected)


def test_nan_stays_nan_and_infinity_saturates():
    x = np.array([np.nan, np.inf, -np.inf], np.float32)
    out = quantized(x, 1.0, parse_format("e4m3"))
    assert np.isnan(out[0])
    assert out[1:].tolist() == [480.0, -480.0]


def test_kernel_writes_in_place():
    x = np.array([0.3, 5.2], np.float32)
    fake_quantize(x, 1.0, rounding_of(parse_format("int4")), x)
    assert x.tolist() == [0.0, 5.0]


def test_a_foreign_format_is_refused_by_name():
    class Foreign:
        name = "posit8"

    with pytest.raises(FormatError, match="posit8"):
        rounding_of(Foreign())  # type: ignore[arg-type]


def test_scale_errors_weigh_squared_errors():
    x = np.array([[0.4, 2.0], [1.5, -3.0]], np.float32)
    errors = scale_errors(
        x, np.array([1.0, 10.0]), np.array([[1.0, 4.0], [1.0, 4.0]], np.float32),
        rounding_of(parse_format("int2n")),
    )  # fmt: skip
    # int2n holds -1, 0, 1; 2.0 / 4 is a tie and rounds to the even 0
    np.testing.assert_allclose(
        errors, [[0.4**2 + 10, 0.4**2 + 40], [0.5**2 + 40, 1.5**2 + 10]], rtol=1e-6
    )


@pytest.mark.parametrize("shape", [(2, 3, 4, 6), (1, 1, 5, 7), (1, 2, 2, 2)])
def test_max_pool_equals_torch(shape):
    import torch

    x = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    out = torch.empty(shape[0], shape[1], shape[2] // 2, shape[3] // 2)
    max_pool_2x2(x.numpy(), out.numpy())
    assert torch.equal(out, torch.nn.functional.max_pool2d(x, 2))
