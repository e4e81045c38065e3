"""The command line: exit codes, one-line errors, only the chosen module imported."""

import argparse
import subprocess
import sys
import types

import pytest

from engine import cli
from engine.errors import ConfigError, EngineError, InvariantError, VenueError


@pytest.fixture
def command(monkeypatch):
    """Register a command ``probe``; returns the function that sets what it does."""
    module = types.ModuleType("probe_command")
    module.HELP = "probe the command line"
    module.DESCRIPTION = "An example:\n  halfspread probe --x 3\n"
    module.add_arguments = lambda parser: parser.add_argument("--x", type=int)
    monkeypatch.setitem(sys.modules, "probe_command", module)
    monkeypatch.setattr(cli, "COMMANDS", {"probe": "probe_command", "none": "no.such"})

    def set_main(main):
        module.main = main

    return set_main


def raises(error):
    def main(args):
        raise error

    return main


def test_a_command_gets_its_arguments_and_returns_its_code(command):
    seen = []
    command(lambda args: seen.append(args.x) or 1)
    assert cli.main(["probe", "--x", "3"]) == 1
    assert seen == [3]


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (EngineError("no"), 1, "no"),
        (ConfigError("f", "k", 1, "2"), 2, "f: k = 1: 2"),
        (VenueError("gone"), 3, "gone"),
        (InvariantError("slot"), 4, "slot"),
        (ConnectionRefusedError(111, "refused"), 3, "connection failed"),
        (FileNotFoundError(2, "No such file", "x"), 1, "No such file: 'x'"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_become_one_line(command, capsys, error, code, line):
    command(raises(error))
    assert cli.main(["probe"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("halfspread: ")
    assert line in err
    assert err.count("\n") == 1


def test_our_own_bugs_keep_their_traceback(command):
    command(raises(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.main(["probe"])


@pytest.mark.parametrize(
    "arguments", [["prob"], ["probe", "--y"], ["--x"], ["probe", "3"]]
)
def test_wrong_usage_exits_2(command, capsys, arguments):
    command(lambda args: 0)
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: halfspread" in capsys.readouterr().err


def test_no_arguments_explain_themselves(capsys):
    assert cli.main([]) == 2
    assert "first three things" in capsys.readouterr().err


def test_the_version_needs_no_command(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("halfspread ")


def test_a_command_explains_itself(command, capsys):
    command(lambda args: 0)
    with pytest.raises(SystemExit) as caught:
        cli.main(["probe", "--help"])
    assert caught.value.code == 0
    assert "halfspread probe --x 3" in capsys.readouterr().out


def test_help_names_every_command_and_every_exit_code(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert f"    {name} " in text
    for code in (0, 1, 2, 3, 4, 130):
        assert f"\n  {code} " in text


@pytest.mark.parametrize("path", cli.COMMANDS.values())
def test_every_command_module_keeps_the_contract(path):
    module = cli.importlib.import_module(path)
    assert module.HELP
    assert "\n" not in module.HELP
    assert "halfspread " in module.DESCRIPTION
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    assert callable(module.main)


def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_runs_as_a_module():
    done = python("-m", "engine.cli", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("halfspread ")


def test_only_the_chosen_command_is_imported():
    code = (
        "import sys; from engine.cli import main; main(['check', '/no/such/file']);"
        "print(*sorted(m for m in sys.modules if m.startswith('engine.')))"
    )
    done = python("-c", code)
    loaded = done.stdout.split()
    assert "engine.check" in loaded
    assert not any(m.startswith(("engine.sim", "engine.replay")) for m in loaded)


def test_a_reader_that_leaves_early_is_no_traceback():
    code = (
        "import sys; from engine import cli; import os, types;"
        "m = types.ModuleType('m'); m.HELP = m.DESCRIPTION = 'x';"
        "m.add_arguments = lambda p: None;"
        "m.main = lambda a: [print('x' * 9999, flush=True) for _ in range(99)] and 0;"
        "sys.modules['m'] = m; cli.COMMANDS = {'m': 'm'};"
        "r, w = os.pipe(); os.close(r); os.dup2(w, 1);"
        "sys.exit(cli.main(['m']))"
    )
    done = python("-c", code)
    assert (done.returncode, done.stderr) == (1, "")
