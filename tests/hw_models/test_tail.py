import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.formats import parse_format
from hw_models.tail import (
    BatchNorm,
    Clip,
    Divide,
    LeakyRelu,
    Multiply,
    OutputQuantizer,
    Shift,
    Sigmoid,
    Tail,
    Tanh,
    ordered_codes,
    round_to_float32,
)

CHANNELS = 6
OUTPUTS = ("int3", "int8", "uint4", "int4n", "e2m1", "e3m2", "e4m3", "e5m2", "ue3m3", "e2m0")


def random_tail(output: str, seed: int, bits: int, *, exact: bool = False) -> Tail:
    """Random steps whose values cover the output's range; `exact` takes powers of two: ties."""
    rng = np.random.default_rng(seed)
    number_format = parse_format(output)
    reach = 2.0 ** (bits - 1)

    def some(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, CHANNELS).astype(np.float32)

    scale = (some(0.5, 2) / reach).astype(np.float32)
    if exact:
        scale = np.exp2(np.round(np.log2(scale))).astype(np.float32)
        quantizer = OutputQuantizer(
            format=number_format, scale=float(2.0 ** -np.round(np.log2(number_format.max)))
        )
        return Tail(scale=scale, output=quantizer)
    normal = BatchNorm(
        weight=some(-1, 1), bias=some(-0.2, 0.2), mean=some(-0.2, 0.2), variance=some(0.5, 2),
        epsilon=1e-5,
    )  # fmt: skip
    choices = [
        (Shift(some(-0.3, 0.3)), Clip(low=0.0, high=np.inf)),
        (normal,),
        (normal, Clip(low=0.0, high=0.4)),
        (Multiply(some(-1, 1)), LeakyRelu(some(0, 0.5))),
        (Divide(some(0.5, 3)), Sigmoid()),
        (Tanh(), Shift(some(-0.3, 0.3))),
    ]
    steps = choices[seed % len(choices)]
    quantizer = OutputQuantizer(
        format=number_format, scale=float(np.float32(0.7 / number_format.max))
    )
    return Tail(scale=scale, steps=steps, output=quantizer)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("exact", [False, True])
def test_thresholds_equal_the_tail_for_every_sum(output, exact):
    bits = 14
    sums = np.arange(-(2 ** (bits - 1)), 2 ** (bits - 1))[:, None].repeat(CHANNELS, axis=1)
    order = ordered_codes(parse_format(output))
    for seed in range(1 if exact else 6):
        tail = random_tail(output, seed, bits, exact=exact)
        indices = tail.thresholds(bits, CHANNELS).indices(sums)
        assert np.array_equal(order[indices], tail.codes(sums))


@pytest.mark.parametrize("bits", [25, 31, 48, 63, 80])
@pytest.mark.parametrize("output", ["int8", "e4m3", "e2m1"])
def test_thresholds_are_exact_where_float32_rounds_the_sums(bits, output):
    order = ordered_codes(parse_format(output))
    for seed in range(6):
        tail = random_tail(output, seed, bits)
        thresholds = tail.thresholds(bits, CHANNELS)
        falls = thresholds.is_decreasing
        limit = 1 << (bits - 1)
        for offset in (-2, -1, 0, 1):  # both sides of every threshold
            x = np.clip(thresholds.least.T + offset, -limit, limit - 1)
            sums = np.where(falls, -x - 1, x)
            if bits <= 63:
                sums = sums.astype(np.int64)
            assert np.array_equal(order[thresholds.indices(sums)], tail.codes(sums))
        assert (np.diff(thresholds.least, axis=1) >= 0).all()


@settings(max_examples=300)
@given(st.integers(-(2**90), 2**90))
def test_integers_of_any_size_round_once(integer):
    rounded = int(round_to_float32(np.array([integer], dtype=object))[0])
    spacing = 1 << max(abs(integer).bit_length() - 24, 0)
    below = integer // spacing * spacing
    distances = {below: integer - below, below + spacing: below + spacing - integer}
    nearest = min(distances, key=lambda x: (distances[x], (x // spacing) % 2))
    assert rounded == nearest


def test_a_constant_channel_never_or_always_reaches():
    output = OutputQuantizer(format=parse_format("int3"), scale=1.0)
    tail = Tail(
        scale=np.array([1.0, 1.0], np.float32), steps=(Multiply(np.zeros(1, np.float32)),),
        output=output,
    )  # fmt: skip
    least = tail.thresholds(8, 2).least
    assert (least[:, :4] == -128).all()
    assert (least[:, 4:] == 128).all()
