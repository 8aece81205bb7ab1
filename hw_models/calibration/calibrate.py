"""Calibration of one device: measure, fit, judge, write."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dse.errors import DesignError
from dse.files import replace_atomically
from dse.progress import Progress
from dse.registry import nearest
from hw_models.arith.cell import STYLES
from hw_models.calibration.cells import measure
from hw_models.calibration.fit import Sample, fit_lanes, sample
from hw_models.calibration.judge import (
    Errors,
    Prediction,
    errors_of,
    predict_dots,
    predict_macs,
    random_halves,
)
from hw_models.calibration.nodes import NodeCheck, measure_nodes, predict_nodes
from hw_models.calibration.noise import Noise, noise_floor
from hw_models.calibration.rows import cell_of, rows_csv
from hw_models.calibration.units import (
    CountCheck,
    check_counts,
    fit_control,
    measure_units,
    predict_units,
)
from hw_models.cost import measured
from hw_models.cost.coefficient_set import load_coefficients
from hw_models.cost.dot import cell_parts
from hw_models.cost.lane import lane_cost
from hw_models.cost.measured import Row
from hw_models.cost.target import load_target
from hw_models.devices import DEVICES
from hw_models.resources import total

COST = Path(measured.__file__).parent
"""Folder of the cost model, with its tables and coefficients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Additivity:
    """Whether whole cells are the sum of their measured and counted modules.

    Attributes:
        n: Cells synthesised whole.
        lut_differs: How many have another number of LUTs.
        lut_mape_pct: Mean relative difference, regardless of sign [%].
        ff_differs: How many have another number of flip-flops.
    """

    n: int
    lut_differs: int
    lut_mape_pct: float
    ff_differs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KindErrors:
    """How far estimates of one kind of node are from synthesis.

    Attributes:
        kind: What the nodes are; of requantizers, their architecture.
        lut: Formula against synthesis.
        lut_naive: A naive model on the same, fitted to the others of the kind.
        counts: Flip-flops and blocks.
    """

    kind: str
    lut: Errors
    lut_naive: Errors
    counts: CountCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How good the cost model of a device is.

    Attributes:
        device: FPGA family.
        weights: Fitted LUTs of what the tool maps, by name.
        unseen_formats: Formula on multiply-accumulates, fitted without either format.
        unseen_formats_naive: The naive model on the same.
        random_halves: Formula on one half of the pairs, fitted to the other: mean of 20 splits.
        random_halves_naive: The naive model on the same.
        dots: Formula on dot products, fitted to lanes without either format.
        dots_naive: A naive model on the same, fitted to other dot products.
        units: Formula on matrix units whose formats and shapes nothing was fitted to.
        units_naive: A naive model on the same, fitted to other units.
        unit_counts: Flip-flops, block RAMs and DSP blocks of those units against synthesis.
        nodes: What is counted from the RTL with nothing fitted: requantizers, pools, additions.
        additivity: Whole cells against the tables.
        noise: What another mapping script changes.
        predictions: All that `unseen_formats`, `dots` and `units` are about.
        node_predictions: All that `nodes` is about.
    """

    device: str
    weights: dict[str, float]
    unseen_formats: Errors
    unseen_formats_naive: Errors
    random_halves: Errors
    random_halves_naive: Errors
    dots: Errors
    dots_naive: Errors
    units: Errors
    units_naive: Errors
    unit_counts: CountCheck
    nodes: tuple[KindErrors, ...]
    additivity: Additivity
    noise: Noise
    predictions: tuple[Prediction, ...]
    node_predictions: tuple[Prediction, ...]

    def to_json(self) -> dict[str, Any]:
        """Return everything but the predictions."""
        return {key: value for key, value in asdict(self).items() if "predictions" not in key}


def calibrate(
    device: str, *, keeps_cells: bool = False, processes: int, progress: Progress
) -> tuple[Row, ...]:
    """Synthesise the cells of `device`, refit its coefficients, and write both into the package.

    Args:
        device: FPGA family.
        keeps_cells: Leave cells as they are in the tables; only matrix units are synthesised.
        processes: Runs of Yosys at a time.
        progress: Is told what is done.

    Raises:
        DesignError: No such family, or one whose cells are another's.
        ToolError: Yosys is missing, failed or did not end in time.
        DataError: The package's folder is not writable.
    """
    _require_cells(device)
    if keeps_cells:
        rows = measured.load_rows(device)
    else:
        rows = measure(device, processes=processes, progress=progress)
        write_tables(device, rows)
    units = measure_units(device, fitted=True, processes=processes, progress=progress)
    per_bit, besides = fit_control(units)
    source = f"fitted to {len(units)} matrix units on {device}, {rows[0].tool} {rows[0].version}"
    _write_coefficients(
        device,
        {
            "unit_counter_lut_per_bit": {"value": round(per_bit, 2), "source": source},
            "unit_control_lut": {"value": round(besides, 1), "source": source},
        },
    )
    return rows


def write_tables(device: str, rows: Sequence[Row]) -> None:
    """Write the table of `device` and refit every family that uses it."""
    replace_atomically(COST / "data" / f"{device}.csv", rows_csv(rows))
    samples = lane_samples(rows, device)
    weights = {name: round(value, 3) for name, value in fit_lanes(samples).items()}
    judged = random_halves(mac_samples(rows, device))[0]
    source = (
        f"fitted to {len(samples)} products of data/{device}.csv, {rows[0].tool} "
        f"{rows[0].version}; on unseen pairs MAPE {judged.mape_pct:.1f} %"
    )
    _write_coefficients(device, {"lane_weights": {"value": weights, "source": source}})


def _write_coefficients(device: str, changed: dict[str, dict[str, object]]) -> None:
    """Change constants of every family whose cells are those of `device`, and forget the old."""
    for family in DEVICES:
        path = COST / "coefficients" / f"{family}.json"
        constants = json.loads(path.read_text())
        if constants["cells"]["value"] == device:
            constants |= changed
            replace_atomically(path, json.dumps(constants, indent=2) + "\n")
    for cache in (
        measured.load_rows,
        measured.lane_rows,
        load_coefficients,
        load_target,
        lane_cost,
    ):
        cache.cache_clear()


def judge(device: str, rows: Sequence[Row], *, processes: int, progress: Progress) -> Judgement:
    """Judge the formulas on pairs they have not seen, and the tables on whole cells.

    Raises:
        ToolError: Yosys is missing, failed or did not end in time.
    """
    style, target = STYLES[device][0], load_target(device, "none")
    samples = mac_samples(rows, device)
    macs = predict_macs(samples)
    halves = random_halves(samples)
    dots = predict_dots(
        [row for row in rows if row.cell == "dot"], lane_samples(rows, device), style, target
    )
    units = measure_units(device, fitted=False, processes=processes, progress=progress)
    nodes = measure_nodes(device, processes=processes, progress=progress)
    predicted_nodes = tuple(predict_nodes(nodes))
    predicted_units = list(predict_units(units, lane_samples(rows, device), device))
    return Judgement(
        device=device,
        weights=target.coefficients.lane_weights.value,
        unseen_formats=errors_of(macs),
        unseen_formats_naive=errors_of(macs, naive=True),
        random_halves=halves[0],
        random_halves_naive=halves[1],
        dots=errors_of(dots),
        dots_naive=errors_of(dots, naive=True),
        units=errors_of(predicted_units),
        units_naive=errors_of(predicted_units, naive=True),
        unit_counts=check_counts(units),
        nodes=tuple(errors_by_kind(nodes, predicted_nodes)),
        additivity=additivity(rows, device),
        noise=noise_floor(samples, device, processes=processes, progress=progress),
        predictions=(*macs, *dots, *predicted_units),
        node_predictions=predicted_nodes,
    )


def errors_by_kind(
    nodes: Sequence[NodeCheck], predictions: Sequence[Prediction]
) -> Iterator[KindErrors]:
    """Yield the errors of each kind of node."""
    for kind in dict.fromkeys(node.case.kind for node in nodes):
        of_kind = [p for p in predictions if p.cell == kind]
        yield KindErrors(
            kind=kind,
            lut=errors_of(of_kind),
            lut_naive=errors_of(of_kind, naive=True),
            counts=check_counts([node for node in nodes if node.case.kind == kind]),
        )


def additivity(rows: Sequence[Row], device: str) -> Additivity:
    """Compare cells that were synthesised whole with the sum of their parts."""
    target = load_target(device, "none")
    whole = [row for row in rows if row.cell in ("mac", "dot", "pipelined dot")]
    sums = [total(cell_parts(cell_of(row), target)) for row in whole]
    luts = [(row.lut, found.lut) for row, found in zip(whole, sums, strict=True)]
    return Additivity(
        n=len(whole),
        lut_differs=sum(a != b for a, b in luts),
        lut_mape_pct=sum(abs(100 * (b / a - 1)) for a, b in luts) / len(whole),
        ff_differs=sum(row.ff != found.ff for row, found in zip(whole, sums, strict=True)),
    )


def mac_samples(rows: Sequence[Row], device: str) -> list[Sample]:
    """Return every measured pair as a multiply-accumulate takes it."""
    in_mac = {(row.weight, row.act): row for row in rows if row.cell == "lane"}
    in_mac |= {(row.weight, row.act): row for row in rows if row.cell == "mac lane"}
    found = (replace(row, cell="mac lane") for row in in_mac.values())
    return [sample(row, STYLES[device][0]) for row in found]


def lane_samples(rows: Sequence[Row], device: str) -> list[Sample]:
    """Return every measured product, as trees and as multiply-accumulates take it."""
    return [sample(row, STYLES[device][0]) for row in rows if "lane" in row.cell]


def _require_cells(device: str) -> None:
    """Refuse families without a table of their own."""
    own = [name for name in DEVICES if load_target(name, "none").coefficients.cells.value == name]
    if device in DEVICES and device not in own:
        cells = load_target(device, "none").coefficients.cells.value
        raise DesignError(f"'{device}' has the cells of '{cells}': calibrate that")
    if device not in own:
        hint = nearest(device, own)
        raise DesignError(f"no device called '{device}'{hint}; known: {', '.join(own)}")
