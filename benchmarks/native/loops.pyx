"""The engine's compiled parts, called as the engine calls them: from C, in a loop.

A call from Python costs more than most of what is measured here, so the loop is here.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy

from engine._core.base.check cimport FAULT_NONE, Fault
from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.event cimport BookChange, LevelChange
from engine._core.base.hist cimport Histogram
from engine._core.base.recordbuf cimport RECORD_RECEIVE_DATA, RecordBuf
from engine._core.base.types cimport ASK, BID
from engine._core.core cimport Core
from engine._core.decode.message cimport MESSAGE_BOOK, Decoder
from engine._core.state.book cimport Book
from engine._core.wire.reader cimport MESSAGE, Reader

cdef extern from *:
    """
    #include <time.h>
    typedef volatile unsigned long long halfspread_in_memory;
    typedef void (*halfspread_mark)(void);

    static inline long long halfspread_clock_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
    }
    """
    ctypedef uint64_t counter_t "halfspread_in_memory"
    ctypedef void (*mark_t "halfspread_mark")() noexcept nogil
    int64_t clock_ns "halfspread_clock_ns"() noexcept nogil


cdef int decode(Decoder decoder, bytes frame) except -1:
    if decoder.decode(PyBytes_AS_STRING(frame),
                      PyBytes_GET_SIZE(frame)) != MESSAGE_BOOK:
        raise ValueError(f"no book: {frame[:80]!r}")
    return decoder.book.n_levels


def scan(Decoder decoder not None, list frames not None):
    """Decode book frames and keep nothing; return levels seen and a sum over them.

    Raises: ValueError for a frame that is no readable book.
    """
    cdef int64_t levels = 0, total = 0
    cdef const LevelChange* level
    cdef const LevelChange* end
    cdef bytes frame
    for frame in frames:
        levels += decode(decoder, frame)
        level = decoder.book.levels
        end = level + decoder.book.n_levels
        while level != end:
            # An ask counts twice.
            total += level.price_ticks + (level.qty_lots << <int>level.side)
            level += 1
    return levels, total


cdef class Tape:
    """Book changes, decoded once, to be applied again and again.

    Raises: ValueError for a frame that is no readable book.
    """
    def __cinit__(self, Decoder decoder not None, list frames not None):
        cdef Py_ssize_t room = 0, at = 0, size
        cdef bytes frame
        cdef int i
        for frame in frames:
            room += decode(decoder, frame)
        self.count = len(frames)
        self.levels = room
        self.changes = <BookChange*>malloc((self.count + 1) * sizeof(BookChange))
        self.rows = <LevelChange*>malloc((room + 1) * sizeof(LevelChange))
        if self.changes == NULL or self.rows == NULL:
            raise MemoryError
        # One behind the other, as a decoder's levels lie: no jumps that are not ours.
        for i, frame in enumerate(frames):
            size = decode(decoder, frame)
            memcpy(&self.rows[at], decoder.levels, size * sizeof(LevelChange))
            self.changes[i] = decoder.book
            self.changes[i].levels = &self.rows[at]
            at += size

    def __dealloc__(self):
        free(self.rows)
        free(self.changes)

    def apply(self, Book book not None, Py_ssize_t first=0):
        """Apply every frame from one on, reading the touch after each; return its sum.
        """
        cdef Fault fault
        cdef int64_t total = 0
        cdef Py_ssize_t i
        fault.code = FAULT_NONE
        for i in range(first, self.count):
            book.apply(&self.changes[i], i, &fault)
            total += book.best(BID) + book.best(ASK)
        return total

    def apply_one(self, Book book not None, Py_ssize_t i):
        """Apply one frame.

        Raises: IndexError.
        """
        cdef Fault fault
        if not 0 <= i < self.count:
            raise IndexError(i)
        fault.code = FAULT_NONE
        return <int>book.apply(&self.changes[i], i, &fault)


def split(Reader reader not None, list reads):
    """Find the messages in what a socket gave, read by read; return their bytes."""
    cdef const char* payload
    cdef char* room
    cdef Py_ssize_t size, left, total = 0
    cdef bytes data
    for data in reads:
        room = reader.room(&left)
        size = min(left, PyBytes_GET_SIZE(data))
        memcpy(room, PyBytes_AS_STRING(data), size)
        reader.grew(size)
        while reader.next(&payload, &size) == MESSAGE:
            total += size
    return total


def keep(RecordBuf records not None, list payloads not None):
    """Journal each payload as the core does, what is handed over being written at once.
    """
    cdef bytes payload
    for payload in payloads:
        records.put(RECORD_RECEIVE_DATA, 0, 1, PyBytes_AS_STRING(payload),
                    PyBytes_GET_SIZE(payload))
        if records.waiting():
            records.taken()


def observe(Histogram histogram not None, long count):
    """Add values of all sizes to a histogram, as the core does."""
    cdef uint64_t luck = 88172645463325252
    cdef long _i
    for _i in range(count):
        luck ^= luck << 13
        luck ^= luck >> 7
        luck ^= luck << 17
        histogram.add(<int64_t>(luck & 0xFFFFF))


def count(long times):
    """Add 1 to a counter in memory, as the core does; return it."""
    cdef counter_t counter = 0
    cdef long _i
    for _i in range(times):
        counter += 1
    return counter


def drive(Core core not None, list frames not None, list said not None, int64_t t_ns,
          int64_t step_ns, size_t mark=0):
    """Play a dialogue as the fast ingress does, taking the time of each frame alone.

    Args:
        said: what is asked after each frame, one request a line, and the answers, which
            come before the next frame and are not timed.
        t_ns: time of the core before the first frame; step_ns: between two.
        mark: address of a function to be called at both ends instead of the clock.

    Returns: the time of each frame that causes two requests or more, ns, the reading of
        the clock included; empty with a mark.

    Raises: ValueError when something else is asked.
    """
    cdef ByteBuf out = core.outgoing(0)
    cdef mark_t call = <mark_t>mark
    cdef list costs = []
    cdef bytes frame, asked, answer
    cdef int64_t start_ns = 0, end_ns = 0
    cdef bytearray read = bytearray(max(map(len, frames), default=0) + 1)
    cdef char* text = PyByteArray_AS_STRING(read)
    cdef Py_ssize_t n
    for frame, (asked, answers) in zip(frames, said, strict=True):
        t_ns += step_ns
        n = PyBytes_GET_SIZE(frame)
        # As a socket does: what has just been read is near.
        memcpy(text, PyBytes_AS_STRING(frame), n + 1)
        if call != NULL:
            call()
            core.take(0, t_ns, text, n, False)
            call()
        else:
            start_ns = clock_ns()
            core.take(0, t_ns, text, n, False)
            end_ns = clock_ns()
            if asked.find(b"\n") != asked.rfind(b"\n"):
                costs.append(end_ns - start_ns)
        if (out.size != PyBytes_GET_SIZE(asked)
                or memcmp(out.start, PyBytes_AS_STRING(asked), out.size) != 0):
            raise ValueError(f"asked {out.take()!r}, and the first time {asked!r}")
        out.size = 0
        for answer in answers:
            core.take(0, t_ns, PyBytes_AS_STRING(answer), PyBytes_GET_SIZE(answer),
                      False)
        if out.size:
            raise ValueError(f"asked without a frame: {out.take()!r}")
    return costs


def readings(long times, size_t mark=0):
    """Return what the clock of `drive` says of nothing, each time; ns.

    With a mark it is called twice each time instead, and the list is empty.
    """
    cdef mark_t call = <mark_t>mark
    cdef list found = []
    cdef int64_t start_ns
    cdef long _i
    for _i in range(times):
        if call != NULL:
            call()
            call()
        else:
            start_ns = clock_ns()
            found.append(clock_ns() - start_ns)
    return found
