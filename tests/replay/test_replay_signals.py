"""A strategy over signals of two instruments, one only read: replays exactly."""

from __future__ import annotations

import json

import pytest

from engine.assemble import assemble
from engine.cli import main
from engine.config import from_mapping
from engine.journal import Header, Recorder, Writer
from engine.live.secrets import Credentials, Signer
from engine.sim.links import Links
from engine.sim.settings import SimConfig, world_config
from engine.sim.world import World
from tests.generators.listings import PERPETUALS

pytestmark = pytest.mark.replay

START_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000
OTHER = "ETH-PERPETUAL"
CONFIG = {
    "environment": "simulation",
    "venue": {"urls": ["ws://127.0.0.1:1/ws/api/v2"]},
    "quote": [
        {
            "instrument": "BTC-PERPETUAL",
            "strategy": "tests.replay.leaning:Leaning",
            "params": {"other": OTHER},
            "limits": {
                "position_max": 2000.0,
                "order_max": 100.0,
                "collar_bps": 100.0,
                "stale_ms": 2000,
            },
        }
    ],
}
SIM = SimConfig.model_validate({"listing": PERPETUALS})


def test_signals_replay_byte_for_byte(tmp_path, capsys):
    path = tmp_path / "run.journal"
    config = from_mapping(CONFIG)
    header = Header(0xABC, START_NS // 10**6, "0.1.0", config.model_dump(mode="json"))
    core = assemble(config, 0xABC)
    recorder = Recorder(core, Writer(path, header))
    world = World(1, world_config(SIM, 1), START_NS)
    signer = Signer(Credentials("maker", "maker-secret"))
    links = Links(core, world, signer, seed=1, venue_epoch_ns=START_NS)
    links.start()
    links.run_for(4 * SECOND_NS)
    strategy = core.market(core.table.index_of("BTC-PERPETUAL")).strategy
    before_the_break = strategy.seen
    links.drop(0)
    links.run_for(4 * SECOND_NS)
    recorder.close(core.snapshot()["t_ns"])
    assert 0 < before_the_break < strategy.seen
    assert strategy.error == ""
    assert len(strategy.ever_ready) == 10, "each signal heard what it needs"
    assert list(core.snapshot()["instruments"]) == ["BTC-PERPETUAL"]
    assert core.table.index_of(OTHER) == 1
    assert sum(core.snapshot()["requests"].values()) > 3
    assert main(["replay", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["identical"]
    assert report["bytes_compared"] > 1000
