# The way from a tick to its orders, played on a stage of its own: it stays warm.
from libc.stdint cimport int64_t

from engine._core.base.types cimport nanos_t
from engine._core.core cimport Core
from engine.live.fast cimport FastLine, Turn


cdef class Rehearsal:
    cdef:
        Core core                  # the real one, whose memory is brought near
        Core stage                 # the one that plays
        FastLine line              # its line, whose far end is ours as well
        Turn turn
        object near_end            # the line's socket
        readonly object far_end    # where its orders arrive
        int far_fd
        tuple ticks                # played by turns
        tuple orders               # as answers have them, by the last digit of their id
        int64_t change_id          # of the last tick
        readonly long plays
        readonly str stopped       # why nothing is played any more, "" = it is

    # Play a tick and the venue's answers, then bring the core's memory near.
    # Cost: some 10 us, most of it in the kernel; makes no object.
    cdef void play(self) noexcept

    # Inside only.
    cdef int _tick(self) except -1
    cdef int _answer(self, const char* requests) except -1
    cdef int _read_far_end(self) except -1
