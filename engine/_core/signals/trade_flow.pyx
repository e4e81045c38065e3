"""What trades say: imbalance of takers over time, and toxicity over volume.

The venue says of each trade which side took, so nothing has to be guessed from prices.
A trade that walks through several resting orders comes as several prints of one frame.
"""

cimport cython
from libc.math cimport exp, fabs, floor

from engine._core.base.event cimport Print
from engine._core.base.types cimport ASK, nanos_t
from engine._core.signals.decay cimport decay

from engine._core.base.param import number, whole


@cython.final
cdef class TradeFlowImbalance(Signal):
    """Bought minus sold over all that was traded, each forgotten with tau_s.

    value = (B - S) / (B + S) * n / (n + 1), n the discounted number of trades: as if
    one trade of the mean size and of neither side had been there, too, so that silence
    is no imbalance.

    Ready: after warm_trades trades, whatever the book does.
    Units: value -1..1, above 0 takers buy; bought_lots and sold_lots in lots; tau_s in
        seconds.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Source: trade imbalance TI of Cont, Kukanov, Stoikov, The Price Impact of Order Book
        Events (2014, arXiv 1011.6402), section 4, here relative to the volume.
    """

    def __cinit__(self, *, tau_s=10.0, warm_trades=20):
        self.tau_s = number("tau_s", tau_s, 1e-9, 1e9)
        self.warm_trades = whole("warm_trades", warm_trades, 1, 10**9)
        self.needs_book = False

    cdef void on_print(self, const Print* trade, nanos_t now_ns) noexcept nogil:
        cdef double lots = <double>trade.qty_lots
        self._settle(now_ns)
        if trade.side == ASK:
            self.bought_lots += lots
        else:
            self.sold_lots += lots
        self.recent_trades += 1.0
        self.n_trades += 1
        self.is_warm = self.n_trades >= self.warm_trades
        self._settle(now_ns)

    cdef void on_time(self, nanos_t now_ns) noexcept nogil:
        self._settle(now_ns)

    cdef void _settle(self, nanos_t now_ns) noexcept nogil:
        cdef double keep = decay(now_ns - self.flow_ns, self.tau_s)
        cdef double all_lots
        if now_ns > self.flow_ns:
            self.flow_ns = now_ns
            self.bought_lots *= keep
            self.sold_lots *= keep
            self.recent_trades *= keep
        all_lots = self.bought_lots + self.sold_lots
        self.value = 0.0 if all_lots <= 0.0 else (
            (self.bought_lots - self.sold_lots) / all_lots
            * self.recent_trades / (self.recent_trades + 1.0))


@cython.final
cdef class Toxicity(Signal):
    """How one-sided the volume is, bucket by bucket of equal volume (VPIN-like).

    value is the mean of |bought - sold| / bucket_lots over the buckets filled so far,
    exponentially weighted by age in buckets; a trade larger than what a bucket still
    takes goes on in the next.

    Ready: once `buckets` buckets are full, whatever the book does. It changes with
        volume, not with time: in silence it stays.
    Units: value 0 (balanced) to 1 (all on one side); bucket_lots in lots, about a
        fiftieth of a day's volume in the paper; buckets is a number of them.
    Raises: ValueError naming the parameter, its value and what is allowed.
    Cost: constant, however many buckets a trade fills.
    Source: Easley, Lopez de Prado, O'Hara, Flow Toxicity and Liquidity in a
        High-frequency World (Rev. Financ. Stud. 25(5), 2012), VPIN; there over the last
        n buckets alike, and with sides guessed from price changes.
    """

    def __cinit__(self, *, bucket_lots, buckets=50):
        self.bucket_lots = number("bucket_lots", bucket_lots, 1e-6, 1e15)
        self.buckets = whole("buckets", buckets, 1, 10**6)
        self.needs_book = False

    cdef void on_print(self, const Print* trade, nanos_t now_ns) noexcept nogil:
        cdef double lots = <double>trade.qty_lots
        cdef double room = self.bucket_lots - self.bought_lots - self.sold_lots
        cdef double whole_buckets
        if lots >= room:
            if trade.side == ASK:
                self.bought_lots += room
            else:
                self.sold_lots += room
            lots -= room
            self._fill(
                fabs(self.bought_lots - self.sold_lots) / self.bucket_lots, 1.0)
            self.bought_lots = self.sold_lots = 0.0
            whole_buckets = floor(lots / self.bucket_lots)
            if whole_buckets > 0.0:
                self._fill(1.0, whole_buckets)
                lots -= whole_buckets * self.bucket_lots
                if lots < 0.0:  # rounding of the line above
                    lots = 0.0
        if trade.side == ASK:
            self.bought_lots += lots
        else:
            self.sold_lots += lots

    cdef void _fill(self, double imbalance, double count) noexcept nogil:
        """Close so many buckets of the same imbalance at once."""
        cdef double keep = exp(-count / self.buckets)
        self.weighted_sum = keep * self.weighted_sum + (1.0 - keep) * imbalance
        self.weight = keep * self.weight + (1.0 - keep)
        self.value = self.weighted_sum / self.weight
        self.n_buckets += count
        self.is_warm = self.n_buckets >= self.buckets
