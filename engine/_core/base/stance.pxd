# How far the desk has withdrawn. Ordered: of two stances the larger one counts.

cdef enum Stance:
    STANCE_NORMAL = 0
    STANCE_WIDEN = 1       # quotes stand farther from the middle
    STANCE_REDUCE = 2      # no request that grows exposure
    STANCE_PULL = 3        # no orders
    STANCE_FLATTEN = 4     # no orders but those that close the position
    STANCE_DISCONNECT = 5  # no orders; the session closes the lines


# The stance of a name; -1 when there is none of that name.
cdef int stance_of(str name)
