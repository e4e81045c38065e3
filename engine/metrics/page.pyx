"""The text of one scrape: prepared beginnings of lines, and numbers behind them.

What a line begins with (name, labels) is bytes that are kept from scrape to scrape. A
page collects them and their numbers while it holds the interpreter, and is put together
without it, so that the thread that quotes is not stopped meanwhile.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.math cimport fabs, floor, isinf, isnan
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, strlen

from engine._core.base.fixed cimport put_int

cdef extern from "Python.h":
    char* PyOS_double_to_string(
        double value, char form, int precision, int flags, int* kind) except NULL
    void PyMem_Free(void* p)

cdef enum:
    LINES_START = 1_024
    LINES_MAX = 1_000_000

cdef double WHOLE_MAX = 9007199254740992.0  # 2 ** 53: beyond, a double skips numbers


cdef class Page:
    """Lines of the exposition format, in the order they are added.

    Args:
        rest: called after so many lines, so that the interpreter is not held for long.
        at_once: how many.
    """

    def __cinit__(self, rest, int at_once):
        self.kept = []
        self.rest, self.at_once = rest, at_once
        self.lines = <Line*>malloc(LINES_START * sizeof(Line))
        if self.lines == NULL:
            raise MemoryError
        self.capacity = LINES_START
        self.count = 0
        self.size = 0

    def __dealloc__(self):
        free(self.lines)

    cdef Line* _next(self, bytes start) except NULL:
        cdef Line* grown
        cdef Line* line
        if self.count == self.capacity:
            if self.count >= LINES_MAX:
                raise OverflowError(f"a page has at most {LINES_MAX} lines")
            grown = <Line*>realloc(self.lines, 2 * self.capacity * sizeof(Line))
            if grown == NULL:
                raise MemoryError
            self.lines = grown
            self.capacity *= 2
        self.kept.append(start)
        line = &self.lines[self.count]
        line.start = PyBytes_AS_STRING(start)
        line.size = PyBytes_GET_SIZE(start)
        line.n_digits = 0
        self.count += 1
        self.size += line.size + DIGITS_MAX + 1
        return line

    cdef int _put(self, bytes start, double value) except -1:
        cdef Line* line = self._next(start)
        cdef const char* text
        cdef char* made = NULL
        if fabs(value) < WHOLE_MAX and value == floor(value):
            line.whole = <int64_t>value
            return 0
        if isnan(value):
            text = b"NaN"
        elif isinf(value):
            text = b"+Inf" if value > 0 else b"-Inf"
        else:
            text = made = PyOS_double_to_string(value, c"r", 0, 0, NULL)
        line.n_digits = <int>strlen(text)
        memcpy(line.digits, text, line.n_digits)
        PyMem_Free(made)
        return 0

    def text(self, bytes lines not None):
        """Add whole lines, each ended by a newline."""
        self._next(lines).n_digits = -1

    cdef int _grown(self, int lines) except -1:
        self.since_rest += lines
        if self.since_rest >= self.at_once:
            self.since_rest = 0
            self.rest()
        return 0

    def families(self, rows, dict known not None, learn, begin, spread):
        """Add families and their samples.

        Args:
            rows: (family, samples), one after the other; a sample is (labels, number or
                something else).
            known: by family, what is kept of it: its `head`, and by labels the `starts`
                of its lines, up to the blank.
            learn: called with a family that is not known; returns what is to be kept.
            begin: called with (what is kept, family, labels) for a start not kept yet.
            spread: called with (what is kept, family, labels, something else), to add
                the lines of it.
        """
        cdef dict starts
        for family, samples in rows:
            kept = known.get(family)
            if kept is None:
                kept = learn(family)
            self.text(kept.head)
            starts = kept.starts
            for labels, value in samples:
                if isinstance(value, (int, float)):
                    start = starts.get(labels)
                    if start is None:
                        start = begin(kept, family, labels)
                    self._put(<bytes?>start, value)
                    self._grown(1)
                else:
                    spread(kept, family, labels, value)

    def lines_of(self, tuple starts not None, list values not None):
        """Add a line for each of as many beginnings as numbers.

        Raises: ValueError when there are not as many.
        """
        cdef Py_ssize_t i
        if len(starts) != len(values):
            raise ValueError(f"{len(starts)} beginnings, {len(values)} numbers")
        for i in range(len(starts)):
            self._put(<bytes?>starts[i], values[i])
        self._grown(<int>len(starts))

    def written(self):
        """Return the page so far.

        Cost: one copy; the interpreter is free while the lines are written.
        """
        cdef char* start = <char*>malloc(self.size + 1)
        cdef char* end
        if start == NULL:
            raise MemoryError
        with nogil:
            end = self._write(start)
        try:
            return PyBytes_FromStringAndSize(start, end - start)
        finally:
            free(start)

    cdef char* _write(self, char* p) noexcept nogil:
        cdef Line* line
        cdef Py_ssize_t i
        for i in range(self.count):
            line = &self.lines[i]
            memcpy(p, line.start, line.size)
            p += line.size
            if line.n_digits < 0:
                continue
            if line.n_digits:
                memcpy(p, line.digits, line.n_digits)
                p += line.n_digits
            else:
                p = put_int(p, line.whole)
            p[0] = c"\n"
            p += 1
        return p
