"""The command: what it prints, writes and refuses."""

import json
import tomllib

import pytest

from engine.calibrate import command
from engine.cli import main
from tests.generators.true_market import NAME, TrueMarket


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    return TrueMarket(4, seconds=600.0).write(folder / "market.jsonl.zst")


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    return TrueMarket(4, seconds=20.0).write(folder / "short.jsonl")


def test_the_report_ends_in_a_fragment(recording, capsys):
    assert main(["calibrate", str(recording)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{recording}\n")
    _, _, fragment = out.partition("to paste under [[quote]]:\n")
    assert "micro-price = mid + this" in out
    assert "k_per_tick" in tomllib.loads("[[quote]]\n" + fragment)["quote"][0]["params"]


def test_json_holds_the_truth(recording, capsys):
    assert main(["calibrate", str(recording), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["messages"] == []
    row = found["instruments"][NAME]
    k, a = row["intensity"]["k_per_tick"], row["intensity"]["a_per_s"]
    assert k["low"] < 0.6 < k["high"]
    assert a["low"] < 0.8 < a["high"]
    assert row["volatility"]["two_scale_ticks"]["value"] == pytest.approx(
        TrueMarket(4).sigma_ticks(), rel=0.15
    )


def test_fragment_and_picture_are_written(recording, tmp_path, capsys):
    toml, svg = tmp_path / "params.toml", tmp_path / "fills.svg"
    arguments = ["--toml", str(toml), "--svg", str(svg), "--instrument", NAME]
    strategy = ["--strategy", "avellaneda_stoikov"]
    assert main(["calibrate", str(recording), *arguments, *strategy]) == 0
    assert "a_per_s" not in toml.read_text()
    assert svg.read_text().startswith("<svg")
    capsys.readouterr()


def test_too_little_is_exit_1_and_falls_back_if_told(
    recording, short, tmp_path, capsys
):
    assert main(["calibrate", str(short)]) == 1
    assert "A and k are not measured" in capsys.readouterr().out
    main(["calibrate", str(recording), "--json"])
    earlier = tmp_path / "earlier.json"
    earlier.write_text(capsys.readouterr().out)
    assert main(["calibrate", str(short), "--fall-back", str(earlier), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["instruments"][NAME]
    assert row["fell_back"].keys() == {"k_per_tick", "a_per_s"}


def test_a_depth_can_be_told(recording, capsys):
    assert (
        main(
            [
                "calibrate",
                str(recording),
                "--json",
                "--depth-min",
                "1.5",
                "--depth-max",
                "4",
            ]
        )
        == 0
    )
    row = json.loads(capsys.readouterr().out)["instruments"][NAME]
    assert row["intensity"]["least_ticks"] == 1.5
    assert row["intensity"]["deepest_ticks"] == 4.0
    assert max(rate["depth_ticks"] for rate in row["intensity"]["rates"]) == 4.0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--instrument", "NONE"], 2, "one that is in it"),
        (["--depth-max", "0"], 2, "above --depth-min"),
        (["--depth-max", "nan"], 2, "above --depth-min"),
        (["--depth-min", "-1"], 2, "0 or more"),
        (["--depth-min", "5", "--depth-max", "5"], 2, "above --depth-min"),
        (["--fall-back", "none.json"], 2, "No such file"),
        (["--instruments", "none.json"], 2, "No such file"),
        (["--svg", "/no/such/folder/x.svg"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line(short, capsys, arguments, code, words):
    assert main(["calibrate", str(short), *arguments]) == code
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "no book of any instrument"), (b"\x00\x01\n", "no book of any instrument")],
)
def test_a_file_with_nothing_in_it_is_exit_1(tmp_path, capsys, content, words):
    path = tmp_path / "empty"
    path.write_bytes(content)
    assert main(["calibrate", str(path)]) == 1
    assert words in capsys.readouterr().err


def test_books_without_trades_are_told_apart(tmp_path, short, capsys):
    path = tmp_path / "books.jsonl"
    lines = short.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if "trades." not in line))
    assert main(["calibrate", str(path)]) == 1
    assert "record the trades channel too" in capsys.readouterr().err


def test_many_messages_are_cut(short, tmp_path, capsys):
    path = tmp_path / "damaged.jsonl"
    path.write_text(short.read_text() + '{"ts":1,"dir":"recv","frame":5}\n{"x\n')
    main(["calibrate", str(path)])
    assert "note: " in capsys.readouterr().out


def test_progress_is_told_on_a_terminal_after_two_seconds(monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr(command.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(command.sys.stderr, "isatty", lambda: True, raising=False)
    progress = command.Progress()
    progress.step("a", 1024)
    assert capsys.readouterr().err == ""
    now[0] += command.TALK_AFTER_S
    progress.step("a", 1025)
    progress.step("a", 2048)
    progress.step("a", 3072)
    progress.end()
    assert capsys.readouterr().err == "\ra: 2048 frames \n"
