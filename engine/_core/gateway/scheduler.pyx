"""Credits by value: first what saves money, then what earns it, last what looks nice.

While a pool of credits is more than half full everything is sent as planned. Below
that, all requests of a turn compete, whatever their instrument, and the scheduler
spends the credits of each pool from the most valuable request down. What waits is not
kept: it is planned anew, from the newest wish, when a credit is there for it.

What a request is worth. An order at distance x behind the fair value (below 0: past it)
is hit with a chance that falls by 1/e each `reach`. It ought to stand at distance d,
where the wish is. Standing too near, each fill costs the difference: lots * chance(x) *
(d - x); past fair value that grows with both the distance and the chance, which is the
expected loss of a stale quote. Standing too far, it misses fills, each of which would
have earned d: lots * (chance(d) - chance(x)) * d. A new order gains what standing
nowhere misses; a cancel saves what the order would lose. All in US dollars, so that
instruments of one pool can be compared.

What a credit costs. The price of a credit, in units of what a typical order of the pool
earns, rises from 0 in a pool half full to PRICE_EMPTY in an empty one (the reserve of
cancels not counted). Requests below it wait: there is always a credit for the edit that
saves money. Cancels are not priced.

Source: the decay of the chance of a fill with distance is that of Avellaneda and
Stoikov, High-frequency trading in a limit order book, 2008, eq. 2.11.
"""

from libc.math cimport exp, fabs, fmax, fmin, sqrt
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from engine._core.base.check cimport FAULT_INDEX, FAULT_NONE, Fault, check
from engine._core.base.types cimport (
    ASK, BID, SLOTS_PER_INSTRUMENT, price_t)
from engine._core.gateway.credits cimport NO_POOL, Credits
from engine._core.gateway.differ cimport Action
from engine._core.gateway.place cimport Yardstick, behind_fair
from engine._core.quote.sheet cimport Permitted
from engine._core.state.orders cimport (
    ORDER_LIVE, REQUEST_CANCEL, REQUEST_EDIT, REQUEST_NEW, Order, OrderTable)

cdef double CHANCE_MAX = 8.0       # of a quote past fair value, against one at it
cdef double AT_ONCE = 1e18         # value of what may not wait: a taking wish
cdef double PRICE_EMPTY = 4.0      # in typical values of the pool
cdef double MEMORY = 1.0 / 64      # weight of the newest in the typical value


cdef inline double chance(double away_ticks, const Yardstick* yard) noexcept nogil:
    return fmin(CHANCE_MAX, exp(-away_ticks / yard.reach_ticks))


cdef inline double missed(double wished, const Yardstick* yard) noexcept nogil:
    """What an order at the wished distance earns, per lot."""
    return chance(wished, yard) * fmax(wished, 0.0)


cdef double worth_of(const Action* action, const Yardstick* yard) noexcept nogil:
    if action.kind == REQUEST_CANCEL:
        return 0.0
    return (<double>action.amount_lots * yard.money
            * missed(behind_fair(action.side, <double>action.price_ticks, yard), yard))


cdef double value_of(
        const Action* action, OrderTable orders, const Yardstick* yard
        ) noexcept nogil:
    cdef Order* order = &orders.rows[action.slot]
    cdef double lots = <double>orders.remaining(action.slot)
    cdef double wished, stands, size, place
    if action.is_take:
        return AT_ONCE
    wished = behind_fair(action.side, <double>action.price_ticks, yard)
    if action.kind == REQUEST_NEW:
        return <double>action.amount_lots * yard.money * missed(wished, yard)
    stands = behind_fair(action.side, <double>order.wanted_price_ticks, yard)
    if action.kind == REQUEST_CANCEL:
        return (lots * yard.money * chance(stands, yard)
                * (yard.reach_ticks + fmax(-stands, 0.0)))
    size = <double>(action.amount_lots - order.amount_lots)
    place = lots * yard.money * missed(wished, yard) * action.place_share
    if stands < wished:
        # Nearer than wished: what each fill there loses against the wish.
        return lots * yard.money * chance(stands, yard) * (wished - stands) - place
    # Farther than wished, or of another size: what it does not earn there.
    return yard.money * fmax(wished, 0.0) * (
        lots * (chance(wished, yard) - chance(stands, yard))
        + fabs(size) * chance(wished, yard)) - place


cdef void set_yardstick(
        Yardstick* yard, const Permitted* permitted, double micro_ticks,
        double mark_ticks, double sigma_ticks, double spread_ticks) noexcept nogil:
    """The middle of a two-sided wish is what its strategy holds for fair."""
    cdef double bid, ask
    if permitted.n_levels[<int>BID] and permitted.n_levels[<int>ASK]:
        bid = <double>permitted.levels[<int>BID][0].price_ticks
        ask = <double>permitted.levels[<int>ASK][0].price_ticks
        yard.fair_ticks = 0.5 * (bid + ask)
    elif micro_ticks > 0.0:
        yard.fair_ticks = micro_ticks
    else:
        yard.fair_ticks = mark_ticks
    yard.reach_ticks = fmax(1.0, sqrt(
        sigma_ticks * sigma_ticks + 0.25 * spread_ticks * spread_ticks))


cdef int64_t price_nano(Credits credits, int pool, const Offer* offer) noexcept nogil:
    cdef int64_t need = credits.need_nano(pool, offer.action.kind == REQUEST_CANCEL)
    cdef int64_t easy
    cdef double typical
    if pool < 0 or offer.action.kind == REQUEST_CANCEL:
        return need
    typical = credits.pools[pool].typical
    if offer.value >= PRICE_EMPTY * typical:
        return need
    easy = <int64_t>(EASY * <double>(credits.pools[pool].burst_nano - need))
    if easy <= 0:
        return need
    if offer.value <= 0.0:
        return need + easy
    return need + <int64_t>(
        <double>easy * (1.0 - sqrt(offer.value / (PRICE_EMPTY * typical))))


cdef void observe(Credits credits, int pool, double worth) noexcept nogil:
    if pool < 0 or worth <= 0.0:
        return
    if credits.pools[pool].typical == 0.0:
        credits.pools[pool].typical = worth
    else:
        credits.pools[pool].typical += MEMORY * (worth - credits.pools[pool].typical)


cdef class Scheduler:
    """The offers of one turn, most valuable first.

    Cost: memory is taken when an instrument is bound; log n compares an offer.
    """

    def __dealloc__(self):
        free(self.offers)
        free(self.heap)
        free(self.held)

    cdef int reserve(self, int instruments) except -1:
        cdef int wanted = instruments * SLOTS_PER_INSTRUMENT
        cdef void* offers
        cdef void* heap
        cdef void* held
        if wanted <= self.capacity:
            return 0
        offers = realloc(self.offers, wanted * sizeof(Offer))
        if offers != NULL:
            self.offers = <Offer*>offers
        heap = realloc(self.heap, wanted * sizeof(int32_t))
        if heap != NULL:
            self.heap = <int32_t*>heap
        held = realloc(self.held, wanted * sizeof(int32_t))
        if held != NULL:
            self.held = <int32_t*>held
        if offers == NULL or heap == NULL or held == NULL:
            raise MemoryError
        self.capacity = wanted
        return 0

    cdef void clear(self) noexcept nogil:
        self.n_offers = self.n_heap = self.n_held = self.n_retried = 0

    cdef bint _goes_before(self, int32_t a, int32_t b) noexcept nogil:
        """The more valuable, then the one planned first."""
        if self.offers[a].value != self.offers[b].value:
            return self.offers[a].value > self.offers[b].value
        return a < b

    cdef bint add(
            self, const Action* action, int32_t instrument, int pool, int second_pool,
            double value, Fault* fault) noexcept nogil:
        cdef Offer* offer
        cdef int at, parent
        if not check(fault, self.n_offers < self.capacity, FAULT_INDEX):
            return False
        offer = &self.offers[self.n_offers]
        offer.action = action[0]
        offer.instrument = instrument
        offer.pool, offer.second_pool = pool, second_pool
        offer.value = value
        offer.is_held = False
        at = self.n_heap
        self.n_heap += 1
        while at > 0:
            parent = (at - 1) >> 1
            if not self._goes_before(self.n_offers, self.heap[parent]):
                break
            self.heap[at] = self.heap[parent]
            at = parent
        self.heap[at] = self.n_offers
        self.n_offers += 1
        return True

    cdef Offer* take(self) noexcept nogil:
        cdef int32_t top, last
        cdef int at = 0, child
        if self.n_heap == 0:
            if self.n_retried == self.n_held:
                return NULL
            self.n_retried += 1
            return &self.offers[self.held[self.n_retried - 1]]
        top = self.heap[0]
        self.n_heap -= 1
        last = self.heap[self.n_heap]
        while True:            # ends: at doubles
            child = 2 * at + 1
            if child >= self.n_heap:
                break
            if (child + 1 < self.n_heap
                    and self._goes_before(self.heap[child + 1], self.heap[child])):
                child += 1
            if not self._goes_before(self.heap[child], last):
                break
            self.heap[at] = self.heap[child]
            at = child
        self.heap[at] = last
        return &self.offers[top]

    cdef void hold(self, Offer* offer) noexcept nogil:
        if offer.is_held:
            return
        offer.is_held = True
        self.held[self.n_held] = <int32_t>(offer - self.offers)
        self.n_held += 1


def order_of(values, *, int instruments=1, held=()):
    """Return the order in which offers of these values come out, by their number.

    For tests and tools.

    Args:
        values: values of the offers, in the order of planning.
        instruments: memory is taken for the actions of so many.
        held: numbers of offers that find an own order in their way the first time.

    Raises:
        OverflowError: more offers than there is memory for.
    """
    cdef Scheduler scheduler = Scheduler()
    cdef Action action
    cdef Fault fault
    cdef Offer* offer
    cdef int number
    fault.code = FAULT_NONE
    memset(&action, 0, sizeof(action))
    scheduler.reserve(instruments)
    for value in values:
        if not scheduler.add(&action, 0, 0, NO_POOL, value, &fault):
            raise OverflowError(f"{scheduler.capacity} offers at most")
    found = []
    while True:                # ends: take hands each offer out at most twice
        offer = scheduler.take()
        if offer == NULL:
            return found
        number = <int>(offer - scheduler.offers)
        if number in held:
            scheduler.hold(offer)
        found.append(number)


def dollars(*, str kind, str side="bid", double stands=0.0, double wished=0.0,
            long lots=1, double fair_ticks=10_000.0, double reach_ticks=10.0,
            double place_share=0.0):
    """Return what a request is worth; see value_of. For tests and tools.

    Args:
        kind: "new", "edit" or "cancel".
        side: "bid" or "ask".
        stands: price of the order, ticks.
        wished: price asked for, ticks.
        lots: size of the order, the same before and after.
        fair_ticks: fair value, 0 = not known.
        reach_ticks: see Yardstick.
        place_share: see Action.
    """
    cdef OrderTable orders = OrderTable(1)
    cdef Action action
    cdef Yardstick yard
    memset(&action, 0, sizeof(action))
    yard.fair_ticks, yard.reach_ticks, yard.money = fair_ticks, reach_ticks, 1.0
    action.kind = {"new": REQUEST_NEW, "edit": REQUEST_EDIT,
                   "cancel": REQUEST_CANCEL}[kind]
    action.side = BID if side == "bid" else ASK
    action.price_ticks = <price_t>wished
    action.amount_lots = lots
    action.place_share = place_share
    orders.rows[0].state = ORDER_LIVE
    orders.rows[0].price_ticks = orders.rows[0].wanted_price_ticks = <price_t>stands
    orders.rows[0].amount_lots = orders.rows[0].wanted_amount_lots = lots
    return value_of(&action, orders, &yard)
