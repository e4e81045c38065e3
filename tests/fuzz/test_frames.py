"""Our reader of frames against ``websockets``: whole, dribbled, cut, damaged.

``HALFSPREAD_FUZZ_FRAMES`` sets how many streams (default: a slice of a few seconds),
``HALFSPREAD_SEED`` where they begin; ``make soak-fuzz`` runs ten million. A failure
names the stream's seed.
"""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import soak
from tests.fuzz.cases import compare, framing, scanning
from tests.generators.streams import SIZE_MAX, Stream, frame, stream
from tests.oracles.frames import Reference

COUNT = int(os.environ.get("HALFSPREAD_FUZZ_FRAMES") or "6000")
SEED = int(os.environ.get("HALFSPREAD_SEED") or "1") * 1_000_000
SEEDS = range(SEED, SEED + COUNT)

FRAMES = st.builds(
    frame,
    st.sampled_from([0x81, 0x82, 0x80, 0x01, 0x02, 0x00, 0x88, 0x89, 0x8A])
    | st.integers(0, 255),
    st.text(max_size=40).map(str.encode) | st.binary(max_size=140),
    st.sampled_from([0, 0, 0, 2, 8]),
)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def ends_of(seeds: range) -> set[str]:
    ends = set()
    for seed in seeds:
        try:
            ends.add(framing(seed))
        except AssertionError as error:
            raise AssertionError(f"make soak-fuzz CASE=framing:{seed}") from error
    return ends


def test_generated_streams() -> None:
    assert ends_of(SEEDS) == {"open", "closed", "1002", "1007", "1009"}


@given(st.lists(FRAMES, max_size=8), CUTS, st.sampled_from([100, 300, SIZE_MAX]))
def test_any_frames_cut_anywhere(
    frames: list[bytes], cuts: list[int], size_max: int
) -> None:
    if size_max < SIZE_MAX:
        # Near its limit the reference counts a control frame to the message around it.
        frames = [each for each in frames if not each[0] & 0x08]
    raw = b"".join(frames)
    places = sorted(min(place, len(raw)) for place in cuts)
    parts = [raw[a:b] for a, b in zip([0, *places], [*places, None], strict=True)]
    compare(Stream(parts, size_max))


@given(st.binary(max_size=60))
def test_any_bytes_one_by_one(raw: bytes) -> None:
    compare(Stream([raw[i : i + 1] for i in range(len(raw))], SIZE_MAX))
    compare(Stream([raw], SIZE_MAX))


def test_a_large_stream_in_reads_of_any_size() -> None:
    # Long enough for the buffer to be filled, moved to the front and enlarged.
    payloads = [b"x" * n for n in (283, 5_000, 131_072, 0, 1, 900_000, 70_000)] * 3
    fragments = [frame(0x01, b"a" * 999), *[frame(0x00, b"b" * 999)] * 500]
    frames = [frame(0x81, each) for each in payloads]
    raw = b"".join([*frames, *fragments, frame(0x89, b"?"), frame(0x80, b"c")])
    for step in (1_000, 65_536, 300_001):
        parts = [raw[at : at + step] for at in range(0, len(raw), step)]
        assert compare(Stream(parts, 2**20)) == "open"


class CountsOneMore(Reference):
    def __init__(self, size_max: int) -> None:
        super().__init__(size_max + 1)


class TakesAnyText(Reference):
    def receive(self, data: bytes) -> list[tuple[str, bytes]]:
        self._is_text = False
        return super().receive(data)


class ForgetsCloseCodes(Reference):
    def _note_close(self) -> None:
        pass


class LosesAByte(Reference):
    def receive(self, data: bytes) -> list[tuple[str, bytes]]:
        return super().receive(data[:200])


@pytest.mark.parametrize(
    "other", [CountsOneMore, TakesAnyText, ForgetsCloseCodes, LosesAByte]
)
def test_a_reference_that_reads_otherwise_is_noticed(other: type[Reference]) -> None:
    noticed = 0
    for seed in range(2_000):
        try:
            compare(stream(seed), other)
        except AssertionError:
            noticed += 1
    assert noticed > 0


# -- the soak


def test_scanned_frames() -> None:
    kinds = {scanning(seed) for seed in range(SEED, SEED + COUNT)}
    assert kinds >= {"malformed", "book", "ticker", "unknown", "control"}


def test_the_soak_tells_how_many_and_what_ended_how(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert soak.main(["framing", "--cases", "25", "--first", "12"]) == 0
    told = capsys.readouterr().out
    assert "framing: 25 of 25 cases from seed 12, 0 differences" in told
    assert "open" in told


def test_the_soak_names_the_case_that_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def case(seed: int) -> str:
        assert seed != 41, "not alike"
        return "fine"

    monkeypatch.setitem(soak.CASES, "framing", case)
    assert soak.main(["framing", "--cases", "3", "--first", "40"]) == 1
    told = capsys.readouterr().out
    assert "DIFFERENT framing 41: AssertionError: not alike" in told
    assert "make soak-fuzz CASE=framing:41\n" in told
    assert "3 of 3 cases from seed 40, 1 differences" in told
    assert soak.main(["framing:41"]) == 1
    assert soak.main(["framing:42"]) == 0


def test_the_soak_in_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.soak("framing", range(100, 130), jobs=1, block=7) == 0
    assert "30 of 30 cases" in capsys.readouterr().out


def test_the_soak_knows_its_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        soak.main(["framming:1"])
    assert "the kinds are framing, scanning" in capsys.readouterr().err
