"""The parts of the demo that need no process."""

import argparse
import socket
import time
from pathlib import Path

import pytest

from engine.assemble import assemble
from engine.config import load
from engine.errors import ConfigError, EngineError
from engine.live import demo
from engine.sim import settings


def test_a_child_that_keeps_dying_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    child = demo.Child("venue", started_s=1000.0)
    waits_s = []
    for _ in range(demo.FAILURES_MAX):
        child.died()
        waits_s.append(child.due_s - 1000.0)
    assert all(0 < wait_s <= demo.BACKOFF_MAX_S for wait_s in waits_s)
    assert waits_s == sorted(waits_s)
    with pytest.raises(EngineError, match="does not stay up"):
        child.died()


def test_a_child_that_lived_is_started_again_soon() -> None:
    child = demo.Child("engine", failures=demo.FAILURES_MAX)
    child.started_s = time.monotonic() - demo.HEALTHY_S - 1
    child.died()
    assert child.due_s - time.monotonic() <= 1.0
    assert child.restarts == 1


def test_free_port_avoids_one_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert demo.free_port(port) not in (0, port)
    assert demo.free_port(0) > 0


def test_what_the_demo_comes_with_is_usable() -> None:
    config = load(demo.packaged("demo.toml"))
    assert config.environment == "simulation"
    core = assemble(config, 1)
    assert core.run_id == 1
    settings.load(Path(demo.packaged("demo_venue.toml")))


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    return parser.parse_args(arguments)


def test_only_a_simulation_is_demonstrated(tmp_path: Path) -> None:
    text = Path(demo.packaged("demo.toml")).read_text()
    text = text.replace('"simulation"', '"testnet"')
    path = tmp_path / "testnet.toml"
    path.write_text(text.replace("ws://127.0.0.1:8765", "wss://test.deribit.com"))
    with pytest.raises(ConfigError, match="environment = 'testnet'"):
        demo.main(parsed("--config", str(path)))


def test_the_venue_lists_what_is_quoted_and_what_is_read(tmp_path: Path) -> None:
    example = Path(demo.packaged("demo.toml"))
    small = ("--config", demo.packaged("demo_venue.toml"))
    assert demo.listing(load(example)) == small
    path = tmp_path / "mine.toml"
    path.write_text(example.read_text().replace("ETH-PERPETUAL", "SOL_USDC-PERPETUAL"))
    assert demo.listing(load(path)) == ()
    (tmp_path / "reader.py").write_text(
        "from engine import Strategy\n"
        "class Reader(Strategy):\n"
        "    def __init__(self) -> None:\n"
        "        self.watch('BTC_USDC')\n"
    )
    head = example.read_text().partition("[[quote]]")[0]
    path.write_text(
        f'{head}[[quote]]\ninstrument = "BTC-PERPETUAL"\nstrategy = "reader:Reader"\n'
        "limits = { position_max = 100, order_max = 10, collar_bps = 50, "
        "stale_ms = 500 }\n"
    )
    assert demo.listing(load(path)) == ()


def test_the_key_goes_where_the_configuration_looks_for_it(tmp_path: Path) -> None:
    text = Path(demo.packaged("demo.toml")).read_text()
    path = tmp_path / "mine.toml"
    path.write_text(f'{text}\n[credentials]\nid_env = "MY_ID"\nsecret_env = "MY_KEY"\n')
    args = parsed("--metrics-port", "1", "--report", "out.json")
    plan = demo.Plan.of(args, path, load(path), tmp_path)
    assert plan.credentials == {"MY_ID": "maker", "MY_KEY": "maker-secret"}
    assert plan.report == Path.cwd() / "out.json"
    assert plan.metrics_port == 1
