"""How the event loop waits for bytes: asleep in the kernel, or looking again and again.

A sleeping thread is woken some 25 to 45 us late on a virtual machine, more than
everything else on the way from a tick to an order. A thread that never sleeps pays with
a core, and on a core it shares with a delay of whole time slices: the scheduler gives
the others their share in one piece. So staying awake is a policy, and the default one
(`adaptive`) does so only for a short while after bytes came, and not at all after it
has noticed that somebody else wants the core.

Who is awake and has nothing to do rehearses (`rehearsal`), and so stays warm.

Awake means: a callback that puts itself back into the loop, and in it a look at the
sockets past the loop. Timers, signals and other tasks get their turn in between; a
look ends when the shell's timer is due.
"""

from engine._core.base.probe cimport probe_ns
from engine._core.base.types cimport nanos_t
from engine.live.fast cimport FastLine
from engine.live.rehearsal cimport Rehearsal

cdef nanos_t LOOK_NS = 200_000             # so long at the sockets, then the loop turns
cdef nanos_t SPIN_LOOK_NS = 5_000_000      # ... by the policy spin
cdef nanos_t LATE_NS = 500_000             # looked later than this: the core was taken
cdef nanos_t REST_MIN_NS = 100_000_000     # asleep for so long then, doubled each time
cdef nanos_t REST_MAX_NS = 10_000_000_000  # ... up to this

cdef extern from *:
    """
    #include <errno.h>
    #include <stdint.h>
    #include <string.h>
    #include <unistd.h>
    #include <sys/resource.h>
    #ifdef __linux__
    #include <sys/syscall.h>
    #endif
    static long halfspread_switched_out(void) {
        struct rusage usage;
    #ifdef RUSAGE_THREAD
        int who = RUSAGE_THREAD;
    #elif defined(__linux__)
        int who = 1;
    #else
        int who = RUSAGE_SELF;
    #endif
        return getrusage(who, &usage) == 0 ? usage.ru_nivcsw : 0;
    }
    /* struct sched_attr of linux/sched/types.h, first version. */
    struct halfspread_attr {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    };
    static int halfspread_slice(uint64_t slice_ns) {
    #if defined(__linux__) && defined(SYS_sched_setattr)
        struct halfspread_attr attr;
        memset(&attr, 0, sizeof attr);
        if (syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) != 0) return errno;
        if (attr.policy != 0) return 0;
        attr.size = sizeof attr;
        attr.runtime = slice_ns;
        return syscall(SYS_sched_setattr, 0, &attr, 0) == 0 ? 0 : errno;
    #else
        (void)slice_ns;
        return ENOSYS;
    #endif
    }
    """
    long switched_out "halfspread_switched_out"() nogil
    int set_slice "halfspread_slice"(unsigned long long slice_ns) nogil


cdef extern from *:
    """
    #include <poll.h>
    static void halfspread_wait(int fd, double timeout_s) {
        struct pollfd one;
        double left_s = timeout_s < 1e5 ? timeout_s : 1e5;
        one.fd = fd;
        one.events = POLLIN;
        one.revents = 0;
    #ifdef __linux__
        struct timespec left;
        left.tv_sec = (time_t)left_s;
        left.tv_nsec = (long)((left_s - (double)left.tv_sec) * 1e9);
        ppoll(&one, 1, timeout_s < 0 ? NULL : &left, NULL);
    #else
        poll(&one, 1, timeout_s < 0 ? -1 : (int)(left_s * 1e3) + 1);
    #endif
    }
    """
    void wait_for_any "halfspread_wait"(int fd, double timeout_s) nogil


def ask_for_slice(unsigned long long slice_ns):
    """Ask the system to run this thread in turns of this length.

    A thread that asks for short turns is let in sooner when it wakes (Linux 6.12 and
    newer; older ones take the wish and do nothing with it). Needs no privilege.

    Returns: 0, or the error number of the refusal.
    """
    return set_slice(slice_ns)


cdef class Pace:
    """Keeps a loop awake by a policy.

    Args:
        loop: the running event loop.
        policy: "spin": until `stop`. "adaptive": for a while after bytes came, if
            nobody else wants the core. "sleep": never.
        spin_ns: how long "adaptive" stays awake.
        rehearsal: played while awake; None: nothing is.
        rehearse_ns: ... when nothing has come for so long, and so often then.

    Raises:
        ValueError: no such policy.
    """

    def __init__(self, loop, str policy not None, nanos_t spin_ns,
                 Rehearsal rehearsal=None, nanos_t rehearse_ns=0):
        if policy not in ("adaptive", "spin", "sleep"):
            raise ValueError(f"no policy {policy}")
        self.loop = loop
        self.turn_again = self.turn
        self.lines = []
        self.rehearsal, self.rehearse_ns = rehearsal, rehearse_ns
        self.spin_ns = spin_ns if policy == "adaptive" else 0
        self.rest_ns = REST_MIN_NS
        self.is_always = policy == "spin"
        self.switched_out = switched_out()
        if self.is_always:
            self.touch(probe_ns())

    def wait(self, int fd, double timeout_s):
        """Sleep until something comes, and take what came on the lines at once.

        Args:
            fd: readable when anything the loop waits for is there.
            timeout_s: at most so long; negative: for ever.
        """
        cdef FastLine line
        with nogil:
            wait_for_any(fd, timeout_s)
        for line in self.lines:
            try:
                line.poll()
            except Exception as error:
                # Out of here it would end the loop, not only what it belongs to.
                self.loop.call_exception_handler(
                    {"message": "a fast line failed", "exception": error})

    def watch(self, FastLine line not None):
        """Look at a line past the loop while awake, until it is down."""
        self._forget_dead()
        self.lines.append(line)
        line.pace = self
        if self.is_always and not self.is_stopped:
            line.take_reading()

    def watched(self):
        """Return how many lines are looked at, those that are down left out."""
        self._forget_dead()
        return len(self.lines)

    def stop(self):
        """Sleep from now on."""
        cdef FastLine line
        self.is_stopped = True
        for line in self.lines:
            line.give_back()

    cdef int _forget_dead(self) except -1:
        cdef FastLine line
        self.lines = [line for line in self.lines if line.transport is not None]
        return 0

    cdef int touch(self, nanos_t t_ns) except -1:
        self.active_ns = self.quiet_ns = t_ns
        if (not self.is_turning and self._stays_awake(t_ns)
                and (self.is_always or t_ns >= self.resting_until_ns)):
            self.is_turning = True
            self.switched_out = switched_out()
            self.loop.call_soon(self.turn_again)
        return 0

    def turn(self):
        """Look at the sockets for a moment, then go to the end of the loop's queue."""
        cdef FastLine line
        cdef nanos_t now_ns = probe_ns(), last_ns
        cdef nanos_t until_ns = now_ns + (SPIN_LOOK_NS if self.is_always else LOOK_NS)
        cdef nanos_t timer_ns
        cdef bint is_lively, can_look = True, is_late = False
        self.turns += 1
        while can_look and now_ns < until_ns and self._stays_awake(now_ns):
            can_look = is_lively = False
            for line in self.lines:
                can_look = can_look or line.fd >= 0
                is_lively = line.poll() or is_lively
                timer_ns = 0 if line.turn is None else line.turn.armed_ns
                if timer_ns:
                    until_ns = min(until_ns, timer_ns)
            if (self.rehearsal is not None and not is_lively
                    and now_ns - self.quiet_ns >= self.rehearse_ns):
                self._rehearse(now_ns)
            last_ns, now_ns = now_ns, probe_ns()
            is_late = is_late or (not is_lively and now_ns - last_ns > LATE_NS)
        self.is_turning = self._stays_awake(now_ns)
        if self.is_turning and not self.is_always and self._is_contended(is_late):
            self.rest(now_ns)
        if self.is_turning:
            self.loop.call_soon(self.turn_again)

    cdef void _rehearse(self, nanos_t now_ns) noexcept:
        """Nothing came: keep the way warm on which it will."""
        cdef FastLine line
        self.quiet_ns = now_ns
        self.rehearsal.play()
        for line in self.lines:
            line.bring_near()

    def rest(self, nanos_t now_ns):
        """Sleep, whatever comes, for longer each time; after a long peace anew."""
        if now_ns - self.resting_until_ns > REST_MAX_NS:
            self.rest_ns = REST_MIN_NS
        self.is_turning = False
        self.resting_until_ns = now_ns + self.rest_ns
        self.rest_ns = min(2 * self.rest_ns, REST_MAX_NS)
        self.rests += 1

    cdef bint _stays_awake(self, nanos_t now_ns) noexcept:
        if self.is_stopped:
            return False
        return self.is_always or now_ns - self.active_ns < self.spin_ns

    cdef bint _is_contended(self, bint is_late) noexcept:
        """Whether somebody else had the core since the last look."""
        cdef long before = self.switched_out
        self.switched_out = switched_out()
        return is_late or self.switched_out != before
