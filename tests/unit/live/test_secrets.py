"""Secrets: read safely, put in on the way out, taken out on the way back."""

import copy
import pickle
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.live.secrets import (
    SECRET_LENGTH_MIN,
    TOKENS_MAX,
    Credentials,
    Signer,
    sign,
)

SECRET = "AMANDASECRECT"


def auth(request_id: int, **params: object) -> bytes:
    return orjson.dumps(
        {"jsonrpc": "2.0", "id": request_id, "method": "public/auth", "params": params}
    )


def answer(request_id: int, access: str, refresh: str) -> bytes:
    result = {"access_token": access, "refresh_token": refresh, "expires_in": 900}
    return orjson.dumps({"jsonrpc": "2.0", "id": request_id, "result": result})


@pytest.fixture
def signer() -> Signer:
    return Signer(Credentials("AMANDA", SECRET))


def test_signature_matches_the_published_vector() -> None:
    """docs.deribit.com, authentication by signature, seen 2026-08-22."""
    assert (
        sign(SECRET, 1576074319000, "1iqt2wls")
        == "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"
    )


def test_no_text_form_shows_the_secret(signer: Signer) -> None:
    credentials = Credentials("AMANDA", SECRET)
    for text in (repr(credentials), str(credentials), f"{credentials}", repr(signer)):
        assert SECRET not in text
        assert "AMANDA" in text
    with pytest.raises(TypeError):
        pickle.dumps(credentials)
    with pytest.raises(TypeError):
        copy.copy(credentials)


def test_environment_gives_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HS_ID", "me")
    monkeypatch.setenv("HS_SECRET", "mine")
    credentials = Credentials.from_environment("HS_ID", "HS_SECRET")
    assert (credentials.client_id, credentials.reveal()) == ("me", "mine")


@pytest.mark.parametrize("missing", ["HS_ID", "HS_SECRET"])
def test_environment_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setenv("HS_ID", "me")
    monkeypatch.setenv("HS_SECRET", "mine-and-only-mine")
    monkeypatch.setenv(missing, "")
    with pytest.raises(ConfigError, match=missing) as caught:
        Credentials.from_environment("HS_ID", "HS_SECRET")
    assert "mine-and-only-mine" not in str(caught.value)


def write(path: Path, text: str, mode: int) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


GOOD = 'client_id = "me"\nclient_secret = "mine-and-only-mine"\n'


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_file_only_the_owner_can_read_is_taken(tmp_path: Path, mode: int) -> None:
    credentials = Credentials.from_file(write(tmp_path / "key.toml", GOOD, mode))
    assert (credentials.client_id, credentials.reveal()) == ("me", "mine-and-only-mine")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        Credentials.from_file(write(tmp_path / "key.toml", GOOD, mode))


@pytest.mark.parametrize(
    "text",
    [
        'client_id = "me"\n',
        'client_id = "me"\nclient_secret = 17\n',
        'client_id = ""\nclient_secret = "mine-and-only-mine"\n',
        GOOD + "spare = 1\n",
        'client_id = "me"\nclient_secret = "mine-and-only-mine\n',
        'client_secret = "mine-and-only-mine" "',
    ],
)
def test_malformed_file_is_refused_without_quoting_it(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Credentials.from_file(write(tmp_path / "key.toml", text, 0o600))
    assert "mine-and" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Credentials.from_file(tmp_path / "none.toml")


def test_signature_frame_is_filled(signer: Signer) -> None:
    frame = auth(
        1,
        grant_type="client_signature",
        client_id="$CLIENT_ID",
        timestamp=1576074319000,
        nonce="1iqt2wls",
        signature="$SIGNATURE",
        data="",
        scope="session:halfspread",
    )
    sent = signer.outbound(0, frame)
    assert SECRET.encode() not in sent
    params = orjson.loads(sent)["params"]
    assert params["client_id"] == "AMANDA"
    assert params["signature"] == sign(SECRET, 1576074319000, "1iqt2wls")
    assert params["scope"] == "session:halfspread"


def test_client_credentials_frame_is_filled(signer: Signer) -> None:
    frame = auth(1, client_id="$CLIENT_ID", client_secret="$CLIENT_SECRET")
    assert orjson.loads(signer.outbound(0, frame))["params"] == {
        "client_id": "AMANDA",
        "client_secret": SECRET,
    }


@pytest.mark.parametrize(
    "frame",
    [
        b'{"id":1,"method":"private/buy","params":{"label":"$CLIENT_SECRET"}}',
        b'{"id":1,"method":"private/buy","params":{"label":"public/auth $SIGNATURE"}}',
        b'{"id":1,"method":"private/buy","params":{"a":"public/auth","b":"$CLIENT_SECRET"}}',
        b'{"id":1,"method":"public/auth"}',
        b"public/auth $CLIENT_SECRET",
        b"",
    ],
)
def test_no_other_frame_is_touched(signer: Signer, frame: bytes) -> None:
    assert signer.outbound(0, frame) == frame


def test_tokens_are_taken_out_of_the_answer_and_used_again(signer: Signer) -> None:
    signer.outbound(0, auth(1, client_id="$CLIENT_ID"))
    shown = signer.inbound(0, answer(1, "access-12345", "refresh-12345"))
    result = orjson.loads(shown)["result"]
    assert result == {
        "access_token": "$ACCESS_TOKEN",
        "refresh_token": "$REFRESH_TOKEN",
        "expires_in": 900,
    }
    again = signer.outbound(0, auth(2, refresh_token="$REFRESH_TOKEN"))
    assert orjson.loads(again)["params"]["refresh_token"] == "refresh-12345"


def test_tokens_belong_to_their_connection(signer: Signer) -> None:
    for conn in (0, 1):
        signer.outbound(conn, auth(1, client_id="$CLIENT_ID"))
        signer.inbound(conn, answer(1, f"access-{conn}-xx", f"refresh-{conn}-xx"))
    for conn in (0, 1):
        frame = signer.outbound(conn, auth(2, refresh_token="$REFRESH_TOKEN"))
        assert orjson.loads(frame)["params"]["refresh_token"] == f"refresh-{conn}-xx"


def test_refresh_without_a_token_goes_out_as_it_is(signer: Signer) -> None:
    frame = auth(1, refresh_token="$REFRESH_TOKEN")
    assert orjson.loads(signer.outbound(0, frame)) == orjson.loads(frame)


def test_known_token_is_scrubbed_wherever_it_turns_up(signer: Signer) -> None:
    signer.outbound(0, auth(1, client_id="$CLIENT_ID"))
    signer.inbound(0, answer(1, "access-12345", "refresh-12345"))
    for payload in (b'{"method":"x","params":"access-12345"}', b"refresh-12345 tail"):
        shown = signer.inbound(1, payload)
        assert b"12345" not in shown
    echo = signer.inbound(0, f'{{"error":"bad {SECRET}"}}'.encode())
    assert echo == b'{"error":"bad $CLIENT_SECRET"}'


def test_answer_cut_short_shows_no_token(signer: Signer) -> None:
    signer.outbound(0, auth(1, client_id="$CLIENT_ID"))
    whole = answer(1, "access-12345", "refresh-12345")
    for length in range(len(whole)):
        shown = signer.inbound(0, whole[:length])
        assert b"access-1" not in shown
        assert b"refresh-1" not in shown


def test_error_answer_passes_and_ends_the_wait(signer: Signer) -> None:
    signer.outbound(0, auth(1, client_id="$CLIENT_ID"))
    payload = b'{"jsonrpc":"2.0","id":1,"error":{"code":13004,"message":"x"}}'
    assert signer.inbound(0, payload) == payload
    # Not awaited any more: an odd spacing shows that nothing re-wrote the frame.
    spaced = b'{"result": {"access_token": "a"}}'
    assert signer.inbound(0, spaced) == spaced


def test_forget_ends_the_wait_of_a_lost_connection(signer: Signer) -> None:
    signer.outbound(0, auth(1, client_id="$CLIENT_ID"))
    signer.forget(0)
    spaced = b'{"result": {"access_token": "a"}}'
    assert signer.inbound(0, spaced) == spaced


def test_short_tokens_do_not_eat_prices(signer: Signer) -> None:
    signer.outbound(0, auth(1, client_id="$CLIENT_ID"))
    short = "5" * (SECRET_LENGTH_MIN - 1)
    signer.inbound(0, answer(1, short, short))
    payload = f'{{"price":{short}}}'.encode()
    assert signer.inbound(0, payload) == payload


def test_number_of_remembered_tokens_is_bounded(signer: Signer) -> None:
    for number in range(TOKENS_MAX + 1):
        signer.outbound(0, auth(number, client_id="$CLIENT_ID"))
        signer.inbound(0, answer(number, f"access-{number:05}", f"fresh-{number:05}"))
    newest = f"access-{TOKENS_MAX:05}".encode()
    oldest = b"access-00000"
    assert signer.inbound(0, newest) != newest
    assert signer.inbound(0, oldest) == oldest


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
    st.binary(max_size=40),
)
def test_any_payload_comes_through_while_an_answer_is_awaited(
    value: object, noise: bytes
) -> None:
    signer = Signer(Credentials("AMANDA", SECRET))
    signer.outbound(0, auth(1, client_id="$CLIENT_ID"))
    for payload in (orjson.dumps(value), noise):
        assert isinstance(signer.inbound(0, payload), bytes)
