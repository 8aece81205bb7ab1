"""What a cost model must know of an FPGA family."""

from dataclasses import dataclass

from hw_models.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """Several small products that share one DSP block and one of their operands.

    Attributes:
        products: Products per block.
        operand_bits: Widest operand [bit].
        source: Where it is published.
    """

    products: int
    operand_bits: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsp:
    """Multiplier of a DSP block.

    Attributes:
        name: Name of the primitive.
        wide_bits: Width of the wider operand [bit], two's complement.
        narrow_bits: Width of the narrower operand [bit], two's complement.
        packings: Published ways to share a block.
        source: Data sheet.
    """

    name: str
    wide_bits: int
    narrow_bits: int
    packings: tuple[Packing, ...]
    source: str

    def blocks(self, a_bits: int, b_bits: int) -> int:
        """Return the blocks of one product of two's complement operands [bit], tiled if wide."""
        wide, narrow = max(a_bits, b_bits), min(a_bits, b_bits)
        return -(-wide // self.wide_bits) * -(-narrow // self.narrow_bits)

    def packed_products(self, a_bits: int, b_bits: int) -> int:
        """Return how many products of operands this wide [bit], one of them shared, fill a block.

        1 where no packing is published.
        """
        fitting = (p.products for p in self.packings if max(a_bits, b_bits) <= p.operand_bits)
        return max(fitting, default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRam:
    """Block RAM of a family.

    Attributes:
        name: Name of the primitive.
        shapes: Legal (depth, width [bit]) of one block, one read and one write port.
        source: Data sheet.
    """

    name: str
    shapes: tuple[tuple[int, int], ...]
    source: str

    def blocks(self, depth: int, width: int) -> int:
        """Return the least blocks, all of one shape, for `depth` words of `width` bits."""
        return min(-(-depth // rows) * -(-width // columns) for rows, columns in self.shapes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicDelays:
    """Delays of arithmetic on a family's slowest part, routing included.

    Attributes:
        register_ns: Out of one register and into the next [ns].
        row_ns: An adder behind another one that it overlaps in all but a bit [ns].
        level_ns: One look-up table behind another [ns].
        source: How they were found.
    """

    register_ns: float
    row_ns: float
    level_ns: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """An FPGA family.

    Attributes:
        name: What `--device` calls it.
        title: Its full name.
        clock_mhz: Nominal clock to which cells are pipelined [MHz].
        lut_inputs: Inputs of a look-up table.
        has_lut_ram: Whether look-up tables can be memories with initial contents.
        dsp: Multiplier blocks.
        block_ram: Block RAMs.
        delays: What decides how many registers arithmetic needs.
        part: Name of the part whose proportions decide between logic and block RAM.
        part_resources: What that part has.
        part_source: Its data sheet.
    """

    name: str
    title: str
    clock_mhz: float
    lut_inputs: int
    has_lut_ram: bool
    dsp: Dsp
    block_ram: BlockRam
    delays: LogicDelays
    part: str
    part_resources: Resources
    part_source: str
