# How the event loop waits: asleep, awake, or awake for a while after something came.
from engine._core.base.types cimport nanos_t


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
        readonly nanos_t resting_until_ns
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
