# How the event loop waits: asleep, awake, or awake for a while after something came.
from engine._core.base.types cimport nanos_t

cdef enum:
    LOOK_NS = 20000            # looked at the sockets for so long, then the loop turns
    LATE_NS = 500000           # a look later than this: somebody else had the core
    REST_MIN_NS = 100000000    # asleep for so long after that, doubled each time
    REST_MAX_NS = 10000000000  # ... up to this


cdef class Pace:
    cdef:
        object loop
        object turn_again       # the bound method, made once
        list lines
        bint is_always          # policy spin
        bint is_turning
        readonly bint is_stopped
        nanos_t spin_ns
        nanos_t active_ns       # when something came last
        nanos_t resting_until_ns
        nanos_t rest_ns
        long switched_out       # times the system took the core from this thread
        readonly long turns
        readonly long rests

    # Say that bytes came at t_ns: stay awake for a while from then.
    cdef int touch(self, nanos_t t_ns) except -1

    # Inside only.
    cdef int _forget_dead(self) except -1
    cdef bint _is_contended(self, bint is_late) noexcept
    cdef bint _stays_awake(self, nanos_t now_ns) noexcept
