import subprocess
import time

import pytest

from dse.errors import ToolFailedError, ToolNotFoundError, ToolTimeoutError
from hw_models.synth import yosys
from hw_models.synth.yosys import Job, run_yosys

ADDER = "module adder (input [3:0] a, b, output [3:0] y); assign y = a + b; endmodule"


def job(*passes, text=ADDER, label="adder"):
    return Job(label=label, top="adder", text=text, passes=("hierarchy -top adder", *passes))


def ends(command):
    """Return whether nothing runs as `command` any more; what is killed takes a moment to go."""
    for _ in range(50):
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        if command not in listing.stdout:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("processes", [1, 2])
def test_jobs_come_back_in_order(processes):
    jobs = [job(text=ADDER.replace("a + b", f"{{4{{1'b{bit}}}}}")) for bit in (0, 1, 1, 0, 1)]
    netlists = list(run_yosys(jobs, processes=processes))
    nets = [netlist.modules["adder"].ports["y"].nets[0] for netlist in netlists]
    assert nets == ["const 0", "const 1", "const 1", "const 0", "const 1"]


def test_a_failing_command_names_job_and_reason():
    with pytest.raises(ToolFailedError, match=r"(?s)bad one failed with exit code.*syntax error"):
        list(run_yosys([job(), job(text="module adder (", label="bad one")]))


def test_a_failing_set_up_is_told():
    with pytest.raises(ToolFailedError, match="set-up failed"):
        list(run_yosys([job()], ("read_verilog /nonexistent.sv",)))


def test_a_hanging_job_ends_with_all_it_started():
    sleep = "exec -q -- sleep 73.25"
    started = time.monotonic()
    with pytest.raises(ToolTimeoutError, match=r"adder did not end within 1\.5 s"):
        list(run_yosys([job(sleep)], timeout_s=1.5))
    assert time.monotonic() - started < 30
    assert ends("sleep 73.25")


def test_who_stops_listening_stops_what_still_runs():
    started = time.monotonic()
    netlists = run_yosys([job(), job("exec -q -- sleep 74.25")], processes=2)
    next(netlists)
    netlists.close()
    assert time.monotonic() - started < 30
    assert ends("sleep 74.25")


def test_missing_tool_says_how_to_get_it(monkeypatch):
    def absent(_):
        raise yosys.importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(yosys.importlib.metadata, "version", absent)
    with pytest.raises(ToolNotFoundError, match="pip install pyosys"):
        list(run_yosys([job()]))


@pytest.mark.parametrize("names", [("a.hex", "b.hex"), ("a.hex", "a.hex")])
def test_every_job_reads_its_own_memory(names):
    """Also where two files have one name."""
    text = """module adder (output [3:0] y); reg [3:0] word [1];
        initial $readmemh("NAME", word); assign y = word[0]; endmodule"""
    jobs = [
        Job(
            label=content,
            top="adder",
            text=text.replace("NAME", name),
            passes=("hierarchy -top adder", "proc", "memory", "opt_clean"),
            memories=((name, content),),
        )
        for name, content in zip(names, ("5\n", "a\n"), strict=True)
    ]
    nets = [netlist.modules["adder"].ports["y"].nets for netlist in run_yosys(jobs)]
    assert ["".join(net[-1] for net in reversed(word)) for word in nets] == ["0101", "1010"]
