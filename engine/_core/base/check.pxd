# Invariants inside the core. `assert` is swallowed in a `noexcept` function and C
# arrays are never bounds-checked, so the core says `check(&fault, condition, CODE)`.
# The first failure is kept; the core looks once a turn, cancels everything, halts.

cdef enum FaultCode:
    FAULT_NONE = 0
    FAULT_INDEX = 1               # a computed index left its array
    FAULT_ORDER_TRANSITION = 2    # an order met an event its state does not know
    FAULT_BOOK_LADDER = 3         # bitmap and levels of a book disagree
    FAULT_BUFFER = 4              # an output buffer reached its named limit
    FAULT_FUSE_SIZE = 5           # a request above the order limit reached the wire
    FAULT_FUSE_PRICE = 6          # a request outside the price collar reached the wire
    FAULT_FUSE_EXPOSURE = 7       # a request past the position limit reached the wire
    FAULT_FUSE_SELF_CROSS = 8     # a request crossing our own order reached the wire
    FAULT_FUSE_RATE = 9           # a request without a credit reached the wire
    FAULT_SLOT = 10               # two live orders in one slot
    FAULT_SESSION = 11            # the session raised: its state is not to be trusted
    FAULT_OPERATOR = 12           # an operator asked for the halt
    FAULT_FUSE_STANCE = 13        # an order reached the wire after all were pulled


cdef struct Fault:
    FaultCode code


cdef inline bint check(Fault* fault, bint condition, FaultCode code) noexcept nogil:
    """Record `code` unless `condition` holds; return the condition."""
    if not condition and fault.code == FAULT_NONE:
        fault.code = code
    return condition


cpdef str fault_name(int code)
