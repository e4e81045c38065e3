"""Login: the three grants, what they refuse, how long they last, what they allow."""

from dataclasses import replace

import pytest

from engine.sim.venue import VenueConfig, default_accounts
from engine.sim.venue.api.auth import NONCES_MAX, sign
from tests.unit.sim.venue.client import MS, PERP, SECOND, START_NS, Bench, Client

ORDER = {"instrument_name": PERP, "amount": 10, "price": 79_000.0}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def signature(
    client: Client, nonce: str = "n1", **changes: object
) -> dict[str, object]:
    timestamp_ms = client.bench.now_ns // MS
    data = str(changes.get("data", ""))
    params: dict[str, object] = {
        "grant_type": "client_signature",
        "client_id": "maker",
        "timestamp": timestamp_ms,
        "nonce": nonce,
        "signature": sign("maker-secret", timestamp_ms, nonce, data),
    }
    return params | changes


def test_the_published_signature() -> None:
    assert sign("AMANDASECRECT", 1576074319000, "1iqt2wls", "") == (
        "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"
    )


def test_client_credentials(bench: Bench) -> None:
    client = bench.connect()
    row = client.login("maker")
    assert row["token_type"] == "bearer"
    assert row["expires_in"] == 900
    assert row["scope"].split() == sorted(row["scope"].split())
    assert {"connection", "mainaccount", "trade:read_write"} <= set(
        row["scope"].split()
    )
    assert "state" not in row
    assert client.buy(79_000.0, 10)["order"]["user_id"] == 1001


def test_wrong_credentials_are_13004(bench: Bench) -> None:
    client = bench.connect()
    wrong = {"grant_type": "client_credentials", "client_id": "maker"}
    assert client.code("public/auth", **wrong, client_secret="guess") == 13004
    nobody = {"grant_type": "client_credentials", "client_id": "nobody"}
    assert client.code("public/auth", **nobody, client_secret="x") == 13004
    bench.place("buy", 79_000.0, 10, account="flow")
    inside = {"grant_type": "client_credentials", "client_id": "flow"}
    assert client.code("public/auth", **inside, client_secret="") == 13004
    assert client.code("public/auth", **wrong) == -32602
    assert client.code("private/buy", **ORDER) == 13009


def test_client_signature(bench: Bench) -> None:
    client = bench.connect()
    row = client.call("public/auth", **signature(client, data="d", state="s"))
    assert row["state"] == "s"
    assert client.call("private/get_open_orders") == []


def test_a_bad_signature_is_refused(bench: Bench) -> None:
    client = bench.connect()
    assert client.code("public/auth", **signature(client, signature="00")) == 13004
    assert client.code("public/auth", **signature(client, client_id="taker")) == 13004
    good = signature(client)
    client.call("public/auth", **good)
    assert client.code("public/auth", **good) == 13004, "a nonce works once"


@pytest.mark.parametrize(("off_ms", "good"), [(60_000, True), (60_001, False)])
def test_a_signature_lives_sixty_seconds(bench: Bench, off_ms: int, good: bool) -> None:
    client = bench.connect()
    params = signature(client)
    bench.advance(off_ms * MS)
    if good:
        client.call("public/auth", **params)
    else:
        assert client.code("public/auth", **params) == 13004


def test_nonces_are_forgotten_only_when_stale(bench: Bench) -> None:
    authority = bench.venue.authority
    assert authority._use_nonce(("maker", "a"), 0)
    assert not authority._use_nonce(("maker", "a"), 60_000)
    assert authority._use_nonce(("taker", "a"), 60_000)
    assert authority._use_nonce(("maker", "a"), 120_001)
    for number in range(NONCES_MAX + 10):
        authority._use_nonce(("maker", str(number)), 120_001)
    assert len(authority._nonces) <= NONCES_MAX


def test_tokens_expire_and_are_renewed(bench: Bench) -> None:
    client = bench.connect()
    row = client.login("maker")
    bench.advance(899 * SECOND)
    assert client.call("private/get_open_orders") == []
    bench.advance(SECOND)
    assert client.code("private/get_open_orders") == 13009
    renew = {"grant_type": "refresh_token", "refresh_token": row["refresh_token"]}
    renewed = client.call("public/auth", **renew)
    assert renewed["access_token"] != row["access_token"]
    assert client.call("private/get_open_orders") == []
    assert client.code("public/auth", **renew) == 13009, "the old one is spent"


def test_requests_may_carry_a_token(bench: Bench) -> None:
    row = bench.connect("maker", "session:one")
    del row
    first, second = bench.connect(), bench.connect()
    token = first.login("maker", "session:two")["access_token"]
    assert second.call("private/get_open_orders", access_token=token) == []
    assert second.call("private/get_open_orders") == [], "the socket keeps it"
    assert second.code("private/get_open_orders", access_token="no") == 13009


def test_a_connection_token_is_tied_to_its_socket(bench: Bench) -> None:
    first, second = bench.connect(), bench.connect()
    row = first.login("maker")
    token = row["access_token"]
    assert second.code("private/get_open_orders", access_token=token) == 13009
    bench.venue.connection_lost(first.conn, bench.now_ns)
    renew = {"grant_type": "refresh_token", "refresh_token": row["refresh_token"]}
    assert second.code("public/auth", **renew) == 13009


def test_a_session_token_survives_its_socket(bench: Bench) -> None:
    first, second = bench.connect(), bench.connect()
    row = first.login("maker", "session:bot")
    assert "session:bot" in row["scope"]
    bench.venue.connection_lost(first.conn, bench.now_ns)
    token = row["access_token"]
    assert second.call("private/get_open_orders", access_token=token) == []


def test_the_seventeenth_session_evicts_the_oldest(bench: Bench) -> None:
    clients = [bench.connect("maker", f"session:s{n}") for n in range(16)]
    assert clients[0].call("private/get_open_orders") == []
    bench.connect("maker", "session:one-more")
    assert clients[0].code("private/get_open_orders") == 13009
    assert clients[1].call("private/get_open_orders") == []


def test_two_sockets_may_share_a_session(bench: Bench) -> None:
    clients = [bench.connect("maker", "session:bot") for _ in range(2)]
    assert [c.call("private/get_open_orders") for c in clients] == [[], []]


def test_scopes_narrow_and_bind(bench: Bench) -> None:
    client = bench.connect("maker", "trade:read account:read")
    assert client.call("private/get_open_orders") == []
    assert client.code("private/buy", **ORDER) == 13021
    assert client.code("private/enable_cancel_on_disconnect") == 13021
    lacking = bench.connect("maker", "account:read")
    assert lacking.code("private/get_open_orders") == 13021
    asked = ["user.orders.any.any.raw", "user.portfolio.BTC"]
    assert lacking.call("private/subscribe", channels=asked) == asked[1:]
    row = bench.connect().login("maker", "trade:read_write trade:none expires:60")
    assert row["expires_in"] == 60
    assert "trade:none" in row["scope"]


def test_tokens_are_the_same_again_and_differ_by_seed() -> None:
    def token(seed: int) -> str:
        row = Bench(VenueConfig(seed=seed)).connect().login("maker")
        return str(row["access_token"])

    assert token(1) == token(1)
    assert token(1) != token(2)
    assert token(1).startswith(str(START_NS // MS))


def test_changing_the_account_drops_private_channels(bench: Bench) -> None:
    client = bench.connect("maker")
    client.call("private/subscribe", channels=["user.orders.any.any.raw"])
    client.login("taker")
    client.buy(79_000.0, 10)
    assert client.on("user.orders.any.any.raw") == []


# Forks and exchanges.


def family() -> Bench:
    """Return a venue where two subaccounts belong to the maker."""
    maker, taker = default_accounts(1_000, 1_000)
    one = replace(maker, client_id="one", client_secret="one-secret", user_id=2001)
    one = replace(one, main="maker", scopes=("trade:read_write", "account:read"))
    two = replace(one, client_id="two", client_secret="two-secret", user_id=2002)
    return Bench(VenueConfig(accounts=(maker, taker, one, two)))


def test_a_fork_is_another_session_with_the_same_scopes(bench: Bench) -> None:
    first, second = bench.connect(), bench.connect()
    row = first.login("maker", "session:one trade:read")
    forked = first.call(
        "public/fork_token", refresh_token=row["refresh_token"], session_name="two"
    )
    assert forked["scope"] == "mainaccount session:two trade:read"
    assert set(forked) == {
        "access_token", "expires_in", "refresh_token", "scope", "sid", "token_type",
    }  # fmt: skip
    token = forked["access_token"]
    assert second.call("private/get_open_orders", access_token=token) == []
    assert first.call("private/get_open_orders") == []
    assert first.code("private/buy", **ORDER) == 13021


def test_only_sessions_can_be_forked(bench: Bench) -> None:
    client = bench.connect()
    row = client.login("maker")
    fork = {"refresh_token": row["refresh_token"], "session_name": "two"}
    assert client.code("public/fork_token", **fork) == 11050
    fork["refresh_token"] = "unknown"
    assert client.code("public/fork_token", **fork) == 13009
    row = client.login("maker", "session:one")
    fork = {"refresh_token": row["refresh_token"], "session_name": ""}
    assert client.code("public/fork_token", **fork) == -32602


def test_forks_count_as_sessions(bench: Bench) -> None:
    client = bench.connect()
    row = client.login("maker", "session:zero")
    for n in range(16):
        fork = {"refresh_token": row["refresh_token"], "session_name": f"s{n}"}
        client.call("public/fork_token", **fork)
    assert client.code("private/get_open_orders") == 13009


def test_an_exchange_takes_the_place_of_the_login() -> None:
    client = family().connect()
    row = client.login("maker")
    exchange = {"refresh_token": row["refresh_token"], "subject_id": 2001}
    changed = client.call("public/exchange_token", **exchange)
    assert changed["scope"] == "account:read connection trade:read_write"
    assert client.buy(79_000.0, 10)["order"]["user_id"] == 2001
    old = row["access_token"]
    assert client.code("private/get_open_orders", access_token=old) == 13009
    assert client.code("public/exchange_token", **exchange) == 13009
    onward = {"refresh_token": changed["refresh_token"], "subject_id": 2002}
    back = client.call("public/exchange_token", **onward)
    assert client.buy(79_000.0, 10)["order"]["user_id"] == 2002
    home = {"refresh_token": back["refresh_token"], "subject_id": 1001}
    assert "mainaccount" in client.call("public/exchange_token", **home)["scope"]


def test_an_exchange_with_a_session_leaves_the_login() -> None:
    bench = family()
    client, other = bench.connect(), bench.connect()
    row = client.login("maker", "session:main")
    exchange = {"refresh_token": row["refresh_token"], "subject_id": 2001}
    scope = "session:sub trade:read"
    changed = client.call("public/exchange_token", scope=scope, **exchange)
    assert changed["scope"] == "session:sub trade:read"
    assert client.buy(79_000.0, 10)["order"]["user_id"] == 1001
    other.call("private/get_open_orders", access_token=changed["access_token"])
    assert other.code("private/buy", **ORDER) == 13021


def test_a_session_stays_one_when_it_is_exchanged() -> None:
    bench = family()
    client, other = bench.connect(), bench.connect()
    row = client.login("maker", "session:main")
    exchange = {"refresh_token": row["refresh_token"], "subject_id": 2001}
    changed = client.call("public/exchange_token", **exchange)
    assert "session:main" in changed["scope"]
    other.call("private/get_open_orders", access_token=changed["access_token"])


@pytest.mark.parametrize(
    ("account", "subject"), [("maker", 1002), ("one", 1001), ("one", 2002), ("one", 7)]
)
def test_an_exchange_stays_in_the_family(account: str, subject: int) -> None:
    client = family().connect()
    row = client.login(account)
    exchange = {"refresh_token": row["refresh_token"], "subject_id": subject}
    assert client.code("public/exchange_token", **exchange) == 13021
    assert client.call("private/get_open_orders") == [], "the login stands"


def test_subaccounts_are_told_apart() -> None:
    bench = family()
    assert "mainaccount" not in bench.connect().login("one")["scope"]
    rows = bench.connect("maker").call("private/get_subaccounts")
    assert [(row["id"], row["type"]) for row in rows] == [
        (1001, "main"), (2001, "subaccount"), (2002, "subaccount"),
    ]  # fmt: skip
    assert len(bench.connect("one").call("private/get_subaccounts")) == 1


# Where from, and how often.


def test_a_token_may_be_tied_to_an_address(bench: Bench) -> None:
    inside, outside = bench.connect(), bench.connect()
    for client, peer in ((inside, "192.0.2.7"), (outside, "198.51.100.7")):
        bench.venue.connection_made(client.conn, bench.now_ns, peer)
    row = inside.login("maker", "session:one ip:192.0.2.0/24")
    assert "ip:192.0.2.0/24" in row["scope"]
    assert inside.call("private/get_open_orders") == []
    token = {"access_token": row["access_token"]}
    assert outside.code("private/get_open_orders", **token) == 13009
    outside.login("maker", "session:two ip:192.0.2.7")
    assert outside.code("private/get_open_orders") == 13009


@pytest.mark.parametrize("how", ["secret", "token"])
def test_guessing_costs_credits_and_then_the_session(bench: Bench, how: str) -> None:
    client = bench.connect()
    codes = []
    for n in range(101):
        if how == "secret":
            login = {"client_id": "maker", "client_secret": str(n)}
            grant = {"grant_type": "client_credentials", **login}
            codes.append(client.code("public/auth", **grant))
        else:
            wrong = {"access_token": str(n)}
            codes.append(client.code("private/get_open_orders", **wrong))
    assert codes == [13004 if how == "secret" else 13009] * 100 + [10028]
    assert bench.closing() == [(client.conn, 1008, "too_many_requests")]
