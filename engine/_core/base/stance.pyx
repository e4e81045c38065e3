"""Names of the stances, the steps of the kill ladder; their order is in stance.pxd."""

STANCES = ("normal", "widen", "reduce", "pull", "flatten", "disconnect")


cdef int stance_of(str name):
    return STANCES.index(name) if name in STANCES else -1
