"""The configuration: what is read, what is refused, and how the refusal is said."""

import copy
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import (
    CONFIG_BYTES_MAX,
    QUOTES_MAX,
    URLS_MAX,
    Config,
    environment_of,
    from_mapping,
    is_loopback,
    load,
)
from engine.errors import NO_VALUE, ConfigError

GOOD = """
environment = "simulation"

[venue]
urls = ["ws://127.0.0.1:8080/ws/api/v2"]

[[quote]]
instrument = "BTC-PERPETUAL"
strategy = "strategies.join_touch:JoinTouch"
params = { qty_lots = 1, skew_ticks = 0.5 }

[quote.limits]
position_max = 1000
order_max = 100
collar_bps = 50
stale_ms = 1000
"""


def document(**changes):
    """Return the good document; ``changes`` are dotted keys with ``__`` for dots."""
    made = tomllib.loads(GOOD)
    for key, value in changes.items():
        place = made
        *path, last = key.split("__")
        for part in path:
            place = place[int(part)] if part.isdigit() else place.setdefault(part, {})
        if value is None:
            del place[last]
        else:
            place[last] = value
    return made


def refused(**changes):
    """Return the error a changed document is refused with."""
    with pytest.raises(ConfigError) as caught:
        from_mapping(document(**changes), "x.toml")
    return caught.value


def test_defaults_and_given_values():
    config = from_mapping(document(), "x.toml")
    assert config.file == "x.toml"
    assert config.venue.heartbeat_s == 30
    assert config.venue.request_timeout_s == 5.0
    assert config.venue.book_interval == "raw"
    assert config.venue.market_data_urls == []
    assert config.credentials.grant == "client_signature"
    assert config.orders.on_start == "cancel"
    assert config.journal.path is None
    assert (config.metrics.enabled, config.metrics.host) == (True, "127.0.0.1")
    quote = config.quote[0]
    assert (quote.requote_ticks, quote.requote_qty_pct) == (0, 0.0)
    assert quote.queue_ticks == 2
    assert quote.params == {"qty_lots": 1, "skew_ticks": 0.5}
    assert quote.limits.position_max == 1000


def test_models_are_frozen():
    config = from_mapping(document())
    with pytest.raises(ValueError, match="frozen"):
        config.environment = "production"


@pytest.mark.parametrize(
    "name", ["position_max", "order_max", "collar_bps", "stale_ms"]
)
def test_limits_have_no_defaults(name):
    error = refused(**{f"quote__0__limits__{name}": None})
    assert error.key == f"quote[0].limits.{name} (BTC-PERPETUAL)"
    assert error.value is NO_VALUE
    assert error.allowed.startswith("is required")


def test_missing_limits_table_names_its_keys():
    error = refused(quote__0__limits=None)
    assert error.key == "quote[0].limits (BTC-PERPETUAL)"
    assert "position_max, order_max, collar_bps, stale_ms" in error.allowed
    assert "no defaults" in error.allowed


@pytest.mark.parametrize(
    ("changes", "key", "allowed"),
    [
        ({"environment": "live"}, "environment", '"production"'),
        ({"environment": None}, "environment", "is required"),
        ({"venue__heartbeat_s": 9}, "venue.heartbeat_s", "integer from 10 to 60, in s"),
        ({"venue__heartbeat_s": 61}, "venue.heartbeat_s", "integer from 10 to 60"),
        ({"venue__heartbeat_s": 30.0}, "venue.heartbeat_s", "integer"),
        ({"venue__heartbeat_s": True}, "venue.heartbeat_s", "integer"),
        ({"venue__heartbeat_s": "30"}, "venue.heartbeat_s", "integer"),
        ({"venue__book_interval": "10ms"}, "venue.book_interval", '"agg2"'),
        ({"venue__urls": []}, "venue.urls", "1 to 8"),
        ({"venue__urls": "ws://127.0.0.1"}, "venue.urls", "array"),
        ({"venue__urls": [7]}, "venue.urls[0]", "array of texts"),
        ({"orders__cancel_reserve": 0}, "orders.cancel_reserve", "from 1 to 100"),
        ({"metrics__port": 65_536}, "metrics.port", "from 0 to 65_535"),
        ({"metrics__port": -1}, "metrics.port", "from 0 to 65_535"),
        ({"metrics__host": ""}, "metrics.host", "address"),
        ({"log__level": "loud"}, "log.level", '"info"'),
        ({"journal__path": 3}, "journal.path", "path"),
        ({"quote": []}, "quote", "[[quote]]"),
        ({"quote": {}}, "quote", "[[quote]]"),
        (
            {"quote__0__instrument": "BTC PERPETUAL"},
            "quote[0].instrument",
            "BTC-PERPETUAL",
        ),
        (
            {"quote__0__strategy": "strategies.join_touch"},
            "quote[0].strategy (BTC-PERPETUAL)",
            "module:Class",
        ),
        (
            {"quote__0__limits__stale_ms": 9},
            "quote[0].limits.stale_ms (BTC-PERPETUAL)",
            "from 10 to 60_000, in ms",
        ),
        (
            {"quote__0__limits__position_max": 0},
            "quote[0].limits.position_max (BTC-PERPETUAL)",
            "above 0",
        ),
        (
            {"quote__0__limits__position_max": float("inf")},
            "quote[0].limits.position_max (BTC-PERPETUAL)",
            "number",
        ),
        (
            {"quote__0__limits__collar_bps": float("nan")},
            "quote[0].limits.collar_bps (BTC-PERPETUAL)",
            "number",
        ),
        (
            {"quote__0__limits__order_max": 10**400},
            "quote[0].limits.order_max (BTC-PERPETUAL)",
            "number",
        ),
        (
            {"quote__0__params__skew_ticks": float("nan")},
            "quote[0].params.skew_ticks (BTC-PERPETUAL)",
            "finite",
        ),
    ],
)
def test_refusals_name_key_and_what_is_allowed(changes, key, allowed):
    error = refused(**changes)
    assert error.key == key
    assert allowed in error.allowed
    assert str(error).startswith(f"x.toml: {key}")
    assert len(str(error)) < 500


def test_order_max_may_equal_position_max_but_not_pass_it():
    from_mapping(document(quote__0__limits__order_max=1000))
    error = refused(quote__0__limits__order_max=1001)
    assert error.key == "quote[0].limits.order_max (BTC-PERPETUAL)"
    assert (error.value, error.allowed) == (1001, "at most position_max, which is 1000")


def test_an_instrument_is_quoted_once():
    twice = document()
    twice["quote"].append(copy.deepcopy(twice["quote"][0]))
    with pytest.raises(ConfigError, match=r"quote\[1\].instrument = 'BTC-PERPETUAL'"):
        from_mapping(twice)


@pytest.mark.parametrize(
    ("changes", "key", "hint"),
    [
        ({"venue__heartbeats": 3}, "venue.heartbeats", "did you mean heartbeat_s?"),
        ({"venus": {}}, "venus", "did you mean venue?"),
        ({"heartbeat_s": 3}, "heartbeat_s", "venue.heartbeat_s is one"),
        ({"zzz": 1}, "zzz", "known here: environment, venue"),
        (
            {"quote__0__limits__stalems": 3},
            "quote[0].limits.stalems (BTC-PERPETUAL)",
            "did you mean stale_ms?",
        ),
    ],
)
def test_unknown_keys_suggest_the_nearest(changes, key, hint):
    error = refused(**changes)
    assert error.key == key
    assert hint in error.allowed


def test_a_misspelt_key_is_told_before_the_one_it_leaves_missing():
    error = refused(quote__0__limits__stale_ms=None, quote__0__limits__stale_mss=5)
    assert error.key.startswith("quote[0].limits.stale_mss")
    assert error.more == 1


def test_further_problems_are_counted():
    error = refused(metrics__port=-1, venue__heartbeat_s=1, log__level="x")
    assert error.more == 2
    assert str(error).endswith("(and 2 more problems)")


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("wss://www.deribit.com/ws/api/v2", "production"),
        ("wss://streams.deribit.com/ws/api/v2", "production"),
        ("wss://DERIBIT.com./ws/api/v2", "production"),
        ("wss://test.deribit.com/ws/api/v2", "testnet"),
        ("wss://test.deribit.com/den/ws", "testnet"),
        ("wss://localhost@www.deribit.com/ws", "production"),
        ("wss://test.deribit.com.example.org/ws", "simulation"),
        ("wss://nottest-deribit.com/ws", "simulation"),
        ("ws://127.0.0.1:8080/ws/api/v2", "simulation"),
    ],
)
def test_environment_is_read_off_the_host(url, environment):
    assert environment_of(url) == environment


@pytest.mark.parametrize("said", ["testnet", "production"])
@pytest.mark.parametrize("missing", ["risk.loss_day_usd", "state.path"])
def test_a_key_that_can_lose_needs_a_budget_that_outlives_a_restart(said, missing):
    host = {"testnet": "test", "production": "www"}[said]
    changes = {
        "environment": said,
        "venue__urls": [f"wss://{host}.deribit.com/ws/api/v2"],
        "risk": {"loss_day_usd": 5.0},
        "state": {"path": "state"},
    }
    assert from_mapping(document(**changes)).environment == said
    del changes[missing.split(".")[0]]
    error = refused(**changes)
    assert (error.key, error.value) == (missing, NO_VALUE)
    assert error.allowed.startswith(f'is required for environment = "{said}"')
    cannot_lose = from_mapping(document(**changes), may_quote=False)
    assert cannot_lose.environment == said, "looking and cancelling are never refused"


@pytest.mark.parametrize("key", ["urls", "market_data_urls"])
@pytest.mark.parametrize("said", ["simulation", "testnet", "production"])
@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("wss://www.deribit.com/ws/api/v2", "production"),
        ("wss://test.deribit.com/ws/api/v2", "testnet"),
        ("ws://127.0.0.1:8080/ws/api/v2", "simulation"),
    ],
)
def test_urls_must_belong_to_the_environment(key, said, url, environment):
    own = {
        "simulation": "ws://[::1]:8080/ws",
        "testnet": "wss://test.deribit.com/den/ws",
        "production": "wss://streams.deribit.com/ws/api/v2",
    }
    changes = {"environment": said, "venue__urls": [own[said]]}
    changes[f"venue__{key}"] = [own[said], url]
    changes |= {"risk": {"loss_day_usd": 5.0}, "state": {"path": "state"}}
    if said == environment:
        assert from_mapping(document(**changes)).environment == said
    else:
        error = refused(**changes)
        assert (error.key, error.value) == (f"venue.{key}[1]", url)
        assert f'"{environment}"' in error.allowed


@pytest.mark.parametrize(
    "url",
    [
        "ws://10.0.0.1/ws",
        "ws://www.deribit.com/ws/api/v2",
        "ws://127.0.0.1.example.org/ws",
        "http://127.0.0.1/ws",
        "127.0.0.1:8080",
        "wss://",
        "wss://[::1/ws",
        "wss://h:99999/ws",
        "wss://h h/ws",
        "",
    ],
)
def test_urls_that_are_refused(url):
    error = refused(venue__urls=[url])
    assert (error.key, error.value) == ("venue.urls[0]", url)
    assert "wss://" in error.allowed


@pytest.mark.parametrize(
    ("host", "is_near"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_loopback(host, is_near):
    assert is_loopback(host) is is_near


@pytest.mark.parametrize(
    "changes",
    [
        {"credentials__client_secret": "hunter2hunter2"},
        {"credentials__client_id": "hunter2hunter2"},
        {"credentials__secret": "hunter2hunter2"},
        {"credentials__secret_env": "hunter2hunter2"},
        {"credentials__id_env": "hunter2hunter2"},
        {"venue__password": "hunter2hunter2"},
        {"access_token": "hunter2hunter2"},
        {"quote__0__params__api_key": "hunter2hunter2"},
        {"venue__urls": ["wss://me:hunter2hunter2@test.deribit.com/ws"]},
    ],
)
def test_a_literal_secret_is_refused_and_never_shown(changes):
    error = refused(**changes)
    assert "hunter2" not in str(error)
    assert "hunter2" not in repr(error.value)


def test_scope_must_allow_orders_and_cancel_on_disconnect():
    error = refused(credentials__scope="session:x trade:read_write")
    assert "account:read_write" in error.allowed


def test_paths_are_relative_to_the_file(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text(GOOD + '\n[journal]\npath = "var/journal"\n')
    assert load(file).journal.path == tmp_path / "var/journal"
    file.write_text(GOOD + f'\n[journal]\npath = "{tmp_path}"\n')
    assert load(file).journal.path == tmp_path
    file.write_text(GOOD + '\n[journal]\npath = "~/journal"\n')
    assert load(file).journal.path == Path.home() / "journal"


@pytest.mark.parametrize(
    ("mode", "is_private"),
    [(0o600, True), (0o400, True), (0o640, False), (0o604, False), (0o610, False)],
)
def test_credentials_file_must_be_private(tmp_path, mode, is_private):
    key = tmp_path / "key.toml"
    key.write_text("")
    key.chmod(mode)
    changed = document(credentials__file="key.toml")
    if is_private:
        config = from_mapping(changed, tmp_path / "a.toml")
        assert config.credentials.file == key
    else:
        with pytest.raises(ConfigError, match="chmod 600"):
            from_mapping(changed, tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("content", "key", "allowed"),
    [
        (b"a = 1\nb = = 2\n", "TOML syntax", "line 2"),
        (b"a = 1\na = 2\n", "TOML syntax", "line 2"),
        (b"a = 1\nb = '\xff'\n", "line 2", "UTF-8"),
        (b"#" * (CONFIG_BYTES_MAX + 1), "file", "at most"),
        (b"a = " + b"[" * 100_000, "TOML syntax", ""),
    ],
)
def test_files_that_are_no_toml(tmp_path, content, key, allowed):
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.key == key
    assert allowed in caught.value.allowed
    assert caught.value.file == str(file)


def test_a_file_of_the_largest_size_is_read(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text(GOOD + "#" * (CONFIG_BYTES_MAX - len(GOOD)))
    assert load(file).environment == "simulation"


@pytest.mark.parametrize("name", ["nothing.toml", "."])
def test_files_that_cannot_be_read(tmp_path, name):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / name)


def test_named_limits_hold_at_the_limit_and_one_past():
    url = "ws://127.0.0.1/ws"
    from_mapping(document(venue__urls=[url] * URLS_MAX))
    assert refused(venue__urls=[url] * (URLS_MAX + 1)).key == "venue.urls"
    row = document()["quote"][0]
    rows = [{**row, "instrument": f"BTC-{n}"} for n in range(QUOTES_MAX + 1)]
    from_mapping(document(quote=rows[:-1]))
    assert refused(quote=rows).key == "quote"


KEYS = st.sampled_from(
    [
        "environment",
        "venue",
        "quote",
        "limits",
        "urls",
        "params",
        "metrics",
        "port",
        "x",
    ]
)
TOML = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.dates(),
        st.sampled_from(["simulation", "ws://127.0.0.1/ws", "a:B"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, TOML, max_size=6))
def test_any_document_gives_a_config_or_a_config_error(made):
    try:
        assert isinstance(from_mapping(made, "x.toml"), Config)
    except ConfigError as error:
        assert str(error).startswith("x.toml: ")
        assert error.key
        assert error.allowed


@given(
    st.sampled_from(["venue", "orders", "metrics", "log", "journal", "credentials"]),
    st.text(min_size=1, max_size=12),
    TOML,
)
def test_any_strange_key_is_refused_by_name(section, name, value):
    made = document()
    if name in Config.model_fields[section].annotation.model_fields:
        return
    made.setdefault(section, {})[name] = value
    with pytest.raises(ConfigError) as caught:
        from_mapping(made, "x.toml")
    assert caught.value.key == f"{section}.{name}"


def test_the_second_road_leads_to_the_hosts_of_the_first():
    urls = ["ws://127.0.0.1:8080/ws/api/v2", "ws://127.0.0.1:8080/den/ws"]
    urls.append("wss://sim.example.org/ws/api/v2")
    config = from_mapping(document(venue__urls=urls))
    assert config.venue.rest_urls() == [
        "http://127.0.0.1:8080/api/v2",
        "https://sim.example.org/api/v2",
    ]
    named = from_mapping(document(venue__rest_url="https://api.example.org/api/v2/"))
    assert named.venue.rest_urls() == ["https://api.example.org/api/v2"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ws://127.0.0.1/api/v2", "an HTTP URL"),
        ("http://10.0.0.1/api/v2", "only on loopback"),
        ("https://", "an HTTP URL"),
        ("https://a b/", "an HTTP URL"),
        ("https://me:mine@example.org/", "without user or password"),
        ("https://www.deribit.com/api/v2", 'belongs to "production"'),
    ],
)
def test_a_second_road_that_cannot_be_is_refused(url, words):
    error = refused(venue__rest_url=url)
    assert error.key == "venue.rest_url"
    assert words in error.allowed
    assert "mine" not in str(error)


def test_an_obligation_is_whole_or_absent():
    document = tomllib.loads(GOOD)
    assert from_mapping(document).quote[0].obligation is None
    promised = {"spread_max_bps": 20.0, "size_min": 500.0, "uptime_min_pct": 90.0}
    document["quote"][0]["obligation"] = promised
    obligation = from_mapping(document).quote[0].obligation
    assert obligation is not None
    assert obligation.model_dump() == promised
    del document["quote"][0]["obligation"]["size_min"]
    with pytest.raises(ConfigError, match=r"obligation\.size_min"):
        from_mapping(document)


def with_budgets(budgets, *named):
    """Return a document whose quotes name these budgets, None: none."""
    document = tomllib.loads(GOOD)
    (first,) = document["quote"]
    document["quote"] = [
        {**copy.deepcopy(first), "instrument": f"I{i}-PERPETUAL"}
        for i in range(len(named))
    ]
    for quote, name in zip(document["quote"], named, strict=True):
        if name is not None:
            quote["budget"] = name
    return {**document, "budget": budgets}


def test_budgets_are_named_by_their_quotes():
    found = from_mapping(with_budgets({"a": {"delta_max_usd": 5.0}}, "a", None))
    assert found.budget["a"].delta_max_usd == 5.0
    assert [quote.budget for quote in found.quote] == ["a", None]


@pytest.mark.parametrize(
    ("budgets", "named", "words"),
    [
        ({"a": {}}, ["b"], r"quote\[0\].*budget.*there are: a"),
        ({}, ["b"], r"there are: none"),
        ({"a": {}, "b": {}}, ["a"], r"budget\.b.*some quote names"),
        ({"no name": {}}, ["no name"], r"budget"),
        ({"a": {"on_loss": "disconnect"}}, ["a"], r"on_loss"),
        (
            {"a": {"credit_share_pct": 60.0}, "b": {"credit_share_pct": 41.0}},
            ["a", "b"],
            r"100 % together",
        ),
        ({"a": {"credit_share_pct": 100.0}}, ["a", None], r"below it while a quote"),
    ],
)
def test_budgets_that_mean_nothing_are_refused(budgets, named, words):
    with pytest.raises(ConfigError, match=words):
        from_mapping(with_budgets(budgets, *named))


def test_the_whole_of_the_credits_may_be_shared_out():
    shares = {"a": {"credit_share_pct": 60.0}, "b": {"credit_share_pct": 40.0}}
    assert from_mapping(with_budgets(shares, "a", "b")).budget["b"].on_loss == "pull"


@pytest.mark.parametrize(("count", "is_taken"), [(64, True), (65, False)])
def test_so_many_budgets(count, is_taken):
    names = [f"b{i}" for i in range(count)]
    document = with_budgets({name: {} for name in names}, *names)
    if is_taken:
        assert len(from_mapping(document).budget) == count
    else:
        with pytest.raises(ConfigError, match="budget"):
            from_mapping(document)
