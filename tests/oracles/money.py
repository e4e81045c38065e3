"""Money in the obvious way: every trade kept, every figure worked out from the start.

Fractions throughout, no averages, no running sums. A contract is (kind, lot of coins or
dollars, strike, sign); kinds are inverse, linear, coin_call, coin_put, usdc_call,
usdc_put and spot.
"""

from fractions import Fraction


class SlowContract:
    """What one contract is; ``coin`` it is about, ``money`` it settles in."""

    def __init__(self, kind, coin, money, strike=0):
        self.kind, self.coin, self.money = kind, coin, money
        self.strike = Fraction(strike)

    @property
    def is_option(self):
        """Say whether a premium is paid."""
        return "_" in self.kind

    def worth(self, amount, price):
        """Return what a signed amount costs at a price."""
        amount, price = Fraction(amount), Fraction(price)
        return amount / price if self.kind == "inverse" else amount * price

    def earned(self, amount, entry, now):
        """Return the profit of a signed amount bought at one price, sold at another."""
        if self.kind == "inverse":
            return self.worth(amount, entry) - self.worth(amount, now)
        return self.worth(amount, now) - self.worth(amount, entry)

    def pays(self, amount, price):
        """Return what a signed amount of an option pays at expiry."""
        above = Fraction(price) - self.strike
        each = max(above if self.kind.endswith("call") else -above, 0)
        if self.kind.startswith("coin"):
            each /= Fraction(price)
        return Fraction(amount) * each


class SlowMoney:
    """The cash of everybody, and what they hold, from the list of what happened.

    ``fills`` are (contract, signed amount, price) since the last settlement, with what
    was held then as fills at the settlement price; ``bought`` the same since opening.
    """

    def __init__(self):
        self.contracts = {}
        self.cash = {}
        self.fills = {}
        self.bought = {}

    def give(self, who, money, amount):
        """Pay into an account, or out of it."""
        held = self.cash.setdefault(who, {})
        held[money] = held.get(money, Fraction(0)) + Fraction(amount)

    def trade(self, buyer, seller, name, amount, price, fees):
        """Trade; ``fees`` are (buyer's, seller's)."""
        one = self.contracts[name]
        for who, sign, fee in ((buyer, 1, fees[0]), (seller, -1, fees[1])):
            self.give(who, one.money, -Fraction(fee))
            signed = sign * Fraction(amount)
            if one.kind == "spot":
                self.give(who, one.coin, signed)
            if one.kind == "spot" or one.is_option:
                self.give(who, one.money, -one.worth(signed, price))
            if one.kind != "spot":
                for book in (self.fills, self.bought):
                    book.setdefault((who, name), []).append((signed, Fraction(price)))

    def size(self, who, name):
        """Return what somebody holds."""
        return sum((a for a, _ in self.fills.get((who, name), ())), Fraction(0))

    def session(self, who, name, mark):
        """Return the profit of the session, realized or not, at a mark."""
        one = self.contracts[name]
        fills = self.fills.get((who, name), ())
        return sum((one.earned(a, p, mark) for a, p in fills), Fraction(0))

    def settle(self, name, price):
        """Settle a future, or begin an option's session, at a price."""
        one = self.contracts[name]
        for who in list(self.cash):
            if (who, name) not in self.fills:
                continue
            if not one.is_option:
                self.give(who, one.money, self.session(who, name, price))
            self.fills[who, name] = [(self.size(who, name), Fraction(price))]

    def deliver(self, name, price):
        """Pay what a contract comes to; nobody holds it any more."""
        one = self.contracts[name]
        for who in list(self.cash):
            if one.is_option:
                self.give(who, one.money, one.pays(self.size(who, name), price))
            else:
                self.give(who, one.money, self.session(who, name, price))
            self.fills.pop((who, name), None)
            self.bought.pop((who, name), None)

    def equity(self, who, money, marks):
        """Return cash, session profits and the value of options, at marks by name."""
        total = self.cash.get(who, {}).get(money, Fraction(0))
        for (owner, name), _ in self.fills.items():
            one = self.contracts[name]
            if owner != who or one.money != money:
                continue
            if one.is_option:
                total += one.worth(self.size(who, name), marks[name])
            else:
                total += self.session(who, name, marks[name])
        return total

    def average(self, who, name):
        """Return the average price of what is held, None when nothing is.

        Reductions leave it, a flip starts it anew.
        """
        held, cost, one = Fraction(0), Fraction(0), self.contracts[name]
        for amount, price in self.bought.get((who, name), ()):
            if held * amount < 0:
                closing = min(abs(amount), abs(held))
                cost -= cost * closing / abs(held)
                rest = abs(amount) - closing
                held += amount
                cost += one.worth(rest if amount > 0 else -rest, price)
            else:
                held += amount
                cost += one.worth(amount, price)
        if not held:
            return None
        return held / cost if one.kind == "inverse" else cost / held
