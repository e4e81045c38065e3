# The lines of one scrape.
from libc.stdint cimport int64_t

cdef enum:
    DIGITS_MAX = 25          # -1.7976931348623157e+308 has 24 characters


cdef struct Line:
    const char* start        # lies in an object of Page.kept
    Py_ssize_t size
    int64_t whole
    int n_digits             # 0: the number is `whole`; below 0: no number
    char[DIGITS_MAX] digits


cdef class Page:
    cdef:
        list kept
        object rest
        int at_once          # lines between two rests
        int since_rest       # lines added since the last one
        Line* lines
        Py_ssize_t count
        Py_ssize_t capacity
        Py_ssize_t size      # of the text, at most

    cdef int _grown(self, int lines) except -1
    cdef Line* _next(self, bytes start) except NULL
    cdef int _put(self, bytes start, double value) except -1
    cdef char* _write(self, char* p) noexcept nogil
