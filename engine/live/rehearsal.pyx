"""Rehearsals: while the loop is awake and nothing comes, the way to an order is played.

Code that runs once a millisecond is cold each time it does. Its instructions, and the
kernel's of the way down to the wire, have left the near caches, and the processor has
forgotten where it branches: a tick takes up to twice as long to its orders as it does
where ticks follow each other closely. So who is awake anyway plays one meanwhile.

The stage (`engine.live.stage`) has everything of its own and nothing of the engine's: a
core that quotes one perpetual, its journal in memory, a line of the fast ingress, and
at the far end of that line a socket of ours on the loopback interface. A tick is put
where a socket would have put it, both orders leave by the code real ones leave by and
are thrown away at the far end, and the answers follow the tick. The code is what both
have in common; no memory is. What the engine reads and writes is brought near after
each play, which reads no value of it. So rehearsals change nothing but the time.
"""

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_GET_LENGTH
from libc.errno cimport EAGAIN, EINTR, errno
from libc.string cimport memchr, memcmp, memcpy

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.fixed cimport put_int
from engine._core.base.recordbuf cimport RecordBuf
from engine.live.fast cimport MSG_DONTWAIT, c_recv

from engine._core.base.hist import Histogram
from engine.live.stage import FIRST_ID, ORDER_ID, Keeper, StageError, built, connected

cdef enum:
    REQUESTS = 2               # each tick causes
    REQUEST_MAX = 1024         # bytes of one, newline included
    ANSWER_MAX = 1024          # bytes of the answer to one, header included
    HEADER_BYTES = 4           # of a frame, its length in the last two of them
    HEADER = 0x7E81            # ... the first two: a whole text of 126 bytes or more
    ID_DIGITS = 12             # of a change id
    MESSAGE_MAX = 65536
    FAR_BYTES = 4096           # read at the far end at once: more than both orders

cdef bytes ID = b'{"jsonrpc":"2.0","id":'
cdef bytes EDIT = f',"method":"private/edit","params":{{"order_id":"{ORDER_ID}'.encode()
cdef bytes RESULT = b',"result":{"order":'
cdef bytes REST = b'},"trades":[]}}'


cdef char* put(char* to, bytes text) noexcept:
    memcpy(to, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
    return to + PyBytes_GET_SIZE(text)


cdef void put_change_id(char* to, int64_t change_id) noexcept nogil:
    cdef char[32] digits
    put_int(digits, change_id)
    memcpy(to, digits, ID_DIGITS)


cdef int feed(FastLine line, const char* frames, Py_ssize_t size) except -1:
    """Put frames where a socket would have, and let the line find them."""
    cdef Py_ssize_t room = 0
    cdef char* to = line.reader.room(&room)
    if size > room:
        raise StageError(f"{size} bytes of frames, room for {room}")
    memcpy(to, frames, size)
    line.reader.grew(size)
    line._drain()
    return 0


cdef class Rehearsal:
    """A stage, and the play for it.

    Takes some 9 MB, most of it the stage's journal, and a connection to itself.

    Args:
        core: the engine's, whose memory is brought near after each play.

    Raises:
        OSError: no connection on the loopback interface.
    """

    def __init__(self, Core core not None):
        self.core = core
        self.stopped = ""
        self.stage, play = built()
        self.ticks, self.orders = play.ticks, play.orders
        self.change_id = FIRST_ID
        self.near_end, self.far_end = connected()
        self.far_fd = self.far_end.fileno()
        keeper = Keeper(self.stage)
        self.turn = Turn(self.stage, keeper, Histogram(), Histogram())
        self.turn.armed_ns = 1         # no timer of the stage is ever due
        self.line = FastLine(MESSAGE_MAX, MESSAGE_MAX)
        self.line.start(keeper, self.near_end.fileno(), b"")
        self.line.join(self.turn, 0)
        self.stage.record(RecordBuf(0, 1 << 62))

    def rehearse(self, long times):
        """Play so many times."""
        cdef long _i
        for _i in range(times):
            self.play()

    def close(self):
        """Play no more, and let go of the connection."""
        self.stopped = self.stopped or "closed"
        self.near_end.close()
        self.far_end.close()

    @property
    def requests(self):
        """Requests written on the stage."""
        return self.stage.orders_written()

    cdef void play(self) noexcept:
        if PyUnicode_GET_LENGTH(self.stopped) == 0:
            try:
                self._tick()
                self.plays += 1
            except Exception as error:
                self.stopped = f"{type(error).__name__}: {error}"
        self.core.bring_near()

    cdef int _tick(self) except -1:
        tick = self.ticks[self.plays & 1]
        cdef bytearray frame = tick.frame
        cdef char* text = PyByteArray_AS_STRING(frame)
        cdef ByteBuf out = self.stage.outgoing(0)
        cdef long before = self.stage.orders_written()
        put_change_id(text + <Py_ssize_t>tick.before_at, self.change_id)
        self.change_id += 1
        put_change_id(text + <Py_ssize_t>tick.id_at, self.change_id)
        feed(self.line, text, PyByteArray_GET_SIZE(frame))
        if self.stage.orders_written() != before + REQUESTS:
            raise StageError("the tick did not move both orders")
        self._read_far_end()
        self._answer(out.start)        # sent and forgotten, but the bytes are there
        self.stage.records.hand_over()
        self.stage.records.taken()
        return 0

    cdef int _answer(self, const char* requests) except -1:
        """Answer both requests, each ended by a newline, as the venue does."""
        cdef char[REQUESTS * ANSWER_MAX] frames
        cdef char* to = frames
        cdef char* start
        cdef const char* line = requests
        cdef const char* end
        cdef const char* at
        cdef int _i, which
        for _i in range(REQUESTS):
            end = <const char*>memchr(line, c"\n", REQUEST_MAX)
            line += PyBytes_GET_SIZE(ID)
            at = <const char*>memchr(line, c",", end - line)
            if memcmp(at, PyBytes_AS_STRING(EDIT), PyBytes_GET_SIZE(EDIT)) != 0:
                raise StageError("what was sent edits no order of the stage")
            start = to
            to = put(to + HEADER_BYTES, ID)
            memcpy(to, line, at - line)
            to = put(to + (at - line), RESULT)
            at += PyBytes_GET_SIZE(EDIT)
            which = (at[0] - c"0") & 1
            to = put(to, <bytes>self.orders[which])
            # Behind digit, quote and comma: amount and price, as they were asked for.
            at += 3
            line = <const char*>memchr(at, c",", end - at) + 1
            line = <const char*>memchr(line, c",", end - line)
            memcpy(to, at, line - at)
            to = put(to + (line - at), REST)
            start[0], start[1] = <char>(HEADER & 0xFF), <char>(HEADER >> 8)
            start[2] = <char>((to - start - HEADER_BYTES) >> 8)
            start[3] = <char>((to - start - HEADER_BYTES) & 0xFF)
            line = end + 1
        return feed(self.line, frames, to - frames)

    cdef int _read_far_end(self) except -1:
        """Throw both orders away."""
        cdef char[FAR_BYTES] read
        cdef Py_ssize_t n = c_recv(self.far_fd, read, FAR_BYTES, MSG_DONTWAIT)
        if n == 0 or n < 0 and errno != EAGAIN and errno != EINTR:
            raise StageError("the far end is down")
        return 0
