# The book frame as the venue writes it today, read without asking at each byte what it
# could be. Whatever looks otherwise is left to the scanner.
from engine._core.base.event cimport BookChange, LevelChange
from engine._core.base.instrument cimport InstrumentTable

# Read a frame into `book`, its levels into `levels`. True: every byte of it was what it
# had to be, and the scanner would have read the same. False: nothing is said about the
# frame; `book` and `levels` hold anything.
cdef bint read_book(
    const char* payload, Py_ssize_t size, InstrumentTable table, LevelChange* levels,
    int capacity, BookChange* book) noexcept nogil
