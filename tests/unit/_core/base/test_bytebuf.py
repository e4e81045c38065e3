"""The output buffer grows to its named limit; one byte more is a fault."""

from tests.rig import Rig

LIMIT = 16 * 1024 * 1024


def test_what_is_sent_is_taken_once_and_in_order() -> None:
    rig = Rig()
    rig.core.send(0, b"one")
    rig.core.send(0, b"two")
    assert rig.core.data_to_send(0) == b"one\ntwo\n"
    assert rig.core.data_to_send(0) == b""


def test_the_buffer_grows_to_its_limit() -> None:
    rig = Rig()
    frame = b"x" * (LIMIT // 4 - 1)
    for _ in range(4):
        rig.core.send(0, frame)
    rig.advance(1)
    assert rig.halted() == ""
    assert len(rig.core.data_to_send(0)) == LIMIT


def test_one_byte_past_the_limit_halts() -> None:
    rig = Rig()
    rig.core.send(0, b"x" * (LIMIT - 1))
    rig.core.send(0, b"")
    rig.advance(1)
    assert rig.halted() == "fault buffer"
