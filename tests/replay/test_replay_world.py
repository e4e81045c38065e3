"""A whole run against the simulated venue, journaled and had again, byte for byte."""

from __future__ import annotations

import json

import pytest

from engine.assemble import assemble
from engine.cli import main
from engine.config import from_mapping
from engine.errors import JournalError
from engine.journal import Header, Kind, Reader, Recorder, Writer
from engine.live.secrets import Credentials, Signer
from engine.sim.links import Links
from engine.sim.settings import SimConfig, world_config
from engine.sim.world import World
from tests.generators.listings import PERPETUALS

pytestmark = pytest.mark.replay

START_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000
SECRET = "maker-secret"
CONFIG = {
    "environment": "simulation",
    "venue": {"urls": ["ws://127.0.0.1:1/ws/api/v2"]},
    "quote": [
        {
            "instrument": "BTC-PERPETUAL",
            "strategy": "strategies.join_touch:JoinTouch",
            "params": {"qty_lots": 2, "skew_ticks": 0.1},
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


@pytest.fixture(scope="module")
def recorded_run(tmp_path_factory):
    """Run the engine for six virtual seconds with a drop in between; its journal."""
    path = tmp_path_factory.mktemp("journal") / "run.journal"
    config = from_mapping(CONFIG)
    header = Header(0xABC, START_NS // 10**6, "0.1.0", config.model_dump(mode="json"))
    core = assemble(config, 0xABC)
    recorder = Recorder(core, Writer(path, header))
    world = World(1, world_config(SIM, 1), START_NS)
    signer = Signer(Credentials("maker", SECRET))
    links = Links(core, world, signer, seed=1, venue_epoch_ns=START_NS)
    links.start()
    links.run_for(3 * SECOND_NS)
    links.drop(0)
    links.run_for(3 * SECOND_NS)
    links.command("cancel_all")
    links.run_for(SECOND_NS)
    links.command("stop")
    links.run_for(SECOND_NS)
    recorder.close(core.snapshot()["t_ns"])
    assert sum(core.snapshot()["requests"].values()) > 3
    return path


def replayed(path, capsys):
    """Return the exit code and the JSON of `halfspread replay`."""
    code = main(["replay", str(path), "--json"])
    captured = capsys.readouterr()
    assert captured.err == ""
    return code, json.loads(captured.out)


def test_the_same_journal_gives_the_same_bytes(recorded_run, capsys):
    code, report = replayed(recorded_run, capsys)
    assert code == 0
    assert report["identical"]
    assert report["closed"]
    assert report["frames_sent"] > 10
    assert report["bytes_compared"] > 1000
    with Reader(recorded_run) as reader:
        assert report["records"] == len(list(reader))


def test_errands_are_in_the_journal_and_are_compared(recorded_run, tmp_path, capsys):
    with Reader(recorded_run) as reader:
        header, records = reader.header, list(reader)
    wanted = [r for r in records if r.kind is Kind.ERRAND]
    assert {r.payload for r in wanted} == {b"cancel_all"}
    assert any(b"errand_done" in r.payload for r in records if r.kind is Kind.COMMAND)
    path = tmp_path / "without.journal"
    writer = Writer(path, header)
    for record in records:
        if record.kind not in (Kind.ERRAND, Kind.END):
            writer.append(record.kind, record.conn, record.t_ns, record.payload)
    writer.close(records[-1].t_ns)
    code, report = replayed(path, capsys)
    assert code == 1
    assert report["difference"]["kind"] == "errand"
    assert report["difference"]["replayed"] == "cancel_all"


def test_text_says_what_was_compared(recorded_run, capsys):
    assert main(["replay", str(recorded_run)]) == 0
    out = capsys.readouterr().out
    assert "same bytes" in out
    assert "frames sent" in out


def test_no_secret_and_no_token_is_in_it(recorded_run):
    content = recorded_run.read_bytes()
    assert SECRET.encode() not in content
    assert b'"signature":"$SIGNATURE"' in content
    with Reader(recorded_run) as reader:
        answers = [
            json.loads(record.payload)["result"]
            for record in reader
            if record.kind is Kind.RECEIVE_DATA and b"access_token" in record.payload
        ]
    assert answers
    for answer in answers:
        assert answer["access_token"] == "$ACCESS_TOKEN"
        assert answer["refresh_token"] == "$REFRESH_TOKEN"


def test_flipped_bits_are_reported_with_their_place(recorded_run, tmp_path, capsys):
    content = recorded_run.read_bytes()
    path = tmp_path / "flipped.journal"
    for place in range(20):
        at = (place * 7919 + 1) * len(content) // (20 * 7919)
        flipped = bytearray(content)
        flipped[at] ^= 1 << place % 8
        path.write_bytes(flipped)
        with Reader(recorded_run) as reader:
            starts = [record.offset for record in reader]
        assert main(["replay", str(path)]) == 1
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        hit = [start for start in starts if start <= at]
        if hit:
            assert f"byte {hit[-1]}: record {len(hit)}:" in err


def test_a_killed_engine_leaves_a_journal_that_replays(recorded_run, tmp_path, capsys):
    content = recorded_run.read_bytes()
    path = tmp_path / "torn.journal"
    for cut in range(0, 400, 23):
        path.write_bytes(content[: len(content) // 2 + cut])
        code, report = replayed(path, capsys)
        assert code == 0, report
        assert report["tail"]
        assert not report["closed"]


def test_another_answer_is_the_first_difference(recorded_run, tmp_path, capsys):
    path = tmp_path / "edited.journal"
    with Reader(recorded_run) as reader:
        records = list(reader)
        writer = Writer(path, reader.header)
    wanted = [r for r in records if r.kind is Kind.DATA_TO_SEND][5]
    for record in records[:-1]:
        payload = record.payload
        if record is wanted:
            payload = payload.replace(b'"id":', b'"id":9', 1)
        writer.append(record.kind, record.conn, record.t_ns, payload)
    writer.close(1)
    code, report = replayed(path, capsys)
    assert code == 1
    found = report["difference"]
    assert (found["record"], found["offset"]) == (wanted.number, wanted.offset)
    assert found["replayed"] == wanted.payload.decode().replace("\n", "\\n")
    assert main(["replay", str(path)]) == 1
    out = capsys.readouterr().out
    assert f"differs at record {wanted.number}, byte {wanted.offset}" in out
    assert "recorded: " in out
    assert "replayed: " in out


def test_another_run_id_differs(recorded_run, tmp_path, capsys):
    path = tmp_path / "other.journal"
    with Reader(recorded_run) as reader:
        header = reader.header
        records = list(reader)
    writer = Writer(path, Header(0xDEF, 1, "0.1.0", header.config))
    for record in records[:-1]:
        writer.append(record.kind, record.conn, record.t_ns, record.payload)
    writer.close(1)
    code, report = replayed(path, capsys)
    assert code == 1
    assert "hs-00000abc" in report["difference"]["recorded"]
    assert "hs-00000def" in report["difference"]["replayed"]


def test_reader_stops_where_the_damage_is(recorded_run, tmp_path):
    content = bytearray(recorded_run.read_bytes())
    content[-30] ^= 1
    path = tmp_path / "end.journal"
    path.write_bytes(content)
    with pytest.raises(JournalError), Reader(path) as reader:
        list(reader)
