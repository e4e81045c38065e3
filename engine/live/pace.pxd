# How the event loop waits: asleep, awake, or awake for a while after something came.
from engine._core.base.types cimport nanos_t
from engine.live.rehearsal cimport Rehearsal


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
        Rehearsal rehearsal     # None: there are none
        nanos_t rehearse_ns     # nothing came for so long: it is time for one
        nanos_t quiet_ns        # since when nothing has, nor one was
        readonly nanos_t resting_until_ns
        nanos_t rest_ns
        long switched_out       # times the system took the core from this thread
        readonly long turns
        readonly long rests

    # Say that bytes came at t_ns: stay awake for a while from then.
    cdef int touch(self, nanos_t t_ns) except -1

    # Inside only.
    cdef void _rehearse(self, nanos_t now_ns) noexcept
    cdef int _forget_dead(self) except -1
    cdef bint _is_contended(self, bint is_late) noexcept
    cdef bint _stays_awake(self, nanos_t now_ns) noexcept
