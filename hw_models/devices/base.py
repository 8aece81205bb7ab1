"""What a cost model must know of an FPGA family."""

from dataclasses import dataclass

from hw_models.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsp:
    """Multiplier of a DSP block.

    Attributes:
        name: Name of the primitive.
        wide_bits: Width of the wider operand [bit], two's complement.
        narrow_bits: Width of the narrower operand [bit], two's complement.
        takes_unsigned: Whether operands of the whole width can be unsigned as well.
        subtracts: Whether it can subtract in front of the wider port.
        half_bits: Width of both operands of two products that it can do instead [bit]; 0 for none.
        source: Data sheet.
    """

    name: str
    wide_bits: int
    narrow_bits: int
    takes_unsigned: bool
    subtracts: bool
    half_bits: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLayout:
    """How a memory lies in block RAM.

    Attributes:
        blocks: Blocks it takes.
        rows: Words at each of their addresses, one of which is chosen by multiplexers.
        row_depth: Addresses, as many as a block of their shape has.
    """

    blocks: int
    rows: int
    row_depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRam:
    """Block RAM of a family.

    Attributes:
        name: Name of the primitive.
        shapes: Legal (depth, width [bit]) of one block, one read and one write port; depths are
            powers of two.
        joined_rows: Rows of a memory that may be read and meet in multiplexers in one cycle of the
            nominal clock.
        source: Data sheet.
    """

    name: str
    shapes: tuple[tuple[int, int], ...]
    joined_rows: int
    source: str

    def layout(self, depth: int, width: int) -> BlockLayout:
        """Return the fewest blocks, all of one shape, for `depth` words of `width` bits.

        Words that one block's depth cannot hold stand side by side in rows, which share blocks.
        """
        rows = ((-(-depth // deep), deep, wide) for deep, wide in self.shapes)
        blocks, count, deep = min((-(-n * width // wide), n, deep) for n, deep, wide in rows)
        return BlockLayout(blocks=blocks, rows=count, row_depth=deep)


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
        lut_ram_luts: Look-up tables of one memory made of them; 0 where they cannot be memories
            with initial contents.
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
    lut_ram_luts: int
    dsp: Dsp
    block_ram: BlockRam
    delays: LogicDelays
    part: str
    part_resources: Resources
    part_source: str
