import subprocess
import sys

import pytest

from dse import __version__


def test_help_names_the_verbs_and_loads_nothing_heavy():
    code = (
        "import sys; from dse.cli import main; sys.argv = ['bitfront', '--help']; main();"
        "print(sorted({'torch', 'pandas', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
    for verb in ("explore", "formats", "pareto", "report", "tools"):
        assert f" {verb} " in run.stdout


def test_without_arguments_help_is_shown(bitfront):
    outcome = bitfront("")
    assert outcome.code == 0
    assert "Usage: bitfront" in outcome.out


def test_version(bitfront):
    assert bitfront("--version").out == f"bitfront {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("tool", "No such command 'tool'. Did you mean 'tools'?"),
        ("explore", "Missing option"),
        ("explore --model digits-cnn", "Missing option '--out'"),
        ("explore --model digits-cnn --out x --job 2", "No such option: --job"),
        ("explore --model digits-cnn --out x --jobs two", "Invalid value for '--jobs'"),
        ("explore --model digits-cnn --out x --dsp all", "'all' is not one of 'none', 'auto'"),
    ],
)
def test_usage_errors_are_one_line_and_exit_2(bitfront, arguments, message):
    outcome = bitfront(arguments)
    assert outcome.code == 2
    assert message in outcome.error_line
    assert outcome.error_line.startswith("bitfront: ")
