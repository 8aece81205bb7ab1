"""Legal clocks, by our formula, against the tools of the open toolchains."""

import re
import subprocess

import pytest

from hw_models.boards import BOARDS
from hw_models.pll import PLLS
from hw_models.tools import find


def clocks(family, input_mhz):
    return {clock.clock_mhz: clock for clock in PLLS[family].clocks_from(input_mhz)}


def printed(tool, *arguments):
    """Return the numbers that a tool prints, by what it calls them."""
    done = subprocess.run(
        [find(tool).path, *arguments], capture_output=True, text=True, check=True, timeout=300
    )
    return dict(re.findall(r"^([\w. ]+): +([\d.]+)", done.stdout, re.M))


@pytest.mark.tool("yowasp-ecppll")
@pytest.mark.parametrize(
    ("input_mhz", "clock_mhz"),
    [(25, 100), (25, 62.5), (25, 66.666666667), (25, 10.0), (25, 400), (48, 100), (48, 62.4)],
)
def test_ecppll_makes_the_same_clocks(input_mhz, clock_mhz, tmp_path):
    ours = clocks("ecp5", input_mhz)[clock_mhz]
    theirs = printed(
        *("yowasp-ecppll", "-i", str(input_mhz), "-o", str(clock_mhz)), "-f", f"{tmp_path}/pll.v"
    )
    assert float(theirs["clkout0 frequency"]) == pytest.approx(clock_mhz, abs=1e-3)
    assert ours.multiply / ours.divide == pytest.approx(
        int(theirs["Feedback divisor"]) / int(theirs["Refclk divisor"])
    )
    assert ours.output == int(theirs["clkout0 divisor"])


@pytest.mark.tool("yowasp-ecppll")
def test_ecppll_finds_no_clock_where_we_find_none(tmp_path):
    between = 21.875 + 1.5  # between two legal clocks of 25 MHz
    theirs = printed(*("yowasp-ecppll", "-i", "25", "-o", str(between)), "-f", f"{tmp_path}/pll.v")
    assert float(theirs["clkout0 frequency"]) in (21.875, 25.0)
    legal = sorted(clocks("ecp5", 25))
    assert [legal[i : i + 2] for i, mhz in enumerate(legal) if mhz == 21.875] == [[21.875, 25.0]]


@pytest.mark.tool("yowasp-icepll")
@pytest.mark.parametrize("clock_mhz", [16.3125, 18, 19.875, 24, 30, 48, 97.5, 270])
def test_icepll_makes_the_same_clocks(clock_mhz):
    ours = clocks("ice40", 12)[clock_mhz]
    theirs = printed("yowasp-icepll", "-i", "12", "-o", str(clock_mhz), "-p")
    assert (ours.divide - 1, ours.multiply - 1) == (int(theirs["DIVR"]), int(theirs["DIVF"]))
    assert ours.output == 1 << int(theirs["DIVQ"])


@pytest.mark.tool("yowasp-icepll")
@pytest.mark.parametrize("asked_mhz", [20, 40, 100])
def test_icepll_gives_the_nearest_of_our_clocks(asked_mhz):
    done = subprocess.run(
        [find("yowasp-icepll").path, "-i", "12", "-o", str(asked_mhz)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    achieved = float(re.search(r"([\d.]+) MHz \(achieved\)", done.stdout).group(1))
    nearest = min(abs(mhz - asked_mhz) for mhz in clocks("ice40", 12) if mhz != 12)
    assert abs(achieved - asked_mhz) == pytest.approx(nearest, abs=1e-3)


@pytest.mark.parametrize("name", list(BOARDS))
def test_every_setting_keeps_the_limits(name):
    board = BOARDS[name]
    pll = PLLS[board.family]
    found = board.clocks()
    assert [clock.clock_mhz for clock in found] == sorted({c.clock_mhz for c in found})
    assert sum(clock.is_direct for clock in found) == 1
    for clock in found:
        if clock.is_direct:
            assert clock.clock_mhz == board.oscillator_mhz
            continue
        detector_mhz = board.oscillator_mhz / clock.divide
        vco_mhz = clock.clock_mhz * clock.output
        assert clock.clock_mhz == pytest.approx(
            detector_mhz * clock.multiply / (1 if pll.feeds_back_output else clock.output)
        )
        for mhz, limits in (
            (detector_mhz, pll.detector),
            (vco_mhz, pll.vco),
            (clock.clock_mhz, pll.clocks),
        ):
            assert limits.low_mhz - 1e-6 <= mhz <= limits.high_mhz + 1e-6
