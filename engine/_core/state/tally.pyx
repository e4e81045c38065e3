"""The tally of one instrument: orders and fills by level, requests, time in market.

Time in market is looked at every 250 ms, when the core's timer is due: the time since
the last look counts as things are now. It begins when quoting is first allowed and
goes on whatever happens then, lost lines and pauses included, as an agreement counts
it. Only what is known to rest at the venue is seen: an order that is on its way, or
whose fate is unknown, is not.

An obligation is kept while each side shows ``size_min_lots`` and the two prices at
which these sizes are reached, best price first, are at most ``spread_max_bps`` of their
middle apart.
"""

cimport cython
from libc.math cimport isfinite
from libc.stdint cimport int32_t

from engine._core.base.types cimport (
    ASK, BID, LEVELS_MAX, NO_PRICE, SLOTS_PER_INSTRUMENT, SLOTS_PER_SIDE, Side,
    nanos_t, price_t, qty_t)
from engine._core.state.orders cimport (
    ORDER_LIVE, ORDER_PENDING_CANCEL, ORDER_PENDING_EDIT, OrderTable)

cdef double NS_PER_S = 1e9


cdef inline bint rests(OrderTable orders, int32_t slot) noexcept nogil:
    return (orders.rows[slot].state == ORDER_LIVE
            or orders.rows[slot].state == ORDER_PENDING_EDIT
            or orders.rows[slot].state == ORDER_PENDING_CANCEL)


cdef inline bint is_worse(Side side, price_t price, price_t other) noexcept nogil:
    return price < other if side == BID else price > other


@cython.final
cdef class Tally:
    """Counts since the start of the run."""

    def set_obligation(self, double spread_max_bps, qty_t size_min_lots,
                       double uptime_min_pct):
        """Say what was promised to be shown.

        Raises:
            ValueError: names what is not allowed.
        """
        for name, value in (("spread_max_bps", spread_max_bps),
                            ("size_min_lots", size_min_lots)):
            if not (isfinite(value) and value > 0):
                raise ValueError(f"{name} must be above 0, not {value}")
        if not 0.0 <= uptime_min_pct <= 100.0:
            raise ValueError(
                f"uptime_min_pct must be from 0 to 100, not {uptime_min_pct}")
        self.obligation = Obligation(spread_max_bps, size_min_lots, uptime_min_pct)

    cdef void _shown(self, OrderTable orders, int32_t instrument, Side side,
                     Shown* out) noexcept nogil:
        cdef int32_t first = (
            instrument * SLOTS_PER_INSTRUMENT + <int>side * SLOTS_PER_SIDE)
        cdef int32_t slot, other
        cdef price_t price
        cdef qty_t within
        out.lots, out.price_ticks = 0, NO_PRICE
        for slot in range(first, first + LEVELS_MAX):
            if not rests(orders, slot) or orders.remaining(slot) == 0:
                continue
            out.lots += orders.remaining(slot)
            price, within = orders.rows[slot].price_ticks, 0
            for other in range(first, first + LEVELS_MAX):
                if rests(orders, other) and not is_worse(
                        side, orders.rows[other].price_ticks, price):
                    within += orders.remaining(other)
            if within >= self.obligation.size_min_lots and (
                    out.price_ticks == NO_PRICE
                    or is_worse(side, out.price_ticks, price)):
                out.price_ticks = price

    cdef void look(self, OrderTable orders, int32_t instrument, nanos_t now_ns
                   ) noexcept nogil:
        cdef nanos_t passed_ns = now_ns - self.seen_ns
        cdef Shown bid, ask
        cdef double apart
        if self.seen_ns == 0:
            self.seen_ns = now_ns
            return
        self.seen_ns = now_ns
        self.watched_ns += passed_ns
        self._shown(orders, instrument, BID, &bid)
        self._shown(orders, instrument, ASK, &ask)
        if bid.lots:
            self.side_ns[<int>BID] += passed_ns
        if ask.lots:
            self.side_ns[<int>ASK] += passed_ns
        if not (bid.lots and ask.lots):
            return
        self.both_ns += passed_ns
        if (self.obligation.size_min_lots == 0 or bid.price_ticks == NO_PRICE
                or ask.price_ticks == NO_PRICE):
            return
        apart = <double>(ask.price_ticks - bid.price_ticks)
        if 2.0 * apart <= self.obligation.spread_max_bps * 1e-4 * <double>(
                ask.price_ticks + bid.price_ticks):
            self.obliged_ns += passed_ns

    cdef dict levels(self, double lot):
        """Return what was placed and filled, best level first, the takes last.

        Each as ``[level, orders, amount placed, fills, amount filled]``; the level of
        takes is "take". Empty: levels without an order are left out.
        """
        cdef int side, level
        cdef Placed* row
        found = {"bid": [], "ask": []}
        for side in range(2):
            for level in range(SLOTS_PER_SIDE):
                row = &self.placed[side * SLOTS_PER_SIDE + level]
                if row.orders or row.fills:
                    found["bid" if side == BID else "ask"].append([
                        "take" if level == LEVELS_MAX else level + 1, row.orders,
                        row.lots * lot, row.fills, row.filled_lots * lot])
        return found

    cdef dict presence(self, double lot):
        """Return time in market, and how the obligation was kept if there is one.

        Units: seconds, amount units; ``uptime_pct`` of the time watched.
        """
        found = {
            "watched_s": self.watched_ns / NS_PER_S,
            "bid_s": self.side_ns[<int>BID] / NS_PER_S,
            "ask_s": self.side_ns[<int>ASK] / NS_PER_S,
            "both_s": self.both_ns / NS_PER_S,
        }
        if self.obligation.size_min_lots:
            uptime = 100.0 * self.obliged_ns / self.watched_ns if self.watched_ns else 0
            found["obligation"] = {
                "spread_max_bps": self.obligation.spread_max_bps,
                "size_min": self.obligation.size_min_lots * lot,
                "uptime_min_pct": self.obligation.uptime_min_pct,
                "obliged_s": self.obliged_ns / NS_PER_S,
                "uptime_pct": uptime,
                "is_kept": uptime >= self.obligation.uptime_min_pct,
            }
        return found
