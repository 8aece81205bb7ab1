"""What a build reports: written last, so that a folder with a report holds a whole build."""

import json
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any, Self

from dse.errors import DataError
from dse.files import replace_atomically
from hw_models.cost import DspUse
from hw_models.payload import Payload
from hw_models.resources import Resources

REPORT = "report.json"
_COUNTED = ("lut", "ff", "dsp", "bram18")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of a build; `to_json` gives them by these names.

    Attributes:
        model: QONNX file, with its whole path.
        model_sha256: Its digest, 64 hex digits.
        board: Board.
        dsp: Whether DSP blocks may multiply.
        fold: Folding, as the user asked for it.
        foldings: PE and SIMD of each layer, by name.
        fifo_depths: Depth of each stream's FIFO, by source and sink.
        images: Where the images came from.
        seed: Of the gaps, of the back-pressure and of images that were drawn.
        words_compared: Output elements compared with golden.
        words_different: Those that differ.
        codes_used: Distinct codes each requantizer gave on the images, by name.
        codes_possible: Codes its format has, by name.
        ii_cycles: Cycles per frame of the slowest node.
        measured_interval_cycles: Between the ends of frames, back to back, in simulation.
        latency_cycles: Predicted, from a frame's first word in to its last word out.
        measured_latency_cycles: The same in simulation.
        clock_mhz: Clock of the accelerator [MHz].
        compute_fps: Frames per second of the accelerator alone, ``clock / measured interval``.
        estimate: Resources of the accelerator by the cost model.
        synthesis: Resources of the accelerator by Yosys, in the same unit.
        lut_error_pct: Estimate against synthesis [%].
        board_synthesis: Resources of the whole board design by Yosys; what is not the accelerator's
            is the link's to the host.
        result: The same after place and route, as nextpnr or the vendor's tool counts.
        fmax_mhz: Greatest clock after place and route [MHz]; 0 without place and route.
        bitstream: File, relative to the build's folder; empty without place and route.
        accelerator_sha256: Digest of the RTL, by which a host knows the board again.
        input: How an image lies in the input stream.
        output: How results lie in the output stream; what they mean is in the QONNX file.
        tools: Version of each tool, by name.
        seconds: Time of each step [s], by name.
    """

    model: str
    model_sha256: str
    board: str
    dsp: DspUse
    fold: str
    foldings: dict[str, dict[str, int]]
    fifo_depths: dict[str, int]
    images: str
    seed: int
    words_compared: int
    words_different: int
    codes_used: dict[str, int]
    codes_possible: dict[str, int]
    ii_cycles: int
    measured_interval_cycles: float
    latency_cycles: int
    measured_latency_cycles: int
    clock_mhz: float
    compute_fps: float
    estimate: Resources
    synthesis: Resources
    lut_error_pct: float
    board_synthesis: Resources | None
    result: Resources | None
    fmax_mhz: float
    bitstream: str
    accelerator_sha256: str
    input: Payload
    output: Payload
    tools: dict[str, str]
    seconds: dict[str, float]

    def summary(self) -> list[tuple[str, str, str]]:
        """Return what a user asks for first: names, what was predicted, what was found."""
        rows = [
            (
                "words different from golden",
                "0",
                f"{self.words_different} of {self.words_compared}",
            ),
            ("cycles per frame", f"{self.ii_cycles}", f"{self.measured_interval_cycles:.6g}"),
            ("latency, cycles", f"{self.latency_cycles}", f"{self.measured_latency_cycles}"),
        ]
        for name in _COUNTED:
            predicted, found = getattr(self.estimate, name), getattr(self.synthesis, name)
            rows.append((f"{name}, accelerator", f"{predicted}", f"{found}"))
        if self.result is not None:
            rows += [
                (f"{name}, whole board", "", f"{getattr(self.result, name)}") for name in _COUNTED
            ]
            rows.append(("clock, MHz", f"{self.clock_mhz:.6g}", f"{self.fmax_mhz:.4g}"))
        return [*rows, ("frames per second", "", f"{self.compute_fps:.6g}")]

    def _repr_html_(self) -> str:
        """Return the summary as a table, for notebooks."""
        cells = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
            for row in self.summary()
        )
        title = escape(f"{Path(self.model).name} on {self.board}")
        heads = "<tr><th></th><th>predicted</th><th>found</th></tr>"
        return f"<table><caption>{title}</caption>{heads}{cells}</table>"

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read back what `to_json` wrote."""
        counted = {
            name: Resources.from_json(data[name])
            for name in ("estimate", "synthesis", "board_synthesis", "result")
            if data[name] is not None
        }
        payloads = {name: Payload.from_json(data[name]) for name in ("input", "output")}
        return cls(**{**data, **counted, **payloads})

    def write(self, folder: Path) -> None:
        """Write the report into the build's folder."""
        replace_atomically(folder / REPORT, json.dumps(self.to_json(), indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the report of the build in `folder`.

        Raises:
            DataError: There is no whole build.
        """
        path = folder / REPORT
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise DataError(
                f"{folder} holds no finished build: it has no {REPORT}; run bitfront build again"
            ) from error
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(f"{path} is damaged ({error!r}); run bitfront build again") from error
