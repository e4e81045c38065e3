"""The optional sim.toml: what it changes, and how it says no."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.sim.settings import SimConfig, load, world_config
from engine.sim.venue.config import OrderLimits, RateConfig
from engine.sim.venue.faults.outage import Maintenance
from engine.sim.venue.faults.traffic import Drop
from engine.sim.venue.venue import Venue

T_NS = 1_790_000_000_000_000_000


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sim.toml"
    path.write_text(text)
    return path


def test_the_default_world_lists_everything_and_has_two_accounts() -> None:
    config = world_config(SimConfig(), 7)
    names = {one.name for one in Venue(config.venue, T_NS).instruments()}
    assert {"BTC-PERPETUAL", "ETH-PERPETUAL", "XRP_USDC-PERPETUAL"} < names
    assert len(names) > 1_000
    assert config.flow.enabled
    accounts = [(one.client_id, one.client_secret) for one in config.venue.accounts]
    assert accounts == [("maker", "maker-secret"), ("taker", "taker-secret")]
    assert config.venue.seed == 7


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [venue]
        matching_rate = 30
        matching_burst = 100
        [market]
        activity = 2.0
        [index.btc_usd]
        price = 64000.5
        vol = 0.9
        [[account]]
        client_id = "one"
        client_secret = "first-secret"
        balances = { BTC = 0.5 }
        [[account]]
        client_id = "two"
        client_secret = "other-secret"
        matching_rate = 5
        """,
    )
    config = world_config(load(path), 1)
    assert config.venue.index_prices["btc_usd"] == Decimal("64000.5")
    assert config.venue.index_prices["eth_usd"] == Decimal("3000.00")
    walk = {one.name: one for one in config.flow.indices}["btc_usd"]
    assert walk.price == 64000.5
    assert {one.name: one for one in config.flow.coins}["BTC"].vol == 0.9
    assert config.flow.surfaces["BTC"].short_vol == 0.9
    one, two = config.venue.accounts
    assert one.balances == {"BTC": Decimal("0.5")}
    assert (one.matching_rate, one.matching_burst) == (30, 100)
    assert (two.matching_rate, two.matching_burst) == (5, 100)
    assert one.user_id != two.user_id
    assert config.flow.activity == 2.0


def test_prices_of_the_file_are_those_at_the_start(tmp_path: Path) -> None:
    text = "[index.btc_usd]\nprice = 60000.0\n[index.eth_btc]\nprice = 0.05\n"
    prices = world_config(load(written(tmp_path, text)), 1).venue.index_prices
    assert prices["btc_usdc"] == prices["btc_usd"] == 60_000
    assert prices["eth_btc"] == Decimal("0.05")


def limits_of(tmp_path: Path, text: str) -> list[tuple[int, int]]:
    config = world_config(load(written(tmp_path, text)), 1)
    return [(one.matching_rate, one.matching_burst) for one in config.venue.accounts]


def test_tiers_by_name(tmp_path: Path) -> None:
    assert limits_of(tmp_path, "") == [(5, 20), (5, 20)]
    assert limits_of(tmp_path, '[venue]\ntier = "T1"') == [(30, 100)] * 2
    some = '[venue]\ntier = "T2"\nmatching_burst = 60'
    assert limits_of(tmp_path, some) == [(20, 60)] * 2
    key = '[[account]]\nclient_id = "a"\nclient_secret = "b"\n'
    assert limits_of(tmp_path, f"{some}\n{key}") == [(20, 60)]
    assert limits_of(tmp_path, f'{some}\n{key}tier = "T3"') == [(10, 30)]
    own = f'{some}\n{key}tier = "T3"\nmatching_rate = 7'
    assert limits_of(tmp_path, own) == [(7, 30)]


def test_what_an_account_may(tmp_path: Path) -> None:
    key = '[[account]]\nclient_id = "a"\nclient_secret = "b"\n'
    (plain,) = world_config(load(written(tmp_path, key)), 1).venue.accounts
    assert (plain.mmp_enabled, plain.mass_quotes_enabled) == (True, True)
    assert not plain.limits.per_currency
    more = "mmp = false\nmass_quotes = false\nlimits_per_currency = true\n"
    (one,) = world_config(load(written(tmp_path, key + more)), 1).venue.accounts
    assert (one.mmp_enabled, one.mass_quotes_enabled) == (False, False)
    assert one.limits.per_currency
    rates = "[venue]\nmass_quote_rate = 100\nquote_rate = 9000\n"
    for text in (rates, rates + key):
        for one in world_config(load(written(tmp_path, text)), 1).venue.accounts:
            assert one.limits.maximum_mass_quotes == RateConfig(100, 100)
            assert one.limits.cancel_quotes == RateConfig(100, 100)
            assert one.limits.maximum_quotes == RateConfig(9_000, 9_000)


def test_subaccounts_name_their_main_account(tmp_path: Path) -> None:
    main = '[[account]]\nclient_id = "a"\nclient_secret = "b"\n'
    sub = '[[account]]\nclient_id = "c"\nclient_secret = "d"\nmain = "{}"\n'
    path = written(tmp_path, main + sub.format("a"))
    accounts = world_config(load(path), T_NS).venue.accounts
    assert [one.main for one in accounts] == ["", "a"]
    for wrong in ("nobody", "c"):
        path = written(tmp_path, main + sub.format(wrong))
        with pytest.raises(ConfigError, match=r"account\[1\].main"):
            load(path)


def test_requests_can_be_free(tmp_path: Path) -> None:
    assert world_config(SimConfig(), 1).venue.credits.cost == 500
    path = written(tmp_path, "[venue]\ncredits = false\n")
    credits = world_config(load(path), 1).venue.credits
    assert (credits.cost, credits.subscribe_cost, credits.instruments_cost) == (1, 1, 1)


def test_a_market_can_be_switched_off(tmp_path: Path) -> None:
    config = world_config(load(written(tmp_path, "[market]\nenabled = false")), 1)
    assert not config.flow.enabled
    assert len(config.flow.indices) == len(config.venue.index_prices)
    assert config.venue.listing


def test_less_can_be_listed(tmp_path: Path) -> None:
    text = """
    [venue]
    matching_us = 0
    bump_exempt = ["ETH-PERPETUAL"]
    [listing]
    families = ["ETH"]
    options = false
    spot = false
    """
    venue = world_config(load(written(tmp_path, text)), 1).venue
    listed = Venue(venue, T_NS).instruments()
    assert {one.base for one in listed} == {"ETH"}
    assert {one.kind for one in listed} == {"future", "future_combo"}
    assert (venue.matching_us, venue.bump_exempt) == (0, ("ETH-PERPETUAL",))


def test_what_an_account_may_have_open(tmp_path: Path) -> None:
    assert world_config(SimConfig(), 1).venue.limits == OrderLimits()
    text = "[limits]\ntotal_orders = 5\ntriggers = 0\n"
    limits = world_config(load(written(tmp_path, text)), 1).venue.limits
    assert limits == OrderLimits(total_orders=5, triggers=0)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[index.btc_usd]\nvol = 1\n[index.btc_usdc]\nvol = 2", "index.btc_usdc.vol"),
        ("[index.eth_btc]\nvol = 1", "index.eth_btc.vol"),
        ('[market]\nenabled = false\ncapture = "x"', "market.enabled"),
        ("[venu]\n", "venu"),
        ("[limits]\ntriggers = -1", "limits.triggers"),
        ("[venue]\nmatching_rat = 3", "venue.matching_rat"),
        ("[venue]\nmatching_rate = 0", "venue.matching_rate"),
        ("[venue]\nmatching_us = -1", "venue.matching_us"),
        ('[listing]\nfamilies = ["DOGE"]', "listing.families[0]"),
        ("[listing]\nstrikes_each_side = 101", "listing.strikes_each_side"),
        ("[venue]\nmatching_rate = 10001", "venue.matching_rate"),
        ('[venue]\nmatching_rate = "5"', "venue.matching_rate"),
        ("[venue]\nexpires_in_s = 9", "venue.expires_in_s"),
        ("[market]\nactivity = 0.0", "market.activity"),
        ("[market]\nactivity = nan", "market.activity"),
        ("[index.btc_usd]\nprice = -1.0", "index.btc_usd.price"),
        ("[index.doge_usd]\nprice = 1.0", "index.doge_usd"),
        ('[[account]]\nclient_id = "a"', "account[0].client_secret"),
        (
            '[[account]]\nclient_id = "a"\nclient_secret = "bbbb"\nbalances={BTC="1"}',
            "account[0].balances.BTC",
        ),
        (
            2 * '[[account]]\nclient_id = "a"\nclient_secret = "b"\n',
            "account[1].client_id",
        ),
        ("[control]\nenabled = 1", "control.enabled"),
        ('[[fault]]\nkind = "drop"\n[[fault]]\nkind = "flop"', "fault[1].kind"),
        ("[[fault]]\nof = 1", "fault[0].kind"),
        ('[[fault]]\nkind = "delay"\ndelay_ms = -1', "fault[0].delay_ms"),
        ('[[fault]]\nkind = "gap"\nsize = 2', "fault[0].size"),
        ("venue = [", "TOML syntax"),
    ],
)
def test_a_bad_file_is_refused_by_file_key_and_value(
    tmp_path: Path, text: str, key: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.key == key
    assert caught.value.file == str(path)
    assert caught.value.allowed


def test_limits_of_the_file_are_accepted_at_the_limit(tmp_path: Path) -> None:
    text = "[venue]\nmatching_rate = 10000\nexpires_in_s = 10\n[market]\ndepth = 1000"
    assert load(written(tmp_path, text)).venue.matching_rate == 10_000


def test_faults_and_the_control_api(tmp_path: Path) -> None:
    text = """
        [control]
        enabled = false
        [[fault]]
        kind = "drop"
        of = "reply"
        probability = 0.25
        [[fault]]
        kind = "maintenance"
        start_ms = 60_000
        """
    venue = world_config(load(written(tmp_path, text)), 1).venue
    assert not venue.control
    assert venue.faults == (
        Drop(of="reply", probability=0.25),
        Maintenance(start_ms=60_000),
    )
    plain = world_config(SimConfig(), 1).venue
    assert plain.control
    assert plain.faults == ()


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path / "none.toml")


def test_a_secret_is_never_in_the_error(tmp_path: Path) -> None:
    text = '[[account]]\nclient_id = "a"\nclient_secret = 123456789'
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert "123456789" not in str(caught.value)
