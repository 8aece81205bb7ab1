import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dse.errors import DesignError, ToolFailedError, ToolNotFoundError, ToolTimeoutError
from hw_models.plan import BuildPlan, PlannedFile
from hw_models.tools import TOOLS, Tool, find, locate, run, started

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="needs /proc to watch processes"
)

FAKE = Tool(
    name="fake-tool",
    purpose="tests",
    obtain="write one",
    executable="fake-tool",
    version_option="-V",
)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def run_shell(text, folder, *, timeout_s=10.0, environment=()):
    return run(
        ("/bin/sh", "-c", text),
        folder=folder,
        log=folder / "log",
        timeout_s=timeout_s,
        environment=environment,
    )


def test_names_and_variables_differ():
    assert len({tool.name for tool in TOOLS}) == len({tool.variable for tool in TOOLS})
    assert FAKE.variable == "BITFRONT_FAKE_TOOL"
    for tool in TOOLS:
        assert tool.obtain
        assert tool.module or tool.executable or tool.environment
        assert not tool.module or tool.package


def test_pyosys_is_found_with_its_version():
    found = find("pyosys")
    assert found.path.is_dir()
    assert found.version[0].isdigit()


def test_search_path_and_printed_version(tmp_path, monkeypatch):
    path = script(tmp_path / "fake-tool", 'echo "Fake version 12.3-rc1 (2026)"; echo "$1" > $0.arg')
    monkeypatch.setenv("PATH", str(tmp_path))
    found = locate(FAKE)
    assert found.path == path
    assert found.version == "12.3-rc1"
    assert (tmp_path / "fake-tool.arg").read_text() == "-V\n"


def test_a_tool_without_version_is_still_found(tmp_path, monkeypatch):
    script(tmp_path / "fake-tool", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert locate(FAKE).version == "unknown"


def test_the_variable_wins(tmp_path, monkeypatch):
    script(tmp_path / "fake-tool", "echo 1.0")
    other = script(tmp_path / "other", "echo 2.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(FAKE.variable, str(other))
    assert locate(FAKE).path == other
    assert locate(FAKE).version == "2.0"


def test_a_wrong_variable_is_an_error_and_not_ignored(tmp_path, monkeypatch):
    monkeypatch.setenv(FAKE.variable, str(tmp_path / "absent"))
    with pytest.raises(ToolNotFoundError, match=r"BITFRONT_FAKE_TOOL is set to .*absent"):
        locate(FAKE)
    monkeypatch.setenv("BITFRONT_PYOSYS", str(tmp_path))
    with pytest.raises(ToolNotFoundError, match="a folder with the module pyosys"):
        find("pyosys")


def test_a_module_can_be_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "pyosys").mkdir()
    (tmp_path / "pyosys" / "__init__.py").touch()
    monkeypatch.setenv("BITFRONT_PYOSYS", str(tmp_path))
    assert find("pyosys").path == tmp_path / "pyosys"


def test_a_module_may_bundle_an_executable(tmp_path, monkeypatch):
    (tmp_path / "fakepackage" / "bin").mkdir(parents=True)
    (tmp_path / "fakepackage" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    tool = Tool(
        name="fake",
        purpose="tests",
        obtain="write one",
        package="fakepackage",
        module="fakepackage",
        bundled="bin/fake",
        root_variable="FAKE_ROOT",
        executable="fake",
    )
    found = locate(tool)
    assert found.path == tmp_path / "fakepackage" / "bin" / "fake"
    assert found.environment == (("FAKE_ROOT", str(tmp_path / "fakepackage")),)
    assert found.version == "unknown"


def test_missing_tools_say_how_to_get_them(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert locate(FAKE) is None
    with pytest.raises(ToolNotFoundError, match="BITFRONT_VIVADO"):
        find("vivado")
    with pytest.raises(ToolNotFoundError, match="did you mean 'vivado'"):
        find("vivaldo")


def test_output_goes_to_the_log_in_order(tmp_path):
    seconds = run_shell(
        "echo out; echo err >&2; echo $EXTRA; pwd", tmp_path, environment=[("EXTRA", "x")]
    )
    assert (tmp_path / "log").read_text() == f"out\nerr\nx\n{tmp_path}\n"
    assert 0 < seconds < 10


def test_failures_show_command_code_and_last_lines(tmp_path):
    with pytest.raises(ToolFailedError) as caught:
        run_shell("seq 100; exit 7", tmp_path)
    text = str(caught.value)
    assert "exit code 7" in text
    assert str(tmp_path / "log") in text
    assert text.endswith("\n99\n100")
    assert "\n80\n" not in text


def test_absent_programs(tmp_path):
    with pytest.raises(ToolNotFoundError, match="cannot start"):
        run((str(tmp_path / "absent"),), folder=tmp_path, log=tmp_path / "log", timeout_s=1)


def is_running(pid: int) -> bool:
    """Whether a process still does something: neither gone nor a zombie nobody has waited for."""
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid: int) -> bool:
    for _ in range(100):
        if not is_running(pid):
            return True
        time.sleep(0.02)
    return False


@needs_proc
def test_a_tool_that_hangs_is_asked_for_its_version_once(tmp_path, monkeypatch):
    text = f"echo asked >> {tmp_path}/log; sleep 300 & echo $! > {tmp_path}/child; wait"
    path = script(tmp_path / "fake-tool", text)
    monkeypatch.setenv(FAKE.variable, str(path))
    monkeypatch.setattr("hw_models.tools._VERSION_TIMEOUT_S", 0.5)
    assert [locate(FAKE).version for _ in range(3)] == ["unknown"] * 3
    assert (tmp_path / "log").read_text() == "asked\n"
    assert wait_until_gone(int((tmp_path / "child").read_text()))


@needs_proc
@pytest.mark.parametrize("ending", ["wait", "exit 0", "exit 1"])
def test_no_child_outlives_its_tool(tmp_path, ending):
    """A tool that hangs, ends or fails: what it started is gone in every case."""
    text = f"sleep 300 & echo $! > {tmp_path}/child; {ending}"
    if ending == "wait":
        with pytest.raises(ToolTimeoutError, match=r"did not end within 0.5 s"):
            run_shell(text, tmp_path, timeout_s=0.5)
    elif ending == "exit 1":
        with pytest.raises(ToolFailedError):
            run_shell(text, tmp_path)
    else:
        run_shell(text, tmp_path)
    child = int((tmp_path / "child").read_text())
    assert wait_until_gone(child)


@needs_proc
def test_an_interrupt_kills_the_group_too(tmp_path):
    code = (
        "from pathlib import Path\n"
        "from hw_models.tools import run\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "run(('/bin/sh', '-c', 'sleep 300 & echo $! > child.tmp; mv child.tmp child; wait'),\n"
        "    folder=folder, log=folder / 'log', timeout_s=300)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
    )
    for _ in range(500):
        if (tmp_path / "child").exists():
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) != 0
    assert wait_until_gone(int((tmp_path / "child").read_text()))


def test_a_program_that_serves_ends_with_all_it_started(tmp_path):
    command = ("/bin/sh", "-c", "sleep 60 & echo $! > child; read line; echo got $line")
    log = tmp_path / "log"
    with started(command, folder=tmp_path, log=log, stdin=subprocess.PIPE) as process:
        process.stdin.write(b"x\n")
        process.stdin.flush()
        assert process.wait(10) == 0
    assert log.read_text() == "got x\n"
    assert wait_until_gone(int((tmp_path / "child").read_text()))


def plan(content="hello", commands=(("python", "-c", "print(open('a/b.txt').read())"),), **fields):
    return BuildPlan(
        files=(PlannedFile(path="a/b.txt", content=content),), commands=commands, **fields
    )


def test_plans_run_in_their_folder(tmp_path):
    folder = tmp_path / "deep" / "build"
    assert plan().execute(folder, timeout_s=20) > 0
    assert (folder / "00_python.log").read_text() == "hello\n"


def test_equal_plans_have_equal_digests_and_others_differ():
    digests = {plan().digest(), plan("other").digest(), plan(stamps=("pyosys 0.70",)).digest()}
    digests.add(plan(commands=(("python", "-V"),)).digest())
    assert len(digests) == 4
    assert plan().digest() == plan().digest()
    assert os.sep not in plan().digest()


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", ""])
def test_plans_stay_in_their_folder(path):
    with pytest.raises(DesignError, match="must stay in its folder"):
        BuildPlan(files=(PlannedFile(path=path, content=""),), commands=())


def test_plans_that_contradict_themselves_are_refused():
    file = PlannedFile(path="a", content="")
    with pytest.raises(DesignError, match="names a file twice"):
        BuildPlan(files=(file, file), commands=())
    with pytest.raises(DesignError, match="empty command"):
        BuildPlan(files=(file,), commands=((),))


def test_plans_find_their_tools(tmp_path, monkeypatch):
    vivado = script(tmp_path / "vivado", 'echo "built with $1"')
    monkeypatch.setenv("BITFRONT_VIVADO", str(vivado))
    plan(commands=(("vivado", "all"),)).execute(tmp_path / "build", timeout_s=20)
    assert (tmp_path / "build" / "00_vivado.log").read_text() == "built with all\n"
    with pytest.raises(ToolNotFoundError, match="no tool called 'vivado2'"):
        plan(commands=(("vivado2",),)).execute(tmp_path / "build", timeout_s=20)
