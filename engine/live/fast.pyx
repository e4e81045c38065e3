"""The compiled half of the fast ingress: socket to core and back, without objects.

A `FastLine` is the `asyncio.BufferedProtocol` of one connection (its Python half, with
everything that happens once a connection, is `fastlink.FastLink`). The loop reads into
the frame reader's own memory; each message found there goes to the core where it lies;
what the core wants to say leaves as one buffer of masked frames, in one ``send``. A
`Turn` is what the lines of one core share: the end of a turn.

Python code runs only when there is cause: a control frame, news of the core (notes,
errands, connections to close), an earlier timer, an auth frame, an error.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.errno cimport EAGAIN, EINTR, ENOBUFS, errno
from libc.string cimport memchr, memcpy, strerror

from engine._core.base.bytebuf cimport ByteBuf
from engine._core.base.check cimport FAULT_NONE, Fault
from engine._core.base.hist cimport Histogram
from engine._core.base.near cimport near_object, near_to_write
from engine._core.base.probe cimport probe_ns
from engine._core.base.recordbuf cimport RECORDBUF_HAND_NS, RecordBuf
from engine._core.base.types cimport CONNECTIONS_MAX, nanos_t
from engine._core.core cimport Core
from engine._core.wire.frames cimport (
    CONTROL_FRAME_MAX, OP_PONG, OP_TEXT, header_size, put_close, put_frame, text_size)
from engine._core.wire.mask cimport MASK_KEY_SIZE
from engine._core.wire.reader cimport (
    BROKEN, CLOSE, MESSAGE, NOTHING, PING, Found, Reader)
from engine.journal.scribe cimport Scribe

cdef extern from *:
    """
    #include <unistd.h>
    #ifdef __APPLE__
    #include <sys/random.h>
    #endif
    #ifndef MSG_NOSIGNAL
    #define MSG_NOSIGNAL 0
    #endif
    #define HALFSPREAD_SEND (MSG_DONTWAIT | MSG_NOSIGNAL)
    #include <time.h>
    static void halfspread_nap(long ns) {
        struct timespec rest = {0, ns};
        nanosleep(&rest, NULL);
    }
    """
    Py_ssize_t c_send "send"(int fd, const void* p, size_t n, int flags) nogil
    int getentropy(void* p, size_t n) nogil
    void nap "halfspread_nap"(long ns) noexcept nogil
    const int SEND_FLAGS "HALFSPREAD_SEND"


cdef class Keys:
    """Masking keys from the system's random source, a pool at a time.

    Source: RFC 6455, section 5.3: a new key nobody can predict for every frame.
    """

    cdef const char* next(self) except NULL:
        if self.left == 0:
            if getentropy(self.drawn, KEYS_BYTES) != 0:
                raise OSError(errno, "no masking keys: " + strerror(errno).decode())
            self.left = KEYS_BYTES
        self.left -= MASK_KEY_SIZE
        return <const char*>&self.drawn[self.left]


cdef class Room:
    """The reader's free memory: a writable buffer with a length."""
    cdef Reader reader
    cdef char* at
    cdef Py_ssize_t size

    def __getbuffer__(self, Py_buffer* view, int flags):
        PyBuffer_FillInfo(view, self, self.at, self.size, 0, flags)

    def __len__(self):
        return self.size


cdef class FastLine:
    """One connection from the end of its handshake on; `fastlink.FastLink` is whole.

    The half above has `on_payloads`, `on_close`, `on_broken` and `cut`, which are
    called from here.
    """

    def __init__(self, Py_ssize_t message_size_max, Py_ssize_t unsent_max):
        cdef Room free = Room()
        self.reader = Reader(message_size_max)
        free.reader = self.reader
        self.free = free
        self.unsent_max = unsent_max
        self.fd = -1
        self.keys = Keys()
        self.wire = ByteBuf()

    def start(self, transport not None, int fd, bytes rest not None):
        """Take a transport over, with the bytes that came behind the handshake.

        Args:
            transport: what the handshake was made on.
            fd: its socket, if bytes on it are frames; -1: they are not (TLS).
            rest: delivered by the first `deliver`.
        """
        cdef Py_ssize_t room = 0, n = PyBytes_GET_SIZE(rest)
        cdef char* to
        self.transport = transport
        self.fd = fd
        self.is_open = True
        self.received_ns = probe_ns()
        to = self.reader.room(&room)
        if n > room:
            raise ValueError(f"{n} bytes behind the handshake, {room} at most")
        memcpy(to, PyBytes_AS_STRING(rest), n)
        self.reader.grew(n)

    def join(self, Turn turn not None, int conn):
        """Hand messages to the turn's core from now on, as its connection `conn`."""
        self.turn = turn
        self.conn = conn
        turn.lines[conn] = self

    def deliver(self):
        """Deliver what the reader holds; once, before the loop reads more."""
        self._drain()

    def drop(self):
        """Forget transport and core: the line is down."""
        self.is_open = False
        self.fd = -1
        self.transport = None
        if self.turn is not None and self.turn.lines[self.conn] is self:
            self.turn.lines[self.conn] = None

    def shut(self):
        """Write no more frames; what arrives is still read."""
        self.is_open = False

    def get_buffer(self, Py_ssize_t hint):
        """See `asyncio.BufferedProtocol`."""
        cdef Room free = <Room>self.free
        free.at = self.reader.room(&free.size)
        # The TLS layer takes slices of it.
        return free if self.fd >= 0 else memoryview(free)

    def buffer_updated(self, Py_ssize_t n):
        """See `asyncio.BufferedProtocol`."""
        self.reader.grew(n)
        self._drain()

    def write_turn(self, bytes frames not None):
        r"""Write all frames of one turn, each ended by ``\n``, in one write.

        Returns: False when the line is closing or the venue has stopped reading; the
        frames are dropped then.

        Raises:
            ValueError: a text is empty, not ended, or larger than the venue takes.
        """
        return self.send_texts(PyBytes_AS_STRING(frames), PyBytes_GET_SIZE(frames))

    def write_close(self, int code):
        """Write a close frame, once; no frame follows it."""
        cdef char[CONTROL_FRAME_MAX] frame
        cdef char* end
        if self.is_open:
            self.is_open = False
            end = put_close(frame, code, b"", self.keys.next())
            self._send(frame, end - frame)

    cdef int take_reading(self) except -1:
        if self.fd >= 0 and self.transport is not None:
            self.is_ours = True
            self.transport.pause_reading()
        return 0

    cdef int give_back(self) except -1:
        if self.is_ours:
            self.is_ours = False
            if self.transport is not None:
                self.transport.resume_reading()
        return 0

    cdef bint poll(self) except -1:
        cdef Py_ssize_t n = 0
        cdef char* to
        if self.fd < 0 or not self.is_open:
            self.give_back()
            return False
        to = self.reader.room(&n)
        n = c_recv(self.fd, to, n, MSG_DONTWAIT)
        if n <= 0:
            # An end or an error is the transport's: it will see it too.
            if n == 0 or errno not in (EAGAIN, EINTR):
                self.give_back()
            return False
        self.reader.grew(n)
        self._drain()
        return True

    cdef void bring_near(self) noexcept:
        near_object(self)
        near_object(self.reader)
        near_to_write(&self.reader.start[self.reader.tail], NEAR_BYTES)
        near_object(self.wire)
        near_to_write(self.wire.start, NEAR_BYTES)
        near_object(self.keys)
        if self.turn is not None:
            near_object(self.turn)

    cdef int _drain(self) except -1:
        self.received_ns = probe_ns()
        if self.turn is not None and not self.turn.watches_auth:
            self._feed()
        else:
            messages = self._collect()
            if messages:
                self.on_payloads(messages)
        if self.pace is not None:
            self.pace.touch(self.received_ns)
        return 0

    cdef Found _next(self, const char** payload, Py_ssize_t* n) noexcept:
        """Return what the reader finds; a broken stream once, then nothing."""
        cdef Found found = self.reader.next(payload, n)
        if found == BROKEN:
            if self.is_broken:
                return NOTHING
            self.is_broken = True
        return found

    cdef list _collect(self):
        """Return what the reader holds, as objects: for the signer or a journal."""
        cdef list messages = []
        cdef const char* payload = NULL
        cdef Py_ssize_t n = 0
        cdef Found found
        while True:  # ends: the reader's bytes do
            found = self._next(&payload, &n)
            if found == NOTHING:
                return messages
            if found == MESSAGE:
                messages.append(PyBytes_FromStringAndSize(payload, n))
            else:
                self._control(found, payload, n)

    cdef int _feed(self) except -1:
        """Give the core each message where it lies, then end the turn."""
        cdef Turn turn = self.turn
        cdef long orders_before = turn.core.orders_written()
        cdef const char* payload = NULL
        cdef const char* ahead = NULL
        cdef Py_ssize_t n = 0, n_ahead = 0
        cdef Found found = NOTHING
        try:
            while True:  # ends: the reader's bytes do
                found = self._next(&ahead, &n_ahead)
                if found == MESSAGE or found == NOTHING:
                    if payload != NULL:
                        turn.core.take(
                            self.conn, self.received_ns, payload, n, found == MESSAGE)
                    elif found == NOTHING:
                        return 0
                    if found == NOTHING:
                        break
                    payload, n = ahead, n_ahead
                else:
                    self._control(found, ahead, n_ahead)
            turn.end(self.received_ns, orders_before)
        except Exception as error:
            while found != NOTHING:  # ends: the reader's bytes do
                found = self._next(&ahead, &n_ahead)
            turn.shell.fail(error)
        return 0

    cdef int _control(self, Found found, const char* payload, Py_ssize_t n) except -1:
        cdef char[CONTROL_FRAME_MAX] frame
        cdef char* end
        if found == PING:
            if self.is_open:
                end = put_frame(frame, OP_PONG, payload, n, self.keys.next())
                self._send(frame, end - frame)
        elif found == CLOSE:
            self.on_close(self.reader.code, payload[:n].decode(errors="replace"))
        elif found == BROKEN:
            self.on_broken(self.reader.code, self.reader.why.decode())
        return 0

    cdef bint send_texts(self, const char* texts, Py_ssize_t size) except -1:
        cdef const char* end = texts + size
        cdef Fault fault
        cdef char* to
        cdef Py_ssize_t n
        if not self.is_open:
            return False
        fault.code = FAULT_NONE
        self.wire.clear()
        while texts < end:
            n = text_size(texts, end)
            to = self.wire.reserve(header_size(n) + n, &fault)
            if to == NULL:
                raise ValueError("more in one turn than the output buffer takes")
            self.wire.commit(put_frame(to, OP_TEXT, texts, n, self.keys.next()))
            texts += n + 1
        return self._send(self.wire.start, self.wire.size)

    cdef bint _send(self, const char* p, Py_ssize_t n) except -1:
        """Write bytes past the transport while it holds none, else behind those."""
        cdef Py_ssize_t sent = 0
        if self.is_clogged:
            waiting = self.transport.get_write_buffer_size()
            if waiting > self.unsent_max:
                self.cut("the venue stopped reading")
                return False
            self.is_clogged = waiting > 0
        if self.fd >= 0 and not self.is_clogged:
            sent = c_send(self.fd, p, n, SEND_FLAGS)
            if sent == n:
                return True
            if sent < 0:
                if errno not in (EAGAIN, EINTR, ENOBUFS):
                    self.cut("connection lost: " + strerror(errno).decode())
                    return False
                sent = 0
        self.is_clogged = True
        self.transport.write(PyBytes_FromStringAndSize(p + sent, n - sent))
        return True


cdef class Turn:
    """What the lines of one core share: how a turn ends.

    Args:
        core: told of every message, asked for what to send.
        shell: has ``fail(error)``, ``send_signed(conn)`` and ``after_turn()``.
        tick_to_order: from the arrival of bytes until orders they caused were sent.
        write: the sending alone.
        scribe: writes the core's journal on its own thread, if it has one.
    """

    def __init__(self, Core core not None, shell, Histogram tick_to_order not None,
                 Histogram write not None, Scribe scribe=None):
        self.core = core
        self.shell = shell
        self.scribe = scribe
        self.tick_to_order = tick_to_order
        self.write = write
        self.lines = [None] * CONNECTIONS_MAX

    cdef int end(self, nanos_t received_ns, long orders_before) except -1:
        """Send what the core wants to say; call the shell if there is more to do."""
        cdef int conn
        cdef FastLine line
        cdef ByteBuf out
        cdef nanos_t start_ns, end_ns
        for conn in range(self.core.n_connections):
            out = self.core.outgoing(conn)
            if out.size == 0:
                continue
            if memchr(out.start, c"$", out.size) != NULL:
                # Only an auth frame has placeholders.
                self.shell.send_signed(conn)
                continue
            line = <FastLine>self.lines[conn]
            if line is not None:
                start_ns = probe_ns()
                if line.send_texts(out.start, out.size):
                    end_ns = probe_ns()
                    self.bytes_written += out.size
                    self.write.add(end_ns - start_ns)
                    if conn == 0 and self.core.orders_written() > orders_before:
                        self.tick_to_order.add(end_ns - received_ns)
            out.clear()
        start_ns = self.core.due_ns()
        if (self.core.has_news()
                or start_ns and (self.armed_ns == 0 or start_ns < self.armed_ns)):
            self.shell.after_turn()
        if self.core.records is not None:
            self._tend(self.core.records, received_ns)
        return 0

    cdef void _tend(self, RecordBuf records, nanos_t now_ns) noexcept:
        """Look after the journal, when everything else is done."""
        if now_ns >= self.hand_ns:
            self.hand_ns = now_ns + RECORDBUF_HAND_NS
            records.hand_over()
        if self.scribe is not None and records.handed != self.rung_handed:
            self.rung_handed = records.handed
            self.scribe.ring()
        if records.size > BEHIND_BYTES:
            self._let_in(records)

    cdef void _let_in(self, RecordBuf records) noexcept:
        """Rest a moment, so that the journal's writer can run where it shares our core.

        Ours is the class of those who go first: in a flood the writer never would.
        """
        if records.handed != self.journal_handed:
            self.journal_handed = records.handed
            self.patience = LET_IN_MAX
        if self.patience > 0:
            self.patience -= 1
            self.rests += 1
            with nogil:
                nap(LET_IN_NS)
