# The book frame as the venue writes it today, read without asking at each byte what it
# could be. Whatever looks otherwise is left to the scanner.
from libc.stdint cimport int32_t, int64_t, uint64_t

from engine._core.base.event cimport BookChange, LevelChange
from engine._core.base.instrument cimport InstrumentTable


# The first eight digits of a long number, as text and as what they are.
cdef struct Stem:
    uint64_t text
    int64_t value


# What the frame before had, to be found again in the next one. Nothing here is taken
# for granted: each is compared with the bytes of the frame.
cdef struct Recent:
    int32_t instrument         # any row of the table
    Stem ms
    Stem id
    int64_t change_id
    uint64_t id_head           # its text: the first and the last eight digits
    uint64_t id_tail
    int id_size                # 8 or more


cdef void forget_recent(Recent* recent) noexcept nogil

# Read a frame into `book`, its levels into `levels`. True: every byte of it was what it
# had to be, and the scanner would have read the same. False: nothing is said about the
# frame; `book` and `levels` hold anything.
cdef bint read_book(
    const char* payload, Py_ssize_t size, InstrumentTable table, LevelChange* levels,
    int capacity, Recent* recent, BookChange* book) noexcept nogil
